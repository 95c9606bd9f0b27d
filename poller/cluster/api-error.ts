// What went wrong in a call to the API server, told apart by type: callers decide by `kind`, never by the text.
import type { Dispatcher } from 'undici'

/**
 * - Conflict: the resourceVersion, or the uid, is not the current one. AlreadyExists: the name is taken.
 * - Gone: this resourceVersion or continue token is too old. Throttled: slow down, see retryAfterMs.
 * - Unavailable: no answer, or one that says nothing about the request (5xx).
 */
export type ApiErrorKind = 'NotFound' | 'Conflict' | 'AlreadyExists' | 'Gone' | 'Throttled' | 'Unauthorized' | 'Forbidden' | 'Invalid' | 'Unavailable'

/** A call that did not succeed. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly kind: ApiErrorKind
  /** HTTP status, 0 when there was no answer. */
  readonly status: number
  readonly retryAfterMs: number | undefined

  constructor (message: string, facts: { kind: ApiErrorKind, status: number, retryAfterMs?: number | undefined, cause?: unknown }) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause })
    this.kind = facts.kind
    this.status = facts.status
    this.retryAfterMs = facts.retryAfterMs
  }
}

/** Whether an error is an ApiError of one of these kinds. */
export function isApiError (error: unknown, ...kinds: ApiErrorKind[]): error is ApiError {
  return error instanceof ApiError && (kinds.length === 0 || kinds.includes(error.kind))
}

/** A Status object as the API server answers and as a watch's ERROR event carries it. */
export type ApiStatus = { code?: number, reason?: string, message?: string, details?: { retryAfterSeconds?: number } }

/** The error for an answer; `what` says what could not be done, such as `GET /api/v1/pods`. */
export function apiErrorOf (what: string, status: number, body: ApiStatus | undefined, retryAfterMs?: number): ApiError {
  const said = body?.message ? `: ${body.message}` : ''
  const seconds = body?.details?.retryAfterSeconds
  return new ApiError(`${what} was answered ${status}${said}`, {
    kind: kindOf(status, body?.reason),
    status,
    retryAfterMs: retryAfterMs ?? (seconds === undefined ? undefined : seconds * 1000)
  })
}

function kindOf (status: number, reason: string | undefined): ApiErrorKind {
  if (status === 409) return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict'
  const kinds: Record<number, ApiErrorKind> = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 410: 'Gone', 429: 'Throttled' }
  return kinds[status] ?? (status >= 500 ? 'Unavailable' : 'Invalid')
}

/**
 * Milliseconds of a Retry-After header: whole seconds, or an HTTP date compared with the same answer's Date, so that no local clock takes part.
 * Undefined when there is none or it cannot be read.
 */
export function retryAfterMs (headers: Dispatcher.ResponseData['headers']): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const wait = Date.parse(value) - Date.parse(String(headers.date))
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}
