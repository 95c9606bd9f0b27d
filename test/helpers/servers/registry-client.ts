// MLflow's own Python client, kept running for the length of a test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Tools } from './tools.ts'

export interface RegistryClient {
  /** A new registered model with versions 1 to `versions`. */
  register: (name: string, versions: number) => Promise<void>
  setAlias: (name: string, alias: string, version: string) => Promise<void>
  close: () => Promise<void>
}

/** Starts the client against the server at `url`. Its calls throw with MLflow's own words when they are refused. */
export async function startRegistryClient ({ python }: Tools, url: string): Promise<RegistryClient> {
  const child = spawn(python, [fileURLToPath(new URL('registry.py', import.meta.url)), url], {
    env: { PATH: process.env['PATH'] ?? '', MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_LOGGING_LEVEL: 'WARNING' }, stdio: ['pipe', 'pipe', 'inherit']
  })
  const gone = once(child, 'exit')
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  async function answer (): Promise<void> {
    const { value, done } = await answers.next()
    if (done === true) throw new Error('the Python client ended')
    const { problem } = JSON.parse(value) as { problem?: string }
    if (problem !== undefined) throw new Error(`MLflow's client says ${problem}`)
  }
  async function command (command: object): Promise<void> {
    child.stdin.write(`${JSON.stringify(command)}\n`)
    await answer()
  }
  await answer()
  return {
    register: async (name, versions) => { await command({ do: 'register', name, versions }) },
    setAlias: async (name, alias, version) => { await command({ do: 'set_alias', name, alias, version }) },
    async close () {
      // It ends when there are no more commands.
      child.stdin.end()
      await gone
    }
  }
}
