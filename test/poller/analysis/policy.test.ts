import t from 'tap'
import { limitsOf, policyOf } from '../../../poller/analysis/policy.ts'
import { makeSpec } from './models.ts'

t.test('the level of one look', async (t) => {
  const rows: Array<{ name: string, steps: number[], verdicts: number, want: number }> = [
    { name: 'is the error of the rollout over all planned looks', steps: [10, 20, 30, 40, 50, 60, 70, 80, 90], verdicts: 0, want: 0.05 / 162 },
    { name: 'stays so for every planned look of a step', steps: [10, 20, 30, 40, 50, 60, 70, 80, 90], verdicts: 5, want: 0.05 / 162 },
    { name: 'falls with the square from the first look that was not planned', steps: [10, 20, 30, 40, 50, 60, 70, 80, 90], verdicts: 11, want: 0.05 / 162 / 4 },
    { name: 'does not count a final 100, which is no step', steps: [50, 100], verdicts: 0, want: 0.05 / 18 },
    { name: 'counts one step when only 100 is listed', steps: [100], verdicts: 0, want: 0.05 / 18 }
  ]
  for (const { name, steps, verdicts, want } of rows) {
    const { level } = policyOf(makeSpec({ rollout: { steps } }), verdicts)
    t.ok(Math.abs(level / want - 1) < 1e-9, name)
  }
})

t.test('an endless wait for approval spends less than one more step has', async (t) => {
  const spec = makeSpec()
  let spent = 0
  for (let n = 6; n < 100_000; n++) spent += policyOf(spec, n).level
  t.ok(spent < 6 * policyOf(spec, 0).level, `${spent}`)
})

t.test('the limits of a metric', async (t) => {
  const rows = [
    { metric: { name: 'a', maxIncrease: '5%', dryRun: false }, want: { increase: 0.05, text: '+5%' } },
    { metric: { name: 'error-rate', maxIncrease: '2%', max: '0.5', dryRun: false }, want: { increase: 0.02, max: 0.5, text: '+2 points, max 0.5' } },
    { metric: { name: 'a', max: '-0.2', dryRun: false }, want: { max: -0.2, text: 'max -0.2' } },
    { metric: { name: 'a', maxIncrease: '2.5%', max: '3', dryRun: false }, want: { increase: 0.025, max: 3, text: '+2.5%, max 3' } }
  ]
  for (const { metric, want } of rows) t.same(limitsOf(metric), want)
})
