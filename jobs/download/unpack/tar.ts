// .tar.gz, read by node-tar's parser: it only reads headers and names; what is written, and where to, is decided here.
import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'
import { DownloadError } from '../failure.ts'
import type { EntryWriter } from './entry-writer.ts'

/** Unpacks the archive. Throws DownloadError, and errors of the libraries for what is no tar or no gzip. */
export async function unpackTarGz (archive: string, writer: EntryWriter): Promise<void> {
  const file = createReadStream(archive)
  const bytes = file.pipe(createGunzip())
  file.on('error', (error) => bytes.destroy(error))
  let failure: unknown
  let work: Promise<void> = Promise.resolve()
  const parser = new Parser({
    onReadEntry: (entry) => {
      work = work.then(() => write(entry, writer)).catch((error: unknown) => {
        failure ??= error
        bytes.destroy()
        // The parser goes on only when somebody reads.
        entry.resume()
      })
    },
    // A header that is wrong, or an end that is missing: what follows is a guess.
    onwarn: (code, message) => { if (code !== 'TAR_ENTRY_INFO') failure ??= new DownloadError('BadArchive', `the archive is damaged: ${String(message)}; pack it anew`) }
  })
  parser.on('error', (error: unknown) => { failure ??= error })
  const ended = once(parser, 'end')
  ended.catch(() => {})
  await feed(bytes, parser, () => failure !== undefined).catch((error: unknown) => { failure ??= error })
  if (failure === undefined) {
    parser.end()
    await Promise.race([ended, once(parser, 'error').catch(() => {})])
    await work
  }
  file.destroy()
  bytes.destroy()
  if (failure !== undefined) throw failure
}

async function feed (bytes: Readable, parser: Parser, hasFailed: () => boolean): Promise<void> {
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    if (hasFailed()) return
    if (!parser.write(chunk) && !hasFailed()) await once(parser, 'drain')
  }
}

const FILES = ['File', 'OldFile', 'ContiguousFile']
const LINKS = ['Link', 'SymbolicLink']

async function write (entry: ReadEntry, writer: EntryWriter): Promise<void> {
  const { type, path } = entry
  const name = JSON.stringify(path.slice(0, 100))
  if (type === 'Directory' || type === 'GNUDumpDir') {
    entry.resume()
    await writer.folder(path)
    return
  }
  if (LINKS.includes(type)) throw new DownloadError('BadArchive', `${name} in the archive is a link; pack it with links followed: tar --dereference --hard-dereference`)
  if (!FILES.includes(type)) throw new DownloadError('BadArchive', `${name} in the archive is no file but a ${type}; pack plain files and folders only`)
  await writer.file(path, entry as AsyncIterable<Uint8Array>)
}
