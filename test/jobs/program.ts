// Programs of jobs/ as processes of the test.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { MODEL, type Volume } from './scene.ts'

export type Ended = { code: number | null, message: string, log: string }

const ROOT = join(import.meta.dirname, '../..')

/** Starts the download against the volume, with nothing else of this process's environment; `wrap` is a command that it is started by. It ends with the test. */
export function startProgram (t: Test, volume: Volume, variables: Record<string, string>, wrap: string[] = []): { child: ChildProcess, ended: Promise<Ended> } {
  return start(t, 'jobs/download-model.ts', join(volume.root, 'termination-log'), { AWS_EC2_METADATA_DISABLED: 'true', MODEL_FOLDER: join(volume.root, MODEL), DOWNLOAD_RETRY_SECONDS: '0.01', DOWNLOAD_RETRIES: '3', ...variables }, wrap)
}

/** Runs a program to its end, with a folder for its termination message. */
export async function runToEnd (t: Test, program: string, folder: string, variables: Record<string, string>): Promise<Ended> {
  await mkdir(folder, { recursive: true })
  return await start(t, program, join(folder, 'termination-log'), variables).ended
}

// eslint-disable-next-line max-params
function start (t: Test, program: string, termination: string, variables: Record<string, string>, wrap: string[] = []): { child: ChildProcess, ended: Promise<Ended> } {
  const [command = '', ...args] = [...wrap, process.execPath, join(ROOT, program)]
  const child = spawn(command, args, { env: { PATH: process.env['PATH'] ?? '', TERMINATION_LOG: termination, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { log += text })
  const ended = once(child, 'close').then(async ([code]) => ({ code: code as number | null, message: await readFile(termination, 'utf8').catch(() => ''), log }))
  return { child, ended }
}
