// An archive that has arrived whole, unpacked into a new folder.
import { stat } from 'node:fs/promises'
import { codeOf } from '../../program/failure.ts'
import { asDownloadError, DownloadError } from '../failure.ts'
import { makeEntryWriter, type WriterParts, type Written } from './entry-writer.ts'
import { LIMITS, type Limits } from './limits.ts'

export type Unpacking = Omit<WriterParts, 'limits' | 'archiveBytes'> & { archive: string, extension: string, limits?: Limits }

/** Unpacks `archive`, whose name ended in `extension`, into the empty folder `into`. Throws DownloadError. */
export async function unpack ({ archive, extension, limits = LIMITS, ...parts }: Unpacking): Promise<Written[]> {
  const { size } = await stat(archive)
  const writer = makeEntryWriter({ ...parts, limits, archiveBytes: size })
  try {
    if (extension === '.zip') await (await import('./zip.ts')).unpackZip(archive, writer)
    else await (await import('./tar.ts')).unpackTarGz(archive, writer)
  } catch (error) {
    parts.signal.throwIfAborted()
    throw explain(error, extension)
  }
  if (writer.files.length === 0) throw new DownloadError('BadArchive', 'the archive holds no file; pack the model into it')
  return writer.files
}

/** The volume's errors are the volume's; all others are the archive's. */
function explain (error: unknown, extension: string): DownloadError {
  const ours = asDownloadError(error)
  const isLibrarys = ours.reason === 'Unexpected' && !/^E[A-Z]+$/.test(codeOf(error))
  if (!isLibrarys) return ours
  return new DownloadError('BadArchive', `what was downloaded is no ${extension} that can be read: ${error instanceof Error ? error.message : String(error)}; look at what the source really sends, and pack it anew`, { cause: error })
}
