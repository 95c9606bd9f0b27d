// What MlflowModels hear of a registry that is an MLflow object, while the object comes, changes and goes.
import t, { type Test } from 'tap'
import { generate } from 'selfsigned'
import { formatFact, type RegistryFact } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { createStore } from '../../../poller/cluster/store.ts'
import { RemoteError } from '../../../poller/http/errors.ts'
import { parseMlflowServersConfig } from '../../../poller/mlflow/config.ts'
import { keepServerEntries } from '../../../poller/mlflow/entries.ts'
import type { Model } from '../../../poller/model.ts'
import { parseRegistryConfig, type RegistryConfig } from '../../../poller/registry/config.ts'
import { createRegistryObserver, type RegistryObserverOptions } from '../../../poller/registry/observer.ts'
import type { MLflow } from '../../../poller/served/mlflow.ts'
import { sendJson, startServer, type Reply } from '../../helpers/local-server.ts'
import { logger } from '../../helpers/poller-cluster.ts'
import { specOf } from '../../helpers/poller-model.ts'
import { kept } from './servers.ts'

const START = 1_800_000_000
const OPEN = { auth: { mode: 'None' }, tls: { mode: 'Off' } }

/** A registry with one model, whose alias names version 8 in the server's own storage. */
const registry: Reply = (response, { url }) => {
  if (url.includes('registered-models/get?')) return sendJson(response, { registered_model: { name: 'churn', creation_timestamp: 1, aliases: [{ alias: 'champion', version: '8' }] } })
  if (url.includes('get-download-uri')) return sendJson(response, { artifact_uri: 'mlflow-artifacts:/1/m' })
  sendJson(response, { model_version: { name: 'churn', version: '8', creation_timestamp: 1793491200000, status: 'READY' } })
}

type Given = { config?: object, registries?: Record<string, RegistryConfig>, model?: object } & Partial<RegistryObserverOptions>

/** An MlflowModel whose registry is called mlflow. A look writes what is found. */
function world (t: Test, { config = {}, registries = {}, model: spec, ...options }: Given = {}) {
  const store = createStore<MLflow>(logger)
  const model = { apiVersion: 'v', kind: 'MlflowModel', metadata: { name: 'churn', namespace: 'bank', uid: 'u' }, spec: specOf({ registry: 'mlflow', ...spec }) } as Model
  let seconds = START
  let version = 0
  const observer = createRegistryObserver({
    registries,
    servers: keepServerEntries({ servers: { store, subscribe: store.subscribe }, config: parseMlflowServersConfig({ replicaLag: '0s', ...config }, 'mlflowServers') }),
    now: () => seconds,
    monotonic: () => seconds * 1000,
    random: () => 0,
    logger,
    resilience: { retries: 0, breakAfter: 1000 },
    ...options
  })
  t.teardown(async () => { await observer.close() })
  return {
    observer,
    pass (by: number) { seconds += by },
    put (parts: Parameters<typeof kept>[0]) { store.put(kept({ ...parts, version: version++ })) },
    remove () { store.remove(kept()) },
    async look (): Promise<RegistryFact | undefined> {
      const [finding] = await observer.observe([model])
      if (finding) model.metadata.annotations = { [FACTS.registry]: formatFact(finding.fact) }
      return finding?.fact
    }
  }
}

const at = (url: string, spec: object = OPEN) => ({ spec, status: { address: { url: `${url}/mlflow` } } })

t.test('the life of an MLflow object, as its models hear of it', async (t) => {
  const { url, asked } = await startServer(t, registry)
  const other = await startServer(t, registry)
  const { look, put, remove, pass, observer } = world(t)
  t.match(await look(), { state: 'Refused', problem: "there is no registry mlflow; name an MLflow object, or an entry of the poller's configuration, in spec.registry" })

  put({ spec: OPEN, status: { address: undefined } })
  t.match(await look(), { state: 'Unreachable', problem: 'MLflow object mlflow has no address yet; look at its conditions (kubectl describe mlflow mlflow)' }, 'what we know ourselves is told at once')
  t.equal(await look(), undefined)

  put(at(url))
  t.match(await look(), { state: 'Found', version: '8', uri: 's3://mlflow/1/m' }, 'its address counts at once')
  t.ok(asked.every((one) => one.url.startsWith('/mlflow/api/2.0/')))
  t.equal(observer.nextDue(), 60_000)

  const before = asked.length
  put({ ...at(url), status: { address: { url: `${url}/mlflow` }, phase: 'Degraded' } })
  await look()
  t.equal(asked.length, before, 'its phase is no reason to ask')
  put(at(other.url))
  t.equal(await look(), undefined, 'another address says the same')
  t.ok(other.asked.length > 0)
  t.equal(asked.length, before)

  put({ spec: OPEN, status: { address: undefined } })
  t.equal(await look(), undefined, 'an address that is lost takes no answer away')
  pass(60)
  remove()
  t.match(await look(), { state: 'Refused' }, 'an object that is gone is no registry')
})

t.test('who may use it', async (t) => {
  const { url } = await startServer(t, registry)
  const rows: Array<{ name: string, given: Given, spec?: object, want: object }> = [
    { name: 'the workspace of its own namespace', given: { model: { workspace: 'bank' } }, want: { state: 'Found', uri: 's3://mlflow/workspaces/bank/1/m' } },
    { name: 'no other', given: { model: { workspace: 'shop' } }, want: { state: 'Refused', problem: 'objects in namespace bank may not use workspace shop of registry mlflow; change spec.workspace, or ask its owner to change mlflowServers.workspaces' } },
    { name: 'another, where it is configured so', given: { model: { workspace: 'shop' }, config: { workspaces: ['shop'] } }, want: { state: 'Found' } },
    { name: 'namespaces that are not named', given: { config: { namespaces: ['shop'] } }, want: { state: 'Refused', problem: 'objects in namespace bank may not use registry mlflow; ask its owner to add the namespace to mlflowServers.namespaces' } },
    { name: 'models from elsewhere', given: { config: { artifactRoots: ['s3://other'] } }, want: { state: 'Found', uri: undefined, problem: /^s3:\/\/mlflow\/1\/m lies outside .* mlflowServers\.artifactRoots$/ } },
    { name: 'artifacts on its own disk', given: {}, spec: { ...OPEN, artifactsDestination: 'file:///mlflow/artifacts' }, want: { state: 'Found', uri: undefined, problem: 'the server stores artifacts behind its proxy (mlflow-artifacts:/) and does not say where; set spec.artifactsDestination of the MLflow object to storage that others can read, such as s3://bucket/path' } },
    { name: 'an entry of the file wins', given: { registries: { mlflow: parseRegistryConfig({ url: `${url}/base`, artifactsDestination: 's3://file', replicaLag: '0s' }, 'registries.mlflow') } }, want: { state: 'Found', uri: 's3://file/1/m' } }
  ]
  for (const { name, given, spec, want } of rows) {
    const { put, look } = world(t, given)
    put(at(url, spec))
    t.match(await look(), want, name)
  }
})

t.test('whom to trust stands in the Secret with its certificate', async (t) => {
  const certificate = await generate([{ name: 'commonName', value: 'localhost' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }] })
  const { port } = await startServer(t, registry, { key: certificate.private, cert: certificate.cert })
  const secrets: string[] = []
  let isAllowed = false
  const { look, put, pass } = world(t, {
    config: { caSecrets: true, auth: { basic: { username: 'u', password: 'p' } } },
    async readCaSecret ({ namespace, name }) {
      secrets.push(`${namespace}/${name}`)
      if (!isAllowed) throw new RemoteError('Refused', 'x', { advice: { cause: 'the Secret may not be read', remedy: 'allow it' } })
      return certificate.cert
    }
  })
  put(at(`https://localhost:${port}`, { auth: { mode: 'Basic' }, tls: { mode: 'Secret', secretName: 'mine' } }))
  t.match(await look(), { state: 'Unreachable', problem: 'the Secret may not be read; allow it' })
  isAllowed = true
  pass(60)
  t.match(await look(), { state: 'Found', version: '8' })
  t.strictSame(new Set(secrets), new Set(['opendatahub/mine']))
})
