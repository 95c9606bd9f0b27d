// What the preflight and the migration Job do to real databases: SQLite and PostgreSQL, made by an older MLflow, by this one, or not at all.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { MODEL, OLD, openMigrationScene, type Ended, type Revisions } from './migration-scene.ts'

const UNKNOWN = 'ffffffffffff'

const schemasOf = ({ told }: Ended) => told.stores?.map(({ schema }) => schema)

const scene = await openMigrationScene(t)
if (scene) {
  const { postgres, head, sqlite, migrate, old, models, sql } = scene
  const success = (...stores: Revisions[]) => ({ code: 0, told: { version: '3.17.2', stores: stores.map((store) => ({ head, ...store })) } })
  const is = (t: Test, { code, told, output }: Ended, wanted: { code: number, told: object }) => {
    t.strictSame({ code, told: { ...told, ...(told.stores && { stores: told.stores.map(({ schema: _schema, ...store }) => store) }) } }, wanted, output.slice(-3000))
    for (const { schema } of told.stores ?? []) t.match(schema, /^[0-9a-f]{12}$/)
  }

  for (const dialect of ['sqlite', 'postgresql']) {
    const create = async (name: string) => dialect === 'sqlite' ? sqlite(`${name}.db`) : await postgres.createDatabase(name)

    await t.test(`${dialect}: a database of an older MLflow is only looked at by the preflight, and migrated once`, async (t) => {
      const uri = await create('old')
      await old(uri)
      const before = await fingerprint(uri)
      const looked = await migrate('preflight', { backend: uri, registry: uri })
      is(t, looked, success({ store: 'backend', dialect, before: OLD, after: OLD }))
      t.equal(await fingerprint(uri), before, 'nothing was written')
      is(t, await migrate('migrate', { backend: uri, registry: uri }), success({ store: 'backend', dialect, before: OLD, after: head }))
      const again = await migrate('migrate', { backend: uri })
      is(t, again, success({ store: 'backend', dialect, before: head, after: head }))
      const last = await migrate('preflight', { backend: uri })
      is(t, last, success({ store: 'backend', dialect, before: head, after: head }))
      t.same(schemasOf(last), schemasOf(again), 'the same tables have the same digest')
      t.notSame(schemasOf(last), schemasOf(looked))
      t.strictSame(await models(uri), [MODEL], 'this MLflow works with what was there')
    })

    await t.test(`${dialect}: nothing is there yet`, async (t) => {
      const uri = await create('empty')
      const before = await fingerprint(uri)
      is(t, await migrate('preflight', { backend: uri }), success({ store: 'backend', dialect, before: null, after: null }))
      t.equal(await fingerprint(uri), before, 'no file and no table was made')
      is(t, await migrate('migrate', { backend: uri }), success({ store: 'backend', dialect, before: null, after: head }))
      t.strictSame(await models(uri), [])
    })

    await t.test(`${dialect}: a revision that this MLflow does not know is left alone`, async (t) => {
      const uri = await create('newer')
      await old(uri)
      await sql(uri, `UPDATE alembic_version SET version_num = '${UNKNOWN}'`)
      const before = await fingerprint(uri)
      const { code, told } = await migrate(dialect === 'sqlite' ? 'preflight' : 'migrate', { backend: uri })
      t.match({ code, told }, {
        code: 10,
        told: { reason: 'UnknownRevision', message: /revision ffffffffffff.*newer.*spec\.image/, result: { version: '3.17.2', stores: [{ store: 'backend', dialect, before: UNKNOWN, after: UNKNOWN, head }] } }
      })
      t.equal(await fingerprint(uri), before, 'nothing was written')
    })
  }

  await t.test('both stores are looked at before one is changed, and both are migrated', async (t) => {
    const [one, other] = [sqlite('two/deep/backend.db'), await postgres.createDatabase('two')]
    is(t, await migrate('migrate', { backend: one, registry: other }), success({ store: 'backend', dialect: 'sqlite', before: null, after: head }, { store: 'registry', dialect: 'postgresql', before: null, after: head }))
  })

  await t.test('a migration that fails tells where the database is: unchanged, for PostgreSQL takes back what was begun', async (t) => {
    const uri = await postgres.createDatabase('conflict')
    await old(uri)
    await sql(uri, 'CREATE TABLE label_schemas (somebody_elses INT)')
    const { code, told } = await migrate('migrate', { backend: uri })
    t.match({ code, told }, { code: 15, told: { message: /label_schemas/, result: { stores: [{ store: 'backend', before: OLD, after: OLD, head }] } } })
    t.strictSame(await sql(uri, 'SELECT version_num FROM alembic_version'), [[OLD]])
  })

  await t.test('SQLite does not take back a step that fails in its middle, and the digest of the tables says so where the revision does not', async (t) => {
    const uri = sqlite('middle.db')
    await old(uri)
    // The first step makes a table, and then this index of it.
    await sql(uri, 'CREATE INDEX idx_budget_policies_workspace ON registered_models (name)')
    const looked = await migrate('preflight', { backend: uri })
    const { code, told } = await migrate('migrate', { backend: uri })
    t.match({ code, told }, { code: 13, told: { reason: 'HalfMigrated', message: /idx_budget_policies_workspace.*restore the database/, result: { stores: [{ store: 'backend', before: OLD, after: OLD, schema: /^[0-9a-f]{12}$/ }] } } })
    t.notSame(told.result?.stores.map(({ schema }) => schema), schemasOf(looked))
  })

  await t.test('PostgreSQL: of two programs at once one waits for the other', async (t) => {
    const uri = await postgres.createDatabase('at_once')
    await old(uri)
    const both = await Promise.all([migrate('migrate', { backend: uri }), migrate('migrate', { backend: uri })])
    for (const ended of both) t.match(ended, { code: 0, told: { stores: [{ store: 'backend', after: head }] } }, ended.output.slice(-3000))
  })

  await t.test('PostgreSQL: one that waits in vain says why, and one that is told to end does at once; neither says that nothing has changed', async (t) => {
    const uri = await postgres.createDatabase('locked')
    await old(uri)
    const holder = sql(uri, 'SELECT pg_advisory_xact_lock(7598813466), pg_sleep(600)').catch(() => 'ended')
    while (JSON.stringify(await sql(uri, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")) !== '[[1]]') continue
    const [vain, told] = await Promise.all([
      migrate('migrate', { backend: uri }, { MIGRATION_LOCK_SECONDS: '1' }),
      migrate('migrate', { backend: uri }, {}, { endAt: /another migration of the backend store is at work/ })
    ])
    t.match({ code: vain.code, told: vain.told }, { code: 15, told: { reason: 'MigrationLocked', message: /let it end/, result: { stores: [{ store: 'backend', before: OLD }] } } })
    t.notOk(vain.told.result?.stores[0] && 'after' in vain.told.result.stores[0])
    t.match({ code: told.code, told: told.told }, { code: 15, told: { reason: 'Stopped', message: /told to end/ } }, told.output.slice(-2000))
    await sql(uri, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid()")
    t.equal(await holder, 'ended')
  })

  /** What changes when a database does: bytes of the file, or the tables and their contents that migrations write. */
  async function fingerprint (uri: string): Promise<string> {
    if (uri.startsWith('sqlite')) {
      const path = uri.slice('sqlite:///'.length)
      return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'no file'
    }
    return JSON.stringify(await sql(uri, 'SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables ORDER BY relname'))
  }
}
