// Why a program of a pod failed: a reason for programs, a sentence with the remedy for people, and whether another try could end otherwise.

export type Details = {
  cause?: unknown
  /** Milliseconds that whoever was asked wants us to wait. */
  retryAfter?: number | undefined
  /** Where the reason alone would say otherwise. */
  permanent?: boolean
}

/** The message is a sentence with the remedy; it may name addresses, but holds no credentials of ours. */
export class ProgramError<Reason extends string = string> extends Error {
  reason: Reason
  /** No other try can end otherwise. */
  permanent: boolean
  /** The same request may succeed in a moment. */
  passing: boolean
  retryAfter: number | undefined

  constructor (reason: Reason, message: string, { cause, retryAfter, permanent, passing }: Details & { permanent: boolean, passing: boolean }) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.permanent = permanent
    this.passing = passing && !permanent
    this.retryAfter = retryAfter
  }
}

/** Whether the same request may succeed in a moment. */
export function isPassing (error: unknown): error is ProgramError {
  return error instanceof ProgramError && error.passing
}

/** The code of an error of Node or of a library. */
export function codeOf (error: unknown): string {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}
