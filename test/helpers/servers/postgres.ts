// The real PostgreSQL on a loopback port of its own, with data in a folder of the test, and MLflow from before, which makes databases of an older schema.
import { execFile } from 'node:child_process'
import { chownSync, cpSync, existsSync, globSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { freePort } from '../../../playground/system/processes.ts'
import { temporaryFolder } from './cut-off.ts'
import { createServerProcess, type ServerProcess } from './server-process.ts'
import { CACHE, digestOf, findTools, skip, type Tools } from './tools.ts'

export interface DatabaseTools extends Tools {
  /** Folder for PYTHONPATH in which MLflow is an older one. */
  before: string
  /** Folder with initdb and postgres. */
  postgres: string
}

export interface Postgres extends ServerProcess {
  /** Creates an empty database and resolves with its URI, which has the password in it. */
  createDatabase: (name: string) => Promise<string>
}

/** The password of the only user; nothing that is printed may have it. */
export const PASSWORD = 'p@ss%word/of:the-test'

/** Whom PostgreSQL runs as where root runs the tests, for it refuses root: nobody. */
const NOBODY = 65_534

const run = promisify(execFile)

/** The tools, or undefined after the test was marked as one that cannot run here, as findTools does it. */
export function findDatabaseTools (t: Test): DatabaseTools | undefined {
  const tools = findTools(t)
  if (!tools) return undefined
  const before = join(CACHE, `mlflow-before-${digestOf(['../../real/requirements-before.txt'])}`)
  const postgres = findPostgres()
  if (existsSync(before) && postgres !== undefined) return { ...tools, before, postgres }
  return skip(t, `${postgres === undefined ? 'PostgreSQL' : 'MLflow from before'} is not installed; run test/real/install.sh`)
}

/** Describes PostgreSQL with a new cluster of databases; nothing runs before start(). */
export async function describePostgres (tools: DatabaseTools): Promise<Postgres> {
  const user = process.getuid?.() === 0 ? NOBODY : undefined
  const folder = temporaryFolder('postgres')
  const bin = reachableBy(user, tools.postgres, folder)
  const data = join(folder, 'data')
  const secret = join(folder, 'password')
  const env = { LD_LIBRARY_PATH: globSync(join(bin, '../../../*-linux-gnu')).join(delimiter), LC_ALL: 'C', PATH: process.env['PATH'] ?? '' }
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(secret, PASSWORD)
  if (user !== undefined) for (const path of [folder, data, secret]) chownSync(path, user, user)
  const as = user === undefined ? {} : { uid: user, gid: user }
  await run(join(bin, 'initdb'), ['-D', data, '--username=mlflow', `--pwfile=${secret}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'], { cwd: folder, env, ...as })
  const port = await freePort()
  const server = createServerProcess({
    command: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off', '-c', 'jit=off'],
    env,
    folder,
    user,
    url: `postgresql://127.0.0.1:${port}`,
    readyPath: async () => {
      await run(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)], { env })
      return true
    },
    patience: 60_000
  })
  return {
    ...server,
    async createDatabase (name) {
      await run(join(bin, 'psql'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'mlflow', '-d', 'postgres', '-qc', `CREATE DATABASE ${name}`], { env: { ...env, PGPASSWORD: PASSWORD } })
      return `postgresql://mlflow:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${name}`
    }
  }
}

function findPostgres (): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'initdb')).filter(existsSync)
  const found = [...globSync(join(CACHE, 'postgresql/usr/lib/postgresql/*/bin/initdb')), ...onPath, ...globSync('/usr/lib/postgresql/*/bin/initdb')]
  return found[0] === undefined ? undefined : dirname(realpathSync(found[0]))
}

// Nobody may not look into a home folder, so that what is installed there is copied.
function reachableBy (user: number | undefined, bin: string, folder: string): string {
  const cache = existsSync(CACHE) ? realpathSync(CACHE) : CACHE
  if (user === undefined || !bin.startsWith(cache)) return bin
  cpSync(join(cache, 'postgresql'), join(folder, 'postgresql'), { recursive: true, verbatimSymlinks: true })
  return join(folder, 'postgresql', bin.slice(join(cache, 'postgresql').length))
}
