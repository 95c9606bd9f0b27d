import t from 'tap'
import { welch } from '../../../poller/analysis/means.ts'

const near = (value: number, want: number) => Math.abs(value - want) < 5e-5

t.test("Student's sleep data give the interval that R's t.test(extra ~ group, data = sleep) prints", async (t) => {
  const { lower, upper } = welch({ size: 10, mean: 0.75, variance: 1.789010 ** 2 }, { size: 10, mean: 2.33, variance: 2.002249 ** 2 }, { factor: 1, level: 0.025 })
  t.ok(near(lower, -3.3654832) && near(upper, 0.2054832), `${lower} … ${upper}`)
})

t.test('few against many with a factor, at the default level, as computed with scipy.stats.t', async (t) => {
  const { lower, upper } = welch({ size: 20, mean: 0.15, variance: 0.0064 }, { size: 180, mean: 0.1, variance: 0.0036 }, { factor: 1.05, level: 0.05 / 162 })
  t.ok(near(lower, -0.02897) && near(upper, 0.11897), `${lower} … ${upper}`)
})

t.test('swapping the sides mirrors the interval', async (t) => {
  const a = { size: 30, mean: 0.2, variance: 0.01 }
  const b = { size: 70, mean: 0.17, variance: 0.02 }
  const forth = welch(a, b, { factor: 1, level: 0.01 })
  const back = welch(b, a, { factor: 1, level: 0.01 })
  t.ok(Math.abs(forth.lower + back.upper) < 1e-12 && Math.abs(forth.upper + back.lower) < 1e-12)
})

t.test('without any spread the interval is the difference', async (t) => {
  t.strictSame(welch({ size: 5, mean: 3, variance: 0 }, { size: 5, mean: 1, variance: 0 }, { factor: 2, level: 0.01 }), { lower: 1, upper: 1 })
})
