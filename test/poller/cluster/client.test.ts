import t from 'tap'
import { isApiError, type ApiError } from '../../../poller/cluster/api-error.ts'
import { createClusterClient, resourceOf, type CallReport } from '../../../poller/cluster/client.ts'
import { createServerClock } from '../../../poller/cluster/server-clock.ts'
import { sendJson, sendText, startServer } from '../../helpers/local-server.ts'
import { MODELS, monotonic, plainConnection, rejection, startCluster } from '../../helpers/poller-cluster.ts'

t.test('an error is told apart by its kind', async (t) => {
  const rows = [
    { name: 'no such object', status: 404, reason: 'NotFound', want: 'NotFound' },
    { name: 'another version or uid', status: 409, reason: 'Conflict', want: 'Conflict' },
    { name: 'the name is taken', status: 409, reason: 'AlreadyExists', want: 'AlreadyExists' },
    { name: 'the version is too old', status: 410, reason: 'Expired', want: 'Gone' },
    { name: 'not logged in', status: 401, reason: 'Unauthorized', want: 'Unauthorized' },
    { name: 'not allowed', status: 403, reason: 'Forbidden', want: 'Forbidden' },
    { name: 'not acceptable', status: 422, reason: 'Invalid', details: { causes: [{ field: 'metadata.annotations' }] }, want: 'Invalid' },
    { name: 'not acceptable, without a cause', status: 422, reason: 'Invalid', want: 'Invalid' },
    { name: 'another object of that name', status: 422, reason: 'Invalid', details: { causes: [{ reason: 'FieldValueInvalid', field: 'metadata.uid' }] }, want: 'Replaced' },
    { name: 'a fault of the server', status: 500, reason: 'InternalError', want: 'Unavailable' },
    { name: 'a gateway without its server', status: 503, reason: '', want: 'Unavailable' }
  ]
  const server = await startServer(t, (response, { url }) => {
    const row = rows[Number(url.split('/').at(-1))]
    sendJson(response, { kind: 'Status', reason: row?.reason, message: 'because', details: row?.details }, row?.status)
  })
  const client = createClusterClient(plainConnection(server.url), { monotonic })
  t.teardown(client.close)
  for (const [index, row] of rows.entries()) {
    const error = await client.get(`${MODELS}/${index}`).catch((error: unknown) => error) as ApiError
    t.match(error, { name: 'ApiError', kind: row.want, status: row.status, message: `GET ${MODELS}/${index} was answered ${row.status}: because` }, row.name)
  }
})

t.test('what is not an answer is Unavailable, and an abort stays an abort', async (t) => {
  const server = await startServer(t, (response, { url }) => {
    if (url.endsWith('/cut')) response.destroy()
    else if (url.endsWith('/page')) sendText(response, 200, '<html>')
  })
  const client = createClusterClient(plainConnection(server.url), { monotonic })
  t.teardown(client.close)
  t.match(await rejection(client.get(`${MODELS}/cut`)), { kind: 'Unavailable', status: 0 })
  t.match(await rejection(client.get(`${MODELS}/page`)), { kind: 'Unavailable', status: 0 })
  const reason = new Error('enough')
  const hanging = client.get(`${MODELS}/hangs`, { signal: AbortSignal.abort(reason) })
  await t.rejects(hanging, reason)
})

t.test('a 429 is tried again after Retry-After, and given up in the end', async (t) => {
  let refusals = 2
  const reports: CallReport[] = []
  const server = await startServer(t, (response) => {
    if (refusals-- <= 0) return sendJson(response, { ok: true })
    response.setHeader('retry-after', '0')
    sendJson(response, { message: 'slow down' }, 429)
  })
  const client = createClusterClient(plainConnection(server.url), { monotonic, onCall: (report) => { reports.push(report) } })
  t.teardown(client.close)
  t.same(await client.patch(`${MODELS}/a`, {}), { ok: true })
  t.same(reports.map(({ verb, resource, outcome }) => `${verb} ${resource} ${outcome}`), ['patch mlflowmodels 429', 'patch mlflowmodels 429', 'patch mlflowmodels 200'])
  refusals = 100
  t.match(await rejection(client.get(`${MODELS}/a`)), { kind: 'Throttled', retryAfterMs: 0 })
})

t.test('a date in Retry-After is compared with the answer\'s own date', async (t) => {
  const server = await startServer(t, (response) => {
    response.setHeader('date', 'Sat, 21 Nov 2026 04:00:00 GMT')
    response.setHeader('retry-after', 'Sat, 21 Nov 2026 04:00:07 GMT')
    sendJson(response, {}, 503)
  })
  const client = createClusterClient(plainConnection(server.url), { monotonic })
  t.teardown(client.close)
  t.match(await rejection(client.get(MODELS)), { kind: 'Unavailable', retryAfterMs: 7000 })
})

t.test('refused credentials are forgotten and read anew', async (t) => {
  const tokens = ['old', 'new']
  const server = await startServer(t, (response, { headers }) => { sendJson(response, {}, headers.authorization === 'Bearer new' ? 200 : 401) })
  const connection = { ...plainConnection(server.url), authorization: async () => `Bearer ${tokens[0]}`, forget () { tokens.shift() } }
  const client = createClusterClient(connection, { monotonic })
  t.teardown(client.close)
  t.match(await rejection(client.get(MODELS)), { kind: 'Unauthorized' })
  t.same(await client.get(MODELS), {})
})

t.test('a base path of the server is kept', async (t) => {
  const server = await startServer(t, (response, { url }) => { sendJson(response, { url }) })
  const client = createClusterClient(plainConnection(`${server.url}/k8s/clusters/c-1`), { monotonic })
  t.teardown(client.close)
  t.same(await client.list(MODELS, { query: { limit: 5, continue: undefined } }), { url: `/k8s/clusters/c-1${MODELS}?limit=5` })
})

t.test('objects are created, read, patched with their uid, and updated', async (t) => {
  const { client } = await startCluster(t)
  type Model = { spec: object, metadata: { uid: string, resourceVersion: string, annotations?: object } }
  const model = { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel', metadata: { name: 'a', namespace: 'models' }, spec: { modelName: 'churn', modelAlias: 'champion' } }
  const { metadata: { uid } } = await client.create<Model>(MODELS, model)
  t.match(await rejection(client.create(MODELS, model)), { kind: 'AlreadyExists' })
  const patched = await client.patch<Model>(`${MODELS}/a`, { metadata: { uid, annotations: { 'sluice.dev/clock': 'now' } } })
  t.same(patched.metadata.annotations, { 'sluice.dev/clock': 'now' })
  t.match(await rejection(client.patch(`${MODELS}/a`, { metadata: { uid: 'another', annotations: { x: 'y' } } })), { kind: 'Replaced' })
  const read = await client.get<Model>(`${MODELS}/a`)
  await client.update(`${MODELS}/a`, { ...read, spec: { ...read.spec, monitoringInterval: 10 } })
  const stale = await client.update(`${MODELS}/a`, { ...read, spec: { ...read.spec, monitoringInterval: 20 } }).catch((error: unknown) => error)
  t.ok(isApiError(stale, 'Conflict'))
})

t.test('the server\'s time comes from its Date header', async (t) => {
  const { client } = await startCluster(t, { clock: () => Date.UTC(2030, 0, 1, 12, 0, 0, 900) })
  t.equal(client.serverTime(), undefined, 'unknown before the first answer')
  await client.list(MODELS)
  const time = client.serverTime() ?? 0
  t.ok(time >= Date.UTC(2030, 0, 1, 12, 0, 0) && time < Date.UTC(2030, 0, 1, 12, 1, 0))
})

t.test('the server\'s clock', async (t) => {
  const at = (seconds: number) => new Date(seconds * 1000).toUTCString()
  const rows = [
    { name: 'runs on between answers', seen: [[0, 100]], now: 5_500, want: 105_500 },
    { name: 'takes the answer that bounds it best', seen: [[900, 100], [1_100, 101]], now: 2_000, want: 101_900 },
    { name: 'is not set back by a slow answer', seen: [[0, 100], [1_500, 100]], now: 2_000, want: 102_000 },
    { name: 'follows a server that was set back', seen: [[0, 100], [1_000, 40]], now: 1_000, want: 40_000 },
    { name: 'gives up what a fast local clock has gained, within two minutes', seen: [[0, 100], [60_500, 160], [121_500, 220]], now: 121_500, want: 221_000 },
    { name: 'forgets what it knew before a long silence', seen: [[0, 100], [600_000, 699]], now: 600_000, want: 699_000 }
  ]
  for (const { name, seen, now, want } of rows) {
    let time = 0
    const clock = createServerClock(() => time)
    for (const [when, date] of seen) {
      time = when ?? 0
      clock.observe(at(date ?? 0))
    }
    time = now
    t.equal(clock.now(), want, name)
  }
  const clock = createServerClock(() => 0)
  clock.observe('nonsense')
  t.equal(clock.now(), undefined, 'ignores what is no date')
})

t.test('the resource in a path', async (t) => {
  const rows = [
    ['/api/v1/pods', 'pods'],
    ['/api/v1/namespaces', 'namespaces'],
    ['/api/v1/namespaces/a', 'namespaces'],
    ['/api/v1/namespaces/a/serviceaccounts/b/token', 'serviceaccounts/token'],
    [`${MODELS}/a/status`, 'mlflowmodels/status'],
    ['/apis/sluice.dev/v1alpha1/mlflowmodels', 'mlflowmodels']
  ] as const
  for (const [path, want] of rows) t.equal(resourceOf(path), want, path)
})
