// A file that grows on the volume while it is hashed, and that can be gone on with after a cut, of the line or of the process.
import { createHash, type Hash } from 'node:crypto'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { dealtWith } from './memory.ts'
import type { FileState, PartialState } from './partial-state.ts'
import type { Room } from './room.ts'

/** After so many bytes they are put on the disk for certain; at most these are asked for again. */
const CHECKPOINT = 64 * 2 ** 20
/** Less is not worth a line of the state: models of ten thousand files would write it ten thousand times. */
const WORTH_KEEPING = 2 ** 20
const READ = 256 * 1024

export type PartialFile = {
  /** Bytes that are here, and hashed. */
  position: () => number
  /** What the source said of them. */
  source: () => Pick<FileState, 'validator' | 'size'>
  /** Other bytes than those that are here come, from the first one on. */
  restart: () => Promise<void>
  /** What the source says of the bytes that come now. */
  describe: (source: Pick<FileState, 'validator' | 'size'>) => void
  append: (chunk: Uint8Array) => Promise<void>
  /** Makes certain that what is here stays, and throws NoSpace where the rest will not fit. */
  checkpoint: () => Promise<void>
  /** The SHA-256 of all of it, in hexadecimal digits; nothing may be appended any more. */
  digest: () => string
  close: () => Promise<void>
}

export type PartialFileParts = { path: string, target: string, state: PartialState, room: Room, onBytes: (bytes: number) => void }

/** Opens the file at `target`, as far as an earlier run has got; what of it might not have reached the disk is cut off. */
export async function openPartialFile (parts: PartialFileParts): Promise<PartialFile> {
  await mkdir(dirname(parts.target), { recursive: true })
  // a+ would write to the end whatever position is given.
  const file = await open(parts.target, 'r+').catch(() => open(parts.target, 'w+', 0o644))
  try {
    return growingFile(file, parts, await recover(file, parts))
  } catch (error) {
    await file.close()
    throw error
  }
}

/** What is here of a file. `known`: bytes that are, and are hashed. */
type Recovered = { known: number, hash: Hash, source: Pick<FileState, 'validator' | 'size'> }

async function recover (file: FileHandle, { path, state }: PartialFileParts): Promise<Recovered> {
  const { synced, ...source } = state.of(path)
  const { size } = await file.stat()
  const known = Math.min(size, source.validator === undefined ? 0 : synced)
  const hash = createHash('sha256')
  await file.truncate(known)
  await hashFile(file, known, hash)
  return { known, hash, source }
}

function growingFile (file: FileHandle, { path, state, room, onBytes }: PartialFileParts, { known, hash, source }: Recovered): PartialFile {
  let position = known
  let synced = known
  room.take(known)
  onBytes(known)

  const save = (): Promise<void> => state.save(path, { ...source, synced })

  async function checkpoint (): Promise<void> {
    if (synced === position) return
    const reached = position
    await file.datasync()
    if (reached < WORTH_KEEPING) return
    synced = reached
    await save()
    if (source.size !== undefined) await room.check(Math.max(0, source.size - position))
  }

  return {
    position: () => position,
    source: () => source,
    async restart () {
      room.giveBack(position)
      onBytes(-position)
      position = 0
      synced = 0
      source = {}
      hash = createHash('sha256')
      await file.truncate(0)
      await save()
    },
    describe (said) { source = said },
    async append (chunk) {
      room.take(chunk.byteLength)
      const written = writeAll(file, chunk, position)
      // While the disk is busy.
      hash.update(chunk)
      await written
      position += chunk.byteLength
      onBytes(chunk.byteLength)
      dealtWith(chunk.byteLength)
      if (position - synced >= CHECKPOINT) await checkpoint()
    },
    checkpoint,
    digest: () => hash.digest('hex'),
    close: () => file.close()
  }
}

async function writeAll (file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.byteLength - done, position + done)
    done += bytesWritten
  }
}

async function hashFile (file: FileHandle, length: number, hash: Hash): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(READ, length))
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.byteLength, length - done), done)
    if (bytesRead === 0) throw new Error('a file has become shorter while it was read')
    hash.update(buffer.subarray(0, bytesRead))
    done += bytesRead
  }
}
