// The real MLflow as the hooks render it, on SQLite: with the Kubernetes plugin, and without any authentication. Migrated, served, asked and cleaned up after by
// exactly what stands in the children.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findTools } from '../helpers/servers/tools.ts'
import { openServerScene, type Answer, type Ask } from './server-scene.ts'
import { OWNER, SERVICE_ACCOUNT, WORKSPACE } from './workspaces-api.ts'

const API = '/mlflow/api/2.0/mlflow'
const ARTIFACTS = '/mlflow/api/2.0/mlflow-artifacts/artifacts'
const PREFLIGHT = { code: 0, version: '3.17.2', stores: [{ store: 'backend', dialect: 'sqlite', before: null, after: null }] }
const MIGRATED = { code: 0, version: '3.17.2', stores: [{ store: 'backend', dialect: 'sqlite', before: null, after: /^[0-9a-f]{12}$/ }] }

const storage = { size: '2Gi', retain: false }
const files = { backendStoreUri: 'sqlite:////mlflow/mlflow.db', artifactsDestination: 'file:///mlflow/artifacts', storage }

const tools = findTools(t)
if (tools) {
  await t.test('auth.mode Kubernetes: the API server says who may do what in which workspace', async (t) => {
    const scene = await openServerScene(t, tools, {
      spec: {
        ...files,
        tls: { mode: 'Secret' },
        garbageCollection: { schedule: '0 2 * * 0' },
        traceArchival: { enabled: true, location: 'file:///mlflow/archive', retention: '30d' }
      }
    })
    t.match(await scene.settle(), [PREFLIGHT, MIGRATED])
    const { ask, probes } = await scene.serve()
    const owner = { authorization: `Bearer ${OWNER}`, 'x-mlflow-workspace': WORKSPACE }

    await t.test('what the kubelet and Prometheus ask by the address of the pod is answered', async (t) => {
      t.strictSame(await statuses(ask, probes.map(({ path }) => path)), [200, 200])
      t.match(await ask('/metrics'), { status: 200, text: /mlflow_exporter_info/ })
    })

    await t.test('a name that is not the server\'s is refused', async (t) => {
      t.match(await ask(probes[1]!.path, { host: 'rebound.example.com' }), { status: 403, text: /Invalid Host header/ })
      for (const host of ['mlflow:8443', 'mlflow.mlflow.svc', 'mlflow.mlflow.svc.cluster.local:8443', 'localhost:12345']) t.equal((await ask(probes[1]!.path, { host })).status, 200, host)
    })

    await t.test('a model is registered by whom the API server lets, and by nobody else', async (t) => {
      t.match(await ask(`${API}/registered-models/create`, { method: 'POST', headers: owner, body: { name: 'churn' } }), { status: 200, text: /"name": "churn"/ })
      t.equal((await ask(`${API}/registered-models/create`, { method: 'POST', headers: { ...owner, authorization: 'Bearer of-a-stranger' }, body: { name: 'theirs' } })).status, 403)
      t.equal((await ask(`${API}/registered-models/search`)).status, 401, 'nobody at all')
      t.ok(scene.api.reviews.includes(`${OWNER} create registeredmodels ${WORKSPACE}`), 'it was the API server that was asked')
      t.match(await ask(`${API}/registered-models/search`, { headers: owner }), { status: 200, text: /churn/ })
    })

    await t.test('traces come in below the prefix only, so no route has to rewrite paths', async (t) => {
      const send = { method: 'POST', headers: { ...owner, 'x-mlflow-experiment-id': '1', 'content-type': 'application/x-protobuf' }, body: '' }
      t.match(await ask('/mlflow/v1/traces', send), { status: 400, text: /no spans/ })
      t.equal((await ask('/v1/traces', send)).status, 404)
    })

    await t.test('garbage collection removes a deleted run with its artifacts, through the server, which it trusts', async (t) => {
      const run = await deletedRun(ask, owner)
      const artifacts = join(scene.at.folder, 'claim-mlflow-pvc', 'artifacts', 'workspaces', WORKSPACE, run.experiment, run.id, 'artifacts')
      t.ok(existsSync(join(artifacts, 'note.txt')), 'the artifact is there')
      const { code, output } = await scene.runTask('mlflow-gc')
      t.equal(code, 0, output)
      t.match(output, `Run with ID ${run.id} has been permanently deleted`)
      t.strictSame(existsSync(artifacts) ? readdirSync(artifacts) : [], [], 'and gone')
      t.ok(scene.api.reviews.includes(`${SERVICE_ACCOUNT} update experiments ${WORKSPACE}`), 'with the rights of its own ServiceAccount')
    })

    await t.test('archival of traces takes its configuration and finds the workspace', async (t) => {
      const { code, output } = await scene.runTask('mlflow-trace-archival')
      t.equal(code, 0, output)
      t.notMatch(output, /Traceback|Ignoring invalid|skipped/)
    })
  })

  await t.test('auth.mode None over HTTP: everybody may do everything, under the names of the server', async (t) => {
    const scene = await openServerScene(t, tools, { spec: { ...files, auth: { mode: 'None' }, tls: { mode: 'Off' }, garbageCollection: { schedule: '0 2 * * 0', olderThan: '30d' } } })
    t.match(await scene.settle(), [PREFLIGHT, MIGRATED])
    const { ask, probes } = await scene.serve()
    t.strictSame(probes.map(({ scheme }) => scheme), ['HTTP', 'HTTP'])
    t.strictSame(await statuses(ask, [...probes.map(({ path }) => path), '/metrics', '/mlflow/']), [200, 200, 200, 200])
    t.equal((await ask(`${API}/registered-models/search`, { host: 'rebound.example.com' })).status, 403)
    t.match(await ask(`${API}/registered-models/create`, { method: 'POST', body: { name: 'churn' } }), { status: 200, text: /churn/ })
    const young = await deletedRun(ask, {})
    const { code, output } = await scene.runTask('mlflow-gc')
    t.equal(code, 0, output)
    t.notMatch(output, young.id, 'what was deleted a moment ago stays')
  })
}

async function statuses (ask: Ask, paths: string[]): Promise<number[]> {
  const answers: Answer[] = []
  for (const path of paths) answers.push(await ask(path))
  return answers.map(({ status }) => status)
}

/** A run with an artifact, deleted as a person deletes it. */
async function deletedRun (ask: Ask, headers: Record<string, string>): Promise<{ id: string, experiment: string }> {
  const post = async (path: string, body: object) => JSON.parse((await ask(`${API}/${path}`, { method: 'POST', headers, body })).text) as { experiment_id: string, run: { info: { run_id: string } } }
  const { experiment_id: experiment } = await post('experiments/create', { name: 'trial' })
  const { run_id: id } = (await post('runs/create', { experiment_id: experiment })).run.info
  await ask(`${ARTIFACTS}/${experiment}/${id}/artifacts/note.txt`, { method: 'PUT', headers, body: 'a note' })
  await post('runs/delete', { run_id: id })
  return { id, experiment }
}
