import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { generate } from 'selfsigned'
import { stringify } from 'yaml'
import { FACTS } from '../../hooks/core/labels.ts'
import { startPoller, type Poller } from '../../poller/poller.ts'
import { readSettings, type Settings } from '../../poller/settings.ts'
import { WATCHED } from '../../poller/watched.ts'
import { logger, startCluster, until, type Cluster } from '../helpers/poller-cluster.ts'
import { sendJson, startServer } from '../helpers/local-server.ts'
import { specOf } from '../helpers/poller-model.ts'

const certificate = await generate([{ name: 'commonName', value: 'localhost' }])

type Variables = Record<string, string>

/** A registry with one model, whose alias champion names version 8. */
async function startRegistry (t: Test): Promise<string> {
  const { url } = await startServer(t, (response, asked) => {
    const version = { name: 'churn', version: '8', creation_timestamp: 1793491200000, status: 'READY', source: 's3://models/8', run_id: 'r' }
    if (asked.url.includes('registered-models/get?')) return sendJson(response, { registered_model: { name: 'churn', aliases: [{ alias: 'champion', version: '8' }] } })
    if (asked.url.includes('get-download-uri')) return sendJson(response, { artifact_uri: 's3://models/8' })
    sendJson(response, { model_version: version })
  })
  return url
}

/** Environment of a poller for this cluster. */
function variablesFor (t: Test, { server }: Cluster, registryUrl: string): Variables {
  const folder = t.testdir({
    kubeconfig: stringify({ 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }], clusters: [{ name: 'c', cluster: { server: server.url } }], users: [{ name: 'u', user: {} }] }),
    'sluice.yaml': stringify({ registries: { default: { url: registryUrl } } }),
    'tls.crt': certificate.cert,
    'tls.key': certificate.private,
    secret: 'hush'
  })
  return { KUBECONFIG: `${folder}/kubeconfig`, SLUICE_CONFIG: `${folder}/sluice.yaml`, HOST: '127.0.0.1', METRICS_PORT: '0', POD_NAME: 'poller-0', POD_NAMESPACE: 'sluice' }
}

async function start (t: Test, settings: Settings): Promise<Poller> {
  const poller = await startPoller(settings, logger)
  let closing: Promise<void> | undefined
  const close = async () => { await (closing ??= poller.close()) }
  t.teardown(close)
  return { ...poller, close }
}

const registryFact = ({ get }: Cluster) => get('a').metadata.annotations?.[FACTS.registry]
const holder = async ({ client }: Cluster) => (await client.get<{ spec: { holderIdentity: string } }>('/apis/coordination.k8s.io/v1/namespaces/sluice/leases/sluice-poller')).spec.holderIdentity

t.test('a poller leads, finds versions, and hands over when it stops', async (t) => {
  const cluster = await startCluster(t)
  cluster.create('a', { spec: specOf() })
  const settings = readSettings(variablesFor(t, cluster, await startRegistry(t)))
  const first = await start(t, settings)
  await until(() => first.isLeader() && registryFact(cluster) !== undefined)
  t.match(JSON.parse(registryFact(cluster) ?? ''), { server: 'default', model: 'churn', alias: 'champion', state: 'Found', version: '8', uri: 's3://models/8' })
  t.match(await holder(cluster), /^poller-0_/)
  t.match(await (await fetch(`${first.metricsUrl}/metrics`)).text(), /sluice_poller_leader 1/)

  const second = await start(t, settings)
  await until(() => cluster.server.watches().length === 4)
  t.equal((await fetch(`${second.metricsUrl}/readyz`)).status, 200, 'a follower is ready, too')
  t.equal(second.isLeader(), false)
  const closing = first.close()
  await until(() => second.isLeader())
  await closing
  await second.close()
  t.equal(await holder(cluster), '')
  await until(() => cluster.server.watches().length === 0)
})

t.test('with the API server down a poller is alive and not ready', async (t) => {
  let down = true
  const cluster = await startCluster(t, { fault: () => down ? { cut: 'before' } : undefined })
  cluster.create('a', { spec: specOf() })
  const poller = await start(t, readSettings(variablesFor(t, cluster, await startRegistry(t))))
  t.equal((await fetch(`${poller.metricsUrl}/healthz`)).status, 200)
  t.equal((await fetch(`${poller.metricsUrl}/readyz`)).status, 503)
  down = false
  await until(() => registryFact(cluster) !== undefined)
  t.equal((await fetch(`${poller.metricsUrl}/readyz`)).status, 200)
})

t.test('only the namespace that is named is looked after', async (t) => {
  const cluster = await startCluster(t)
  const paths: string[] = []
  const watched = await startCluster(t, { fault ({ path, verb }) { if (verb === 'list') paths.push(path); return undefined } })
  await start(t, readSettings({ ...variablesFor(t, watched, 'http://127.0.0.1:1'), NAMESPACE: 'models' }))
  await until(() => new Set(paths).size === WATCHED.length + 1)
  const pathOf = ({ plural, scope }: typeof WATCHED[number]) => `/apis/sluice.dev/v1alpha1/${scope === 'Cluster' ? '' : 'namespaces/models/'}${plural}`
  t.same([...new Set(paths)].sort(), ['/api/v1/namespaces/models/pods', ...WATCHED.map(pathOf)].sort())
  t.equal(cluster.server.counts.list, 0)
})

t.test('an MLflow object is a registry by its name, and is told of its Secrets', async (t) => {
  const cluster = await startCluster(t, { crds: ['mlflowmodels', 'mlflows'].map((plural) => fileURLToPath(new URL(`../../manifests/crds/${plural}.yaml`, import.meta.url))) })
  const [mlflows, secrets] = [cluster.server.registry.find('sluice.dev', 'v1alpha1', 'mlflows'), cluster.server.registry.find('', 'v1', 'secrets')]
  if (!mlflows || !secrets) throw new Error('a kind is not served')
  const target = { resource: mlflows, namespace: undefined, name: 'mlflow' } as never
  cluster.server.operations.create(secrets, 'models', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'models' }, data: {} } as never)
  cluster.server.operations.create(mlflows, undefined as never, { apiVersion: 'sluice.dev/v1alpha1', kind: 'MLflow', metadata: { name: 'mlflow' }, spec: { backendStoreUriFrom: { name: 'db', key: 'uri' }, artifactsDestination: 's3://mlflow', auth: { mode: 'None' }, tls: { mode: 'Off' } } } as never)
  cluster.create('a', { spec: specOf({ registry: 'mlflow' }) })
  const variables = variablesFor(t, cluster, 'http://127.0.0.1:1')
  writeFileSync(variables.SLUICE_CONFIG ?? '', stringify({ mlflowServers: { references: true } }))
  await start(t, readSettings(variables))
  await until(() => registryFact(cluster)?.includes('has no address yet') ?? false)
  const status = { phase: 'Available', namespace: 'models', address: { url: await startRegistry(t) }, nextDeadline: '2020-01-01T00:00:00Z', conditions: [{ type: 'Available', status: 'True', reason: 'DeploymentReady', message: '', lastTransitionTime: new Date().toISOString().replace(/\.\d+/, '') }] }
  cluster.server.operations.patch(target, 'application/merge-patch+json', { status }, { subresource: 'status' })
  await until(() => registryFact(cluster)?.includes('"version":"8"') ?? false)
  const annotationsOf = () => (cluster.server.operations.get(target) as unknown as { metadata: { annotations?: Record<string, string> } }).metadata.annotations ?? {}
  await until(() => annotationsOf()[FACTS.references] !== undefined && annotationsOf()[FACTS.clock] !== undefined)
  t.match(JSON.parse(annotationsOf()[FACTS.references] ?? ''), { 'Secret/db': /^[0-9]+$/ })
  const events = async () => (await cluster.client.list<{ items: Array<{ reason: string, regarding: { kind: string } }> }>('/apis/events.k8s.io/v1/namespaces/default/events')).items
  for (;;) if ((await events()).some(({ reason, regarding }) => reason === 'Available' && regarding.kind === 'MLflow')) break
})

t.test('the webhook has a port of its own', async (t) => {
  const cluster = await startCluster(t)
  const variables = variablesFor(t, cluster, 'http://127.0.0.1:1')
  const folder = variables.KUBECONFIG?.replace('/kubeconfig', '') ?? ''
  const webhook = { WEBHOOK_PORT: '0', WEBHOOK_TLS_CERT_FILE: `${folder}/tls.crt`, WEBHOOK_TLS_KEY_FILE: `${folder}/tls.key`, WEBHOOK_SECRET_FILE: `${folder}/secret` }
  const poller = await start(t, readSettings({ ...variables, ...webhook }))
  t.ok(poller.webhookPort)
})

/** The program itself, and its log lines. */
function run (variables: Variables): { child: ReturnType<typeof spawn>, lines: string[], errors: string[] } {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../poller/main.ts', import.meta.url))], { env: variables, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const errors: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => { lines.push(line) })
  createInterface({ input: child.stderr }).on('line', (line) => { errors.push(line) })
  return { child, lines, errors }
}

t.test('the program starts, logs JSON without secrets, and leaves on SIGTERM', async (t) => {
  const cluster = await startCluster(t)
  cluster.create('a', { spec: specOf() })
  const variables = variablesFor(t, cluster, await startRegistry(t))
  writeFileSync(variables.SLUICE_CONFIG ?? '', stringify({ registries: { default: { url: await startRegistry(t), auth: { bearer: { token: 'very-secret' } } } } }))
  const { child, lines, errors } = run({ ...variables, LOG_LEVEL: 'debug' })
  t.teardown(() => { child.kill('SIGKILL') })
  await until(() => registryFact(cluster) !== undefined || child.exitCode !== null)
  t.equal(child.exitCode, null, `it works${errors.join('\n')}`)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit') as [number]
  t.equal(code, 0)
  t.equal(await holder(cluster), '')
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
  t.match(messages, /poller has started/)
  t.equal(messages.at(-1), 'poller has left')
  t.notMatch(lines.join('\n'), /very-secret/)
})

t.test('the program refuses wrong settings with one line each and no stack', async (t) => {
  const { child, errors } = run({ METRICS_PORT: 'http' })
  const [code] = await once(child, 'close') as [number]
  t.equal(code, 2)
  t.same(errors.filter((line) => !line.startsWith('SLUICE_CONFIG') && !line.startsWith('METRICS_PORT')), [])
  t.equal(errors.length, 2)
})

t.test('the program ends when it cannot start', async (t) => {
  const cluster = await startCluster(t)
  const { child, lines } = run({ ...variablesFor(t, cluster, 'http://127.0.0.1:1'), METRICS_PORT: String(cluster.server.port) })
  const [code] = await once(child, 'close') as [number]
  t.equal(code, 1)
  t.match(lines.join('\n'), /poller cannot start/)
})
