// When the next check of an object is due, by the API server's time.
import type { AnalysisFact } from '../../hooks/core/facts.ts'
import { parseInstant, secondsOf } from '../../hooks/core/time.ts'
import type { Analysis } from '../../hooks/mlflow-model/schema/analysis.ts'
import { sameStep, type Subject } from './subject.ts'

/**
 * The instant in seconds from which the next check may be done: one interval after the last check of this step, or after the step began, so that a step
 * lasts at least interval × checks; and not before the initial delay after the first traffic has passed.
 */
export function dueAt (subject: Subject, analysis: Pick<Analysis, 'interval' | 'initialDelay'>, last: AnalysisFact | undefined): number {
  const lastAt = last !== undefined && sameStep(last, subject.key) ? parseInstant(last.last.at) : undefined
  return Math.max((lastAt ?? subject.stepStartedAt) + secondsOf(analysis.interval), subject.trafficSince + secondsOf(analysis.initialDelay))
}
