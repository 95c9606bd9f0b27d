// The judge: numbers and policy in, verdict out. It reads no clock and asks nobody.
import type { CheckOutcome, MetricResult } from '../../hooks/core/facts.ts'
import type { Metric } from '../../hooks/mlflow-model/schema/analysis.ts'
import { compareErrors, compareMeans, compareP95, meanOf, p95Of, type Claim, type Proof, type Value } from './comparisons.ts'
import type { Histogram } from './histogram.ts'
import { problemOf, type Measurement, type Pair, type Problem } from './measurement.ts'
import { limitsOf, type Limits, type Policy } from './policy.ts'
import { reasonText, type Reason } from './reasons.ts'

/**
 * What one check says. `reason` is `Reason: sentence` and names the worst metrics that count. It holds no measured number: it becomes
 * part of a condition, which should not change with every check; the numbers stand in `metrics`.
 */
export type Verdict = { outcome: CheckOutcome, reason: string, metrics: MetricResult[] }

type Finding = { outcome: CheckOutcome, reason: Reason, detail?: string }

/** One metric with all that is needed to judge it. `compare` is undefined when there is nothing to compare with. */
type Readable = { stable: Value, canary: Value, compare: (claim: Claim) => Proof | undefined }

const BADNESS: Record<CheckOutcome, number> = { Passed: 0, Inconclusive: 1, Error: 2, Failed: 3 }

/**
 * Judges every metric, and the check by its worst metric that is not a dry run: Failed before Error before Inconclusive before Passed.
 * - maxIncrease of a built-in metric is judged by intervals at `policy.level`. proof Harm: Failed when the canary is proven worse than the limit, else
 *   Passed. proof Safety: Passed when proven not worse, Failed when proven worse, else Inconclusive.
 * - `max`, and the metrics with a query of their own, are judged by the plain number.
 * - Fewer than minRequests on a side, or no number, is Inconclusive or Error with a reason.
 */
export function judge (measurement: Measurement, policy: Policy): Verdict {
  const judged = policy.metrics.map((metric) => judgeMetric(metric, measurement, policy))
  const metrics = judged.map(({ result }) => result)
  const counted = judged.filter(({ result }) => !result.dryRun)
  const outcome = worstOf(counted.map(({ finding }) => finding.outcome))
  const culprits = counted.filter(({ finding }) => finding.outcome === outcome)
  const first = culprits[0]
  if (outcome === 'Passed' || first === undefined) return { outcome, reason: reasonText('WithinLimits', 'no metric is beyond its limit'), metrics }
  const names = culprits.filter(({ finding }) => finding.reason === first.finding.reason).map(({ result }) => result.name).join(', ')
  const { reason, detail } = first.finding
  return { outcome, reason: reasonText(reason, detail === undefined ? names : `${names}: ${detail}`), metrics }
}

function worstOf (outcomes: CheckOutcome[]): CheckOutcome {
  return outcomes.reduce<CheckOutcome>((worst, outcome) => BADNESS[outcome] > BADNESS[worst] ? outcome : worst, 'Passed')
}

/** The verdict when nothing could be measured at all. */
export function unmeasured (problem: Problem, policy: Policy): Verdict {
  const nothing = { problem }
  const queries = Object.fromEntries(policy.metrics.map(({ name }) => [name, nothing]))
  const { outcome, reason, detail } = problem
  return { outcome, reason: reasonText(reason, detail), metrics: judge({ requests: nothing, errors: nothing, latency: nothing, queries }, policy).metrics }
}

function judgeMetric (metric: Metric, measurement: Measurement, policy: Policy): { result: MetricResult, finding: Finding } {
  const limits = limitsOf(metric)
  const readable = read(metric, measurement)
  const finding = findingOf(readable, limits, measurement, policy)
  return {
    finding,
    result: {
      name: metric.name,
      stable: 'problem' in readable ? null : readable.stable.value,
      canary: 'problem' in readable ? null : readable.canary.value,
      limit: limits.text,
      requests: smallerSide(measurement),
      outcome: finding.outcome,
      ...(metric.dryRun ? { dryRun: true } : {})
    }
  }
}

/** A measuring that failed is told before anything else: it does not get better with traffic. */
function findingOf (readable: Readable | { problem: Problem }, limits: Limits, measurement: Measurement, policy: Policy): Finding {
  if ('problem' in readable && readable.problem.outcome === 'Error') return readable.problem
  return evidenceLack(measurement, policy) ?? ('problem' in readable ? readable.problem : decide(readable, limits, policy))
}

function smallerSide ({ requests }: Measurement): number | null {
  if ('problem' in requests) return null
  const { stable, canary } = requests.value
  return stable === null || canary === null ? null : Math.min(stable, canary)
}

/** Why no metric can be judged: requests unknown, or too few of them. */
function evidenceLack ({ requests }: Measurement, { minRequests }: Policy): Finding | undefined {
  if ('problem' in requests) return requests.problem
  for (const side of ['canary', 'stable'] as const) {
    const count = requests.value[side] ?? 0
    // Counts are products of fractions: a hair below a whole number is that number.
    if (count + 1e-6 < minRequests) {
      return { outcome: 'Inconclusive', reason: 'NotEnoughTraffic', detail: `the ${side} version has had fewer than ${minRequests} requests within the look-back` }
    }
  }
  return undefined
}

/** Picks the numbers of one metric; both sides have requests, or the finding will say otherwise. */
function read (metric: Metric, measurement: Measurement): Readable | { problem: Problem } {
  switch (metric.name) {
    case 'error-rate': return readErrors(measurement)
    case 'latency-mean': return readLatency(measurement, (histogram) => ({ value: meanOf(histogram), beyond: false }), compareMeans)
    case 'latency-p95': return readLatency(measurement, p95Of, compareP95)
    default: return readQuery(metric, measurement)
  }
}

function readErrors ({ requests, errors }: Measurement): Readable | { problem: Problem } {
  if ('problem' in requests) return requests
  if ('problem' in errors) return errors
  const share = (side: keyof Pair<unknown>) => {
    const total = requests.value[side] ?? 0
    return { hits: Math.min(errors.value[side], total), total }
  }
  const shares = { stable: share('stable'), canary: share('canary') }
  if (shares.stable.total === 0 || shares.canary.total === 0) return problemOf('Inconclusive', 'NoData')
  // Reported in percentage points, the unit of the limit.
  const points = ({ hits, total }: { hits: number, total: number }): Value => ({ value: 100 * hits / total, beyond: false })
  return { stable: points(shares.stable), canary: points(shares.canary), compare: (claim) => compareErrors(shares, claim) }
}

function readLatency (
  { latency }: Measurement,
  valueOf: (histogram: Histogram) => Value,
  compare: (pair: Pair<Histogram>, claim: Claim) => Proof | undefined
): Readable | { problem: Problem } {
  if ('problem' in latency) return latency
  const { stable, canary } = latency.value
  if (stable === null || canary === null) return problemOf('Inconclusive', 'NoHistogram', `the ${canary === null ? 'canary' : 'stable'} version has no latency histogram`)
  return { stable: valueOf(stable), canary: valueOf(canary), compare: (claim) => compare({ stable, canary }, claim) }
}

/** A query's numbers are taken as they are: the limit counts from stable's size, so that it also means something below zero. */
function readQuery ({ name }: Metric, { queries }: Measurement): Readable | { problem: Problem } {
  const reading = queries[name] ?? problemOf('Inconclusive', 'NoData')
  if ('problem' in reading) return reading
  const { stable, canary } = reading.value
  return {
    stable: { value: stable, beyond: false },
    canary: { value: canary, beyond: false },
    compare: ({ increase }) => {
      const harm = canary > stable + increase * Math.abs(stable)
      return { harm, safe: !harm }
    }
  }
}

function decide (readable: Readable, limits: Limits, policy: Policy): Finding {
  const findings: Finding[] = []
  if (limits.max !== undefined) findings.push(decideByMax(readable.canary, limits.max))
  if (limits.increase !== undefined) findings.push(decideByProof(readable, limits.increase, policy))
  const outcome = worstOf(findings.map((finding) => finding.outcome))
  return findings.find((finding) => finding.outcome === outcome) ?? { outcome, reason: 'WithinLimits' }
}

function decideByMax (canary: Value, max: number): Finding {
  // In the open bucket the true value is above its bound.
  if (canary.value > max || (canary.beyond && canary.value >= max)) return { outcome: 'Failed', reason: 'MetricBeyondLimit' }
  if (canary.beyond) return { outcome: 'Inconclusive', reason: 'BeyondLastBucket', detail: 'max lies above it too' }
  return { outcome: 'Passed', reason: 'WithinLimits' }
}

function decideByProof ({ compare }: Readable, increase: number, { proof, level }: Policy): Finding {
  const proven = compare({ increase, level })
  if (proven === undefined) return { outcome: 'Inconclusive', reason: 'BeyondLastBucket', detail: 'the histogram cannot tell the versions apart up there' }
  if (proven.harm) return { outcome: 'Failed', reason: 'MetricBeyondLimit' }
  if (proof === 'Harm' || proven.safe) return { outcome: 'Passed', reason: 'WithinLimits' }
  return { outcome: 'Inconclusive', reason: 'NotProvenSafe' }
}
