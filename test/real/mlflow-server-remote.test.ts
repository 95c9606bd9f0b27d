// The real MLflow as the hooks render it, with users and passwords, on PostgreSQL with a schema of an older MLflow, and with artifacts in an object store: every
// address and password comes from a Secret.
import t from 'tap'
import { generate } from 'selfsigned'
import { describeS3 } from '../helpers/servers/object-stores.ts'
import { PASSWORD } from '../helpers/servers/postgres.ts'
import { openMigrationScene, MODEL, OLD } from './migration-scene.ts'
import { openServerScene, runProgram } from './server-scene.ts'

const ADMIN_PASSWORD = 'the-password-of-admin'
const API = '/mlflow/api/2.0/mlflow'
const BUCKET = 'models'

/** A run with an artifact, deleted as a person deletes it. */
const DELETED_RUN = `
import mlflow
mlflow.set_experiment("trial")
with mlflow.start_run() as run:
    mlflow.log_text("a note", "note.txt")
mlflow.delete_run(run.info.run_id)
print(run.info.run_id)
`

const databases = await openMigrationScene(t)
if (databases) {
  await t.test('auth.mode Basic, with databases and artifacts elsewhere', async (t) => {
    const { tools, postgres, head, old, folder } = databases
    const s3 = await describeS3(tools, folder)
    await s3.start()
    t.teardown(async () => { await s3.stop() })
    const backend = await postgres.createDatabase('tracking')
    const users = await postgres.createDatabase('users')
    await old(backend)
    const other = await generate([{ name: 'commonName', value: 'another-authority' }])
    const scene = await openServerScene(t, tools, {
      spec: {
        backendStoreUriFrom: { name: 'database', key: 'backend' },
        artifactsDestination: `s3://${BUCKET}/artifacts`,
        auth: {
          mode: 'Basic',
          adminPasswordSecret: { name: 'admin', key: 'password' },
          secretKeySecret: { name: 'admin', key: 'cookies' },
          databaseUriFrom: { name: 'database', key: 'users' }
        },
        caBundleConfigMap: { name: 'authorities' },
        envFrom: [{ secretRef: { name: 'object-store' } }],
        env: [{ name: 'MLFLOW_S3_ENDPOINT_URL', value: s3.url }],
        garbageCollection: { schedule: '0 2 * * 0' }
      },
      secrets: {
        database: { backend, users },
        admin: { password: ADMIN_PASSWORD, cookies: 'key-of-the-cookies' },
        'object-store': { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_DEFAULT_REGION: 'us-east-1' }
      },
      configMaps: { authorities: { 'another.crt': other.cert } }
    })
    const admin = { authorization: `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}` }
    const s3Request = { method: 'PUT', headers: { authorization: 'AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0' } }
    await fetch(`${s3.url}/${BUCKET}`, s3Request)

    await t.test('the older schema is found and migrated, by an address that stands in no object', async (t) => {
      t.match(await scene.settle(), [
        { code: 0, stores: [{ store: 'backend', dialect: 'postgresql', before: OLD, after: OLD, head }] },
        { code: 0, stores: [{ store: 'backend', dialect: 'postgresql', before: OLD, after: head, head }] }
      ])
      const objects = JSON.stringify([scene.child('Deployment', 'mlflow'), scene.child('CronJob', 'mlflow-gc')])
      t.strictSame([PASSWORD, encodeURIComponent(PASSWORD), ADMIN_PASSWORD].filter((secret) => objects.includes(secret)), [])
    })

    const { ask, probes } = await scene.serve()

    await t.test('probes need no password, and everything else does', async (t) => {
      for (const { path } of probes) t.equal((await ask(path)).status, 200, path)
      for (const path of ['/mlflow/', `${API}/registered-models/search`]) t.equal((await ask(path)).status, 401, path)
      t.equal((await ask(probes[1]?.path ?? '', { host: 'rebound.example.com' })).status, 403)
      t.equal((await ask('/mlflow/', { headers: admin })).status, 200)
    })

    await t.test('what the older MLflow knew is there, and a model is registered beside it', async (t) => {
      t.match(await ask(`${API}/registered-models/create`, { method: 'POST', headers: admin, body: { name: 'fraud' } }), { status: 200 })
      const { text } = await ask(`${API}/registered-models/search`, { headers: admin })
      t.strictSame((JSON.parse(text) as { registered_models: Array<{ name: string }> }).registered_models.map(({ name }) => name), [MODEL, 'fraud'])
    })

    await t.test("MLflow's own client puts an artifact into the object store through the server, and garbage collection takes it out again", async (t) => {
      const listed = async () => await (await fetch(`${s3.url}/${BUCKET}?list-type=2`, { ...s3Request, method: 'GET' })).text()
      const id = (await runProgram(scene, tools.python, ['-c', DELETED_RUN], {
        MLFLOW_TRACKING_URI: `https://localhost:${scene.at.serverPort}/mlflow`,
        MLFLOW_TRACKING_USERNAME: 'admin',
        MLFLOW_TRACKING_PASSWORD: ADMIN_PASSWORD,
        MLFLOW_TRACKING_INSECURE_TLS: 'true',
        PYTHONWARNINGS: 'ignore'
      })).trim().split('\n').at(-1) ?? ''
      t.match(await listed(), `${id}/artifacts/note.txt`)
      const { code, output } = await scene.runTask('mlflow-gc')
      t.equal(code, 0, output)
      t.notMatch(await listed(), 'note.txt')
      t.strictSame([PASSWORD, encodeURIComponent(PASSWORD), ADMIN_PASSWORD].filter((secret) => output.includes(secret)), [], 'no password is printed')
    })
  })
}
