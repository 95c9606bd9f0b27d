// What went wrong in a call to the API server, told apart by type: callers decide by `kind`, never by the text.
import { forPeople } from '../../hooks/core/safe-text.ts'

/**
 * - Conflict: the resourceVersion, or the uid, is not the current one. AlreadyExists: the name is taken.
 * - Replaced: another object of the same name stands in its place: a patch named a uid, and the uid there is another one.
 * - Gone: this resourceVersion or continue token is too old. Throttled: slow down, see retryAfterMs.
 * - Unavailable: no answer, or one that says nothing about the request (5xx).
 */
export type ApiErrorKind = 'NotFound' | 'Conflict' | 'AlreadyExists' | 'Replaced' | 'Gone' | 'Throttled' | 'Unauthorized' | 'Forbidden' | 'Invalid' | 'Unavailable'

/** How much of what a server said is told: an API server that refuses an object may quote the whole of it. */
const LONGEST_SAID = 1024

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

/** Milliseconds for which the API server does not want to be asked again. */
export function waitAskedBy (error: unknown): number {
  return isApiError(error) ? error.retryAfterMs ?? 0 : 0
}

/** A Status object as the API server answers and as a watch's ERROR event carries it. */
export type ApiStatus = { code?: number, reason?: string, message?: string, details?: { retryAfterSeconds?: number, causes?: Array<{ field?: string }> } }

/** What is asked for beyond it is a mistake of somebody in between: a poller that obeys for hours is as good as dead. */
const LONGEST_RETRY_AFTER_MS = 60_000

/** The error for an answer; `what` says what could not be done, such as `GET /api/v1/pods`. */
export function apiErrorOf (what: string, status: number, body: ApiStatus | undefined, retryAfterMs?: number): ApiError {
  // In front of an API server may stand what says anything, and echoes what it was sent.
  const said = typeof body?.message === 'string' ? `: ${forPeople(body.message.slice(0, LONGEST_SAID))}` : ''
  return new ApiError(`${what} was answered ${status}${said}`, {
    kind: kindOf(status, body),
    status,
    retryAfterMs: waitOf(retryAfterMs, body)
  })
}

function waitOf (header: number | undefined, body: ApiStatus | undefined): number | undefined {
  const seconds: unknown = body?.details?.retryAfterSeconds
  const asked = header ?? (typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : undefined)
  return asked === undefined ? undefined : Math.min(asked, LONGEST_RETRY_AFTER_MS)
}

function kindOf (status: number, body: ApiStatus | undefined): ApiErrorKind {
  if (status === 409) return body?.reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict'
  if (status === 422 && namesOtherUid(body)) return 'Replaced'
  const kinds: Record<number, ApiErrorKind> = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 410: 'Gone', 429: 'Throttled' }
  return kinds[status] ?? (status >= 500 ? 'Unavailable' : 'Invalid')
}

/** A uid in a merge patch is taken as a change of that field, which is immutable, and not as a precondition (which would be a Conflict). */
function namesOtherUid (body: ApiStatus | undefined): boolean {
  return body?.details?.causes?.some(({ field }) => field === 'metadata.uid') ?? false
}
