// The HTTP side of the hooks, by injected calls.
import t, { type Test } from 'tap'
import { pino } from 'pino'
import { buildApp, type AppOptions, type Hooks } from '../hooks/app.ts'
import { kinds } from '../hooks/kinds.ts'
import { greeting, planet } from './fixtures/kinds/greeting.ts'
import { requestFor } from './helpers/requests.ts'

async function build (t: Test, options: Partial<AppOptions> = {}): Promise<Hooks> {
  const hooks = await buildApp({ kinds: [greeting, planet], v: '1', ...options })
  t.teardown(() => hooks.app.close())
  return hooks
}

/** A logger whose lines are kept. */
function listen (level: string): { lines: Array<Record<string, unknown>>, logger: NonNullable<AppOptions['logger']> } {
  const lines: Array<Record<string, unknown>> = []
  return { lines, logger: pino({ level }, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) }) }
}

const URL = '/greetings/sync'
const post = (payload: unknown, { url = URL, headers = {} }: { url?: string, headers?: Record<string, string> } = {}) =>
  ({ method: 'POST' as const, url, headers: { 'content-type': 'application/json', ...headers }, payload: typeof payload === 'string' ? payload : JSON.stringify(payload) })

const ready = { type: 'Ready', status: 'True', reason: 'Said', message: 'It was said.', lastTransitionTime: '2026-01-05T10:00:00Z', observedGeneration: 3 }
const answered = {
  status: { phase: 'Said', sequence: 1, conditions: [ready] },
  children: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'first', namespace: 'home' }, data: { greeting: 'Hello, Ada' } }]
}

t.test('every kind has its three hooks', async (t) => {
  const { app } = await build(t, { kinds: [...kinds, greeting] })
  for (const { resource } of [...kinds, greeting]) {
    for (const hook of ['sync', 'finalize', 'customize']) t.ok(app.hasRoute({ method: 'POST', url: `/${resource.plural}/${hook}` }), `${resource.plural}/${hook}`)
  }
})

const calls: Array<{ name: string, url?: string, payload: unknown, want: unknown }> = [
  { name: 'sync is answered', payload: requestFor(greeting), want: answered },
  { name: 'what people leave out is filled in', payload: (({ related, finalizing, ...rest }) => rest)(requestFor(greeting)), want: answered },
  { name: 'a related map that Go writes as null is an empty one', payload: { ...requestFor(greeting), related: null }, want: answered },
  { name: 'finalize is answered', url: '/greetings/finalize', payload: requestFor(greeting, { finalizing: true }), want: { status: { phase: 'Gone' }, children: [], finalized: true } },
  { name: 'finalizing sent to sync is finalized', payload: requestFor(greeting, { finalizing: true }), want: { status: { phase: 'Gone' }, children: [], finalized: true } },
  { name: 'a kind without finalize lets go', url: '/planets/finalize', payload: requestFor(planet, { finalizing: true }), want: { status: {}, children: [], finalized: true } },
  { name: 'customize is answered', url: '/greetings/customize', payload: (({ controller, parent }) => ({ controller, parent }))(requestFor(greeting)), want: { relatedResources: [{ apiVersion: 'v1', resource: 'secrets', namespace: 'home', names: ['Ada'] }] } }
]

for (const { name, url = URL, payload, want } of calls) {
  t.test(name, async (t) => {
    const { app } = await build(t)
    const response = await app.inject(post(payload, { url }))
    t.equal(response.statusCode, 200)
    t.match(response.headers['content-type'], /^application\/json/)
    t.strictSame(response.json(), want)
  })
}

t.test('a wrong field of the spec is a condition and not an error', async (t) => {
  const { app } = await build(t)
  const response = await app.inject(post(requestFor(greeting, { spec: { name: 'Ada', language: 'Latin' } })))
  t.equal(response.statusCode, 200)
  t.match(response.json(), { status: { conditions: [ready, { type: 'SpecAccepted', status: 'False', message: /spec\.language must be one of English, Dutch/ }] } })
})

const withParent = (change: object) => ({ ...requestFor(greeting), parent: { ...requestFor(greeting).parent, ...change } })

const refusals: Array<{ name: string, call: ReturnType<typeof post>, code: number, message: string | RegExp, field?: string }> = [
  { name: 'a spec that cannot be honoured', call: post(requestFor(greeting, { spec: { name: 'nobody' } })), code: 422, message: 'spec.name must be somebody; name a person' },
  { name: 'a spec without a required field', call: post(requestFor(greeting, { spec: {} })), code: 422, message: 'spec.name is missing; correct it' },
  { name: 'no JSON', call: post('{"parent": "hunter2'), code: 400, message: 'The body is not valid JSON; send one JSON object' },
  { name: 'an empty body', call: post(''), code: 400, message: 'The body is empty; send one JSON object' },
  { name: 'a body that is no object', call: post('[]'), code: 400, field: 'body', message: 'body must be of type object; send what Metacontroller sends under hook version v2' },
  { name: 'no parent', call: post({ ...requestFor(greeting), parent: undefined }), code: 400, field: 'parent', message: /^parent is missing; send what/ },
  { name: 'no children, which must not be taken for none', call: post({ ...requestFor(greeting), children: undefined }), code: 400, field: 'children', message: /^children is missing/ },
  { name: 'an object of another kind', call: post(withParent({ kind: 'Insult' })), code: 400, field: 'parent.kind', message: /^parent\.kind must be "Greeting"/ },
  { name: 'an object of another version', call: post(withParent({ apiVersion: 'sluice.dev/v1' })), code: 400, field: 'parent.apiVersion', message: /^parent\.apiVersion must be "sluice\.dev\/v1alpha1"/ },
  { name: 'a parent without name', call: post(withParent({ metadata: { namespace: 'home' } })), code: 400, field: 'parent.metadata.name', message: /^parent\.metadata\.name is missing/ },
  { name: 'a namespaced parent without namespace', call: post(withParent({ metadata: { name: 'a' } })), code: 400, field: 'parent.metadata.namespace', message: /^parent\.metadata\.namespace is missing/ },
  { name: 'finalizing that is no boolean', call: post({ ...requestFor(greeting), finalizing: 'true' }), code: 400, field: 'finalizing', message: /^finalizing must be of type boolean/ },
  { name: 'a child without metadata', call: post({ ...requestFor(greeting), children: { 'ConfigMap.v1': { 'home/a': { apiVersion: 'v1', kind: 'ConfigMap' } } } }), code: 400, field: 'children.ConfigMap.v1.home/a.metadata', message: /metadata is missing/ },
  { name: 'a null behind a key with a line end', call: post(JSON.stringify({ ...requestFor(greeting), children: { 'a\nb': null } })), code: 400, field: 'children.a b', message: /must be of type object/ },
  { name: 'a name that is none', call: post(withParent({ metadata: { name: 'A b', namespace: 'home' } })), code: 400, field: 'parent.metadata.name', message: /^parent\.metadata\.name must be a name of a-z, 0-9, - and \.; send/ },
  { name: 'a generation that is no number of an object', call: post(withParent({ metadata: { name: 'a', namespace: 'home', generation: 1e308 } })), code: 400, field: 'parent.metadata.generation', message: /must be a number that an object can have/ },
  { name: 'a name that no label holds', call: post(withParent({ metadata: { name: 'a'.repeat(60), namespace: 'home' } })), code: 422, message: /^metadata\.name has 60 characters, and may have 54/ },
  { name: 'more fields than can be looked at in a moment', call: post({ ...requestFor(greeting), related: { 'ConfigMap.v1': Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key-${index}`, {}])) } }), code: 413, message: 'The body has more than 80000 fields; spread the children over several parents' },
  { name: 'as many with blanks before their colons', call: post(`{${'"k" \n:1,'.repeat(200_000)}"parent":{}}`), code: 413, message: /^The body has more than 80000 fields/ },
  { name: 'as many whose keys end with a backslash', call: post(`{${'"k\\\\":1,'.repeat(200_000)}"parent":{}}`), code: 413, message: /^The body has more than 80000 fields/ },
  { name: 'a million maps', call: post(`[${'{},'.repeat(1_000_000)}0]`), code: 413, message: /^The body has more than 500000 opening brackets/ },
  { name: 'a million lists', call: post(`[${'[],'.repeat(1_000_000)}0]`), code: 413, message: /^The body has more than 500000 opening brackets/ },
  { name: 'no JSON type', call: { ...post(requestFor(greeting)), headers: { 'content-type': 'text/plain' } }, code: 415, message: 'The body must be JSON; send the header Content-Type: application/json' },
  { name: 'an address that is none', call: post({}, { url: '/insults/sync' }), code: 404, message: /^There is nothing here; the hooks are POST/ },
  { name: 'an address that cannot be decoded', call: post({}, { url: '/%zz?secret=hunter2' }), code: 400, message: 'The request cannot be read; send what Metacontroller sends under hook version v2' },
  { name: 'a body over 10 MiB', call: post('x', { headers: { 'content-length': String(11 * 2 ** 20) } }), code: 413, message: 'The body is larger than 10 MiB; spread the children over several parents' },
  { name: 'a bug', call: post(requestFor(greeting, { spec: { name: 'bug' } })), code: 500, message: 'The hook failed by a bug of its own and nothing was changed; its log has the details' },
  { name: 'an answer that must not be sent', call: post(requestFor(greeting, { spec: { name: 'null' } })), code: 500, message: 'The hook failed by a bug of its own and nothing was changed; its log has the details' }
]

for (const { name, call, code, message, field } of refusals) {
  t.test(`${code}: ${name}`, async (t) => {
    const { app } = await build(t)
    const response = await app.inject(call)
    const body = response.json<Record<string, unknown>>()
    t.equal(response.statusCode, code)
    t.match(body, { statusCode: code, message })
    t.equal(body.field, field)
    t.notMatch(response.body, /hunter2|node_modules|\.ts/, 'no secrets and no internals')
  })
}

t.test('a body of many megabytes is read', async (t) => {
  const { app } = await build(t)
  const child = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'home' }, data: { a: 'x'.repeat(5 * 2 ** 20) } }
  const response = await app.inject(post({ ...requestFor(greeting), children: { 'ConfigMap.v1': { 'home/a': child } } }))
  t.equal(response.statusCode, 200)
})

t.test("keys of a user's ConfigMap that JavaScript has plans for break nothing and change nothing", async (t) => {
  const { app } = await build(t)
  const poison = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"home"},"data":{"__proto__":"x"},"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'
  const text = JSON.stringify(requestFor(greeting)).replace('"ConfigMap.v1":{}', `"ConfigMap.v1":{"home/a":${poison},"__proto__":${poison}},"__proto__":{"constructor":${poison}}`)
  const response = await app.inject(post(text))
  t.equal(response.statusCode, 200)
  t.strictSame(response.json(), answered)
  t.equal(({} as { polluted?: boolean }).polluted, undefined)
})

t.test('tokens are asked for on hooks, and only there', async (t) => {
  const { app } = await build(t, { tokenCheck: (header) => header === 'Bearer good' })
  const refused = await app.inject(post('not even JSON'))
  t.equal(refused.statusCode, 401)
  t.equal(refused.headers['www-authenticate'], 'Bearer')
  t.match(refused.json(), { message: /^A bearer token is needed; send Authorization: Bearer/ })
  t.equal((await app.inject(post(requestFor(greeting), { headers: { authorization: 'Bearer bad' } }))).statusCode, 401)
  t.equal((await app.inject(post(requestFor(greeting), { headers: { authorization: 'Bearer good' } }))).statusCode, 200)
  for (const url of ['/healthz', '/readyz', '/metrics', '/docs/json', URL]) t.not((await app.inject(url)).statusCode, 401, url)
})

t.test('another release is sent away for 5 seconds; the own one and nobody in particular are answered', async (t) => {
  const { app } = await build(t, { v: '0.1.0-abc' })
  for (const query of ['', '?v=0.1.0-abc', '?other=1']) t.equal((await app.inject(post(requestFor(greeting), { url: URL + query }))).statusCode, 200, query)
  for (const query of ['?v=0.2.0', '?v=', '?v=0.1.0-abc&v=0.2.0']) {
    const { statusCode, headers } = await app.inject(post(requestFor(greeting), { url: URL + query }))
    t.strictSame([statusCode, headers['retry-after']], [429, '5'], query)
  }
})

t.test('a call for another release is sent away whatever its token is, and without one learns nothing else', async (t) => {
  const { app } = await build(t, { v: '0.1.0-abc', tokenCheck: (header) => header === 'Bearer good' })
  const rows: Array<[string, Record<string, string>, number, RegExp]> = [
    ['?v=0.2.0', {}, 429, /^Another server answers$/],
    ['?v=0.2.0', { authorization: 'Bearer of the other release' }, 429, /^Another server answers$/],
    ['?v=0.2.0', { authorization: 'Bearer good' }, 429, /^This server is of release 0\.1\.0-abc; /],
    ['?v=0.1.0-abc', {}, 401, /^A bearer token is needed/],
    ['', {}, 401, /^A bearer token is needed/]
  ]
  for (const [query, headers, code, says] of rows) {
    const response = await app.inject(post(requestFor(greeting), { url: URL + query, headers }))
    t.equal(response.statusCode, code, query)
    t.match(response.json(), { message: says }, query)
  }
})

t.test('while draining calls are sent away for 2 seconds, and the server is alive but not ready', async (t) => {
  const { app, drain } = await build(t)
  t.equal((await app.inject('/readyz')).statusCode, 200)
  drain()
  const { statusCode, headers } = await app.inject(post(requestFor(greeting)))
  t.strictSame([statusCode, headers['retry-after']], [429, '2'])
  t.equal((await app.inject('/readyz')).statusCode, 503)
  t.equal((await app.inject('/healthz')).statusCode, 200)
})

t.test('GET on a hook tells how to call it, and what it tells works', async (t) => {
  const { app } = await build(t)
  for (const hook of ['sync', 'finalize', 'customize']) {
    const { statusCode, headers, body } = await app.inject(`/greetings/${hook}`)
    t.strictSame([statusCode, headers.allow], [405, 'POST'])
    const example = JSON.parse(/-d '(.*)'/.exec(body)?.[1] ?? '') as { parent: { spec: object } }
    const called = await app.inject(post({ ...example, parent: { ...example.parent, spec: { name: 'Ada' } } }, { url: `/greetings/${hook}` }))
    t.equal(called.statusCode, 200, hook)
  }
})

t.test('the OpenAPI page describes every hook with spec and answer, and comes without network', async (t) => {
  const { app } = await build(t, { kinds: [...kinds, greeting] })
  const { openapi, paths } = (await app.inject('/docs/json')).json<{ openapi: string, paths: Record<string, { post: object }> }>()
  t.equal(openapi, '3.1.0')
  t.strictSame(Object.keys(paths), [...kinds, greeting].flatMap(({ resource }) => ['sync', 'finalize', 'customize'].map((hook) => `/${resource.plural}/${hook}`)))
  t.match(paths['/greetings/sync'], { post: { requestBody: { content: { 'application/json': { schema: { properties: { parent: { properties: { spec: { properties: { language: { enum: ['English', 'Dutch'] } } } } } } } } } } } })
  const page = (await app.inject('/docs/')).body
  t.match(page, /swagger-ui/)
  t.notMatch(page, /(src|href)="(https?:)?\/\//, 'nothing is fetched from elsewhere')
})

t.test('one line a sync: at info when something was decided anew, else at debug, never a body', async (t) => {
  const { lines, logger } = listen('debug')
  const { app } = await build(t, { logger })
  await app.inject(post(requestFor(greeting)))
  await app.inject(post(requestFor(greeting, { status: answered.status })))
  const line = { kind: 'Greeting', namespace: 'home', name: 'first', hook: 'sync', ms: Number, children: 1, phase: 'Said', sequence: 1 }
  t.match(lines, [{ ...line, level: 30, msg: 'decided' }, { ...line, level: 20, msg: 'answered' }])
  t.equal(lines.length, 2)
  t.notMatch(JSON.stringify(lines), /Ada|spec/)
})

t.test('a bug is logged with its stack, a refusal without, and neither with the body', async (t) => {
  const { lines, logger } = listen('info')
  const { app } = await build(t, { logger })
  await app.inject(post(requestFor(greeting, { spec: { name: 'bug', note: 'Eve' } })))
  await app.inject(post('{"secret": "Eve'))
  t.match(lines, [
    { level: 50, msg: 'hook failed', kind: 'Greeting', namespace: 'home', name: 'first', hook: 'sync', code: 500, err: { type: 'TypeError', stack: /greeting\.ts/ } },
    { level: 40, msg: 'call refused', kind: 'Greeting', hook: 'sync', code: 400, reason: /not valid JSON/ }
  ])
  t.notMatch(JSON.stringify(lines), /Eve/)
})

t.test('calls are measured by kind, hook and code', async (t) => {
  const { app, inFlight } = await build(t)
  await app.inject(post(requestFor(greeting)))
  await app.inject(post('{'))
  await app.inject('/nothing')
  const { body, headers } = await app.inject('/metrics')
  t.match(headers['content-type'], /^text\/plain/)
  const wanted = [
    'sluice_hook_requests_total{kind="Greeting",hook="sync",code="200"} 1',
    'sluice_hook_requests_total{kind="Greeting",hook="sync",code="400"} 1',
    'sluice_hook_duration_seconds_count{kind="Greeting",hook="sync"} 2',
    'sluice_hook_body_bytes_count{kind="Greeting",hook="sync",direction="in"} 2',
    'sluice_hook_body_bytes_count{kind="Greeting",hook="sync",direction="out"} 2',
    'sluice_hook_requests_in_flight 0'
  ]
  for (const line of wanted) t.ok(body.includes(line), line)
  t.equal(inFlight(), 0)
})

t.test('idle connections outlive those of a Go client', async (t) => {
  const { app } = await build(t)
  t.ok(app.server.keepAliveTimeout >= 95_000)
  t.ok(app.server.headersTimeout > app.server.keepAliveTimeout)
  t.ok(app.server.requestTimeout > app.server.headersTimeout)
})
