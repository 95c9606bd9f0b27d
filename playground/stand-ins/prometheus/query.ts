// One call of /api/v1/query without HTTP: parameters in, status and envelope out.
import { evaluate } from './promql/evaluate.ts'
import type { Value } from './promql/evaluate.ts'
import { QueryError } from './promql/errors.ts'
import type { QueryErrorType } from './promql/errors.ts'
import { formatFloat, parseNumberOrDuration } from './promql/literals.ts'
import type { Release } from './promql/over-range.ts'
import { parseQuery } from './promql/parse.ts'
import type { SeriesStore } from './series-store.ts'

export interface QuerySettings {
  readonly store: SeriesStore
  readonly release: Release
  /** Used when the request gives no `time`; milliseconds. */
  readonly now: () => number
  /** Put into every successful answer. */
  readonly warnings: readonly string[]
  /** Makes every query fail this way in place of being evaluated. */
  readonly failure: { readonly errorType: QueryErrorType, readonly error: string } | undefined
}

export type Parameters = Readonly<Record<string, string | undefined>>

export interface Answer {
  readonly status: number
  readonly body: Envelope
}

export interface Envelope {
  readonly status: 'success' | 'error'
  readonly data?: { readonly resultType: string, readonly result: unknown }
  readonly errorType?: QueryErrorType
  readonly error?: string
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

const STATUSES: Readonly<Record<QueryErrorType, number>> = { bad_data: 400, execution: 422, internal: 500, timeout: 503 }
const LOOKBACK_MS = 5 * 60 * 1000

/** Answers an instant query as the HTTP API of Prometheus does, errors included. */
export function answerQuery (parameters: Parameters, settings: QuerySettings): Answer {
  try {
    if (settings.failure !== undefined) throw new QueryError(settings.failure.errorType, settings.failure.error)
    return { status: 200, body: succeed(parameters, settings) }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    return { status: STATUSES[error.errorType], body: { status: 'error', errorType: error.errorType, error: error.message } }
  }
}

function succeed (parameters: Parameters, settings: QuerySettings): Envelope {
  const time = readTime(parameters['time'], settings.now())
  const limit = readLimit(parameters['limit'])
  if (parameters['timeout'] !== undefined) readSeconds('timeout', parameters['timeout'])
  const lookback = parameters['lookback_delta'] === undefined
    ? LOOKBACK_MS
    : readSeconds('lookback_delta', parameters['lookback_delta']) * 1000
  const notes = { infos: new Set<string>(), warnings: new Set(settings.warnings) }
  const expr = parseQuery(parameters['query'] ?? '')
  const value = evaluate(expr, { store: settings.store, release: settings.release, time, lookback, notes })
  const { data, truncated } = formatValue(value, time / 1000, limit)
  if (truncated) notes.warnings.add('results truncated due to limit')
  return {
    status: 'success',
    data,
    ...(notes.warnings.size > 0 && { warnings: [...notes.warnings] }),
    ...(notes.infos.size > 0 && { infos: [...notes.infos] })
  }
}

function readTime (text: string | undefined, now: number): number {
  if (text === undefined || text === '') return now
  const seconds = Number(text)
  const time = Number.isNaN(seconds) ? Date.parse(text) : Math.round(seconds * 1000)
  if (Number.isNaN(time) || !/\d/.test(text)) throw invalid('time', `cannot parse "${text}" to a valid timestamp`)
  return time
}

function readSeconds (name: string, text: string): number {
  const seconds = parseNumberOrDuration(text)
  if (seconds === undefined) throw invalid(name, `cannot parse "${text}" to a valid duration`)
  return seconds
}

function readLimit (text: string | undefined): number {
  if (text === undefined || text === '') return Infinity
  if (!/^\d+$/.test(text)) throw invalid('limit', `cannot parse "${text}" to an int`)
  return Number(text) === 0 ? Infinity : Number(text)
}

function invalid (name: string, message: string): QueryError {
  return new QueryError('bad_data', `invalid parameter "${name}": ${message}`)
}

type Formatted = { data: { resultType: string, result: unknown }, truncated: boolean }

function formatValue (value: Value, time: number, limit: number): Formatted {
  switch (value.type) {
    case 'scalar': return whole('scalar', [time, formatFloat(value.value)])
    case 'string': return whole('string', [time, value.value])
    case 'vector': return limited('vector', limit, value.items.map(({ labels, value: v }) =>
      ({ metric: labels, value: [time, formatFloat(v)] })))
    case 'matrix': return limited('matrix', limit, value.items.map(({ labels, points }) =>
      ({ metric: labels, values: points.map(point => [point.time / 1000, formatFloat(point.value)]) })))
    default: return value satisfies never
  }
}

function whole (resultType: string, result: unknown): Formatted {
  return { data: { resultType, result }, truncated: false }
}

function limited (resultType: string, limit: number, result: readonly unknown[]): Formatted {
  return { data: { resultType, result: result.slice(0, limit) }, truncated: result.length > limit }
}
