// Why a preflight or a migration fails, with real databases: exit codes and termination messages say who has to do what, and nothing is changed.
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import pLimit from 'p-limit'
import t from 'tap'
import { freePort } from '../../playground/system/processes.ts'
import { PASSWORD } from '../helpers/servers/postgres.ts'
import { openMigrationScene, OTHER_PASSWORD } from './migration-scene.ts'

const PREFLIGHT = 'preflight' as const
const MIGRATE = 'migrate' as const

const scene = await openMigrationScene(t)
if (scene) {
  const { folder, postgres, sqlite, migrate, sql } = scene

  await t.test('what cannot be migrated has exit codes of its own, and nothing is changed', async (t) => {
    const uri = sqlite('unchanged.db')
    mkdirSync(join(folder, 'empty-path'))
    writeFileSync(join(folder, 'text.db'), 'This is no database, but a text that is longer than the header of one is, so that there is no doubt about it.\n')
    const secret = encodeURIComponent(PASSWORD)
    const rows: Array<{ name: string, stores: { backend: string, registry?: string }, more?: Record<string, string>, code: number, reason: string, message: RegExp }> = [
      { name: 'a backend of another kind', stores: { backend: `mssql+pymssql://sa:${secret}@host/db`, registry: uri }, code: 11, reason: 'UnsupportedBackend', message: /kind mssql: use sqlite, postgresql or mysql/ },
      { name: 'a registry of another kind', stores: { backend: uri, registry: `mssql://sa:${secret}@host/db` }, code: 12, reason: 'UnsupportedRegistry', message: /registry store is of the kind mssql/ },
      { name: 'a backend for which the image has no driver', stores: { backend: `mysql+aiomysql://sa:${secret}@host/db` }, code: 11, reason: 'UnsupportedBackend', message: /no driver .*aiomysql/ },
      { name: 'a URI that cannot be read', stores: { backend: `postgresql://mlflow:${secret}@host:port/db` }, code: 11, reason: 'UnsupportedBackend', message: /cannot be read/ },
      { name: 'a file that is no database', stores: { backend: sqlite('text.db') }, code: 11, reason: 'UnsupportedBackend', message: /is no SQLite database/ },
      { name: 'an image of another version than is expected', stores: { backend: uri }, more: { EXPECTED_MLFLOW_VERSION: 'v3.14.0+build.1' }, code: 10, reason: 'VersionMismatch', message: /has MLflow 3\.17\.2, and 3\.14\.0 is expected/ },
      { name: 'an image without Python', stores: { backend: uri }, more: { PATH: join(folder, 'empty-path') }, code: 14, reason: 'NoMlflow', message: /no Python with an MLflow/ },
      { name: 'a Secret that is empty', stores: { backend: '' }, code: 15, reason: 'NoBackendStore', message: /fill the key of its Secret/ }
    ]
    await inPairs(rows, async ({ name, stores, more, code, reason, message }) => {
      const ended = await migrate('migrate', stores, more)
      t.match({ code: ended.code, told: ended.told }, { code, told: { reason, message } }, name)
    })
    t.notOk(existsSync(join(folder, 'unchanged.db')), 'no database was made')
  })

  await t.test('what another try may mend says what to do, in either mode', async (t) => {
    const uri = await postgres.createDatabase('reachable')
    const closed = await freePort()
    const { host } = new URL(uri)
    await sql(uri, `CREATE ROLE reader LOGIN PASSWORD '${OTHER_PASSWORD}'`)
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    t.teardown(() => { silent.close() })
    const rows = [
      { name: 'a wrong password', mode: PREFLIGHT, uri: uri.replace(encodeURIComponent(PASSWORD), OTHER_PASSWORD), reason: 'AuthenticationFailed', message: /refuses the user or the password: correct the URI or its Secret/ },
      { name: 'a wrong password, with another driver', mode: MIGRATE, uri: uri.replace(encodeURIComponent(PASSWORD), OTHER_PASSWORD).replace('postgresql:', 'postgresql+psycopg2:'), reason: 'AuthenticationFailed', message: /refuses/ },
      { name: 'a server that is down', mode: PREFLIGHT, uri: uri.replace(host, `127.0.0.1:${closed}`), reason: 'ConnectionFailed', message: /cannot be reached/ },
      { name: 'a host without an address', mode: MIGRATE, uri: uri.replace(host, 'nowhere.invalid.:5432'), reason: 'HostUnknown', message: /cannot be resolved/ },
      { name: 'a user who may only read', mode: MIGRATE, uri: uri.replace(`mlflow:${encodeURIComponent(PASSWORD)}`, `reader:${OTHER_PASSWORD}`), reason: 'PermissionDenied', message: /give it the right to create and alter tables/ },
      { name: 'a server that says nothing', mode: PREFLIGHT, uri: uri.replace(host, `127.0.0.1:${(silent.address() as AddressInfo).port}`), reason: 'ConnectionTimedOut', message: /does not answer/ },
      { name: 'a database that is missing', mode: PREFLIGHT, uri: uri.replace('reachable', 'missing'), reason: 'DatabaseMissing', message: /create it, or correct the URI/ },
      { name: 'a server without TLS where TLS is wanted', mode: MIGRATE, uri: `${uri}?sslmode=require`, reason: 'TlsFailed', message: /sslmode/ },
      { name: 'another database in MySQL, which is down', mode: PREFLIGHT, uri: `mysql+pymysql://mlflow:${encodeURIComponent(PASSWORD)}@127.0.0.1:${closed}/mlflow`, reason: 'ConnectionFailed', message: /cannot be reached/ }
    ]
    await inPairs(rows, async ({ name, mode, uri, reason, message }) => {
      const { code, told } = await migrate(mode, { backend: uri }, { PGCONNECT_TIMEOUT: '2' })
      t.match({ code, told }, { code: 15, told: { reason, message, result: { version: '3.17.2' } } }, name)
    })
  })
}

/** Two at a time: each is a process that imports MLflow, which takes a core for seconds. */
async function inPairs<T> (rows: T[], act: (row: T) => Promise<void>): Promise<void> {
  const limit = pLimit(2)
  await Promise.all(rows.map(async (row) => { await limit(act, row) }))
}
