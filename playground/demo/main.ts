// npm run demo: real hooks and poller, a good version promoted and a bad one rolled back, in under a minute. Exit code 1 if it did not happen.
import { fileURLToPath } from 'node:url'
import { startSystem, type System } from '../system/system.ts'
import { changesBetween } from './lines.ts'
import { createRegistryClient } from './registry-client.ts'
import { createScreen, type Screen } from './screen.ts'
import { follow, followEvents, type ToldEvent } from './follow.ts'
import { BAD_VERSIONS, CHAPTERS, MODEL, type Chapter } from './story.ts'
import type { Snapshot } from './snapshot.ts'

const SAMPLE = fileURLToPath(new URL('../../manifests/samples/mlflow-model-demo.yaml', import.meta.url))
const EVENTS = '/apis/events.k8s.io/v1/namespaces/models/events'
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
  const cameTrue = await tell(system, screen)
  process.exitCode = cameTrue && problems.length === 0 ? 0 : 1
} finally {
  screen.close()
  await system.close()
}
if (problems.length > 0) process.stderr.write(`Hooks or poller reported errors:\n${problems.join('\n')}\n`)

async function tell (running: System, output: Screen): Promise<boolean> {
  const registry = createRegistryClient(running.mlflowUrl)
  const seen: Snapshot[] = []
  const events: ToldEvent[] = []
  const watching = new AbortController()
  const following = follow(`${running.api.url}${OBJECT}`, (snapshot) => {
    for (const line of changesBetween(seen.at(-1), snapshot, isTerminal)) output.say(line)
    seen.push(snapshot)
    output.show(snapshot)
  }, watching.signal)
  const listening = followEvents(`${running.api.url}${EVENTS}`, (event) => {
    events.push(event)
    output.say(`event ${event.reason}: ${event.note}`)
  }, watching.signal)
  output.say(`hooks ${running.hooksUrl}, poller ${running.metricsUrl}, API server ${running.api.url}, ${RATE} requests a second`)
  try {
    for (const chapter of CHAPTERS) if (!await tellChapter(chapter, { system: running, registry, seen, events, output })) return false
    output.say('The story came true: version 2 was promoted step by step, version 3 was stopped and rolled back, and nobody touched a pod.')
    return true
  } finally {
    watching.abort()
    await Promise.all([following, listening])
  }
}

interface Telling { system: System, registry: ReturnType<typeof createRegistryClient>, seen: Snapshot[], events: ToldEvent[], output: Screen }

async function tellChapter (chapter: Chapter, { system: running, registry, seen, events, output }: Telling): Promise<boolean> {
  output.chapter(chapter.title)
  const from = seen.length
  const eventsFrom = events.length
  const wasTold = () => chapter.events.every((reason) => events.slice(eventsFrom).some((event) => event.reason === reason))
  await chapter.act(registry)
  // Once the alias is there; loading it again changes nothing.
  running.api.load([SAMPLE])
  const giveUp = performance.now() + chapter.patience * 1000
  while (performance.now() < giveUp) {
    const now = seen.at(-1)
    if (now && chapter.isOver(now, seen.slice(from)) && wasTold()) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  output.say(`This did not come true within ${chapter.patience} s. Events: ${events.slice(eventsFrom).map(({ reason }) => reason).join()}. Last seen: ${JSON.stringify(seen.at(-1))}`)
  return false
}
