// The registry fails in the ways that registries do, while versions are served and rolled out: nothing that serves is touched, the status says
// why nothing new is seen, and all goes on by itself once the registry answers again.
import t from 'tap'
import { openScene } from './scene.ts'
import { conditionOf, isServing, isStepping, type Model } from '../helpers/servers/watched-model.ts'

const MODEL = 'churn-by-region'
const ALIAS = 'champion'

const isUnreachable = (model: Model) => conditionOf(model, 'RegistryFound') === 'Unknown/RegistryUnreachable'
const isFound = (model: Model) => conditionOf(model, 'RegistryFound') === 'True/Found'

// Silence shows after three looks of five seconds in place of five minutes.
const scene = await openScene(t, { registry: { staleAfter: '5s' } })
if (scene) {
  const { registry, mlflow, front, log, create } = scene
  /** What the poller has written about silence since line `from`. */
  const silenceSince = (from: number) => log.slice(from).filter((line) => line.includes('registry left objects without an answer')).join('\n')
  await registry.register(MODEL, 4)
  await registry.setAlias(MODEL, ALIAS, '1')
  const model = await create(MODEL, { rollout: { steps: [20, 50] } })
  await model.until('version 1 serves', isServing('1'))
  /** Requests that were too early for the first version. */
  const early = model.lost()

  await t.test('MLflow is stopped during a rollout, which goes on to its end', async (t) => {
    const since = Date.now()
    const stable = model.pods('1')
    await registry.setAlias(MODEL, ALIAS, '2')
    await model.until('version 2 is judged at its first step', isStepping('2', 20))
    await mlflow.stop()
    const promoted = await model.until('version 2 serves', ({ status }) => status?.currentModelVersion === '2' && status.rollout === undefined)
    t.equal(promoted.status?.lastOutcome, 'Promoted')
    t.strictSame(model.weightsSince(since, '2'), [0, 20, 50, 100], 'every step was applied')
    const unreachable = await model.until('the status says that MLflow does not answer', isUnreachable)
    t.equal(unreachable.status?.phase, 'Healthy', 'what serves is well')
    t.equal(conditionOf(unreachable, 'Ready'), 'True/StableAvailable')
    t.strictSame(model.pods('1'), stable, 'stable was untouched')
    t.match(await model.event('RegistryUnavailable'), /has not answered for long/)

    await mlflow.start()
    await model.until('the registry is found again, by itself', isFound)
    t.equal(model.lost(), early, 'no request found no pod')
  })

  await t.test('pages in place of answers are not taken for answers', async (t) => {
    const since = Date.now()
    const lines = log.length
    const stable = model.pods('2')
    front.behave('ErrorPage')
    await registry.setAlias(MODEL, ALIAS, '3')
    const unreachable = await model.until('the status says that MLflow does not answer', isUnreachable)
    t.match(unreachable.status, { phase: 'Healthy', currentModelVersion: '2', canaryModelVersion: undefined })
    t.strictSame(model.weightsSince(since, '2'), [], 'no weight has changed')
    t.match(silenceSince(lines), /500/, 'the log names the answer')

    front.behave('Passing')
    await model.until('the version behind the alias is rolled out, by itself', isStepping('3', 20))
    t.strictSame(model.pods('2'), stable, 'stable was untouched')
  })

  await t.test('MLflow refuses the Host header during a rollout, which goes on to its end', async (t) => {
    const lines = log.length
    const stable = model.pods('2')
    front.behave('ForeignHost')
    const promoted = await model.until('version 3 serves', ({ status }) => status?.currentModelVersion === '3' && status.rollout === undefined)
    t.equal(promoted.status?.lastOutcome, 'Promoted')
    await model.until('the status says that MLflow does not answer', isUnreachable)
    t.match(silenceSince(lines), /"Refused":1.*403/, 'the log tells a refusal from silence')
    t.strictSame(model.pods('2'), stable, 'the version before was untouched')

    const since = Date.now()
    await registry.setAlias(MODEL, ALIAS, '4')
    front.behave('Passing')
    await model.until('the next version is rolled out, by itself', isStepping('4', 20))
    t.strictSame(model.weightsSince(since, '4'), [0, 20])
    t.equal(model.lost(), early, 'no request found no pod')
  })
}
