// npm run demo: real hooks, poller and downloads; each kind has an act. Exit code 1 if a story did not come true, 2 if it is asked for what there is not.
import { parseArgs } from 'node:util'
import { startSystem } from '../system/system.ts'
import { playAct } from './act.ts'
import { mlModelAct } from './ml-model-act.ts'
import { mlflowAct } from './mlflow-act.ts'
import { mlflowModelAct } from './mlflow-model-act.ts'
import { modelDeploymentAct } from './model-deployment-act.ts'
import { createRegistryClient } from './registry-client.ts'
import { createScreen, type Screen } from './screen.ts'
import { BAD_VERSIONS } from './story.ts'

const RATE = 400
const KINDS = [mlflowModelAct.kind, mlModelAct.kind, modelDeploymentAct.kind, mlflowAct.kind]
const USAGE = `npm run demo -- [--kind ${KINDS.join('|')}|all]    [all: all but ${mlflowAct.kind}]\n`

const kind = readKind()
const screen = createScreen(process.stdout, process.stdout.isTTY === true && process.env['CI'] === undefined)
const problems: string[] = []
try {
  const cameTrue = await tell(screen)
  process.exitCode = cameTrue && problems.length === 0 ? 0 : 1
} finally {
  screen.close()
}
if (problems.length > 0) process.stderr.write(`Hooks or poller reported errors:\n${problems.join('\n')}\n`)

function readKind (): string {
  try {
    const { values } = parseArgs({ options: { kind: { type: 'string', default: 'all' }, help: { type: 'boolean', short: 'h', default: false } } })
    if (values.help) leave(USAGE, 0)
    if (values.kind !== 'all' && !KINDS.includes(values.kind)) leave(`There is no story of ${values.kind}.\n\n${USAGE}`, 2)
    return values.kind
  } catch (error) {
    return leave(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, 2)
  }
}

function leave (text: string, code: number): never {
  process.stderr.write(text)
  process.exit(code)
}

async function tell (output: Screen): Promise<boolean> {
  const system = await startSystem({
    bad: BAD_VERSIONS,
    rate: RATE,
    seldon: { loadTime: () => 1500 },
    onLine: (program, line) => { if (/"level":(50|60)/.test(line)) problems.push(`${program}: ${line}`) }
  })
  try {
    output.say(`hooks ${system.hooksUrl}, poller ${system.metricsUrl}, API server ${system.api.url}, ${RATE} requests a second`)
    const stage = { system, registry: createRegistryClient(system.mlflowUrl) }
    // All acts together would take longer than anybody watches.
    if (kind === mlflowAct.kind) return await playAct(mlflowAct, stage, output)
    const isWanted = (act: { kind: string }): boolean => kind === 'all' || kind === act.kind
    if (isWanted(mlflowModelAct) && !await playAct(mlflowModelAct, stage, output)) return false
    if (isWanted(mlModelAct) && !await playAct(mlModelAct, stage, output)) return false
    return !isWanted(modelDeploymentAct) || await playAct(modelDeploymentAct, stage, output)
  } finally {
    await system.close()
  }
}
