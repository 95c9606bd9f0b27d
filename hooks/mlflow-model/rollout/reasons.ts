// Why a rollout ends or waits, in one word each. People and programs meet these in status, events and metrics.

/** The checks found the canary worse than a limit. */
export const ANALYSIS_FAILED = 'AnalysisFailed'
/** The canary did not become ready in time. */
export const PROGRESS_DEADLINE_EXCEEDED = 'ProgressDeadlineExceeded'
/** The canary lost all its pods twice while it had traffic. */
export const CANDIDATE_UNAVAILABLE = 'CandidateUnavailable'
/** The router did not take over the weights in time. */
export const WEIGHT_NOT_APPLIED = 'WeightNotApplied'
/** A person aborted the rollout. */
export const ABORTED = 'Aborted'
/** The alias moved back to the stable version. */
export const ALIAS_MOVED_BACK = 'AliasMovedBack'
/** The alias moved on to another version. */
export const ALIAS_MOVED_ON = 'AliasMovedOn'
/** Too few requests for a verdict, for too long. */
export const NOT_ENOUGH_TRAFFIC = 'NotEnoughTraffic'
/** The measurements could not be had, for too long. */
export const METRICS_UNAVAILABLE = 'MetricsUnavailable'
