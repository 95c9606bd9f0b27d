// What the checks of this step say. The poller counts, the judgement over a step is made here.
import { PERMANENT_ERRORS, type AnalysisFact } from '../../core/facts.ts'
import { describeMetric } from '../../core/measurement.ts'
import type { Rollout } from '../schema/status.ts'
import type { Policy, RolloutFacts } from './facts.ts'
import { METRICS_UNAVAILABLE, NOT_ENOUGH_TRAFFIC } from './reasons.ts'

export type Verdict = 'Pending' | 'Passed' | 'Failed' | typeof NOT_ENOUGH_TRAFFIC | typeof METRICS_UNAVAILABLE

/** The checks, if they are of this rollout, step and start: others are late arrivals and count for nothing. */
export function currentAnalysis (rollout: Rollout | undefined, analysis: AnalysisFact | undefined): AnalysisFact | undefined {
  if (!rollout?.stepStartedAt || !analysis) return undefined
  const current = analysis.rollout === rollout.id && analysis.step === rollout.step && analysis.stepStartedAt === rollout.stepStartedAt
  return current ? analysis : undefined
}

/**
 * The verdict over the step. Failures count over the step; while approval is awaited they must come in a row, because such a wait has no end
 * at which a few chance failures would stop adding up. Pauses need a row too, and end by themselves when checks pass again.
 */
export function judgeStep (rollout: Rollout, facts: RolloutFacts): Verdict {
  const checks = currentAnalysis(rollout, facts.analysis)
  if (!checks) return 'Pending'
  const { policy } = facts
  if (failedChecks(rollout, checks) > policy.failureLimit) return 'Failed'
  return undecidedFor(checks, policy) ?? passedOf(checks, policy)
}

/** The pause that checks without a verdict have earned, if any. An error that cannot mend itself needs no repetition. */
function undecidedFor (checks: AnalysisFact, policy: Policy): Verdict | undefined {
  const { last, undecided = 0 } = checks
  const permanent = last.outcome === 'Error' && PERMANENT_ERRORS.includes(last.reason.split(':', 1)[0] ?? '')
  if (permanent || inARow(checks, 'Error') > policy.errorLimit) return METRICS_UNAVAILABLE
  if (inARow(checks, 'Inconclusive') > policy.inconclusiveLimit) return NOT_ENOUGH_TRAFFIC
  // Errors and inconclusive checks by turns would never make a row of either.
  if (undecided <= Math.max(policy.errorLimit, policy.inconclusiveLimit)) return undefined
  return last.outcome === 'Error' ? METRICS_UNAVAILABLE : NOT_ENOUGH_TRAFFIC
}

function passedOf (checks: AnalysisFact, policy: Policy): Verdict {
  return checks.passed >= policy.checks ? 'Passed' : 'Pending'
}

function failedChecks (rollout: Rollout, checks: AnalysisFact): number {
  return rollout.stage === 'AwaitingApproval' ? inARow(checks, 'Failed') : checks.failed
}

function inARow (checks: AnalysisFact, outcome: AnalysisFact['last']['outcome']): number {
  return checks.streak.outcome === outcome ? checks.streak.count : 0
}

/** The numbers of the last check in words: `error-rate 6.1 % against 0.9 % of stable (limit +2%), …`, those that failed first. */
export function describeMetrics (rollout: Rollout, facts: Pick<RolloutFacts, 'analysis'>): string {
  const metrics = currentAnalysis(rollout, facts.analysis)?.last.metrics ?? []
  const failed = metrics.filter((metric) => metric.outcome === 'Failed' && !metric.dryRun)
  return (failed.length > 0 ? failed : metrics).map(describeMetric).join(', ').slice(0, 300)
}
