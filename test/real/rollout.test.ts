// Versions that MLflow's own client registers, judged by what a real Prometheus scraped: promoted, rolled back, and taken back at once.
import t from 'tap'
import { conditionOf, isServing, isStepping } from '../helpers/servers/watched-model.ts'
import { openScene } from './scene.ts'

const MODEL = 'bank-churn'
const ALIAS = 'champion'

const scene = await openScene(t, { bad: ['3'] })
if (scene) {
  const { registry, create } = scene
  await registry.register(MODEL, 3)
  await registry.setAlias(MODEL, ALIAS, '1')
  const model = await create(MODEL, {})

  await t.test('the first version gets all traffic once it is ready', async (t) => {
    const served = await model.until('version 1 serves', isServing('1'))
    t.strictSame(model.weightsSince(0, '1'), [100])
    t.match(served.status, { previousModelVersion: undefined, canaryModelVersion: undefined, error: undefined })
    t.equal(conditionOf(served, 'RegistryFound'), 'True/Found')
    t.equal(conditionOf(served, 'Ready'), 'True/StableAvailable')
  })

  await t.test('a version that is as good is promoted step by step, and no pod restarts', async (t) => {
    const since = Date.now()
    const lost = model.lost()
    const stable = model.pods('1')
    await registry.setAlias(MODEL, ALIAS, '2')
    await model.until('version 2 was checked at its first step', isStepping('2', 20))
    const canary = model.pods('2')
    const promoted = await model.until('version 2 serves', isServing('2'))
    t.strictSame(model.weightsSince(since, '2'), [0, 20, 50, 80, 100], 'every step was applied, in order')
    t.match(promoted.status, { lastOutcome: 'Promoted', currentModelVersion: '2', previousModelVersion: '1', failedVersions: undefined })
    t.strictSame(model.pods('1'), stable, 'the pods of version 1 are still there, and never started again')
    t.strictSame(model.pods('2'), canary, 'the pods that were judged are those that serve')
    t.equal(model.lost(), lost, 'no request found no pod')
    t.match(await model.event('PromotionComplete'), /version 2/i)
  })

  await t.test('the alias back on the version before, which is still loaded, takes effect at once', async (t) => {
    const since = Date.now()
    const lost = model.lost()
    const before = model.pods('1')
    await registry.setAlias(MODEL, ALIAS, '1')
    const returned = await model.until('version 1 serves again', isServing('1'))
    t.strictSame(model.weightsSince(since, '1'), [100], 'all traffic in one move')
    t.match(returned.status, { lastOutcome: 'FastRolledBack', currentModelVersion: '1' })
    t.strictSame(model.pods('1'), before, 'by the pods that were kept')
    t.equal(model.lost(), lost, 'no request found no pod')
  })

  await t.test('a version that is slower and fails more often is rolled back on what was measured', async (t) => {
    const since = Date.now()
    const lost = model.lost()
    const stable = model.pods('1')
    await registry.setAlias(MODEL, ALIAS, '3')
    const degraded = await model.until('version 3 has failed and is unloaded', ({ status }) => status?.phase === 'Degraded' && status.rollout === undefined)
    const weights = model.weightsSince(since, '3')
    t.strictSame([weights.slice(0, 2), weights.at(-1)], [[0, 20], 0], 'it came to its first step and lost all traffic')
    t.notOk(weights.includes(80), 'and never saw the last step')
    t.match(degraded.status, { currentModelVersion: '1', canaryModelVersion: undefined, reason: 'AnalysisFailed', lastOutcome: 'Aborted' })
    t.match(degraded.status?.failedVersions, [{ version: '3', reason: 'AnalysisFailed', metrics: /latency-mean [\d.]+ ms against [\d.]+ ms of stable/ }], 'the numbers are remembered')
    t.match(degraded.status?.error, /Version 3 was worse than the limits allow.*version 1 keeps serving.*sluice\.dev\/retry=/)
    t.strictSame(model.pods('3'), [], 'it is unloaded')
    t.strictSame(model.pods('1'), stable, 'stable is untouched')
    t.equal(model.lost(), lost, 'no request found no pod')
    t.match(await model.event('PromotionFailed'), /version 3/i)
  })

  await t.test('the alias back on the stable version ends the complaint', async (t) => {
    const since = Date.now()
    await registry.setAlias(MODEL, ALIAS, '1')
    const served = await model.until('version 1 serves and all is well', isServing('1'))
    t.equal(served.status?.error, undefined)
    t.strictSame(model.weightsSince(since, '1'), [], 'without any change of traffic')
  })
}
