// The chart is installed, a sample applied, versions registered and an alias moved: deploy, every step, promotion, return, rollback.
import t, { type Test } from 'tap'
import { conditionOf, isServing, isStepping } from '../helpers/servers/watched-model.ts'
import { assertNothingForbidden, restOf } from './cleanliness.ts'
import { openScene } from './scene.ts'
import { transcriptOf } from './transcript.ts'

const NAME = 'bank-churn'
const ALIAS = 'champion'
const SAMPLE = 'manifests/samples/mlflow-model-demo.yaml'
/** Of the verdicts of a whole rollout: the sample's 0.95 would let chance roll back a good version too often for a test. And no version is unloaded by the clock while nothing may be written. */
const CHANGES = { spec: { analysis: { confidence: 0.999 }, rollout: { keepStable: '10m' } } }
const LOOKS = ['get mfm -n models', 'get mfm -n models -o wide', `describe mfm ${NAME} -n models`, `events -n models --for mlflowmodel/${NAME}`, 'get seldondeployments,deployments,pods -n models']

const scene = await openScene(t, { bad: ['3'] })
if (scene) {
  const { plane: { kubectl }, registry, history } = scene
  const record = transcriptOf('rollout', kubectl)
  const model = scene.model(NAME)
  const patch = async (spec: object): Promise<void> => { await kubectl(['patch', 'mfm', NAME, '-n', 'models', '--type=merge', '-p', JSON.stringify(spec)]) }

  const assertRest = async (t: Test, seconds: number): Promise<void> => {
    const { writes, syncs } = await restOf(scene, seconds)
    t.strictSame(writes, { counts: {}, by: [] }, `nothing was written for ${seconds} s`)
    t.ok(syncs >= 3, `though the hooks were asked ${syncs} times`)
  }

  await t.test('an object whose alias is not there yet waits, and says for what', async (t) => {
    await record('apply', `apply -f ${SAMPLE}`)
    await patch(CHANGES)
    const pending = await model.until('the registry was asked', (found) => conditionOf(found, 'RegistryFound') === 'False/ModelNotFound')
    t.equal(pending.status?.phase, 'Pending')
    await record('pending', ...LOOKS.slice(0, 4))
    await record('explain', 'explain mfm', 'explain mfm.spec', 'explain mfm.spec.rollout', 'explain mfm.spec.analysis.metrics', 'explain mfm.status')
  })

  await t.test('the first version gets all traffic once it is ready', async (t) => {
    const since = Date.now()
    await registry.register(NAME, 4)
    await registry.setAlias(NAME, ALIAS, '1')
    const served = await model.until('version 1 serves', isServing('1'))
    t.strictSame(history.weights(NAME, '1', since), [100], 'the spec gave it all traffic from the beginning')
    t.strictSame(model.weightsSince(since, '1'), [100], 'and so did the router')
    t.equal(conditionOf(served, 'Ready'), 'True/StableAvailable')
    await record('first-version', ...LOOKS)
  })

  await t.test('a version that is as good is promoted by every step, and nothing but traffic and the list of predictors changes', async (t) => {
    const since = Date.now()
    const lost = model.lost()
    const stable = model.pods('1')
    t.equal(stable.length, 1)
    await registry.setAlias(NAME, ALIAS, '2')
    await model.until('version 2 was checked at its first step', isStepping('2', 20))
    await record('progressing', ...LOOKS)
    const canary = model.pods('2')
    const promoted = await model.until('version 2 serves', isServing('2'))
    t.strictSame(history.weights(NAME, '2', since), [0, 20, 50, 80, 100], 'the spec asked for every step, in order')
    t.strictSame(model.weightsSince(since, '2'), [0, 20, 50, 80, 100], 'the router applied every step, in order')
    t.strictSame(history.otherChanges(NAME, since), [], 'nothing else was touched')
    t.match(promoted.status, { lastOutcome: 'Promoted', currentModelVersion: '2', previousModelVersion: '1', failedVersions: undefined })
    t.strictSame(model.pods('1'), stable, 'the pods of version 1 are still there, and never started again')
    t.strictSame(model.pods('2'), canary, 'the pods that were judged are those that serve')
    t.equal(model.lost(), lost, 'no request found no pod')
    t.match(await model.event('PromotionComplete'), /version 2/i)
    await record('promoted', ...LOOKS)
  })

  await t.test('at rest nothing is written for 30 s, by whichever sync', async (t) => { await assertRest(t, 30) })

  await t.test('the alias back on the version before, which is still loaded, takes effect at once', async (t) => {
    const since = Date.now()
    const before = model.pods('1')
    await registry.setAlias(NAME, ALIAS, '1')
    const returned = await model.until('version 1 serves again', isServing('1'))
    t.strictSame(history.weights(NAME, '1', since), [100], 'all traffic in one move')
    t.match(returned.status, { lastOutcome: 'FastRolledBack', currentModelVersion: '1' })
    t.strictSame(model.pods('1'), before, 'by the pods that were kept')
    t.strictSame(history.otherChanges(NAME, since), [])
    await record('returned', ...LOOKS)
  })

  await t.test('a version that is slower and fails more often is rolled back on what was measured', async (t) => {
    const since = Date.now()
    const stable = model.pods('1')
    await registry.setAlias(NAME, ALIAS, '3')
    const degraded = await model.until('version 3 has failed and is unloaded', ({ status }) => status?.phase === 'Degraded' && status.rollout === undefined)
    const weights = history.weights(NAME, '3', since)
    t.strictSame([weights.slice(0, 2), weights.at(-1)], [[0, 20], 0], 'it came to its first step and lost all traffic')
    t.notOk(weights.includes(80), 'and never saw the last step')
    t.match(degraded.status, { currentModelVersion: '1', canaryModelVersion: undefined, reason: 'AnalysisFailed', lastOutcome: 'Aborted' })
    t.match(degraded.status?.error, /Version 3 was worse than the limits allow.*version 1 keeps serving.*sluice\.dev\/retry=/)
    t.strictSame(model.pods('1'), stable, 'stable is untouched')
    t.strictSame(history.otherChanges(NAME, since), [])
    t.match(await model.event('PromotionFailed'), /version 3/i)
    await record('degraded', ...LOOKS)
    await assertRest(t, 10)
  })

  await t.test('the alias back on the stable version ends the complaint', async (t) => {
    const since = Date.now()
    await registry.setAlias(NAME, ALIAS, '1')
    const served = await model.until('version 1 serves and all is well', isServing('1'))
    t.equal(served.status?.error, undefined)
    t.strictSame(history.weights(NAME, '3', since), [0].slice(0, history.weights(NAME, '3', since).length), 'without traffic for the failed version')
  })

  await t.test('a person pauses a rollout, lets it go on and promotes', async (t) => {
    const since = Date.now()
    await registry.setAlias(NAME, ALIAS, '4')
    await model.until('version 4 was checked at its first step', isStepping('4', 20))
    await patch({ spec: { rollout: { paused: true } } })
    const paused = await model.until('the rollout is paused', ({ status }) => status?.phase === 'Paused')
    t.equal(conditionOf(paused, 'Progressing'), 'False/Paused')
    await record('paused', ...LOOKS)
    await assertRest(t, 10)
    await patch({ spec: { rollout: { paused: false } } })
    const going = await model.until('it goes on', ({ status }) => status?.phase === 'Progressing')
    await record('promote', `annotate mfm ${NAME} -n models sluice.dev/promote=${going.status?.rollout?.id ?? ''}`)
    const promoted = await model.until('version 4 serves', isServing('4'))
    t.match(promoted.status?.lastOutcome, /Promoted$/)
    const weights = history.weights(NAME, '4', since)
    t.strictSame([weights.slice(0, 2), weights.at(-1)], [[0, 20], 100])
    await record('fast-promoted', ...LOOKS)
  })

  await t.test('all along, weights added up and nobody was refused anything', async (t) => {
    t.strictSame(history.wrongSums(NAME), [])
    await assertNothingForbidden(t, scene)
  })
}
