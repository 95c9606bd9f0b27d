// Prometheus fails in the middle of a rollout: the rollout waits with the traffic as it is, says so, and goes on by itself.
import t from 'tap'
import { openScene } from './scene.ts'
import { conditionOf, isServing, isStepping } from '../helpers/servers/watched-model.ts'

const MODEL = 'churn-by-hour'
const ALIAS = 'champion'

// A frozen Prometheus is given up after a second in place of eight.
const scene = await openScene(t, { provider: { timeout: '1s' } })
if (scene) {
  const { registry, prometheus, create } = scene
  await registry.register(MODEL, 3)
  await registry.setAlias(MODEL, ALIAS, '1')
  const model = await create(MODEL, { rollout: { steps: [20, 50] }, analysis: { errorLimit: 2 } })
  await model.until('version 1 serves', isServing('1'))

  const faults = [
    { name: 'Prometheus dies and comes back on the same port', from: '1', to: '2', fail: prometheus.stop, mend: prometheus.start },
    { name: 'Prometheus keeps its connections and answers nothing for a while', from: '2', to: '3', fail: prometheus.freeze, mend: prometheus.thaw }
  ]
  for (const { name, from, to, fail, mend } of faults) {
    await t.test(name, async (t) => {
      const since = Date.now()
      const lost = model.lost()
      const stable = model.pods(from)
      await registry.setAlias(MODEL, ALIAS, to)
      await model.until(`version ${to} is judged at its first step`, isStepping(to, 20))
      await fail()
      const paused = await model.until('the rollout is paused', ({ status }) => status?.phase === 'Paused')
      t.match(paused.status, { reason: 'MetricsUnavailable', weight: 20, currentModelVersion: from, canaryModelVersion: to, failedVersions: undefined })
      t.match(paused.status?.error, /the measurements cannot be had from Prometheus.*It goes on by itself when checks pass again/)
      t.equal(conditionOf(paused, 'AnalysisPassing'), 'Unknown/Error')
      t.equal(conditionOf(paused, 'Progressing'), 'False/MetricsUnavailable')
      t.equal(conditionOf(paused, 'Ready'), 'True/StableAvailable')
      t.match(await model.event('Paused'), /measurements/)
      t.strictSame(model.weightsSince(since, to), [0, 20], 'the traffic stays as it was')

      await mend()
      const promoted = await model.until(`version ${to} serves`, isServing(to))
      t.equal(promoted.status?.lastOutcome, 'Promoted', 'the rollout went on by itself')
      t.strictSame(model.weightsSince(since, to), [0, 20, 50, 100], 'by all of its steps')
      t.strictSame(model.pods(from), stable, 'no pod of the version before was touched')
      t.equal(model.lost(), lost, 'no request found no pod')
    })
  }
}
