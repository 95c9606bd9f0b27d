// All files of a model, a few at a time, and the one hash that stands for them.
import { createHash } from 'node:crypto'
import pLimit from 'p-limit'
import { DownloadError } from './failure.ts'
import { fetchFile, type Fetched, type Fetching } from './fetch-file.ts'
import type { RemoteFile } from './remote.ts'

/** At once: enough for stores that give each connection its share only, and little memory. */
const AT_ONCE = 4

/** Fetches the files; the first failure ends it. In the order of their paths' bytes. */
export async function fetchFiles (files: RemoteFile[], fetching: Fetching): Promise<Fetched[]> {
  refuseDoubles(files)
  await checkRoom(files, fetching)
  const failed = new AbortController()
  const signal = AbortSignal.any([fetching.patience.signal, failed.signal])
  const limit = pLimit(AT_ONCE)
  let failure: unknown
  const work = await Promise.allSettled(files.map((file) => limit(async () => {
    signal.throwIfAborted()
    try {
      return await fetchFile(file, { ...fetching, patience: { ...fetching.patience, signal } })
    } catch (error) {
      if (!failed.signal.aborted) failure = error
      failed.abort()
      throw error
    }
  })))
  fetching.patience.signal.throwIfAborted()
  if (failed.signal.aborted) throw failure
  return work.flatMap((done) => done.status === 'fulfilled' ? [done.value] : []).toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
}

function refuseDoubles (files: RemoteFile[]): void {
  const paths = new Set(files.map(({ path }) => path))
  const folders = new Set(files.flatMap(({ path }) => path.split('/').slice(0, -1).map((_part, index, parts) => parts.slice(0, index + 1).join('/'))))
  const clash = files.find(({ path }) => folders.has(path))
  if (paths.size < files.length || clash) throw new DownloadError('LayoutInvalid', `the source holds ${clash ? `${JSON.stringify(clash.path)} as a file and as a folder` : 'a file twice'}, which no volume can; remove one`)
}

/** What is known of all sizes is checked before anything is fetched; what is here already lies on the volume already. */
async function checkRoom (files: RemoteFile[], { room, onSize, state }: Fetching): Promise<void> {
  const missing = files.map(({ path, size = 0 }) => Math.max(0, size - state.of(path).synced))
  for (const { path, size } of files) if (size !== undefined) onSize(path, size)
  await room.check(missing.reduce((sum, size) => sum + size, 0))
}

/** Of one file its hash; of several that of the lines `<sha256>  <path>` in the order of the paths' bytes, each with its line end, as sha256sum writes them. */
export function hashOf (files: Fetched[]): string {
  const [first, ...others] = files
  if (first && others.length === 0) return first.sha256
  return createHash('sha256').update(files.map(({ sha256, path }) => `${sha256}  ${path}\n`).join('')).digest('hex')
}
