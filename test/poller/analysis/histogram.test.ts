import t from 'tap'
import { countAbove, histogramOf, quantileOf, sizeOf, varianceOf, type Bucket, type Histogram } from '../../../poller/analysis/histogram.ts'

const HISTOGRAM: Histogram = { buckets: [{ le: 0.1, count: 90 }, { le: 0.2, count: 100 }, { le: Infinity, count: 104 }], sum: 50 }

t.test('a histogram', async (t) => {
  const rows: Array<{ name: string, buckets: Bucket[], want: Histogram | undefined }> = [
    { name: 'is put in order', buckets: [{ le: Infinity, count: 3 }, { le: 1, count: 2 }], want: { buckets: [{ le: 1, count: 2 }, { le: Infinity, count: 3 }], sum: 7 } },
    { name: 'never falls', buckets: [{ le: 1, count: 2.01 }, { le: 2, count: 2 }, { le: Infinity, count: 3 }], want: { buckets: [{ le: 1, count: 2.01 }, { le: 2, count: 2.01 }, { le: Infinity, count: 3 }], sum: 7 } },
    { name: 'needs the open last bucket', buckets: [{ le: 1, count: 2 }, { le: 2, count: 3 }], want: undefined },
    { name: 'needs a finite bound', buckets: [{ le: Infinity, count: 2 }], want: undefined },
    { name: 'needs a value', buckets: [{ le: 1, count: 0 }, { le: Infinity, count: 0 }], want: undefined },
    { name: 'needs buckets', buckets: [], want: undefined }
  ]
  for (const { name, buckets, want } of rows) t.strictSame(histogramOf(buckets, 7), want, name)
  t.equal(sizeOf(HISTOGRAM), 104)
})

t.test('a quantile', async (t) => {
  const rows: Array<{ name: string, q: number, want: { seconds: number, beyond: boolean } }> = [
    { name: 'is interpolated in its bucket', q: 95 / 104, want: { seconds: 0.15, beyond: false } },
    { name: 'in the first bucket counts from 0', q: 45 / 104, want: { seconds: 0.05, beyond: false } },
    { name: 'on a bound is that bound', q: 90 / 104, want: { seconds: 0.1, beyond: false } },
    { name: 'in the open bucket is its bound, and says so', q: 0.99, want: { seconds: 0.2, beyond: true } }
  ]
  for (const { name, q, want } of rows) {
    const { seconds, beyond } = quantileOf(HISTOGRAM, q)
    t.strictSame({ seconds: Number(seconds.toFixed(9)), beyond }, want, name)
  }
})

t.test('the count above a limit', async (t) => {
  const rows: Array<{ name: string, seconds: number, least: number, most: number }> = [
    { name: 'is exact on a bound', seconds: 0.1, least: 14, most: 14 },
    { name: 'is interpolated inside a bucket', seconds: 0.15, least: 9, most: 9 },
    { name: 'is exact on the last finite bound', seconds: 0.2, least: 4, most: 4 },
    { name: 'is unknown in the open bucket', seconds: 0.21, least: 0, most: 4 }
  ]
  for (const { name, seconds, least, most } of rows) {
    const above = countAbove(HISTOGRAM, seconds)
    t.strictSame({ least: Number(above.least.toFixed(9)), most: Number(above.most.toFixed(9)) }, { least, most }, name)
  }
})

t.test('the variance', async (t) => {
  t.test('of values spread evenly over equal buckets is that of the even distribution', async (t) => {
    const buckets = Array.from({ length: 10 }, (_, i) => ({ le: (i + 1) / 10, count: (i + 1) * 1000 }))
    const variance = varianceOf({ buckets: [...buckets, { le: Infinity, count: 10_000 }], sum: 5000 }, 0.5)
    t.ok(Math.abs(variance - 1 / 12) < 1e-4, String(variance))
  })
  t.test('is that within the bucket when all values are in one', async (t) => {
    const variance = varianceOf({ buckets: [{ le: 1, count: 0 }, { le: 2, count: 101 }, { le: Infinity, count: 101 }], sum: 151.5 }, 1.5)
    t.ok(Math.abs(variance - (101 / 12) / 100) < 1e-12, String(variance))
  })
  t.test('puts values of the open bucket where the sum needs them', async (t) => {
    // 99 values around 0.5 s make 49.5 s, so the one in the open bucket is 20.5 s.
    const mean = 70 / 100
    const variance = varianceOf({ buckets: [{ le: 1, count: 99 }, { le: Infinity, count: 100 }], sum: 70 }, mean)
    const want = (99 * ((0.5 - mean) ** 2 + 1 / 12) + (20.5 - mean) ** 2 + 19.5 ** 2) / 99
    t.ok(Math.abs(variance - want) < 1e-9, String(variance))
  })
})
