// Writes the entries of an archive below a folder: plain files and folders, with the modes that we give them, and nothing twice.
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '../../program/failure.ts'
import { DownloadError } from '../failure.ts'
import { dealtWith } from '../memory.ts'
import type { Room } from '../room.ts'
import { safePath } from '../safe-path.ts'
import type { Limits } from './limits.ts'

export type Written = { path: string, bytes: number }

export type EntryWriter = {
  folder: (name: string) => Promise<void>
  file: (name: string, content: AsyncIterable<Uint8Array>) => Promise<void>
  /** All files so far. */
  files: Written[]
}

export type WriterParts = { into: string, archiveBytes: number, room: Room, limits: Limits, signal: AbortSignal, onBytes: (bytes: number) => void }

/** `into` must be new and empty: as no links are ever made in it, no name can lead out of it. Its methods throw DownloadError. */
export function makeEntryWriter ({ into, archiveBytes, room, limits, signal, onBytes }: WriterParts): EntryWriter {
  const files: Written[] = []
  let entries = 0
  let total = 0

  function enter (name: string): string {
    signal.throwIfAborted()
    entries += 1
    if (entries > limits.entries) throw new DownloadError('BadArchive', `the archive holds more than ${limits.entries} files and folders; pack one model only`)
    return safePath(name, { reason: 'BadArchive', where: 'the archive' })
  }

  function count (bytes: number): void {
    room.take(bytes)
    total += bytes
    onBytes(bytes)
    if (total > limits.bytes && total > archiveBytes * limits.ratio) throw new DownloadError('BadArchive', `the archive becomes more than ${limits.ratio} times as large as it is, as no model does; pack it anew`)
  }

  return {
    files,
    async folder (name) {
      const path = enter(name)
      await mkdir(join(into, path), { recursive: true, mode: 0o755 }).catch((error: unknown) => { throw clash(error, path) })
    },
    async file (name, content) {
      const path = enter(name)
      if (path === '') throw new DownloadError('BadArchive', 'the archive holds a file without a name; pack it anew')
      const target = join(into, path)
      await mkdir(dirname(target), { recursive: true, mode: 0o755 }).catch((error: unknown) => { throw clash(error, path) })
      const file = await open(target, 'wx', 0o644).catch((error: unknown) => { throw clash(error, path) })
      let bytes = 0
      try {
        for await (const chunk of content) {
          signal.throwIfAborted()
          count(chunk.byteLength)
          bytes += chunk.byteLength
          await file.writeFile(chunk)
          dealtWith(chunk.byteLength)
        }
        await file.datasync()
      } finally {
        await file.close()
      }
      files.push({ path, bytes })
    }
  }
}

/** What the file system refuses because something of that name is there. */
function clash (error: unknown, path: string): unknown {
  if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) return error
  return new DownloadError('BadArchive', `the archive holds ${JSON.stringify(path)} twice, or as a file and as a folder; pack it anew`, { cause: error })
}
