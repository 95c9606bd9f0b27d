// One file, from wherever it is, to the volume: gone on with after a cut, begun anew when the source has other bytes, and never accepted too short.
import { join } from 'node:path'
import type { Logger } from 'pino'
import { DownloadError } from './failure.ts'
import { openPartialFile, type PartialFile } from './partial-file.ts'
import type { PartialState } from './partial-state.ts'
import { persist, type Patience } from '../program/patience.ts'
import type { Opened, RemoteFile } from './remote.ts'
import type { Room } from './room.ts'

export type Fetching = {
  /** The folder that the file's path is relative to. */
  folder: string
  state: PartialState
  room: Room
  patience: Patience
  logger: Logger
  onBytes: (bytes: number) => void
  /** The whole size of the file, as soon as it is known. */
  onSize: (path: string, bytes: number) => void
  /** Whether the hash is held against a wanted one. */
  verified: boolean
}

/** `doubtful`: put together from what two processes fetched, or from a source that does not say how long it is. */
export type Fetched = { path: string, bytes: number, sha256: string, doubtful: boolean }

/** Fetches the file, however often the line is cut. Throws DownloadError. */
export async function fetchFile (remote: RemoteFile, { folder, state, room, patience, logger, onBytes, onSize, verified }: Fetching): Promise<Fetched> {
  const { path } = remote
  const partial = await openPartialFile({ path, target: join(folder, path), state, room, onBytes })
  const resumed = partial.position() > 0
  const reached = (): number => partial.position()
  try {
    if (!isWhole(partial)) {
      const onRetry: Patience['onRetry'] = (error, delay) => { logger.warn({ path, reason: error.reason, error: error.message, bytes: reached(), delaySeconds: Math.round(delay / 100) / 10 }, 'trying again') }
      await persist(() => fetchRest(remote, partial, { room, onSize, verified, signal: patience.signal }), { ...patience, onRetry }, reached)
    }
    // A reader must find the bytes after a power cut, too.
    await partial.checkpoint()
    return { path, bytes: partial.position(), sha256: partial.digest(), doubtful: resumed || partial.source().size === undefined }
  } catch (error) {
    // The volume may be full or gone; the reason why we are here says more.
    await partial.checkpoint().catch(() => {})
    throw error
  } finally {
    await partial.close()
  }
}

function isWhole (partial: PartialFile): boolean {
  return partial.position() > 0 && partial.position() === partial.source().size
}

type Trying = Pick<Fetching, 'room' | 'onSize' | 'verified'> & { signal: AbortSignal }

/** One request, and all that it brings. */
async function fetchRest (remote: RemoteFile, partial: PartialFile, trying: Trying): Promise<void> {
  const { validator = remote.validator } = partial.source()
  const opened = await remote.open({ offset: partial.position(), validator, signal: trying.signal })
  try {
    await meet(opened, remote, partial)
    const total = opened.total ?? remote.size
    if (total === undefined && opened.endsWithLine && !trying.verified) throw new DownloadError('SourceUnsupported', `${remote.path}: the source does not say how long the file is, so that nobody could tell a cut from its end; give the SHA-256 that it must have (source.sha256 of an MLModel), or a source that sends Content-Length`)
    if (total !== undefined) {
      trying.onSize(remote.path, total)
      await trying.room.check(Math.max(0, total - partial.position()))
    }
    partial.describe({ ...(total !== undefined && { size: total }), ...(opened.validator !== undefined && { validator: opened.validator }) })
    await receive(opened, partial, trying.signal)
  } finally {
    discard(opened.body)
  }
  await requireWhole(remote, partial)
}

/** What comes must begin where we are; where it is the whole file, we begin again. */
async function meet ({ offset, total }: Opened, { path }: RemoteFile, partial: PartialFile): Promise<void> {
  const before = partial.position()
  if (before === 0 && offset === 0) return
  // The same bytes cannot have another length; whatever it is, it is asked for as a whole.
  const goesOn = offset === before && total === partial.source().size
  if (goesOn) return
  await partial.restart()
  if (offset > 0) throw new DownloadError('Cut', `${path}: the source does not go on where it was asked to; it is broken, or was changed meanwhile`)
}

async function requireWhole ({ path }: RemoteFile, partial: PartialFile): Promise<void> {
  const position = partial.position()
  const announced = partial.source().size
  if (announced === undefined || position === announced) return
  if (position > announced) await partial.restart()
  throw new DownloadError('Cut', `${path}: ${position} bytes came, and ${announced} had been announced; the source, or a proxy before it, is broken`)
}

async function receive ({ body }: Opened, partial: PartialFile, signal: AbortSignal): Promise<void> {
  for await (const chunk of body) {
    signal.throwIfAborted()
    await partial.append(chunk)
  }
}

/** Nobody reads it any more; a connection that would wait for that is closed. */
function discard (body: AsyncIterable<Uint8Array>): void {
  const { destroy } = body as { destroy?: () => void }
  destroy?.call(body)
}
