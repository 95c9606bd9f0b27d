// Where things lie on the volume: what is half done beside the model's folder, and the folder itself only when it is whole.
//
//   <parent>/.partial-<key>/content      what becomes the folder, or holds it
//   <parent>/.partial-<key>/archive      what is to be unpacked
//   <parent>/.partial-<key>/state.json   how far it is
//   <parent>/.partial-<key>/result.json  becomes the marker when the folder is in its place
//   <parent>/.sluice-download-<name>.json   the marker. Beside the folder: model servers look into theirs
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import { DownloadResult } from '../../hooks/core/download.ts'
import { codeOf } from '../program/failure.ts'
import { DownloadError } from './failure.ts'
import type { Settings } from './settings.ts'

export type Places = { folder: string, parent: string, key: string, partial: string, content: string, archive: string, state: string, result: string, marker: string }

const PARTIAL = '.partial-'

/** The places of a download; `key` stands for everything that decides what the folder holds. */
export function placesOf ({ MODEL_FOLDER: folder, ...settings }: Settings): Places {
  const parent = dirname(folder)
  const { MODEL_URI, MODEL_SHA256, MODEL_FILE_NAME, MODEL_UNPACK, MODEL_MUST_HOLD } = settings
  const identity = JSON.stringify([MODEL_URI, MODEL_SHA256, basename(folder), MODEL_FILE_NAME, MODEL_UNPACK, MODEL_MUST_HOLD])
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 16)
  const partial = join(parent, `${PARTIAL}${key}`)
  return {
    folder,
    parent,
    key,
    partial,
    content: join(partial, 'content'),
    archive: join(partial, 'archive'),
    state: join(partial, 'state.json'),
    result: join(partial, 'result.json'),
    marker: join(parent, `.sluice-download-${basename(folder)}.json`)
  }
}

/** The result of an earlier run that has put the whole folder into its place, if it did. */
export async function findFinished (places: Places): Promise<DownloadResult | undefined> {
  if (!await isThere(places.folder)) return undefined
  // It ended between the folder and its marker: what was to become the folder has become it.
  if (!await isThere(places.content) && await readResult(places.result, places.key)) await mark(places)
  return await readResult(places.marker, places.key)
}

async function readResult (path: string, key: string): Promise<DownloadResult | undefined> {
  const { key: found, result } = await readJson(path) as { key?: unknown, result?: unknown }
  return found === key && Value.Check(DownloadResult, result) ? result : undefined
}

/** What a JSON file holds; {} where there is none, or it is no object. */
export async function readJson (path: string): Promise<object> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return typeof value === 'object' && value !== null ? value : {}
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return {}
    throw error
  }
}

/** Makes the folder for what is half done, and removes those of other sources: the volume may be no larger than this one model. */
export async function prepare ({ parent, partial, content }: Places): Promise<void> {
  await mkdir(parent, { recursive: true })
  for (const name of await readdir(parent)) {
    if (name.startsWith(PARTIAL) && name !== basename(partial)) await rm(join(parent, name), { recursive: true, force: true })
  }
  await mkdir(content, { recursive: true })
}

/** Forgets all that has arrived. */
export async function startOver ({ partial, content }: Places): Promise<void> {
  await rm(partial, { recursive: true, force: true })
  await mkdir(content, { recursive: true })
}

/** Puts `root`, which is `content` or a folder in it, in the folder's place, and removes what is left of the download. */
export async function settle (places: Places, root: string, result: DownloadResult): Promise<void> {
  const { folder, parent, partial, marker } = places
  await writeDurably(places.result, JSON.stringify({ key: places.key, result }))
  await rm(marker, { force: true })
  await moveAway(folder, join(partial, 'old'))
  await syncFolder(dirname(root))
  await rename(root, folder).catch((error: unknown) => { throw explain(error, folder) })
  if (root !== places.content) await rm(places.content, { recursive: true, force: true })
  await syncFolder(parent)
  await mark(places)
  await rm(partial, { recursive: true, force: true })
}

async function mark ({ result, marker, parent }: Places): Promise<void> {
  await rename(result, marker)
  await syncFolder(parent)
}

/** A folder cannot be replaced by another that is not empty; and as long as it is deleted file by file it would be half a model. */
async function moveAway (folder: string, old: string): Promise<void> {
  await rm(old, { recursive: true, force: true })
  await rename(folder, old).catch((error: unknown) => { if (codeOf(error) !== 'ENOENT') throw explain(error, folder) })
}

function explain (error: unknown, folder: string): unknown {
  if (!['EBUSY', 'EXDEV'].includes(codeOf(error))) return error
  return new DownloadError('VolumeUnwritable', `${folder} is a mount point, which nothing can be renamed to; mount the volume one folder above`, { cause: error })
}

/** Writes a small file so that it is there whole or not at all, also after a power cut. */
export async function writeDurably (path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o644)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

/** What was created or renamed in the folder outlives a power cut from here on. */
export async function syncFolder (path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function isThere (path: string): Promise<boolean> {
  return await stat(path).then(() => true, (error: unknown) => {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  })
}
