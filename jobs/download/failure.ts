// Why a download failed: the reasons, and whether another try could end otherwise.
import { codeOf, ProgramError, type Details } from '../program/failure.ts'

/** Why a download can fail, and whether that is for good: then nothing tries again by itself. */
const FOR_GOOD = {
  /** The source says that there is no such thing. */
  NotFound: true,
  AccessDenied: true,
  /** The source refuses for another reason. */
  Refused: true,
  /** It leads to where credentials or bytes must not go. */
  RedirectRefused: true,
  /** A URI of another kind than the program knows, or something that it cannot follow. */
  SourceUnsupported: true,
  HashMismatch: true,
  NoSpace: true,
  TooLarge: true,
  VolumeUnwritable: true,
  BadArchive: true,
  LayoutInvalid: true,
  SettingsInvalid: true,
  /** No answer, or that of a server in trouble. */
  Unreachable: false,
  /** Bytes stopped coming, or fewer came than were announced. */
  Cut: false,
  /** What is made of several files was written to meanwhile. */
  Changed: false,
  /** The program was told to end. */
  Interrupted: false,
  Unexpected: false
} as const

export type Reason = keyof typeof FOR_GOOD

/** Reasons that may be gone at the next request. */
const PASSING: Reason[] = ['Unreachable', 'Cut']

/** See ProgramError. */
export class DownloadError extends ProgramError<Reason> {
  override name = 'DownloadError'

  constructor (reason: Reason, message: string, details: Details = {}) {
    super(reason, message, { permanent: FOR_GOOD[reason], passing: PASSING.includes(reason), ...details })
  }
}

/** Volumes may be part of the node's disk, which is shared. */
export const RAISE_STORAGE = "raise spec.storage.size, or, where that is enough, make room on the node's disk"

const OF_THE_VOLUME: Record<string, () => DownloadError> = {
  ENOSPC: () => new DownloadError('NoSpace', `the volume is full; ${RAISE_STORAGE}`),
  EDQUOT: () => new DownloadError('NoSpace', "the volume's quota is used up; raise it, or spec.storage.size"),
  EFBIG: () => new DownloadError('TooLarge', 'the file system of the volume takes no file of this size; it has to be another one, for an MLModel by spec.storage.storageClassName'),
  EROFS: () => new DownloadError('VolumeUnwritable', 'the volume is read-only; give the pod one that it may write to'),
  EACCES: unwritable,
  EPERM: unwritable
}

function unwritable (): DownloadError {
  return new DownloadError('VolumeUnwritable', 'the volume does not let this program write; its storage class must honour fsGroup, or the pod must run as the owner of its files')
}

/** Any error as one of ours. */
export function asDownloadError (error: unknown): DownloadError {
  if (error instanceof DownloadError) return error
  const known = OF_THE_VOLUME[codeOf(error)]
  if (known) {
    const found = known()
    found.cause = error
    return found
  }
  if (error instanceof Error && error.name === 'AbortError') return new DownloadError('Interrupted', 'the program was told to end; what has arrived is kept for the next try', { cause: error })
  return new DownloadError('Unexpected', `an error that nobody foresaw: ${error instanceof Error ? error.message : String(error)}; the log has more`, { cause: error })
}
