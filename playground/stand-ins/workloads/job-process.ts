// Containers that run our own programs for Jobs (jobs/): each as the real program in a process of its own, with the container's environment.
import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Container } from './objects.ts'
import { withMountPaths, type Mount } from './volumes.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const COMMAND = /^node jobs\/[a-z-]+\.ts$/
/** Of what a program prints, as much counts as its last words. */
const LAST_WORDS = 2048

// None of them outlives this process, however it ends.
const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGKILL') })

export interface Run { exitCode: number, message: string }

export interface RunOptions {
  mounts: readonly Mount[]
  /** The container's, with what Secrets add to it; paths as they lie on this machine. */
  env: Record<string, string>
  /** The file for its last line. */
  terminationLog: string
  /** The pod is to end. */
  signal: AbortSignal
}

/** Whether the container runs one of our programs. */
export function isProgram ({ command = [] }: Container): boolean {
  return COMMAND.test(command.join(' '))
}

/** Runs it to its end. Killed, it ends as a container does: 128 and the signal's number. */
export async function runProgram ({ command = [] }: Container, { mounts, env, terminationLog, signal }: RunOptions): Promise<Run> {
  const child = spawn(process.execPath, command.slice(1), {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env, TERMINATION_LOG: terminationLog },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  const end = (): void => { child.kill('SIGTERM') }
  signal.addEventListener('abort', end)
  try {
    const { exitCode, printed } = await outcomeOf(child)
    const left = await readFile(terminationLog, 'utf8').catch(() => '')
    return { exitCode, message: withMountPaths(left || (exitCode === 0 ? '' : printed), mounts) }
  } finally {
    signal.removeEventListener('abort', end)
    running.delete(child)
  }
}

async function outcomeOf (child: ChildProcess): Promise<{ exitCode: number, printed: string }> {
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { printed = `${printed}${text}`.slice(-LAST_WORDS) })
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => { resolve({ exitCode: code ?? (signal === 'SIGKILL' ? 137 : 143), printed }) })
  })
}
