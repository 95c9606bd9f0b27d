// kubectl and helm as people run them.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whenCutOff } from '../helpers/servers/cut-off.ts'

/** Runs the program; resolves with what it printed to standard output. Throws with its standard error when it fails. */
export type Command = (args: string[], options?: { input?: string }) => Promise<string>
export type Kubectl = Command

/** Paths in arguments are relative to it. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const PATIENCE = 120_000

const running = new Set<ChildProcess>()
whenCutOff(() => { for (const child of running) child.kill('SIGKILL') })

/** kubectl with this kubeconfig. What it keeps of the server lies beside that. */
export function kubectlWith (program: string, kubeconfig: string): Kubectl {
  return commandOf(program, { KUBECONFIG: kubeconfig, KUBECACHEDIR: join(dirname(kubeconfig), 'kubectl') })
}

/** Any program with these variables, and PATH and HOME of ours. */
export function commandOf (program: string, env: Record<string, string>): Command {
  return async (args, { input = '' } = {}) => {
    const { code, out, error } = await run(program, { args, env, input })
    if (code !== 0) throw new Error(`${[program.split('/').at(-1), ...args].join(' ')} ended with ${code ?? 'a signal'}: ${error.trim() || out.trim()}`)
    return out
  }
}

interface Run { args: string[], env: Record<string, string>, input: string }

async function run (program: string, { args, env, input }: Run): Promise<{ code: number | null, out: string, error: string }> {
  const child = spawn(program, args, { cwd: ROOT, env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env }, timeout: PATIENCE })
  running.add(child)
  const text = { out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => { text.out += part })
  child.stderr.setEncoding('utf8').on('data', (part: string) => { text.error += part })
  // One that ends before it has read everything has said why.
  child.stdin.on('error', () => {}).end(input)
  try {
    const [code] = await once(child, 'close') as [number | null]
    return { code, ...text }
  } finally {
    running.delete(child)
  }
}
