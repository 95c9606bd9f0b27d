// Counting checks: pure transitions of the analysis fact. The annotation is the only memory, so a restart loses nothing.
import { FACT_LIMIT, type AnalysisFact, type CheckOutcome, type MetricResult } from '../../hooks/core/facts.ts'
import { formatInstant, parseInstant } from '../../hooks/core/time.ts'
import type { Verdict } from './judge.ts'
import { sameStep, type StepKey } from './subject.ts'

/** One finished check: of which step, when it looked (seconds), and what it found. */
export type Check = { key: StepKey, at: number, verdict: Verdict }

const COUNTERS = { Passed: 'passed', Failed: 'failed', Inconclusive: 'inconclusive', Error: 'errors' } as const satisfies Record<CheckOutcome, string>
const NOTHING = { passed: 0, failed: 0, inconclusive: 0, errors: 0, undecided: 0, streak: { outcome: 'Passed', count: 0 } } as const

/**
 * The fact after a check, or undefined when the check does not count: the step has changed since it began (`current` is the step now), it looked before
 * this step began, or this interval has had its check (pollers work at least once; `interval` in seconds).
 */
export function countCheck (last: AnalysisFact | undefined, current: StepKey, check: Check, interval: number): AnalysisFact | undefined {
  const at = Math.floor(check.at)
  if (!sameStep(current, check.key) || at < secondsAt(current.stepStartedAt)) return undefined
  const before = last !== undefined && sameStep(last, current) ? last : undefined
  if (before !== undefined && at < secondsAt(before.last.at) + interval) return undefined
  return {
    rollout: current.rollout,
    step: current.step,
    stepStartedAt: current.stepStartedAt,
    ...added(before ?? NOTHING, check.verdict.outcome),
    last: { at: formatInstant(at), ...check.verdict }
  }
}

type Counters = Pick<AnalysisFact, 'passed' | 'failed' | 'inconclusive' | 'errors' | 'undecided' | 'streak'>

function added ({ passed, failed, inconclusive, errors, undecided = 0, streak }: Counters, outcome: CheckOutcome): Counters {
  const counts = { passed, failed, inconclusive, errors }
  counts[COUNTERS[outcome]] += 1
  return {
    ...counts,
    undecided: isVerdict(outcome) ? 0 : undecided + 1,
    streak: { outcome, count: streak.outcome === outcome ? streak.count + 1 : 1 }
  }
}

function isVerdict (outcome: CheckOutcome): boolean {
  return outcome === 'Passed' || outcome === 'Failed'
}

function secondsAt (instant: string): number {
  return parseInstant(instant) ?? 0
}

/** Verdicts (not Inconclusive, not Error) that this step has had so far. */
export function verdictsOf (last: AnalysisFact | undefined, current: StepKey): number {
  return last !== undefined && sameStep(last, current) ? last.passed + last.failed : 0
}

/** The same fact within FACT_LIMIT: the sentence is cut first, then long limits. 16 metrics with names of 63 characters then fit. */
export function fitFact (fact: AnalysisFact): AnalysisFact {
  const rounded = withMetrics(fact, (metric) => ({ ...metric, stable: round(metric.stable), canary: round(metric.canary), requests: round(metric.requests) }))
  if (lengthOf(rounded) <= FACT_LIMIT) return rounded
  const { reason } = fact.last
  const bare = withReason(rounded, reason.split(':', 1)[0] ?? '')
  const room = FACT_LIMIT - lengthOf(withReason(rounded, ''))
  // Half the room, because JSON may need two characters for one.
  if (room > 160) return withReason(rounded, shorten(reason, Math.floor(room / 2)))
  if (room > 80) return bare
  return withMetrics(bare, (metric) => ({ ...metric, limit: shorten(metric.limit, 20) }))
}

function withReason (fact: AnalysisFact, reason: string): AnalysisFact {
  return { ...fact, last: { ...fact.last, reason } }
}

function withMetrics (fact: AnalysisFact, change: (metric: MetricResult) => MetricResult): AnalysisFact {
  return { ...fact, last: { ...fact.last, metrics: fact.last.metrics.map(change) } }
}

function shorten (text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(length - 1, 0))}…`
}

/** As formatFact will round it. */
function round (value: number | null): number | null {
  return value === null || Number.isInteger(value) ? value : Number(value.toPrecision(4))
}

function lengthOf (fact: AnalysisFact): number {
  return JSON.stringify(fact).length
}
