// kubectl, helm and kind as child processes: what they say is shown, and the first failure ends the script.
import { spawnSync } from 'node:child_process'

/** Runs it with its output to the terminal. Throws where it fails. */
export function run (program: string, args: string[], input = ''): void {
  process.stderr.write(`$ ${[program, ...args].join(' ')}\n`)
  const { status, error } = spawnSync(program, args, { input, stdio: [input === '' ? 'ignore' : 'pipe', 'inherit', 'inherit'] })
  check(program, args, status, error)
}

/** Runs it; resolves with what it has printed. */
export function ask (program: string, args: string[]): string {
  const { status, error, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1024 * 1024 })
  check(program, args, status, error)
  return stdout
}

function check (program: string, args: string[], status: number | null, error: Error | undefined): void {
  if (error) throw new Error(`${program} cannot be run (${error.message}); install it`)
  if (status !== 0) throw new Error(`${program} ${args[0] ?? ''} ended with ${status ?? 'a signal'}; what it says is above`)
}

/** Objects as kubectl reads them. */
export function documents (objects: object[]): string {
  return objects.map((object) => JSON.stringify(object, undefined, 2)).join('\n---\n') + '\n'
}

/** Says what is wrong in one line, for mistakes of whoever calls. */
export async function main (work: () => Promise<void> | void): Promise<void> {
  try {
    await work()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
