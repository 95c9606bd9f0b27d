import fc from 'fast-check'
import t from 'tap'
import { compareErrors, compareMeans, compareP95 } from '../../../poller/analysis/comparisons.ts'
import type { Histogram } from '../../../poller/analysis/histogram.ts'
import { welch } from '../../../poller/analysis/means.ts'
import { newcombe } from '../../../poller/analysis/proportions.ts'

const LEVEL = 0.05 / 162
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity]

/** A histogram from the counts in its buckets; the sum puts every value in the middle, those of the open bucket at 15 s. */
function fromCounts (counts: number[]): Histogram {
  let below = 0
  let sum = 0
  const buckets = BOUNDS.map((le, i) => {
    const count = counts[i] ?? 0
    below += count
    sum += count * (le === Infinity ? 15 : (le + (BOUNDS[i - 1] ?? 0)) / 2)
    return { le, count: below }
  })
  return { buckets, sum }
}

const QUICK = [0, 0, 40, 300, 450, 200, 10]

t.test('p95', async (t) => {
  const slow = [0, 0, 0, 100, 300, 500, 100]
  const open = (share: number) => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000 * (1 - share), 1000 * share]
  const rows: Array<{ name: string, stable: number[], canary: number[], increase?: number, want: object | undefined }> = [
    { name: 'of the same counts proves nothing', stable: QUICK, canary: QUICK, want: { harm: false, safe: false } },
    { name: 'of a canary that is much slower is proven', stable: QUICK, canary: slow, want: { harm: true, safe: false } },
    { name: 'of a canary that is much quicker is safe', stable: slow, canary: QUICK, want: { harm: false, safe: true } },
    { name: 'is not comparable when stable is in the open bucket itself', stable: open(0.2), canary: open(0.9), want: undefined },
    { name: 'is hidden when the limit is in the open bucket and most of the canary too', stable: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000], canary: open(0.9), increase: 0.1, want: undefined },
    { name: 'is safe when the limit is in the open bucket and nothing of the canary', stable: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000], canary: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000], increase: 0.1, want: { harm: false, safe: true } }
  ]
  for (const { name, stable, canary, increase = 0.05, want } of rows) {
    t.strictSame(compareP95({ stable: fromCounts(stable), canary: fromCounts(canary) }, { increase, level: LEVEL }), want, name)
  }
})

t.test('a few requests of a few are no proof', async (t) => {
  t.strictSame(compareErrors({ stable: { hits: 0, total: 180 }, canary: { hits: 2, total: 20 } }, { increase: 0.02, level: LEVEL }), { harm: false, safe: false })
  t.strictSame(compareErrors({ stable: { hits: 2, total: 180 }, canary: { hits: 8, total: 20 } }, { increase: 0.02, level: LEVEL }), { harm: true, safe: false })
  t.strictSame(compareErrors({ stable: { hits: 90, total: 18000 }, canary: { hits: 100, total: 20000 } }, { increase: 0.02, level: LEVEL }), { harm: false, safe: true })
})

t.test('the score interval alone would call 1 error harm where 0.04 are expected; the exact tail does not', async (t) => {
  const canary = { hits: 1, total: 1000 }
  const stable = { hits: 40, total: 1_000_000 }
  t.ok(newcombe(canary, stable, 3.42).lower > 0)
  t.equal(compareErrors({ stable, canary }, { increase: 0, level: LEVEL }).harm, false)
})

const size = fc.double({ min: 20, max: 1e6, noNaN: true })
const fraction = fc.double({ min: 0, max: 1, noNaN: true })
const share = fc.tuple(size, fraction).map(([total, part]) => ({ hits: total * part, total }))
const increase = fc.double({ min: 0, max: 2, noNaN: true })
const level = fc.double({ min: 1e-9, max: 0.25, noNaN: true })
const counts = fc.array(fc.nat({ max: 2000 }), { minLength: 12, maxLength: 12 }).filter((list) => list.reduce((a, b) => a + b, 0) >= 20)

t.test('properties', async (t) => {
  const rows: Array<[string, fc.IRawProperty<any>]> = [
    ['swapping the sides mirrors the interval of shares', fc.property(share, share, level, (a, b, l) => {
      const forth = newcombe(a, b, -Math.log(l))
      const back = newcombe(b, a, -Math.log(l))
      return Math.abs(forth.lower + back.upper) < 1e-9 && Math.abs(forth.upper + back.lower) < 1e-9
    })],
    ['harm and safety are never both proven', fc.property(share, share, increase, level, (stable, canary, i, l) => {
      const { harm, safe } = compareErrors({ stable, canary }, { increase: i, level: l })
      return !(harm && safe)
    })],
    ['more errors of the canary never undo harm', fc.property(share, share, fraction, level, (stable, canary, more, l) => {
      const worse = { ...canary, hits: canary.hits + more * (canary.total - canary.hits) }
      return !compareErrors({ stable, canary }, { increase: 0.02, level: l }).harm || compareErrors({ stable, canary: worse }, { increase: 0.02, level: l }).harm
    })],
    ['more requests with the same shares never undo harm of errors', fc.property(share, share, fc.double({ min: 1, max: 50, noNaN: true }), (stable, canary, factor) => {
      const times = (s: typeof stable) => ({ hits: s.hits * factor, total: s.total * factor })
      return !compareErrors({ stable, canary }, { increase: 0.02, level: LEVEL }).harm || compareErrors({ stable: times(stable), canary: times(canary) }, { increase: 0.02, level: LEVEL }).harm
    })],
    ['a wider limit never makes harm of errors', fc.property(share, share, increase, increase, (stable, canary, a, b) => {
      const wide = Math.max(a, b)
      const narrow = Math.min(a, b)
      return !compareErrors({ stable, canary }, { increase: wide, level: LEVEL }).harm || compareErrors({ stable, canary }, { increase: narrow, level: LEVEL }).harm
    })],
    ['a wider limit never makes harm of latencies', fc.property(counts, counts, increase, increase, (stable, canary, a, b) => {
      const pair = { stable: fromCounts(stable), canary: fromCounts(canary) }
      const wide = { increase: Math.max(a, b), level: LEVEL }
      const narrow = { increase: Math.min(a, b), level: LEVEL }
      const p95 = [compareP95(pair, wide)?.harm ?? false, compareP95(pair, narrow)?.harm ?? true] as const
      return (!p95[0] || p95[1]) && (!compareMeans(pair, wide).harm || compareMeans(pair, narrow).harm)
    })],
    ['a smaller level never makes harm', fc.property(counts, counts, level, level, (stable, canary, a, b) => {
      const pair = { stable: fromCounts(stable), canary: fromCounts(canary) }
      const strict = { increase: 0.05, level: Math.min(a, b) }
      const lax = { increase: 0.05, level: Math.max(a, b) }
      return (!compareMeans(pair, strict).harm || compareMeans(pair, lax).harm) && (!compareP95(pair, strict)?.harm || compareP95(pair, lax)?.harm === true)
    })],
    ['slower requests of the canary never undo harm of p95', fc.property(counts, counts, fc.nat({ max: 10 }), fraction, (stable, canary, from, part) => {
      const slower = [...canary]
      const moved = Math.floor((slower[from] ?? 0) * part)
      slower[from] = (slower[from] ?? 0) - moved
      slower[from + 1] = (slower[from + 1] ?? 0) + moved
      const claim = { increase: 0.05, level: LEVEL }
      const before = compareP95({ stable: fromCounts(stable), canary: fromCounts(canary) }, claim)
      const after = compareP95({ stable: fromCounts(stable), canary: fromCounts(slower) }, claim)
      return before?.harm !== true || after?.harm === true
    })],
    ['a mean that moves up as a whole never undoes harm', fc.property(fc.record({ n: size, m: size, mean: fraction, variance: fraction, shift: fraction }), ({ n, m, mean, variance, shift }) => {
      const claim = { factor: 1.05, level: LEVEL }
      const stable = { size: n, mean: 0.2, variance: 0.01 }
      return welch({ size: m, mean, variance }, stable, claim).lower <= welch({ size: m, mean: mean + shift, variance }, stable, claim).lower
    })],
    ['identical histograms are never harm', fc.property(counts, increase, level, (both, i, l) => {
      const pair = { stable: fromCounts(both), canary: fromCounts(both) }
      return !compareMeans(pair, { increase: i, level: l }).harm && compareP95(pair, { increase: i, level: l })?.harm !== true
    })]
  ]
  for (const [name, property] of rows) {
    t.test(name, async () => { fc.assert(property, { numRuns: 500, seed: 7 }) })
  }
})
