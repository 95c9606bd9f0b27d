// Which functions the stand-in knows, and the types of their arguments.
import type { FunctionName, RangeFunctionName, ValueType } from './ast.ts'

export interface Signature {
  readonly args: readonly ValueType[]
  readonly type: ValueType
}

const OVER_RANGE: Signature = { args: ['matrix'], type: 'vector' }

export const SIGNATURES: Readonly<Record<FunctionName, Signature>> = {
  abs: { args: ['vector'], type: 'vector' },
  absent: { args: ['vector'], type: 'vector' },
  clamp_max: { args: ['vector', 'scalar'], type: 'vector' },
  clamp_min: { args: ['vector', 'scalar'], type: 'vector' },
  histogram_quantile: { args: ['scalar', 'vector'], type: 'vector' },
  scalar: { args: ['vector'], type: 'scalar' },
  time: { args: [], type: 'scalar' },
  vector: { args: ['scalar'], type: 'vector' },
  avg_over_time: OVER_RANGE,
  count_over_time: OVER_RANGE,
  increase: OVER_RANGE,
  last_over_time: OVER_RANGE,
  max_over_time: OVER_RANGE,
  min_over_time: OVER_RANGE,
  rate: OVER_RANGE,
  sum_over_time: OVER_RANGE
}

export function isKnownFunction (name: string): name is FunctionName {
  return Object.hasOwn(SIGNATURES, name)
}

export function isRangeFunction (name: FunctionName): name is RangeFunctionName {
  return SIGNATURES[name].args[0] === 'matrix'
}

/** The words Prometheus uses for a type in its messages. */
export const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar', vector: 'instant vector', matrix: 'range vector', string: 'string'
}
