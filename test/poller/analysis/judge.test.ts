import fc from 'fast-check'
import t from 'tap'
import type { CheckOutcome } from '../../../hooks/core/facts.ts'
import type { Metric } from '../../../hooks/mlflow-model/schema/analysis.ts'
import { judge, unmeasured, type Verdict } from '../../../poller/analysis/judge.ts'
import { problemOf, type Measurement } from '../../../poller/analysis/measurement.ts'
import type { Policy } from '../../../poller/analysis/policy.ts'

const BOUNDS = [0.1, 0.2, 10, Infinity]
const histogram = (counts: number[]) => ({ sum: counts.reduce((sum, n, i) => sum + n * [0.05, 0.15, 5, 15][i]!, 0), buckets: BOUNDS.map((le, i) => ({ le, count: counts.slice(0, i + 1).reduce((a, b) => a + b, 0) })) })

const metric = (name: string, limits: Partial<Metric> = { maxIncrease: '5%' }): Metric => ({ name, dryRun: false, ...limits })
const policyWith = (metrics: Metric[], rest: Partial<Policy> = {}): Policy => ({ metrics, minRequests: 20, proof: 'Harm', level: 0.05 / 162, ...rest })

function measurementWith (parts: Partial<Measurement> = {}): Measurement {
  return {
    requests: { value: { stable: 1000, canary: 100 } },
    errors: { value: { stable: 10, canary: 1 } },
    latency: { value: { stable: histogram([900, 90, 10, 0]), canary: histogram([90, 9, 1, 0]) } },
    queries: {},
    ...parts
  }
}

type Row = { name: string, metrics: Metric[], measurement?: Partial<Measurement>, policy?: Partial<Policy>, want: Verdict }

const ERRORS = metric('error-rate', { maxIncrease: '2%' })
const PASSED = 'WithinLimits: no metric is beyond its limit'
const errorRate = (outcome: CheckOutcome, canary: number | null = 1, rest: object = {}) => ({ name: 'error-rate', stable: canary === null ? null : 1, canary, limit: '+2 points', requests: 100, outcome, ...rest })
const failing = { errors: { value: { stable: 10, canary: 40 } } }

const rows: Row[] = [
  { name: 'versions alike pass', metrics: [ERRORS], want: { outcome: 'Passed', reason: PASSED, metrics: [errorRate('Passed')] } },
  { name: 'errors proven beyond the limit fail', metrics: [ERRORS], measurement: failing, want: { outcome: 'Failed', reason: 'MetricBeyondLimit: error-rate', metrics: [errorRate('Failed', 40)] } },
  { name: 'with Safety, what is not proven either way is Inconclusive', metrics: [ERRORS], policy: { proof: 'Safety' }, want: { outcome: 'Inconclusive', reason: 'NotProvenSafe: error-rate', metrics: [errorRate('Inconclusive')] } },
  { name: 'with Safety, proven harm fails', metrics: [ERRORS], policy: { proof: 'Safety' }, measurement: failing, want: { outcome: 'Failed', reason: 'MetricBeyondLimit: error-rate', metrics: [errorRate('Failed', 40)] } },
  { name: 'with Safety, proven safety passes', metrics: [ERRORS], policy: { proof: 'Safety' }, measurement: { requests: { value: { stable: 1e5, canary: 1e5 } }, errors: { value: { stable: 1000, canary: 1000 } } }, want: { outcome: 'Passed', reason: PASSED, metrics: [errorRate('Passed', 1, { requests: 1e5 })] } },
  { name: 'no requests on a side is Inconclusive, without a number', metrics: [ERRORS], measurement: { requests: { value: { stable: 1000, canary: null } }, errors: { value: { stable: 10, canary: 0 } } }, want: { outcome: 'Inconclusive', reason: 'NotEnoughTraffic: error-rate: the canary version has had fewer than 20 requests within the look-back', metrics: [errorRate('Inconclusive', null, { requests: null })] } },
  { name: 'too few requests are Inconclusive, with their numbers', metrics: [ERRORS], measurement: { requests: { value: { stable: 19.5, canary: 100 } }, errors: { value: { stable: 0, canary: 1 } } }, want: { outcome: 'Inconclusive', reason: 'NotEnoughTraffic: error-rate: the stable version has had fewer than 20 requests within the look-back', metrics: [errorRate('Inconclusive', 1, { stable: 0, requests: 19.5 })] } },
  { name: 'a hair less than minRequests is minRequests', metrics: [ERRORS], measurement: { requests: { value: { stable: 100, canary: 19.9999999999 } }, errors: { value: { stable: 1, canary: 0 } } }, want: { outcome: 'Passed', reason: PASSED, metrics: [errorRate('Passed', 0, { requests: 19.9999999999 })] } },
  { name: 'a dry run is reported without effect', metrics: [{ ...ERRORS, dryRun: true }], measurement: failing, want: { outcome: 'Passed', reason: PASSED, metrics: [errorRate('Failed', 40, { dryRun: true })] } },
  { name: 'max is judged by the plain number', metrics: [metric('error-rate', { max: '0.5' })], want: { outcome: 'Failed', reason: 'MetricBeyondLimit: error-rate', metrics: [errorRate('Failed', 1, { limit: 'max 0.5' })] } },
  { name: 'both limits count, the worse one decides', metrics: [metric('error-rate', { max: '2', maxIncrease: '2%' })], measurement: failing, want: { outcome: 'Failed', reason: 'MetricBeyondLimit: error-rate', metrics: [errorRate('Failed', 40, { limit: '+2 points, max 2' })] } },
  {
    name: 'a side without a histogram is Inconclusive',
    metrics: [metric('latency-p95')],
    measurement: { latency: { value: { stable: histogram([900, 90, 10, 0]), canary: null } } },
    want: { outcome: 'Inconclusive', reason: 'NoHistogram: latency-p95: the canary version has no latency histogram', metrics: [{ name: 'latency-p95', stable: null, canary: null, limit: '+5%', requests: 100, outcome: 'Inconclusive' }] }
  },
  {
    name: 'a p95 in the open bucket is beyond a max below it',
    metrics: [metric('latency-p95', { max: '10' })],
    measurement: { latency: { value: { stable: histogram([900, 90, 10, 0]), canary: histogram([0, 0, 50, 50]) } } },
    want: { outcome: 'Failed', reason: 'MetricBeyondLimit: latency-p95', metrics: [{ name: 'latency-p95', stable: 0.15555555555555556, canary: 10, limit: 'max 10', requests: 100, outcome: 'Failed' }] }
  },
  {
    name: 'a p95 in the open bucket cannot be held against a max in there',
    metrics: [metric('latency-p95', { max: '30' })],
    measurement: { latency: { value: { stable: histogram([900, 90, 10, 0]), canary: histogram([0, 0, 50, 50]) } } },
    want: { outcome: 'Inconclusive', reason: 'BeyondLastBucket: latency-p95: max lies above it too', metrics: [{ name: 'latency-p95', stable: 0.15555555555555556, canary: 10, limit: 'max 30', requests: 100, outcome: 'Inconclusive' }] }
  },
  {
    name: 'p95s that are both in the open bucket cannot be compared',
    metrics: [metric('latency-p95')],
    measurement: { latency: { value: { stable: histogram([0, 0, 500, 500]), canary: histogram([0, 0, 50, 50]) } } },
    want: { outcome: 'Inconclusive', reason: 'BeyondLastBucket: latency-p95: the histogram cannot tell the versions apart up there', metrics: [{ name: 'latency-p95', stable: 10, canary: 10, limit: '+5%', requests: 100, outcome: 'Inconclusive' }] }
  },
  {
    name: 'a mean that is proven higher fails',
    metrics: [metric('latency-mean')],
    measurement: { latency: { value: { stable: histogram([1000, 0, 0, 0]), canary: histogram([0, 100, 0, 0]) } } },
    want: { outcome: 'Failed', reason: 'MetricBeyondLimit: latency-mean', metrics: [{ name: 'latency-mean', stable: 0.05, canary: 0.15, limit: '+5%', requests: 100, outcome: 'Failed' }] }
  },
  {
    name: 'a query is judged as a point against its increase',
    metrics: [metric('drift', { query: 'q', maxIncrease: '10%' })],
    measurement: { queries: { drift: { value: { stable: 1, canary: 1.11 } } } },
    want: { outcome: 'Failed', reason: 'MetricBeyondLimit: drift', metrics: [{ name: 'drift', stable: 1, canary: 1.11, limit: '+10%', requests: 100, outcome: 'Failed' }] }
  },
  {
    name: 'below zero an increase counts from the size of the number',
    metrics: [metric('score', { query: 'q', maxIncrease: '10%' })],
    measurement: { queries: { score: { value: { stable: -1, canary: -0.91 } } } },
    want: { outcome: 'Passed', reason: PASSED, metrics: [{ name: 'score', stable: -1, canary: -0.91, limit: '+10%', requests: 100, outcome: 'Passed' }] }
  },
  {
    name: 'Failed is worse than Error, Error than Inconclusive, and only the worst are named',
    metrics: [ERRORS, metric('a', { query: 'q', max: '1' }), metric('b', { query: 'q', max: '1' }), metric('c', { query: 'q', max: '1' })],
    measurement: { queries: { a: problemOf('Inconclusive', 'NoData', 'nothing'), b: problemOf('Error', 'SeveralSeries', 'two'), c: { value: { stable: 0, canary: 2 } } } },
    want: {
      outcome: 'Failed',
      reason: 'MetricBeyondLimit: c',
      metrics: [errorRate('Passed'), { name: 'a', stable: null, canary: null, limit: 'max 1', requests: 100, outcome: 'Inconclusive' }, { name: 'b', stable: null, canary: null, limit: 'max 1', requests: 100, outcome: 'Error' }, { name: 'c', stable: 0, canary: 2, limit: 'max 1', requests: 100, outcome: 'Failed' }]
    }
  },
  {
    name: 'Error is worse than Inconclusive',
    metrics: [metric('a', { query: 'q', max: '1' }), metric('b', { query: 'q', max: '1' })],
    measurement: { queries: { a: problemOf('Inconclusive', 'NoData'), b: problemOf('Error', 'SeveralSeries', 'two') } },
    want: { outcome: 'Error', reason: 'SeveralSeries: b: two', metrics: [{ name: 'a', stable: null, canary: null, limit: 'max 1', requests: 100, outcome: 'Inconclusive' }, { name: 'b', stable: null, canary: null, limit: 'max 1', requests: 100, outcome: 'Error' }] }
  },
  { name: 'an unanswered query for requests is an Error', metrics: [ERRORS], measurement: { requests: problemOf('Error', 'MetricsUnavailable', 'down') }, want: { outcome: 'Error', reason: 'MetricsUnavailable: error-rate: down', metrics: [errorRate('Error', null, { requests: null })] } },
  { name: 'a broken query is an Error also while there is little traffic', metrics: [metric('a', { query: 'q', max: '1' })], measurement: { requests: { value: { stable: 1, canary: 1 } }, queries: { a: problemOf('Error', 'QueryInvalid', 'parse error') } }, want: { outcome: 'Error', reason: 'QueryInvalid: a: parse error', metrics: [{ name: 'a', stable: null, canary: null, limit: 'max 1', requests: 1, outcome: 'Error' }] } },
  { name: 'an unanswered query for errors is an Error, never 0 errors', metrics: [ERRORS], measurement: { errors: problemOf('Error', 'MetricsUnavailable', 'down') }, want: { outcome: 'Error', reason: 'MetricsUnavailable: error-rate: down', metrics: [errorRate('Error', null)] } },
  { name: 'warnings are Inconclusive', metrics: [ERRORS], measurement: { requests: problemOf('Inconclusive', 'PartialData', 'a store is missing') }, want: { outcome: 'Inconclusive', reason: 'PartialData: error-rate: a store is missing', metrics: [errorRate('Inconclusive', null, { requests: null })] } }
]

t.test('a verdict', async (t) => {
  for (const { name, metrics, measurement, policy, want } of rows) t.strictSame(judge(measurementWith(measurement), policyWith(metrics, policy)), want, name)
})

t.test('nothing measured at all', async (t) => {
  t.strictSame(unmeasured({ outcome: 'Error', reason: 'ProviderRefused', detail: 'not yours' }, policyWith([ERRORS])), { outcome: 'Error', reason: 'ProviderRefused: not yours', metrics: [errorRate('Error', null, { requests: null })] })
})

const count = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e9, noNaN: true }), fc.nat())
const counts = fc.array(count, { minLength: 4, maxLength: 4 })
const all = [metric('error-rate', { maxIncrease: '2%', max: '3' }), metric('latency-p95', { maxIncrease: '5%', max: '1' }), metric('latency-mean')]

t.test('whatever the counts, there is a verdict for every metric and no number that is none', async () => {
  fc.assert(fc.property(fc.tuple(count, count, count, count), counts, counts, fc.record({ proof: fc.constantFrom('Harm', 'Safety'), minRequests: fc.integer({ min: 1, max: 50 }) }), ([stable, canary, stableErrors, canaryErrors], a, b, rest) => {
    const { metrics } = judge(measurementWith({
      requests: { value: { stable, canary } },
      errors: { value: { stable: stableErrors, canary: canaryErrors } },
      latency: { value: { stable: a.some((n) => n > 0) ? histogram(a) : null, canary: b.some((n) => n > 0) ? histogram(b) : null } }
    }), policyWith(all, rest))
    const areNumbers = metrics.every((result) => [result.stable, result.canary, result.requests].every((value) => value === null || Number.isFinite(value)))
    const arePassedByNumbers = metrics.every(({ outcome, stable, canary }) => outcome === 'Inconclusive' || (stable !== null && canary !== null))
    return metrics.length === 3 && areNumbers && arePassedByNumbers
  }), { numRuns: 2000, seed: 11 })
})

t.test('more errors of the canary never turn a failed check into another', async () => {
  fc.assert(fc.property(fc.nat({ max: 5000 }), fc.nat({ max: 500 }), fc.nat({ max: 100 }), fc.nat({ max: 500 }), (stable, canary, before, more) => {
    const verdict = (canaryErrors: number) => judge(measurementWith({ requests: { value: { stable: stable + 20, canary: canary + 20 } }, errors: { value: { stable: 0, canary: Math.min(canaryErrors, canary + 20) } } }), policyWith([ERRORS])).outcome
    return verdict(before) !== 'Failed' || verdict(before + more) === 'Failed'
  }), { numRuns: 1000, seed: 12 })
})
