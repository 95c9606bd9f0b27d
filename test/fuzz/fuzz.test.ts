// A few runs of every target that starts no process, by one seed: `npm run fuzz` runs many, and all of them.
import t from 'tap'
import { planBatches } from './plan.ts'
import { describeFailure } from './report.ts'
import { runTarget } from './run-target.ts'
import { targets } from './targets.ts'

for (const target of targets.filter(({ quick }) => quick > 0)) {
  t.test(`${target.name}: ${target.what}`, async (t) => {
    const { runs, failure } = await runTarget(target, { target: target.name, seed: 1, runs: target.quick })
    t.equal(failure && describeFailure(failure), undefined)
    t.equal(runs, target.quick)
  })
}

t.test('all runs are shared out, every target has some, and batches have seeds of their own', async (t) => {
  const batches = planBatches(targets, { runs: 1_000_000, seed: 5 })
  const runs = batches.reduce((sum, batch) => sum + batch.runs, 0)
  t.ok(Math.abs(runs - 1_000_000) <= targets.length, `${runs} runs`)
  t.strictSame([...new Set(batches.map(({ target }) => target))].sort(), targets.map(({ name }) => name).sort())
  t.equal(new Set(batches.map(({ seed }) => seed)).size, batches.length)
  t.strictSame(planBatches(targets, { runs: 1_000_000, seed: 5 }), batches, 'the same seed plans the same')
})
