// What can go wrong when another server is asked, told apart by what the asker may conclude from it.

/**
 * Unreachable: no answer, or one that says nothing about the question (network, timeout, 5xx, 429, breaker open). Ask again later.
 * Refused: the server does not let us in (401, 403, Host guard), or our own credentials cannot be read.
 * NotFound: the server says that there is no such thing (404 with a JSON body; a 404 page of HTML is a BadAnswer).
 * BadAnswer: something answered that is not the API that was asked (a page, a redirect, JSON of another shape, too much of it).
 * BadRequest: the server understood and declined the question (other 4xx).
 */
export type RemoteErrorKind = 'Unreachable' | 'Refused' | 'NotFound' | 'BadAnswer' | 'BadRequest'

/** What is wrong and what to do about it, as halves of a sentence: our own words, with nothing of what a server said. */
export type Advice = { cause: string, remedy: string }

export type RemoteErrorOptions = {
  /** For people, where we know more than `kind` tells. */
  advice?: Advice | undefined
  status?: number
  /** The parsed JSON body, when there was one. */
  body?: unknown
  /** How long the server asked to be left alone, in milliseconds. */
  retryAfter?: number
  /** Whether asking again at once may help. Only ever true of Unreachable. */
  again?: boolean
  cause?: unknown
}

/** The one error that poller/http throws for what a server did. The message never holds credentials and fits into a log line. */
export class RemoteError extends Error {
  override name = 'RemoteError'
  readonly kind: RemoteErrorKind
  readonly status: number | undefined
  readonly retryAfter: number | undefined
  readonly again: boolean
  readonly advice: Advice | undefined
  // Private, so that a logger which prints every property does not print a whole answer.
  readonly #body: unknown

  constructor (kind: RemoteErrorKind, message: string, options: RemoteErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.status = options.status
    this.retryAfter = options.retryAfter
    this.again = kind === 'Unreachable' && (options.again ?? false)
    this.advice = options.advice
    this.#body = options.body
  }

  get body (): unknown {
    return this.#body
  }
}

/** Whether an error is a RemoteError, of this kind if one is named. */
export function isRemoteError (error: unknown, kind?: RemoteErrorKind): error is RemoteError {
  return error instanceof RemoteError && (kind === undefined || error.kind === kind)
}
