// The simulation, small enough for every test run and seeded, so that it never fails by chance. `npm run simulate` prints the full tables.
import t from 'tap'
import { IDENTICAL, RATES, WORSE, comparePoints, runScenario, summarize } from './experiments.ts'

const ROLLOUTS = 40

t.test('versions that are the same are not rolled back', async (t) => {
  for (const scenario of IDENTICAL) {
    for (const rate of RATES) {
      const { rolledBack, held } = summarize(runScenario(scenario, { rate, rollouts: ROLLOUTS, seed: rate }))
      t.ok(rolledBack <= 0.05 && held <= 0.05, `${scenario.name}, ${rate} requests a second: ${rolledBack} rolled back, ${held} held`)
    }
  }
})

t.test('comparing plain numbers rolls most of them back', async (t) => {
  const { rolledBack } = summarize(runScenario(IDENTICAL[0]!, { rate: 10, rollouts: ROLLOUTS, seed: 10, decide: comparePoints }))
  t.ok(rolledBack > 0.8, String(rolledBack))
})

t.test('versions that are worse are stopped', async (t) => {
  for (const scenario of WORSE) {
    for (const [rate, stopped] of [[10, 0.9], [50, 1], [500, 1]] as const) {
      const { rolledBack } = summarize(runScenario(scenario, { rate, rollouts: ROLLOUTS, seed: rate }))
      t.ok(rolledBack >= stopped, `${scenario.name}, ${rate} requests a second: ${rolledBack}`)
    }
  }
})

t.test('the same seed gives the same rollouts', async (t) => {
  const run = () => runScenario(WORSE[0]!, { rate: 10, rollouts: 3, seed: 1 })
  t.strictSame(run(), run())
})
