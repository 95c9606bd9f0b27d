// npm run demo: real hooks and poller, a good version promoted and a bad one rolled back, in under a minute. Exit code 1 if it did not happen.
import { fileURLToPath } from 'node:url'
import { startSystem, type System } from '../system/system.ts'
import { changesBetween } from './lines.ts'
import { createRegistryClient } from './registry-client.ts'
import { createScreen, type Screen } from './screen.ts'
import { follow } from './follow.ts'
import { BAD_VERSIONS, CHAPTERS, MODEL, type Chapter } from './story.ts'
import type { Snapshot } from './snapshot.ts'

const SAMPLE = fileURLToPath(new URL('../../manifests/samples/mlflow-model-demo.yaml', import.meta.url))
const OBJECT = `/apis/sluice.dev/v1alpha1/namespaces/models/mlflowmodels/${MODEL}`
const RATE = 400

const isTerminal = process.stdout.isTTY === true && process.env['CI'] === undefined
const screen = createScreen(process.stdout, isTerminal)
const problems: string[] = []
const system = await startSystem({
  bad: BAD_VERSIONS,
  rate: RATE,
  seldon: { loadTime: () => 1500 },
  onLine: (program, line) => { if (/"level":(50|60)/.test(line)) problems.push(`${program}: ${line}`) }
})
try {
  process.exitCode = await tell(system, screen) ? 0 : 1
} finally {
  screen.close()
  await system.close()
}
if (process.exitCode !== 0) process.stderr.write(problems.map((line) => `${line}\n`).join(''))

async function tell (running: System, output: Screen): Promise<boolean> {
  const registry = createRegistryClient(running.mlflowUrl)
  const seen: Snapshot[] = []
  const watching = new AbortController()
  const following = follow(`${running.api.url}${OBJECT}`, (snapshot) => {
    for (const line of changesBetween(seen.at(-1), snapshot, isTerminal)) output.say(line)
    seen.push(snapshot)
    output.show(snapshot)
  }, watching.signal)
  output.say(`hooks ${running.hooksUrl}, poller ${running.metricsUrl}, API server ${running.api.url}, ${RATE} requests a second`)
  running.api.load([SAMPLE])
  try {
    for (const chapter of CHAPTERS) if (!await tellChapter(chapter, { registry, seen, output })) return false
    output.say('The story came true: version 2 was promoted step by step, version 3 was stopped and rolled back, and nobody touched a pod.')
    return true
  } finally {
    watching.abort()
    await following
  }
}

interface Telling { registry: ReturnType<typeof createRegistryClient>, seen: Snapshot[], output: Screen }

async function tellChapter (chapter: Chapter, { registry, seen, output }: Telling): Promise<boolean> {
  output.chapter(chapter.title)
  const from = seen.length
  await chapter.act(registry)
  const giveUp = performance.now() + chapter.patience * 1000
  while (performance.now() < giveUp) {
    const now = seen.at(-1)
    if (now && chapter.isOver(now, seen.slice(from))) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  output.say(`This did not come true within ${chapter.patience} s. Last seen: ${JSON.stringify(seen.at(-1))}`)
  return false
}
