// An MlflowModel names an MLflow object as its registry, and nothing is configured of it: the poller finds its address, asks a real MLflow there, and versions are
// promoted. Played are the object's pods, by KWOK and this test, and the way from the address of its Service to the server.
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { conditionOf, isServing, isStepping } from '../helpers/servers/watched-model.ts'
import { assertNothingForbidden } from './cleanliness.ts'
import { startMlflowKubelets } from './mlflow/kubelets.ts'
import { followModels } from './models/history.ts'
import { modelStages } from './models/kubelets.ts'
import { conditionIn, watch } from './models/watched.ts'
import { openScene } from './scene.ts'
import { transcriptOf } from './transcript.ts'

const NAME = 'churn'
const HOST = 'mlflow.mlflow.svc'
const SERVER = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'MLflow',
  metadata: { name: 'mlflow' },
  spec: { auth: { mode: 'None' }, tls: { mode: 'Off' }, ingress: { mode: 'None' }, backendStoreUri: 'postgresql://db:5432/mlflow', artifactsDestination: 's3://mlflow/artifacts' }
}

const scene = await openScene(t, {
  placing: { prefix: '/mlflow', hosts: [HOST, `${HOST}:8443`] },
  config: { mlflowServers: { minInterval: '1s', replicaLag: '0s' } },
  stages: modelStages,
  async ways (_stage, mlflow) {
    const preload = fileURLToPath(new URL('mlflow/service-names.ts', import.meta.url))
    return { pollerEnv: { NODE_OPTIONS: `--import=${preload}`, SERVICE_ADDRESSES: JSON.stringify({ [`${HOST}:8443`]: Number(new URL(mlflow.url).port) }) } }
  }
})
if (scene) {
  const { plane: { api, kubectl }, registry } = scene
  const record = transcriptOf('mlflow-registry', kubectl)
  const kubelets = startMlflowKubelets(scene, await followModels(api))

  await t.test('an MlflowModel whose registry is not there says so', async (t) => {
    await registry.register(NAME, 2)
    await registry.setAlias(NAME, 'champion', '1')
    const model = await scene.create(NAME)
    await kubectl(['patch', 'mfm', NAME, '-n', 'models', '--type=merge', '-p', JSON.stringify({ spec: { registry: 'mlflow' } })])
    const waiting = await model.until('it is told', (found) => /RegistryRefused|UnknownRegistry/.test(conditionOf(found, 'RegistryFound')))
    t.match(JSON.stringify(waiting.status?.conditions), /there is no registry mlflow|name an MLflow object/)
  })

  await t.test('once the server is there, versions are served and promoted', async (t) => {
    await kubectl(['create', 'namespace', 'mlflow'])
    await kubectl(['apply', '-f', '-'], { input: JSON.stringify(SERVER) })
    const server = await watch(api, 'mlflows', 'mlflow').until('it is Available', (found) => conditionIn(found, 'Available').startsWith('True/'), 90)
    t.equal(server.status?.address?.url, `http://${HOST}:8443/mlflow`)
    const model = scene.model(NAME)
    await model.until('version 1 serves', isServing('1'))
    await registry.setAlias(NAME, 'champion', '2')
    await model.until('version 2 is checked at its first step', isStepping('2', 20))
    const promoted = await model.until('version 2 serves', isServing('2'))
    t.match(promoted.status, { lastOutcome: 'Promoted', currentModelVersion: '2' })
    await record('promoted', 'get mfm -n models', 'get mlflow -o wide', `describe mfm ${NAME} -n models`)
  })

  await t.test('all along, nobody was refused anything', async (t) => {
    t.strictSame(kubelets.troubles, [])
    await assertNothingForbidden(t, scene)
  })
}
