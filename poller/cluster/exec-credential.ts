// Credentials from a program (client.authentication.k8s.io), the way cloud providers hand out tokens to kubeconfig users.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

const run = promisify(execFile)

/** Fetched anew this long before they expire, in ms. */
const EARLY_MS = 60_000
const TIMEOUT_MS = 60_000

export const ExecConfig = Type.Object({
  apiVersion: Type.String({ pattern: '^client\\.authentication\\.k8s\\.io/' }),
  command: Type.String({ minLength: 1 }),
  args: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
  env: Type.Optional(Type.Union([Type.Array(Type.Object({ name: Type.String(), value: Type.String() })), Type.Null()])),
  interactiveMode: Type.Optional(Type.String()),
  provideClusterInfo: Type.Optional(Type.Boolean()),
  installHint: Type.Optional(Type.String())
})
export type ExecConfig = Static<typeof ExecConfig>

const Answer = Type.Object({
  kind: Type.Literal('ExecCredential'),
  status: Type.Object({
    token: Type.Optional(Type.String()),
    clientCertificateData: Type.Optional(Type.String()),
    clientKeyData: Type.Optional(Type.String()),
    expirationTimestamp: Type.Optional(Type.String())
  })
})
type Credentials = Static<typeof Answer>['status']

export type ExecOptions = { folder: string, server: string, environment: Record<string, string | undefined>, monotonic: () => number }

export type ExecCredential = { read: () => Promise<Credentials>, forget: () => void }

/** Runs the program when its last answer is missing, was refused or is about to expire; concurrent callers share one run. */
export function createExecCredential (config: ExecConfig, options: ExecOptions): ExecCredential {
  let cached: { running: Promise<Credentials>, until: number } | undefined
  return {
    async read () {
      if (cached === undefined || options.monotonic() >= cached.until) {
        const entry = { running: execute(config, options), until: Infinity }
        cached = entry
        entry.running.then(({ expirationTimestamp }) => {
          if (expirationTimestamp !== undefined) entry.until = options.monotonic() + Date.parse(expirationTimestamp) - Date.now() - EARLY_MS
        }, () => { if (cached === entry) cached = undefined })
      }
      return await cached.running
    },
    forget () { cached = undefined }
  }
}

async function execute (config: ExecConfig, { folder, server, environment }: ExecOptions): Promise<Credentials> {
  const info = { apiVersion: config.apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...(config.provideClusterInfo && { cluster: { server } }) } }
  const env = { ...environment, ...Object.fromEntries((config.env ?? []).map(({ name, value }) => [name, value])), KUBERNETES_EXEC_INFO: JSON.stringify(info) }
  // A bare name is looked up on PATH; a path is relative to the kubeconfig file.
  const command = config.command.includes('/') ? resolve(folder, config.command) : config.command
  try {
    const { stdout } = await run(command, config.args ?? [], { env, timeout: TIMEOUT_MS, maxBuffer: 1024 * 1024 })
    return Value.Parse(Answer, JSON.parse(stdout)).status
  } catch (cause) {
    // The program's output may hold the credential: only its name goes into the message.
    const hint = config.installHint ? ` (${config.installHint.trim()})` : ''
    throw new Error(`the kubeconfig's exec plugin ${config.command} gave no credentials: run it by hand to see why${hint}`, { cause: exitOf(cause) })
  }
}

function exitOf (cause: unknown): Error {
  const { code, signal } = cause as { code?: unknown, signal?: unknown }
  return new Error(code === undefined && !signal ? 'its answer is not an ExecCredential' : `it ended with ${String(code ?? signal)}`)
}
