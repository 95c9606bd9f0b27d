// .zip, read by yauzl: entry by entry as the directory at its end lists them, checksums included.
import { crc32 } from 'node:zlib'
import { openPromise, type Entry, type ZipFile } from 'yauzl'
import { DownloadError } from '../failure.ts'
import type { EntryWriter } from './entry-writer.ts'

/** Unpacks the archive. Throws DownloadError, and errors of the library for what is no zip. */
export async function unpackZip (archive: string, writer: EntryWriter): Promise<void> {
  // Names with backslashes are refused by us, too, rather than repaired.
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false, strictFileNames: true })
  try {
    for await (const entry of zip.eachEntry()) {
      refuseOdd(entry)
      if (entry.fileName.endsWith('/')) await writer.folder(entry.fileName)
      else await writer.file(entry.fileName, verified(entry, await openEntry(zip, entry)))
    }
  } finally {
    zip.close()
  }
}

const FORMAT = 0o170000
const FILE = 0o100000
const FOLDER = 0o040000

function refuseOdd (entry: Entry): void {
  const name = JSON.stringify(entry.fileName.slice(0, 100))
  if (entry.isEncrypted()) throw new DownloadError('BadArchive', `${name} in the archive is encrypted; pack it without a password`)
  if (!entry.canDecodeFileData()) throw new DownloadError('BadArchive', `${name} in the archive is compressed by method ${entry.compressionMethod}; pack it with deflate, as zip does by default`)
  // The upper half is a mode of Unix where one packed it; 0 where nobody did.
  const format = (entry.externalFileAttributes >>> 16) & FORMAT
  if (![0, FILE, FOLDER].includes(format)) throw new DownloadError('BadArchive', `${name} in the archive is a link or a device; pack plain files, with links followed (zip does so without -y)`)
}

/** An error may come before anybody reads; the reader gets it, and nobody else needs it. */
async function openEntry (zip: ZipFile, entry: Entry): Promise<AsyncIterable<Uint8Array>> {
  const content = await zip.openReadStreamPromise(entry)
  return content.on('error', () => {})
}

/** yauzl counts bytes; what they are is for us to check. */
async function * verified (entry: Entry, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let found = 0
  for await (const chunk of content) {
    found = crc32(chunk, found)
    yield chunk
  }
  if (found !== entry.crc32) throw new DownloadError('BadArchive', `${JSON.stringify(entry.fileName.slice(0, 100))} in the archive does not have the checksum that the archive says; pack it anew`)
}
