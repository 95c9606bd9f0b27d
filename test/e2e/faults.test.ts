// Programs are killed and servers fail in the middle of rollouts: nothing that serves is touched, nothing is lost, and all goes on by itself.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { ServerProcess } from '../helpers/servers/server-process.ts'
import { conditionOf, isServing, type Model } from '../helpers/servers/watched-model.ts'
import { assertNothingForbidden } from './cleanliness.ts'
import { followPasses, passesOf, promotionsOf } from './promotion.ts'
import { openScene } from './scene.ts'
import { transcriptOf } from './transcript.ts'
import { until } from './until.ts'

const NAME = 'churn-by-region'
const ALIAS = 'champion'
const STEPS = [20, 50, 80]
const CHECKS = 4

// Silence of the registry shows after three looks of five seconds in place of five minutes; a query is given up after a second in place of eight.
const scene = await openScene(t, { registry: { staleAfter: '5s' }, provider: { timeout: '1s' } })
if (scene) {
  const { plane: { apiServer, kubectl }, registry, history, hooks, poller, loop, mlflow, prometheus } = scene
  const record = transcriptOf('faults', kubectl)
  await registry.register(NAME, 9)
  await registry.setAlias(NAME, ALIAS, '1')
  const model = await scene.create(NAME, { rollout: { steps: STEPS }, analysis: { checks: CHECKS, errorLimit: 2 } })
  await model.until('version 1 serves', isServing('1'))

  const reported = await followPasses(scene)
  const begin = promotionsOf(scene, model, { name: NAME, alias: ALIAS, steps: STEPS })

  const kills: Array<{ name: string, from: string, to: string, killed: ServerProcess[], meanwhile: () => Promise<unknown> }> = [
    { name: 'the hooks are killed, and stay away until the poller has reported every check', from: '1', to: '2', killed: [hooks], meanwhile: () => model.until('every check is reported', hasPassed(CHECKS)) },
    { name: 'the control loop is killed, and stays away until the poller has reported every check', from: '2', to: '3', killed: [loop], meanwhile: () => model.until('every check is reported', hasPassed(CHECKS)) },
    // There is nothing to wait for: without a poller nothing happens. Its successor gets the lease when it has expired.
    { name: 'the poller is killed, and stays away for a while', from: '3', to: '4', killed: [poller], meanwhile: () => sleep(5000) },
    { name: 'all three are killed at once', from: '4', to: '5', killed: [hooks, loop, poller], meanwhile: () => sleep(2000) }
  ]
  for (const { name, from, to, killed, meanwhile } of kills) {
    await t.test(name, async (t) => {
      const rollout = await begin(from, to)
      await Promise.all(killed.map((program) => program.stop()))
      await meanwhile()
      t.strictSame(rollout.weights(), [0, 20], 'the weight stays')
      await Promise.all(killed.map((program) => program.start()))
      await rollout.end(t)
      const counts = [...reported].filter(([key]) => key.startsWith(`v${to}-`)).map(([, passes]) => passes)
      t.equal(counts.length, STEPS.length, 'no step began twice')
      t.strictSame(counts, counts.map((passes) => passes.toSorted((a, b) => a - b)), 'no check that was made was forgotten')
    })
  }

  await t.test('hooks, control loop and poller are killed when the spec has just asked for all traffic', async (t) => {
    const rollout = await begin('5', '6')
    await until('all traffic is asked for', async () => rollout.weights().at(-1) === 100, 60, 10)
    const all = [hooks, loop, poller]
    await Promise.all(all.map((program) => program.stop()))
    await sleep(2000)
    await Promise.all(all.map((program) => program.start()))
    await rollout.end(t)
  })

  await t.test('MLflow is stopped during a rollout, which goes on to its end', async (t) => {
    const rollout = await begin('6', '7')
    await mlflow.stop()
    const promoted = await model.until('version 7 serves', ({ status }) => status?.currentModelVersion === '7' && status.rollout === undefined)
    t.equal(promoted.status?.lastOutcome, 'Promoted')
    const unreachable = await model.until('the status says that MLflow does not answer', (found) => conditionOf(found, 'RegistryFound') === 'Unknown/RegistryUnreachable')
    t.match(unreachable.status, { phase: 'Healthy', currentModelVersion: '7' }, 'what serves is well')
    t.equal(conditionOf(unreachable, 'Ready'), 'True/StableAvailable')
    t.match(await model.event('RegistryUnavailable'), /has not answered for long/)
    await record('mlflow-down', 'get mfm -n models -o wide', `describe mfm ${NAME} -n models`)
    await mlflow.start()
    await model.until('the registry is found again, by itself', (found) => conditionOf(found, 'RegistryFound') === 'True/Found')
    await rollout.end(t)
  })

  await t.test('Prometheus is stopped during a rollout, which waits and goes on by itself', async (t) => {
    const rollout = await begin('7', '8')
    await prometheus.stop()
    const paused = await model.until('the rollout is paused', ({ status }) => status?.phase === 'Paused')
    t.match(paused.status, { reason: 'MetricsUnavailable', weight: 20, currentModelVersion: '7', canaryModelVersion: '8', failedVersions: undefined })
    t.match(paused.status?.error, /the measurements cannot be had from Prometheus.*It goes on by itself when checks pass again/)
    t.equal(conditionOf(paused, 'Ready'), 'True/StableAvailable')
    t.strictSame(rollout.weights(), [0, 20], 'the traffic stays as it was')
    await record('prometheus-down', 'get mfm -n models -o wide', `describe mfm ${NAME} -n models`)
    await prometheus.start()
    await rollout.end(t)
  })

  await t.test('until here, weights added up and nobody was refused anything', async (t) => {
    t.strictSame(history.wrongSums(NAME), [])
    await assertNothingForbidden(t, scene)
  })

  // Comes last: until a new API server has read the roles, it refuses everybody for a moment.
  await t.test('the API server is killed and comes back, with watches that have lost their place', async (t) => {
    const rollout = await begin('8', '9')
    await apiServer.stop()
    await sleep(2000)
    await apiServer.start()
    // Seldon's report of a weight may be lost in the turmoil; then it counts as in force after a minute.
    await rollout.end(t, 150)
    t.strictSame(history.wrongSums(NAME), [])
  })
}

function hasPassed (checks: number): (model: Model) => boolean {
  return (model) => passesOf(model) >= checks
}
