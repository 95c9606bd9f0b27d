// A download as a test sees it: settings in, and what is on the volume and in the result out.
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { glob, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pino, type Logger } from 'pino'
import type { Test } from 'tap'
import { asDownloadError } from '../../jobs/download/failure.ts'
import { runDownload, type Surroundings } from '../../jobs/download/run.ts'
import { readSettings } from '../../jobs/download/settings.ts'
import { failureLine, resultLine } from '../../jobs/program/termination.ts'
import type { LocalServer } from '../helpers/local-server.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'

export type Outcome = { result: object } | { failure: string, message: string, permanent: boolean }

export type Volume = {
  root: string
  /** Downloads into <root>/models/m, as the program does. Waits between tries are a millisecond. */
  download: (variables: Record<string, string>, surroundings?: Partial<Surroundings>) => Promise<Outcome>
  /** Content by path of all files of the model's folder; undefined where there is none. */
  model: () => Promise<Record<string, string> | undefined>
  /** Resolves when a file that is being downloaded has so many bytes. */
  arrived: (bytes: number) => Promise<void>
  /** Names beside the model's folder. */
  beside: () => Promise<string[]>
}

export const MODEL = 'models/m'

/** An empty volume, gone at the end of the test. */
export function openVolume (t: Test): Volume {
  const root = temporaryFolder('download')
  t.teardown(() => rm(root, { recursive: true, force: true }))
  const folder = join(root, MODEL)
  return {
    root,
    async download (variables, surroundings = {}) {
      const settings = readSettings({ MODEL_FOLDER: folder, DOWNLOAD_RETRY_SECONDS: '0.001', DOWNLOAD_RETRIES: '3', DOWNLOAD_STALL_SECONDS: '5', ...variables })
      try {
        const result = await runDownload(settings, { logger: silent(), signal: new AbortController().signal, ...surroundings })
        return { result: JSON.parse(resultLine(result)) as object }
      } catch (error) {
        const failure = asDownloadError(error)
        const { reason, message } = JSON.parse(failureLine(failure)) as { reason: string, message: string }
        return { failure: reason, message, permanent: failure.permanent }
      }
    },
    model: () => contentOf(folder),
    async arrived (bytes) {
      while (await sizeOfPartial(join(root, 'models')) < bytes) await nextTurn()
    },
    beside: async () => (await readdir(join(root, 'models'))).toSorted()
  }
}

async function sizeOfPartial (parent: string): Promise<number> {
  const sizes = [0]
  for await (const path of glob('.partial-*/{content/*,archive}', { cwd: parent })) sizes.push((await stat(join(parent, path)).catch(() => ({ size: 0 }))).size)
  return Math.max(...sizes)
}

function silent (): Logger {
  return pino({ level: 'silent' })
}

/** All files below a folder. */
export async function contentOf (folder: string): Promise<Record<string, string> | undefined> {
  if (!await stat(folder).catch(() => undefined)) return undefined
  const found: Array<[string, string]> = []
  for await (const entry of glob('**', { cwd: folder, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) found.push([path.slice(folder.length + 1), await readFile(path, 'latin1')])
  }
  return Object.fromEntries(found.toSorted(([a], [b]) => a < b ? -1 : 1))
}

/** The SHA-256 of a text of bytes. */
export function sha256 (text: string | Buffer): string {
  return createHash('sha256').update(typeof text === 'string' ? Buffer.from(text, 'latin1') : text).digest('hex')
}

/** A folder for what a test prepares. */
export function folderIn (root: string, name: string): string {
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

/** The parts that a server was asked for, each with its condition; undefined: all of it. */
export function rangesAsked ({ asked }: LocalServer): Array<string | undefined> {
  return asked.map(({ headers: { range, 'if-range': condition } }) => range === undefined ? undefined : `${range}${condition === undefined ? '' : ` if ${String(condition)}`}`)
}
