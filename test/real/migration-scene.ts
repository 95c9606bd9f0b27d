// The program of the preflight and the migration Job, run as the container of the Job runs it, beside a real PostgreSQL.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { MIGRATION_LAUNCHER, MIGRATION_PROGRAM } from '../../hooks/mlflow/migration/program.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { describePostgres, findDatabaseTools, PASSWORD, type DatabaseTools, type Postgres } from '../helpers/servers/postgres.ts'

export const MODEL = 'churn'
/** The newest migration of the MLflow in requirements-before.txt. */
export const OLD = '1b5f0d9ad7c1'
export const OTHER_PASSWORD = 'another-password'

export interface Revisions { store: string, dialect?: string, before?: string | null, after?: string | null, head?: string, schema?: string }

interface Told {
  reason?: string
  message?: string
  version?: string
  stores?: Revisions[]
  result?: { version: string | null, stores: Revisions[] }
}

export interface Ended { code: number, told: Told, output: string }

/** It gets SIGTERM as soon as it has printed this. */
export interface End { endAt?: RegExp }

export interface MigrationScene {
  tools: DatabaseTools
  folder: string
  postgres: Postgres
  /** The newest migration of this MLflow. */
  head: string
  sqlite: (file: string) => string
  /** Runs the program, with `path` for PATH. No output of any run may have a password. */
  migrate: (mode: 'preflight' | 'migrate', stores: { backend: string, registry?: string }, more?: Record<string, string>, end?: End) => Promise<Ended>
  /** Makes a database of an older MLflow, with a model in it. */
  old: (uri: string) => Promise<void>
  /** Names of the models that this MLflow sees there. */
  models: (uri: string) => Promise<unknown>
  sql: (uri: string, statement: string) => Promise<unknown>
}

const run = promisify(execFile)

/** Everything, started; undefined where the tools are missing, which is said. */
export async function openMigrationScene (t: Test): Promise<MigrationScene | undefined> {
  const tools = findDatabaseTools(t)
  if (!tools) return undefined
  const folder = temporaryFolder('migration')
  const postgres = await describePostgres(tools)
  await postgres.start()
  t.teardown(async () => { await postgres.stop() })
  const { stdout } = await run(tools.python, ['-c', 'from mlflow.store.db.utils import _get_latest_schema_revision; print(_get_latest_schema_revision())'])
  let runs = 0
  return {
    tools,
    folder,
    postgres,
    head: stdout.trim(),
    sqlite: (file) => `sqlite:///${join(folder, file)}`,
    async migrate (mode, { backend, registry }, more = {}, end = {}) {
      const log = join(folder, `termination-${runs++}`)
      const { code, output } = await runProgram(folder, {
        PATH: dirname(tools.python),
        MIGRATION_MODE: mode,
        TERMINATION_LOG: log,
        MLFLOW_READ_REPLICA_BACKEND_STORE_URI: '',
        MLFLOW_BACKEND_STORE_URI: backend,
        ...(registry !== undefined && { MLFLOW_REGISTRY_STORE_URI: registry }),
        ...more
      }, end)
      const text = readFileSync(log, 'utf8')
      t.strictSame([PASSWORD, encodeURIComponent(PASSWORD), OTHER_PASSWORD].filter((secret) => (output + text).includes(secret)), [], 'no password is printed')
      t.ok(text.length <= 1500, 'the termination message is short')
      return { code, told: JSON.parse(text) as Told, output }
    },
    async old (uri) { await askDatabase(tools, ['make', uri, MODEL], { PYTHONPATH: tools.before }) },
    models: async (uri) => await askDatabase(tools, ['models', uri]),
    sql: async (uri, statement) => await askDatabase(tools, ['sql', uri, statement])
  }
}

async function runProgram (folder: string, env: Record<string, string>, { endAt }: End): Promise<{ code: number, output: string }> {
  const child = spawn('/bin/sh', ['-ec', MIGRATION_LAUNCHER], { cwd: folder, env: { HOME: folder, MIGRATION_PYTHON_SCRIPT: MIGRATION_PROGRAM, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (endAt?.test(output)) child.kill('SIGTERM')
    })
  }
  const [code] = await once(child, 'close') as [number | null]
  return { code: code ?? -1, output }
}

async function askDatabase ({ python }: DatabaseTools, args: string[], env: Record<string, string> = {}): Promise<unknown> {
  const { stdout } = await run(python, [fileURLToPath(new URL('databases.py', import.meta.url)), ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}
