// jobs/download-model.ts as a process of the test.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { MODEL, type Volume } from './scene.ts'

export type Ended = { code: number | null, message: string, log: string }

const PROGRAM = join(import.meta.dirname, '../../jobs/download-model.ts')

/** Starts it against the volume, with nothing else of this process's environment; `wrap` is a command that it is started by. It ends with the test. */
export function startProgram (t: Test, volume: Volume, variables: Record<string, string>, wrap: string[] = []): { child: ChildProcess, ended: Promise<Ended> } {
  const termination = join(volume.root, 'termination-log')
  const [command = process.execPath, ...args] = [...wrap, process.execPath, PROGRAM]
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', AWS_EC2_METADATA_DISABLED: 'true', MODEL_FOLDER: join(volume.root, MODEL), TERMINATION_LOG: termination, DOWNLOAD_RETRY_SECONDS: '0.01', DOWNLOAD_RETRIES: '3', ...variables },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => { child.kill('SIGKILL') })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { log += text })
  const ended = once(child, 'close').then(async ([code]) => ({ code: code as number | null, message: await readFile(termination, 'utf8').catch(() => ''), log }))
  return { child, ended }
}
