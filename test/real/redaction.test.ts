// Credentials are planted wherever they can be; then everything that the real programs say and write is searched for them, and for parts of them.
import { createHmac } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { generate } from 'selfsigned'
import { Agent, request } from 'undici'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { FACTS } from '../../hooks/core/labels.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { statusOfCode } from '../../playground/api-server/api-error.ts'
import { storageKey } from '../../playground/api-server/resource.ts'
import { until } from '../e2e/until.ts'
import { sendJson, sendText, startServer, type Reply } from '../helpers/local-server.ts'
import { startCluster, type Cluster } from '../helpers/poller-cluster.ts'
import { specOf, STEPPING } from '../helpers/poller-model.ts'
import { requestFor } from '../helpers/requests.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** Each is found nowhere else; the long one is longer than what is told of an answer. */
const SECRETS = {
  registryToken: `rgs-${'9f3b7c1d'.repeat(30)}`,
  headerKey: 'hdr-8842-kdkw&<q',
  prometheusPassword: 'prm 5521/zz"q&',
  kubeconfigToken: 'kub-7719-lpwq.zx',
  hookToken: 'hok-3310-vvmx',
  webhookSecret: 'whk-6604-ttra',
  environment: 'env-1198-qqst',
  specEnvironment: 'spc-2043-wwlp',
  databasePassword: 'dbp-4457-nnre',
  signature: 'sgn-9926%2Fhhto',
  locationPassword: 'loc-5083-ccvu',
  locationToken: 'lct-7342-ggyi',
  deliveryToken: 'dlv-1267-rrdo',
  uriPassword: 'uri-8851-mmki',
  foreignToken: 'frn-6675-Bbso'
}

const encoded = (text: string) => [text, encodeURIComponent(text), Buffer.from(text).toString('base64').replace(/=+$/, '')]
/** The first eight characters betray a secret, too. */
const TRACES = Object.values(SECRETS).flatMap((secret) => [secret.slice(0, 8), ...encoded(secret), Buffer.from(`prom:${secret}`).toString('base64').slice(6, 20)])

/** Where any of them is found, and which. */
function leaks (places: Record<string, string>): string[] {
  return Object.entries(places).flatMap(([place, text]) => TRACES.filter((trace) => text.includes(trace)).map((trace) => `${place}: ${trace} in …${text.slice(Math.max(0, text.indexOf(trace) - 80), text.indexOf(trace) + 40)}…`))
}

type Program = { child: ChildProcess, said: () => string, line: (msg: string) => Promise<Record<string, unknown>> }

function start (t: Test, main: string, env: Record<string, string>): Program {
  const child = spawn(process.execPath, [path.join(ROOT, main)], { env: { HOST: '127.0.0.1', LOG_LEVEL: 'trace', DATABASE_PASSWORD: SECRETS.environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => { lines.push(line) })
  const find = (msg: string) => lines.map((line) => JSON.parse(line) as Record<string, unknown>).find((line) => line.msg === msg)
  return {
    child,
    said: () => lines.join('\n'),
    async line (msg) {
      await until(msg, async () => find(msg) !== undefined || child.exitCode !== null)
      return find(msg) ?? {}
    }
  }
}

/** A page as proxies show it: what they were sent, plain and escaped, the key of the entry, and what the server behind them knows. */
const echo: Reply = (response, { headers }) => {
  const sent = `${String(headers.authorization)} ${String(headers['x-api-key'])} ${String(headers['x-api-key']).replaceAll('&', '&amp;').replaceAll('<', '&lt;')}`
  sendText(response, 500, `<html><title>Oops</title><b>${sent}</b> postgresql://mlflow:${SECRETS.databasePassword}@db/x s3://b?X-Amz-Signature=${SECRETS.signature} ${sent}</html>`)
}

const elsewhere: Reply = (response, { headers }) => {
  sendText(response, 307, '', { location: `https://u:${SECRETS.locationPassword}@login.example/${encodeURIComponent(String(headers.authorization))}?token=${SECRETS.locationToken}` })
}

/** One version, whose artifacts lie where a credential says so. */
const signed: Reply = (response, { url }) => {
  if (url.includes('get-download-uri')) return sendJson(response, { artifact_uri: `https://u:${SECRETS.uriPassword}@store.example/m?sig=${SECRETS.signature}` })
  if (url.includes('registered-models/get?')) return sendJson(response, { registered_model: { name: 'churn', aliases: [{ alias: 'champion', version: '8' }] } })
  sendJson(response, { model_version: { name: 'churn', version: '8', creation_timestamp: 1793491200000, status: 'READY' } })
}

const prometheus: Reply = (response, { headers, body }) => {
  const [, password] = Buffer.from(String(headers.authorization).slice(6), 'base64').toString().split(':')
  sendJson(response, { status: 'error', errorType: 'internal', error: `remote read with ${headers.authorization} (${password}) and Bearer ${SECRETS.foreignToken} failed: ${body.length}` }, 500)
}

const objects = (cluster: Cluster): KubeObject[] => ['html', 'redirect', 'signed', 'measured'].map((name) => cluster.get(name))

function createObjects (cluster: Cluster): void {
  const env = [{ name: 'DB_PASSWORD', value: SECRETS.specEnvironment }]
  for (const registry of ['html', 'redirect', 'signed']) cluster.create(registry, { spec: specOf({ registry, serving: { ...specOf().serving, env } }) })
  cluster.create('measured', { spec: specOf({ registry: 'html', serving: { ...specOf().serving, env } }), status: STEPPING })
}

async function configure (t: Test, cluster: Cluster): Promise<Record<string, string>> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], { algorithm: 'sha256', keyType: 'ec', curve: 'P-256' })
  const folder = t.testdirName
  const entry = async (reply: Reply) => ({ url: (await startServer(t, reply)).url, auth: { bearer: { tokenFile: `${folder}/token` } }, headers: { 'X-Api-Key': SECRETS.headerKey }, minInterval: '0s' })
  const registries = { html: await entry(echo), redirect: await entry(elsewhere), signed: await entry(signed) }
  const provider = { url: (await startServer(t, prometheus)).url, auth: { basic: { username: 'prom', passwordFile: `${folder}/password` } } }
  const kubeconfig = { 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }], clusters: [{ name: 'c', cluster: { server: cluster.server.url } }], users: [{ name: 'u', user: { token: SECRETS.kubeconfigToken } }] }
  t.testdir({ token: SECRETS.registryToken, password: SECRETS.prometheusPassword, 'tls.crt': cert, 'tls.key': key, secret: SECRETS.webhookSecret, 'sluice.yaml': stringify({ registries, prometheus: { default: provider } }), kubeconfig: stringify(kubeconfig), hooks: `${SECRETS.hookToken}\n` })
  return { folder, SLUICE_CONFIG: `${folder}/sluice.yaml`, KUBECONFIG: `${folder}/kubeconfig`, METRICS_PORT: '0', WEBHOOK_PORT: '0', WEBHOOK_TLS_CERT_FILE: `${folder}/tls.crt`, WEBHOOK_TLS_KEY_FILE: `${folder}/tls.key`, WEBHOOK_SECRET_FILE: `${folder}/secret`, POD_NAMESPACE: 'sluice', POD_NAME: 'poller-0' }
}

/** A delivery as MLflow signs it, with things in it that are nobody's business; or one that is not signed at all. */
async function deliver (port: number, isSigned: boolean): Promise<string> {
  const body = JSON.stringify({ entity: 'model_version_alias', action: 'created', data: { name: 'churn', token: SECRETS.deliveryToken } })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = `v1,${createHmac('sha256', SECRETS.webhookSecret).update(`d1.${timestamp}.${body}`).digest('base64')}`
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRETS.deliveryToken}`, 'x-mlflow-delivery-id': 'd1', 'x-mlflow-timestamp': timestamp, 'x-mlflow-signature': isSigned ? signature : SECRETS.deliveryToken }
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } })
  try {
    const answer = await request(`https://127.0.0.1:${port}/mlflow-webhook`, { method: 'POST', headers, body, dispatcher })
    return `${answer.statusCode} ${await answer.body.text()}`
  } finally {
    await dispatcher.close()
  }
}

/** The parts of an object that are ours; what its author wrote stands there because he wrote it. */
function written ({ metadata: { annotations = {} }, status }: KubeObject): string {
  return JSON.stringify([Object.entries(annotations).filter(([key]) => key.startsWith('sluice.dev/')), status])
}

t.test('no credential gets into logs, Events, annotations, metrics, or what the hooks answer', async (t) => {
  let refusals = 0
  const cluster = await startCluster(t, {
    // A proxy before the API server refuses the first writes of each kind, and says what it was sent.
    fault: ({ verb, plural, headers }) => ['patch', 'create'].includes(verb) && ['mlflowmodels', 'events'].includes(plural) && refusals++ < 4 ? { answer: refusals % 2 ? 500 : 403, message: `proxy: ${headers.authorization} (${String(headers.authorization).slice(7)}) cannot do that` } : undefined
  })
  createObjects(cluster)
  const { folder = '', ...env } = await configure(t, cluster)
  const poller = start(t, 'poller/main.ts', env)
  const { metrics, webhookPort } = await poller.line('poller has started') as { metrics: string, webhookPort: number }
  const fact = (name: string, key: string) => cluster.get(name).metadata.annotations?.[key]
  await until('the facts of those that answer', async () => [fact('signed', FACTS.registry), fact('measured', FACTS.analysis)].every((text) => text !== undefined))
  // And it ends watches with what it was sent.
  for (const watch of cluster.server.watches()) watch.end({ error: statusOfCode(500, `proxy: sent ${watch.request.headers.authorization?.slice(7)}`) })
  const answers = [await deliver(webhookPort, false), await deliver(webhookPort, true)]
  t.strictSame(answers, ['401 {"outcome":"Unauthorized"}', '200 {"outcome":"Accepted"}'])
  // The delivery asked for a look, the second one without an answer for two of them.
  await until('the facts of those that do not', async () => [fact('html', FACTS.registry), fact('redirect', FACTS.registry)].every((text) => text !== undefined))
  t.match(JSON.parse(fact('signed', FACTS.registry) ?? ''), { state: 'Found', version: '8', problem: /holds credentials/ })
  t.match(JSON.parse(fact('measured', FACTS.analysis) ?? ''), { last: { reason: /^MetricsUnavailable: .*\[redacted\]/ } }, 'what Prometheus said is told, but for its credentials')
  const hooks = start(t, 'hooks/main.ts', { PORT: '0', DRAIN_SECONDS: '0', HOOK_TOKEN_FILE: `${folder}/hooks` })
  const { address } = await hooks.line('hooks are ready') as { address: string }
  const call = async (method: string, url: string, body?: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${address}${url}`, { method, headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRETS.hookToken}`, cookie: `s=${SECRETS.deliveryToken}`, ...headers }, ...(body !== undefined && { body }) })
    return { status: answer.status, text: await answer.text() }
  }
  const sync = '/mlflowmodels/sync'
  const envelope = requestFor(mlflowModel, { spec: {} })
  const replies = {
    unknownToken: await call('POST', sync, '{}', { authorization: `Bearer ${SECRETS.deliveryToken}` }),
    basic: await call('POST', sync, '{}', { authorization: `Basic ${btoa(`u:${SECRETS.deliveryToken}`)}` }),
    broken: await call('POST', sync, `{"password": "${SECRETS.specEnvironment}`),
    notJson: await call('POST', sync, `password=${SECRETS.specEnvironment}`, { 'content-type': 'text/plain' }),
    wrongShape: await call('POST', sync, JSON.stringify({ ...envelope, parent: { ...envelope.parent, metadata: { name: { password: SECRETS.specEnvironment } } } })),
    hopeless: await call('POST', sync, JSON.stringify({ ...envelope, parent: { ...envelope.parent, spec: { modelName: { a: SECRETS.specEnvironment }, serving: { env: [{ name: 'A', value: { secret: SECRETS.specEnvironment } }] } } } })),
    example: await call('GET', sync),
    nothing: await call('GET', `/nothing?token=${SECRETS.deliveryToken}`),
    metrics: await call('GET', '/metrics'),
    docs: await call('GET', '/docs/json')
  }
  t.strictSame(Object.values(replies).map(({ status }) => status), [401, 401, 400, 415, 400, 422, 405, 404, 200, 200])
  const decided = await Promise.all(objects(cluster).map(async (parent) => {
    const { status, text } = await call('POST', sync, JSON.stringify({ ...envelope, parent }))
    t.equal(status, 200)
    return JSON.stringify((JSON.parse(text) as { status: unknown }).status)
  }))

  const events = cluster.server.store.list(storageKey({ group: 'events.k8s.io', plural: 'events' })).map((event) => JSON.stringify(event)).join('\n')
  t.match(events, /UriUnresolvable/, 'there are Events')
  const measured = await (await fetch(`${metrics}/metrics`)).text()
  t.match(measured, /^sluice_registry_requests_total/m)
  for (const { child } of [poller, hooks]) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  t.match(poller.said(), /event not created|annotation not written/, 'the refusals were logged')
  t.match(poller.said(), /proxy: sent \[redacted\].*list or watch failed/, 'and so was what ended the watches, but for the credential')
  t.match(poller.said(), /\[redacted\].*registry left objects without an answer/, 'and so was what MLflow said, but for its credentials')
  t.strictSame(leaks({
    'log of the poller': poller.said(),
    'log of the hooks': hooks.said(),
    Events: events,
    annotations: objects(cluster).map(written).join('\n'),
    'metrics of the poller': measured,
    'answers to deliveries': answers.join('\n'),
    ...Object.fromEntries(Object.entries(replies).map(([name, { text }]) => [`hooks: ${name}`, text])),
    'status by the hooks': decided.join('\n')
  }), [])
})
