// The acts of the demo for MLModel and ModelDeployment, both at once and twice: in fair weather, and with an API server that fails one request in ten. Each
// comes true, no request finds no pod, and afterwards nothing is written. Hooks, poller and downloads are the real programs. And the act of MLflow, with all its samples.
import t, { type Test } from 'tap'
import { playAct, type Act } from '../../playground/demo/act.ts'
import { mlModelAct } from '../../playground/demo/ml-model-act.ts'
import { mlflowAct } from '../../playground/demo/mlflow-act.ts'
import { modelDeploymentAct } from '../../playground/demo/model-deployment-act.ts'
import { createRegistryClient } from '../../playground/demo/registry-client.ts'
import type { Screen } from '../../playground/demo/screen.ts'
import { isMap } from '../../hooks/core/plain-value.ts'
import { startSystem, type System } from '../../playground/system/system.ts'

/** Renewals of the poller's lease that make a time in which everything would have been looked at. */
const RENEWALS = 2
const ROUNDS = 8

t.setTimeout(240_000)
t.jobs = 2

t.test('in fair weather', async (t) => {
  const { system, warnings } = await begin(t)
  await playAll(t, system)
  t.same(await changesAtRest(system), [], 'at rest nothing is written')
  t.same(warnings, [], 'hooks and poller had nothing to warn of, missing kinds among it')
  t.same(leftOf(system), LEFT, 'what is not needed any more has gone')
})

t.test('with an API server that fails now and then', async (t) => {
  const { system } = await begin(t)
  system.api.faults.set({ answer: 500, share: 0.1, agents: ['sluice-poller', 'metacontroller'] })
  await playAll(t, system)
  t.ok(system.api.faults.met.length > 10, `${system.api.faults.met.length} requests failed`)
  system.api.faults.clear()
  t.same(await changesAtRest(system), [], 'at rest nothing is written')
  t.same(leftOf(system), LEFT, 'what is not needed any more has gone')
})

t.test('MLflow: the story, and its samples', async (t) => {
  const { system } = await begin(t)
  const { store, load, operations, registry } = system.api
  await play(t, system, mlflowAct)
  operations.delete({ resource: registry.find('sluice.dev', 'v1alpha1', 'mlflows')!, namespace: undefined, name: 'mlflow' })
  t.ok(store.get('/persistentvolumeclaims', 'mlflow', 'mlflow-pvc'), 'the volume outlives the server')
  t.notOk(store.get('rbac.authorization.k8s.io/clusterroles', undefined, 'mlflow'), 'what belongs to no namespace goes with it')
  load(['playground/samples-need.yaml', ...SAMPLES.map((name) => `manifests/samples/mlflow-${name}.yaml`)])
  await new Promise<void>((resolve) => {
    const stop = store.subscribe('sluice.dev/mlflows', () => {
      const phases = store.list('sluice.dev/mlflows').map(({ status }) => isMap(status) ? status.phase : undefined)
      if (phases.every((phase) => phase === 'Available')) { stop(); resolve() }
    })
  })
  t.pass('every sample comes to serve')
  t.same(await changesAtRest(system), [], 'at rest nothing is written')
})

/** That of the plain name would find the volume of the story, whose tables are of a newer MLflow. */
const SAMPLES = ['minimal', 'digest', 'manual-tls', 'remote-storage', 'trace-archival']

/** `warnings`: what hooks and poller have logged as warnings and errors. */
async function begin (t: Test): Promise<{ system: System, warnings: string[] }> {
  const warnings: string[] = []
  const system = await startSystem({ rate: 0, controlLoop: { timeScale: 0.1 }, pods: { startTime: () => 300, scriptTime: () => 100 }, onLine: (program, line) => { if (/"level":[456]0/.test(line)) warnings.push(`${program} ${line}`) } })
  t.teardown(async () => { await system.close() })
  return { system, warnings }
}

async function playAll (t: Test, system: System): Promise<void> {
  const jobs: string[] = []
  const stop = system.api.store.subscribe('batch/jobs', ({ type, object }) => { if (type === 'ADDED') jobs.push(withoutHash(object)) })
  await Promise.all([play(t, system, mlModelAct), play(t, system, modelDeploymentAct)])
  stop()
  t.same(jobs.toSorted(), ['churn-validate', 'churn-validate', 'churn-validate', 'half-plus-two-download', 'half-plus-two-download', 'half-plus-two-download'], 'nothing was downloaded or validated twice')
}

async function play<S> (t: Test, system: System, act: Act<S>): Promise<void> {
  const lines: string[] = []
  const say = (line: string): void => { lines.push(line) }
  const page: Screen = { isTerminal: false, say, chapter: say, show () {}, close () {} }
  const cameTrue = await playAct(act, { system, registry: createRegistryClient(system.mlflowUrl) }, page)
  t.ok(cameTrue, `the story of ${act.about.kind} comes true`, { lines: lines.slice(-20) })
  t.same(lines.filter((line) => ['a request found no pod', 'no pod answers'].includes(line)), [], 'no request found no pod')
}

/** Changes of objects in a time in which nothing is done, leases aside. The last trailing ones are let pass. */
async function changesAtRest ({ api: { store } }: System): Promise<string[]> {
  let changes: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    changes = await new Promise((resolve) => {
      const seen: string[] = []
      let renewals = 0
      const stop = store.subscribe('*', ({ storage, type, object }) => {
        if (storage !== 'coordination.k8s.io/leases') seen.push(`${type} ${storage} ${object.metadata.name}`)
        else if (++renewals === RENEWALS) { stop(); resolve(seen) }
      })
    })
    if (changes.length === 0) return changes
  }
  return changes
}

/** One volume, and the Jobs that tell why something failed or that the last attempt was made; the version before is kept for a while. */
const LEFT = { volumes: 1, jobs: ['churn-validate', 'half-plus-two-download'], deployments: ['churn', 'churn', 'half-plus-two-model'] }

function leftOf ({ api: { store } }: System): typeof LEFT {
  const names = (storage: string): string[] => store.list(storage).map(withoutHash).toSorted()
  return { volumes: store.list('/persistentvolumeclaims').length, jobs: names('batch/jobs'), deployments: names('apps/deployments') }
}

function withoutHash ({ metadata: { name } }: { metadata: { name: string } }): string {
  return name.replace(/-[0-9a-f]{10}$/, '')
}
