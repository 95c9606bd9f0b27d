// The API server over HTTP: lists, watches, representations, discovery, faults.
import t from 'tap'
import type { Test } from 'tap'
import { request } from 'undici'
import { startApiServer } from '../../../playground/api-server/server.ts'
import type { ApiServer, ApiServerOptions } from '../../../playground/api-server/server.ts'
import { widget, widgetsCrd } from './widgets.ts'

const path = '/apis/test.sluice.dev/v1/namespaces/default/widgets'

async function start (t: Test, options: ApiServerOptions = {}): Promise<ApiServer> {
  const server = await startApiServer({ crds: [widgetsCrd], ...options })
  t.teardown(() => server.close())
  return server
}

async function call (server: ApiServer, [method, url]: [string, string], body?: unknown, headers: Record<string, string> = {}): Promise<{ code: number, headers: Record<string, unknown>, body: any }> {
  const answer = await request(server.url + url, { method: method as 'GET', headers: { 'content-type': 'application/json', ...headers }, body: body === undefined ? null : JSON.stringify(body) })
  const text = await answer.body.text()
  return { code: answer.statusCode, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : text }
}

/** Opens a watch and returns how to read its next event; undefined at its end. */
async function watch (t: Test, server: ApiServer, query: string, headers: Record<string, string> = {}): Promise<{ code: number, next: () => Promise<any> }> {
  const stop = new AbortController()
  t.teardown(() => { stop.abort() })
  const answer = await request(`${server.url}${path}?watch=true&${query}`, { headers, signal: stop.signal })
  async function * events (): AsyncGenerator<any> {
    let rest = ''
    for await (const chunk of answer.body) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line)
    }
  }
  const stream = events()
  return { code: answer.statusCode, next: async () => (await stream.next()).value }
}

t.test('an object goes through its life', async (t) => {
  const server = await start(t)
  const made = await call(server, ['POST', path], widget('a'))
  t.equal(made.code, 201)
  const list = await call(server, ['GET', path])
  t.same([list.body.kind, list.body.items.length, list.body.metadata.resourceVersion], ['WidgetList', 1, made.body.metadata.resourceVersion])
  const put = await call(server, ['PUT', `${path}/a`], { ...made.body, spec: { ...made.body.spec, size: 2 } })
  t.equal(put.body.metadata.generation, 2)
  t.equal((await call(server, ['PUT', `${path}/a`], made.body)).code, 409, 'an older version conflicts')
  const patched = await call(server, ['PATCH', `${path}/a/status`], { status: { phase: 'Ready' } }, { 'content-type': 'application/merge-patch+json' })
  t.same(patched.body.status, { phase: 'Ready' })
  const gone = await call(server, ['DELETE', `${path}/a`])
  t.same([gone.body.kind, gone.body.status, gone.body.details.uid], ['Status', 'Success', made.body.metadata.uid])
  t.equal((await call(server, ['GET', `${path}/a`])).code, 404)
  t.match(server.counts, { create: 1, update: 2, patch: 1, delete: 1, list: 1, get: 1 })
})

t.test('answers carry the date of the clock', async (t) => {
  const server = await start(t, { clock: () => Date.parse('2026-03-04T05:06:07.890Z') })
  t.equal((await call(server, ['GET', '/version'])).headers.date, 'Wed, 04 Mar 2026 05:06:07 GMT')
  t.equal((await call(server, ['POST', path], widget('a'))).body.metadata.creationTimestamp, '2026-03-04T05:06:07Z')
})

t.test('invalid objects are answered as the real server does', async (t) => {
  const server = await start(t)
  const { code, body } = await call(server, ['POST', path], widget('a', { size: 0, colour: 'black' }))
  t.same({ code, ...body }, {
    code: 422,
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: 'Invalid',
    message: 'Widget.test.sluice.dev "a" is invalid: [spec.colour: Unsupported value: "black": supported values: "red", "green", "blue", spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    details: {
      name: 'a',
      group: 'test.sluice.dev',
      kind: 'Widget',
      causes: [
        { reason: 'FieldValueNotSupported', message: 'Unsupported value: "black": supported values: "red", "green", "blue"', field: 'spec.colour' },
        { reason: 'FieldValueInvalid', message: 'Invalid value: 0: spec.size in body should be greater than or equal to 1', field: 'spec.size' },
        { reason: 'FieldValueInvalid', message: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation', field: '<nil>' }
      ]
    }
  })
})

t.test('a watch sees every change from its version on', async (t) => {
  const server = await start(t)
  const { body: list } = await call(server, ['GET', path])
  await call(server, ['POST', path], widget('a', {}, { labels: { app: 'x' } }))
  const all = await watch(t, server, `resourceVersion=${list.metadata.resourceVersion}`)
  const some = await watch(t, server, `resourceVersion=${list.metadata.resourceVersion}&labelSelector=app%3Dx`)
  const merge = { 'content-type': 'application/merge-patch+json' }
  await call(server, ['PATCH', `${path}/a`], { metadata: { labels: { app: 'y' } } }, merge)
  await call(server, ['PATCH', `${path}/a`], { metadata: { labels: { app: 'x' } } }, merge)
  await call(server, ['DELETE', `${path}/a`])
  const types = async (stream: typeof all): Promise<string[]> => [await stream.next(), await stream.next(), await stream.next(), await stream.next()].map((event) => `${event.type} ${event.object.metadata.labels.app}`)
  t.same(await types(all), ['ADDED x', 'MODIFIED y', 'MODIFIED x', 'DELETED x'])
  t.same(await types(some), ['ADDED x', 'DELETED x', 'ADDED x', 'DELETED x'], 'what leaves the selector is deleted, what enters is added')
})

t.test('a watch without a version begins with what there is', async (t) => {
  const server = await start(t)
  await call(server, ['POST', path], widget('a'))
  const stream = await watch(t, server, 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true')
  const [first, second] = [await stream.next(), await stream.next()]
  t.same([first.type, first.object.metadata.name, second.type, second.object.metadata.annotations], ['ADDED', 'a', 'BOOKMARK', { 'k8s.io/initial-events-end': 'true' }])
})

t.test('bookmarks and the time limit', async (t) => {
  const server = await start(t, { bookmarkInterval: 5 })
  const stream = await watch(t, server, 'resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=1')
  const bookmark = await stream.next()
  t.same([bookmark.type, bookmark.object.kind, bookmark.object.metadata.resourceVersion], ['BOOKMARK', 'Widget', String(server.store.version())])
  let event = bookmark
  while (event !== undefined) event = await stream.next()
  t.same(server.watches(), [], 'it ends by itself')
})

t.test('a version that is forgotten has expired', async (t) => {
  const asEvent = await start(t)
  asEvent.store.compact()
  const stream = await watch(t, asEvent, 'resourceVersion=1')
  const event = await stream.next()
  t.same([stream.code, event.type, event.object.code, event.object.reason, await stream.next()], [200, 'ERROR', 410, 'Expired', undefined], 'as an event')

  const asStatus = await start(t, { expiredAs: 'status', historyLength: 4 })
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await call(asStatus, ['POST', path], widget(name))
  t.equal((await call(asStatus, ['GET', `${path}?watch=true&resourceVersion=2`])).code, 410, 'or as a status, once the history has run over')
})

t.test('a version of the future is a timeout', async (t) => {
  const server = await start(t)
  const { code, body, headers } = await call(server, ['GET', `${path}?resourceVersion=9999`])
  t.same([code, body.details.causes[0].reason, headers['retry-after']], [504, 'ResourceVersionTooLarge', '1'])
})

t.test('watches can be ended and cut', async (t) => {
  const server = await start(t)
  const ended = await watch(t, server, '')
  server.watches()[0]!.end({ error: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 500 } })
  t.match(await ended.next(), { type: 'ERROR', object: { code: 500 } })
  const cut = await watch(t, server, '')
  server.watches()[0]!.end({ cut: true })
  await t.rejects(cut.next())
})

t.test('other representations', async (t) => {
  const server = await start(t)
  await call(server, ['POST', path], widget('a', { size: 4 }))
  const table = await call(server, ['GET', path], undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' })
  t.same([table.body.kind, table.body.rows[0].cells.slice(0, 2), table.body.rows[0].object.kind], ['Table', ['a', 4], 'PartialObjectMetadata'])
  const meta = await call(server, ['GET', path], undefined, { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' })
  t.same([meta.body.kind, Object.keys(meta.body.items[0])], ['PartialObjectMetadataList', ['kind', 'apiVersion', 'metadata']])
})

t.test('discovery', async (t) => {
  const server = await start(t)
  const groups = await call(server, ['GET', '/apis'])
  t.ok(groups.body.groups.some((group: { name: string }) => group.name === 'test.sluice.dev'))
  const { body } = await call(server, ['GET', '/apis/test.sluice.dev/v1'])
  t.same(body.resources.map((resource: { name: string }) => resource.name), ['widgets', 'widgets/status'])
  const openapi = await call(server, ['GET', '/openapi/v3/apis/test.sluice.dev/v1'])
  t.same(Object.keys(openapi.body.components.schemas), ['dev.sluice.test.v1.Widget'])
  t.equal((await call(server, ['GET', '/apis/none/v1'])).code, 404)
  t.equal((await call(server, ['GET', '/readyz'])).body, 'ok')
})

t.test('a CRD can come and go while the server runs', async (t) => {
  const server = await startApiServer()
  t.teardown(() => server.close())
  t.equal((await call(server, ['GET', path])).code, 404)
  server.load([widgetsCrd])
  const crd = await call(server, ['GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.sluice.dev'])
  t.same(crd.body.status.conditions.map((condition: { type: string }) => condition.type), ['NamesAccepted', 'Established'])
  t.equal((await call(server, ['POST', path], widget('a'))).code, 201)
  server.load([widgetsCrd])
  await call(server, ['DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.sluice.dev'])
  t.equal((await call(server, ['GET', path])).code, 404)
})

t.test('injected faults', async (t) => {
  const faults: Record<string, object> = {
    busy: { answer: 429, retryAfter: 3 },
    broken: { answer: 503, message: 'down' },
    unseen: { cut: 'before' },
    unanswered: { cut: 'after' },
    slow: { delay: 1 }
  }
  const server = await start(t, { fault: ({ verb, body }) => (verb === 'create' ? faults[(body as { metadata: { name: string } }).metadata.name] : undefined) })
  const busy = await call(server, ['POST', path], widget('busy'))
  t.same([busy.code, busy.headers['retry-after'], busy.body.reason], [429, '3', 'TooManyRequests'])
  t.match((await call(server, ['POST', path], widget('broken'))).body, { code: 503, message: 'down' })
  await t.rejects(call(server, ['POST', path], widget('unseen')), 'the connection breaks')
  await t.rejects(call(server, ['POST', path], widget('unanswered')), 'the connection breaks')
  t.equal((await call(server, ['POST', path], widget('slow'))).code, 201)
  const { body } = await call(server, ['GET', path])
  t.same(body.items.map((item: { metadata: { name: string } }) => item.metadata.name), ['slow', 'unanswered'], 'what was cut after it took effect is there')
})

t.test('bodies that cannot be read', async (t) => {
  const server = await start(t)
  t.equal((await call(server, ['POST', path], undefined)).code, 400, 'none')
  t.equal((await call(server, ['POST', path], widget('a'), { 'content-type': 'application/vnd.kubernetes.protobuf' })).code, 415, 'protobuf')
  const yaml = await request(server.url + path, { method: 'POST', headers: { 'content-type': 'application/yaml' }, body: 'apiVersion: test.sluice.dev/v1\nkind: Widget\nmetadata: {name: y}\nspec: {colour: red}\n' })
  await yaml.body.dump()
  t.equal(yaml.statusCode, 201, 'YAML is read')
})
