// Why a claim is not as it was asked for: the reasons, and whether another try could end otherwise.
import { ProgramError, type Details } from '../program/failure.ts'

const FOR_GOOD = {
  SettingsInvalid: true,
  /** The claim is another object's: it goes when that goes. */
  Owned: true,
  /** Less is asked for than the volume has. */
  Shrinking: true,
  /** A field that is settled for good when the claim is made. */
  FieldImmutable: true,
  /** The storage class, or the volume, takes no expansion. */
  NotExpandable: true,
  /** The API server takes the claim for no valid one. */
  Invalid: true,
  /** Made, deleted or changed by others between two questions. */
  Changed: false,
  /** It is being deleted, and goes when the last pod lets go of it. */
  Terminating: false,
  /** Only what is bound to a volume can be expanded. */
  Unbound: false,
  /** Also while the rights of the Job are not there yet. */
  AccessDenied: false,
  QuotaExceeded: false,
  NamespaceNotFound: false,
  Unreachable: false,
  Interrupted: false,
  Unexpected: false
} as const

export type Reason = keyof typeof FOR_GOOD

/** Reasons that may be gone in a moment. Rights are made beside the Job, and may come after it. */
const PASSING: Reason[] = ['Changed', 'AccessDenied', 'Unreachable']

/** See ProgramError. */
export class ClaimError extends ProgramError<Reason> {
  override name = 'ClaimError'

  constructor (reason: Reason, message: string, details: Details = {}) {
    super(reason, message, { permanent: FOR_GOOD[reason], passing: PASSING.includes(reason), ...details })
  }
}

/** Any error as one of ours. */
export function asClaimError (error: unknown): ClaimError {
  if (error instanceof ClaimError) return error
  if (error instanceof Error && error.name === 'AbortError') return new ClaimError('Interrupted', 'the program was told to end; the next try begins anew', { cause: error })
  return new ClaimError('Unexpected', `an error that nobody foresaw: ${error instanceof Error ? error.message : String(error)}; the log has more`, { cause: error })
}
