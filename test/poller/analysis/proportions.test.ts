import t from 'tap'
import { exactTail, newcombe, normalQuantile, wilson, type Share } from '../../../poller/analysis/proportions.ts'

const Z = normalQuantile(0.025)
const rounded = ({ lower, upper }: { lower: number, upper: number }) => [Number(lower.toFixed(4)), Number(upper.toFixed(4))]

t.test("Wilson's interval is that of Newcombe's paper on single proportions, table I, method 3 (R: prop.test without correction)", async (t) => {
  const rows: Array<[Share, [number, number]]> = [
    [{ hits: 81, total: 263 }, [0.2553, 0.3662]],
    [{ hits: 15, total: 148 }, [0.0624, 0.1605]],
    [{ hits: 0, total: 20 }, [0, 0.1611]],
    [{ hits: 1, total: 29 }, [0.0061, 0.1718]]
  ]
  for (const [share, want] of rows) t.strictSame(rounded(wilson(share, Z)), want, `${share.hits} of ${share.total}`)
})

t.test("Newcombe's interval is that of his paper, table II, method 10", async (t) => {
  const rows: Array<[Share, Share, [number, number]]> = [
    [{ hits: 56, total: 70 }, { hits: 48, total: 80 }, [0.0524, 0.3339]],
    [{ hits: 9, total: 10 }, { hits: 3, total: 10 }, [0.1705, 0.8090]],
    [{ hits: 6, total: 7 }, { hits: 2, total: 7 }, [0.0582, 0.8062]],
    [{ hits: 5, total: 56 }, { hits: 0, total: 29 }, [-0.0381, 0.1926]],
    [{ hits: 0, total: 10 }, { hits: 0, total: 20 }, [-0.1611, 0.2775]],
    [{ hits: 0, total: 10 }, { hits: 0, total: 10 }, [-0.2775, 0.2775]],
    [{ hits: 10, total: 10 }, { hits: 0, total: 20 }, [0.6791, 1]],
    [{ hits: 10, total: 10 }, { hits: 0, total: 10 }, [0.6075, 1]]
  ]
  for (const [a, b, want] of rows) t.strictSame(rounded(newcombe(a, b, Z)), want, `${a.hits}/${a.total} − ${b.hits}/${b.total}`)
})

t.test('the exact binomial tail agrees with scipy.stats.binom.sf(hits − 1, total, p)', async (t) => {
  const rows: Array<[number, number, number, number]> = [
    [3, 100, 0.005, 0.014102916535846985],
    [9, 60, 0.05, 0.0028486058021657086],
    [70, 1500, 0.03, 0.00026827176298473853],
    [1, 1000, 0.000073, 0.0704016470128688]
  ]
  for (const [hits, total, p, want] of rows) t.ok(Math.abs((exactTail({ hits, total }, p) ?? NaN) / want - 1) < 1e-6, `${hits} of ${total} at ${p}`)
})

t.test('the edges of the exact tail', async (t) => {
  t.equal(exactTail({ hits: 0, total: 10 }, 0.1), 1, 'no hit is never improbable')
  t.equal(exactTail({ hits: 1, total: 10 }, 0), 0, 'a hit is impossible where none can be')
  t.equal(exactTail({ hits: 10, total: 10 }, 1), 1)
  t.equal(exactTail({ hits: 300, total: 10_000 }, 0.03), undefined, 'with many expected hits the score interval is enough')
  t.equal(exactTail({ hits: 5000, total: 10_000 }, 0.001), 0)
})

t.test('the quantile of the default level: 0.05 over 9 × 6 × 3 looks', async (t) => {
  t.ok(Math.abs(normalQuantile(0.05 / 162) - 3.4239) < 1e-4)
})
