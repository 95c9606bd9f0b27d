// Why a check came out as it did: one word for programs, in the annotation followed by a sentence for people.

/** Every reason of a check or a metric, and what it means. */
export const REASONS = {
  WithinLimits: 'No metric is beyond its limit.',
  MetricBeyondLimit: 'The canary is worse than a limit allows.',
  AnalysisDisabled: 'spec.analysis.enabled is false: every check passes without a measurement.',
  NotEnoughTraffic: 'One side has had fewer than minRequests requests within the look-back.',
  NotProvenSafe: 'proof is Safety and the numbers do not yet exclude harm beyond the limit.',
  NoHistogram: 'There are requests but no latency histogram of them.',
  BeyondLastBucket: 'The latency lies above the last finite bucket, where histograms cannot tell values apart.',
  NoData: 'A query gave no value.',
  NotANumber: 'A query gave NaN or an infinite value.',
  SeveralSeries: 'A query gave more than one series; it must give exactly one number.',
  NotAVector: 'A query gave something other than a number or a vector.',
  PartialData: 'Prometheus answered with warnings, so the numbers may miss something.',
  MetricsUnavailable: 'Prometheus did not answer, or not in time.',
  QueryInvalid: 'Prometheus cannot parse the query; it will not get better by itself.',
  QueryRejected: 'Prometheus parsed the query and could not or would not execute it.',
  ProviderUnknown: 'spec.analysis.provider is not in the configuration.',
  ProviderRefused: 'The provider does not serve this namespace.',
  QueriesNotAllowed: 'The provider does not allow custom queries.',
  QueryWithoutNamespace: 'A custom query must contain {namespace}.'
} as const
export type Reason = keyof typeof REASONS

/** `Reason: sentence`, or the reason alone. */
export function reasonText (reason: Reason, detail?: string): string {
  return detail ? `${reason}: ${detail}` : reason
}
