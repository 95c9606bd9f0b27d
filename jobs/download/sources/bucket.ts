// What object stores have in common: a URI of bucket and key, and keys that stand for folders.
import { DownloadError } from '../failure.ts'
import { safePath } from '../safe-path.ts'

export type Listed = { key: string, size: number, validator: string }

/** More than any model has; a bucket given by mistake has more. */
const MOST_FILES = 100_000

/** Bucket and key of s3://bucket/key; the key is '' for all of the bucket. Throws SourceUnsupported. */
export function parseBucketUri (uri: string): { bucket: string, key: string } {
  const [, bucket, key = ''] = /^[a-z0-9]+:\/\/([^/?#]+)(?:\/(.*))?$/i.exec(uri) ?? []
  if (bucket === undefined) throw new DownloadError('SourceUnsupported', 'the source names no bucket; write it as scheme://bucket/key')
  return { bucket, key }
}

/** Keys of a folder, as paths below it. What stands for a folder itself, as consoles make them, is left out. */
export function below (folder: string, listed: Listed[], uri: string): Array<Listed & { path: string }> {
  const files = listed.filter(({ key }) => !key.endsWith('/'))
  if (files.length === 0) throw new DownloadError('NotFound', `${uri} is neither an object nor a folder of any; check bucket and key`)
  return files.map((file) => ({ ...file, path: safePath(file.key.slice(folder.length), { reason: 'LayoutInvalid', where: uri }) }))
}

/** The prefix that all keys of a folder begin with. */
export function folderOf (key: string): string {
  return key === '' || key.endsWith('/') ? key : `${key}/`
}

/** Throws when more is listed than a model can have. */
export function refuseMany (count: number, uri: string): void {
  if (count > MOST_FILES) throw new DownloadError('TooLarge', `${uri} holds more than ${MOST_FILES} objects; give the folder of one model`)
}
