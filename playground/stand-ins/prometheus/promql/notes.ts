// Notes on an answer that is given all the same: `infos` and `warnings`, in the words of release 3.
import type { Call } from './ast.ts'
import { METRIC_NAME } from '../labels.ts'
import type { Labels } from '../labels.ts'
import { formatFloat } from './literals.ts'
import type { Quantiles } from './quantile.ts'

export interface Notes {
  readonly infos: Set<string>
  readonly warnings: Set<string>
}

/** rate and increase of a metric that is not named like a counter. */
export function noteUnlikelyCounter ({ infos }: Notes, { name, argumentsAt }: Call, labels: Labels): void {
  const metric = labels[METRIC_NAME] ?? ''
  if ((name !== 'rate' && name !== 'increase') || /(_total|_sum|_count|_bucket)$/.test(metric)) return
  infos.add('PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ' +
    `${JSON.stringify(metric)} ${place(argumentsAt[0])}`)
}

/** A quantile outside 0–1, buckets without a usable bound, buckets that are not cumulative. */
export function noteQuantile ({ infos, warnings }: Notes, { argumentsAt }: Call, q: number, quantiles: Quantiles): void {
  if (!(q >= 0 && q <= 1)) {
    warnings.add(`PromQL warning: quantile value should be between 0 and 1, got ${formatFloat(q)} ${place(argumentsAt[0])}`)
  }
  for (const bound of quantiles.badBounds) {
    warnings.add(`PromQL warning: bucket label "le" is missing or has a malformed value of ${JSON.stringify(bound)} ${place(argumentsAt[1])}`)
  }
  if (quantiles.lifted) infos.add(`PromQL info: input to histogram_quantile needed to be fixed for monotonicity ${place(argumentsAt[1])}`)
}

function place (offset = 0): string {
  return `(1:${offset + 1})`
}
