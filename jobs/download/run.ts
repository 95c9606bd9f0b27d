// The whole download, from the URI to the folder in its place.
import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import type { DownloadResult } from '../../hooks/core/download.ts'
import { readSource } from '../../hooks/core/model-source.ts'
import { forPeople } from '../../hooks/core/safe-text.ts'
import { DownloadError } from './failure.ts'
import { fetchFiles, hashOf } from './fetch-model.ts'
import type { Fetched } from './fetch-file.ts'
import { createHttpClient } from './http/client.ts'
import { findRoot } from './layout.ts'
import { openState } from './partial-state.ts'
import { dropOtherNames } from './own-name.ts'
import { logRetries, persist, type Patience } from '../program/patience.ts'
import { findFinished, placesOf, prepare, settle, startOver, syncFolder, type Places } from './places.ts'
import { reportProgress, type Progress } from './progress.ts'
import type { RemoteFile, RemoteModel } from './remote.ts'
import { makeRoom, type Room } from './room.ts'
import type { Settings } from './settings.ts'
import { findModel } from './sources/source.ts'
import type { Written } from './unpack/entry-writer.ts'

export type Surroundings = {
  logger: Logger
  /** Ends the download; what has arrived is kept. */
  signal: AbortSignal
  /** Free bytes of a folder's volume [those that the system says]. */
  free?: (folder: string) => Promise<number>
  /** HTTPS_PROXY and its like [none]. */
  proxies?: Record<string, string | undefined>
}

type Work = { settings: Settings, places: Places, room: Room, progress: Progress, patience: Patience, logger: Logger, proxies: Record<string, string | undefined> }

/** Downloads what the settings say. Throws DownloadError, AbortError, and what the volume says. */
export async function runDownload (settings: Settings, { logger, signal, free, proxies = {} }: Surroundings): Promise<DownloadResult> {
  const places = placesOf(settings)
  const finished = await findFinished(places)
  if (finished) {
    logger.info(finished, 'the model is here already')
    return finished
  }
  await prepare(places)
  const room = makeRoom({ folder: places.parent, maxBytes: settings.MODEL_MAX_BYTES, ...(free && { free }) })
  const patience: Patience = { retries: settings.DOWNLOAD_RETRIES, firstDelay: settings.DOWNLOAD_RETRY_SECONDS * 1000, signal }
  const progress = reportProgress(logger)
  const work = { settings, places, room, progress, patience, logger, proxies }
  try {
    return await perform(work)
  } catch (error) {
    // What cannot become a model only takes room, and a person who mends the source wants all of it anew.
    if (error instanceof DownloadError && error.permanent) await rm(places.partial, { recursive: true, force: true })
    throw error
  } finally {
    progress.stop()
  }
}

async function perform (work: Work): Promise<DownloadResult> {
  const { settings, logger, patience, proxies } = work
  const endings: Array<() => unknown> = []
  const http = createHttpClient({ stallMs: settings.DOWNLOAD_STALL_SECONDS * 1000, proxies })
  endings.push(() => http.close())
  try {
    const persistently = <T>(question: () => Promise<T>): Promise<T> => persist(question, { ...patience, onRetry: logRetries(logger) })
    const model = await findModel(settings.MODEL_URI, { settings, http, signal: patience.signal, persistently, atEnd: (close) => { endings.push(close) } })
    logger.info({ source: forPeople(model.uri), version: model.version, files: model.files.length }, 'found')
    return await fetchModel(model, work)
  } finally {
    for (const end of endings) await end()
  }
}

async function fetchModel (model: RemoteModel, work: Work): Promise<DownloadResult> {
  const { settings, places } = work
  const extension = archiveExtension(model, settings)
  const content = extension === undefined ? await fetchPlain(model, work) : await fetchArchive(model, extension, work)
  const result: DownloadResult = {
    uri: forPeople(model.uri, 1024),
    ...(model.version !== undefined && { version: model.version }),
    sha256: content.sha256,
    bytes: content.files.reduce((sum, { bytes }) => sum + bytes, 0),
    files: content.files.length
  }
  const root = join(places.content, content.root)
  const renamed = settings.MODEL_SERVED_AS === '' ? [] : await dropOtherNames(root, settings.MODEL_SERVED_AS)
  if (renamed.length > 0) work.logger.info({ files: renamed, name: settings.MODEL_SERVED_AS }, 'the model has another name in its settings; it is taken out, for the server to serve it by this one')
  await settle(places, root, result)
  return result
}

/** What lies in `content` below `root`. */
type Content = { root: string, sha256: string, files: Written[] }

/** Of a single file that is to be unpacked. */
function archiveExtension ({ isFile, files }: RemoteModel, { MODEL_UNPACK }: Settings): string | undefined {
  const { form, extension } = readSource(files[0]?.path ?? '')
  return isFile && form === 'archive' && MODEL_UNPACK === 'true' ? extension : undefined
}

async function fetchPlain (model: RemoteModel, work: Work): Promise<Content> {
  const files = await fetchVerified({ ...model, files: taken(model, work.settings) }, work.places.content, work)
  return { root: '', sha256: hashOf(files), files }
}

async function fetchArchive (model: RemoteModel, extension: string, work: Work): Promise<Content> {
  const { settings, places } = work
  const fetched = await fetchVerified({ ...model, files: named(model.files, basename(places.archive)) }, places.partial, work)
  const written = await unpackInto(extension, work)
  const root = findRoot(written.map(({ path }) => path), settings.MODEL_MUST_HOLD)
  return { root, sha256: hashOf(fetched), files: written.filter(({ path }) => root === '' || path.startsWith(`${root}/`)) }
}

/** The files of the model itself, as paths of its folder. A single file has the name that the server expects. */
function taken ({ isFile, files }: RemoteModel, { MODEL_FILE_NAME, MODEL_MUST_HOLD }: Settings): RemoteFile[] {
  const all = isFile && MODEL_FILE_NAME !== '' ? named(files, MODEL_FILE_NAME) : files
  const root = findRoot(all.map(({ path }) => path), MODEL_MUST_HOLD)
  if (root === '') return all
  return all.filter(({ path }) => path.startsWith(`${root}/`)).map((file) => ({ ...file, path: file.path.slice(root.length + 1) }))
}

function named (files: RemoteFile[], path: string): RemoteFile[] {
  return files.map((file) => ({ ...file, path }))
}

/** Fetches, and holds the hash against the wanted one. What may not be one whole file is fetched once more before it is called wrong. */
async function fetchVerified (model: RemoteModel, folder: string, work: Work): Promise<Fetched[]> {
  const { settings: { MODEL_SHA256: wanted }, places, room, progress, patience, logger } = work
  for (let last = false; ; last = true) {
    progress.begin('downloading')
    const state = await openState(places, model)
    const fetched = await fetchFiles(model.files, { folder, state, room, patience, logger, onBytes: progress.onBytes, onSize: progress.onSize, verified: wanted !== '' })
    const sha256 = hashOf(fetched)
    if (wanted === '' || wanted === sha256) return fetched
    if (last || !fetched.some(({ doubtful }) => doubtful)) {
      throw new DownloadError('HashMismatch', `what was downloaded has the SHA-256 ${sha256}, and ${wanted} was asked for; the source holds something else: correct the hash, or the source`)
    }
    logger.warn({ sha256, wanted }, 'the hash is wrong of what may not be whole; fetching all of it anew')
    room.giveBack(fetched.reduce((sum, { bytes }) => sum + bytes, 0))
    await startOver(places)
  }
}

async function unpackInto (extension: string, { places, room, progress, patience: { signal } }: Work): Promise<Written[]> {
  const { archive, content } = places
  progress.begin('unpacking')
  // An earlier run may have been cut off in the middle of it.
  await rm(content, { recursive: true, force: true })
  await mkdir(content)
  // Most models are no archives.
  const { unpack } = await import('./unpack/unpack.ts')
  const written = await unpack({ archive, extension, into: content, room, signal, onBytes: progress.onBytes })
  await rm(archive)
  await syncFolder(content)
  return written
}
