import { Type } from '@sinclair/typebox'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'
import { createJsonClient, type JsonClientOptions, type RequestReport } from '../../../poller/http/client.ts'
import { RemoteError, type RemoteErrorKind } from '../../../poller/http/errors.ts'
import { sendJson, sendText, startServer, type Reply } from '../../helpers/local-server.ts'

const schema = Type.Object({ name: Type.String() })
const QUICK = { retries: 0, initialDelay: 1, maxDelay: 2 }

function makeClient (t: Test, url: string, options: Partial<JsonClientOptions> = {}) {
  const client = createJsonClient({ server: 'default', endpoint: { url }, resilience: QUICK, ...options })
  t.teardown(() => client.close())
  return client
}

async function failure (promise: Promise<unknown>): Promise<RemoteError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason)
  if (error instanceof RemoteError) return error
  throw new Error('expected a RemoteError', { cause: error })
}

t.test('an answer', async (t) => {
  const rows: Array<{ name: string, reply: Reply, options?: Partial<JsonClientOptions>, want: { kind: RemoteErrorKind, message: string, status?: number } }> = [
    { name: '500 with a page is Unreachable, with its first words', reply: (r) => sendText(r, 500, '<html><style>b{}</style><h1>Internal\nError</h1></html>'), want: { kind: 'Unreachable', status: 500, message: 'default: get: answered 500: Internal Error' } },
    { name: '503 with JSON is Unreachable, with its message', reply: (r) => sendJson(r, { error_code: 'TEMPORARILY_UNAVAILABLE', message: 'database is down' }, 503), want: { kind: 'Unreachable', status: 503, message: 'default: get: answered 503: database is down' } },
    { name: '429 is Unreachable', reply: (r) => sendText(r, 429, 'slow down'), want: { kind: 'Unreachable', status: 429, message: 'default: get: answered 429: slow down' } },
    { name: '401 is Refused and points to auth', reply: (r) => sendText(r, 401, 'You are not authenticated.'), want: { kind: 'Refused', status: 401, message: 'default: get: answered 401: You are not authenticated.; check auth of this entry' } },
    { name: '403 of the Host guard is Refused and names the remedy', reply: (r) => sendText(r, 403, 'Invalid Host header - possible DNS rebinding attack detected', { 'content-type': 'text/plain' }), want: { kind: 'Refused', status: 403, message: 'default: get: answered 403: Invalid Host header - possible DNS rebinding attack detected; set MLFLOW_SERVER_ALLOWED_HOSTS (or --allowed-hosts) on the MLflow server to the host of this entry with and without port, or set host in the entry to a name that the server allows' } },
    { name: '404 with JSON is NotFound', reply: (r) => sendJson(r, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such model' }, 404), want: { kind: 'NotFound', status: 404, message: 'default: get: answered 404: no such model' } },
    { name: '404 with a page says nothing about the thing asked for', reply: (r) => sendText(r, 404, '<title>404 Not Found</title>'), want: { kind: 'BadAnswer', status: 404, message: 'default: get: answered 404: 404 Not Found; check the path in url' } },
    { name: '400 is BadRequest', reply: (r) => sendJson(r, { message: 'bad name' }, 400), want: { kind: 'BadRequest', status: 400, message: 'default: get: answered 400: bad name' } },
    { name: 'a redirect is not followed, and its query is not shown', reply: (r) => sendText(r, 302, '', { location: 'https://login.example/oauth?state=secret' }), want: { kind: 'BadAnswer', status: 302, message: 'default: get: answered 302; redirects are not followed (to https://login.example/oauth): set url to where the API itself answers' } },
    { name: '200 with a page is a BadAnswer', reply: (r) => sendText(r, 200, '<h1>Log in</h1>'), want: { kind: 'BadAnswer', status: 200, message: 'default: get: answered 200 with something that is not JSON: Log in; check the url of this entry' } },
    { name: '200 with broken JSON is a BadAnswer', reply: (r) => sendText(r, 200, '{"name":', { 'content-type': 'application/json' }), want: { kind: 'BadAnswer', status: 200, message: 'default: get: answered 200 with something that is not JSON: {"name":; check the url of this entry' } },
    { name: '200 with another shape is a BadAnswer', reply: (r) => sendJson(r, { name: 7 }), want: { kind: 'BadAnswer', status: 200, message: 'default: get: answered JSON of an unexpected shape: /name: Expected string' } },
    { name: 'a huge body is a BadAnswer and is not read to its end', reply: (r) => sendJson(r, { name: 'x'.repeat(100_000) }), options: { maxBytes: 10_000 }, want: { kind: 'BadAnswer', status: 200, message: 'default: get: answered with more than 10000 bytes' } },
    { name: 'a slow body is Unreachable', reply: (r) => { r.writeHead(200, { 'content-type': 'application/json' }).write('{"name":') }, options: { timeout: 30 }, want: { kind: 'Unreachable', message: 'default: get: did not answer within 30 ms' } },
    { name: 'no answer is Unreachable', reply: () => {}, options: { timeout: 30 }, want: { kind: 'Unreachable', message: 'default: get: did not answer within 30 ms' } },
    { name: 'a connection that breaks off is Unreachable', reply: (_r, _asked, request) => { request.socket.destroy() }, want: { kind: 'Unreachable', message: 'default: get: could not be reached: other side closed' } },
    { name: 'a secret that the server echoes is removed', reply: (r, { headers }) => sendText(r, 500, `you sent ${headers.authorization}`), options: { endpoint: { url: '', auth: { bearer: { token: 'tok-123' } } } }, want: { kind: 'Unreachable', status: 500, message: 'default: get: answered 500: you sent Bearer [redacted]' } },
    { name: 'a secret that is longer than what is told is removed all the same', reply: (r, { headers }) => sendText(r, 500, `you sent ${headers.authorization}`), options: { endpoint: { url: '', auth: { bearer: { token: 'x9'.repeat(200) } } } }, want: { kind: 'Unreachable', status: 500, message: 'default: get: answered 500: you sent Bearer [redacted]' } },
    { name: 'so is one in the middle of a long page', reply: (r, { headers }) => sendText(r, 500, `<p>${'y'.repeat(4060)}</p>${'<br>'.repeat(5)}${headers.authorization}`.replace(/y{4000}/, '')), options: { endpoint: { url: '', auth: { bearer: { token: 'tok-'.repeat(100) } } } }, want: { kind: 'Unreachable', status: 500, message: `default: get: answered 500: ${'y'.repeat(60)} Bearer [redacted]` } },
    { name: 'so is one that is written as HTML', reply: (r) => sendText(r, 500, 'pass p&amp;&lt;w&quot;'), options: { endpoint: { url: '', auth: { basic: { username: 'u', password: 'p&<w"' } } } }, want: { kind: 'Unreachable', status: 500, message: 'default: get: answered 500: pass [redacted]' } },
    { name: 'so is one that is written as part of an address', reply: (r) => sendText(r, 302, '', { location: '/login/p%26%3Cw%22/x' }), options: { endpoint: { url: '', auth: { basic: { username: 'u', password: 'p&<w"' } } } }, want: { kind: 'BadAnswer', status: 302, message: 'default: get: answered 302; redirects are not followed (to /login/[redacted]/x): set url to where the API itself answers' } },
    { name: 'so is the value of a header that is a credential', reply: (r, { headers }) => sendText(r, 500, `key ${headers['x-api-key']} of ${headers['x-team']}`), options: { endpoint: { url: '', headers: { 'X-Api-Key': 'kk', 'X-Team': 'models' } } }, want: { kind: 'Unreachable', status: 500, message: 'default: get: answered 500: key [redacted] of models' } },
    { name: 'what is a secret of others and looks like one is removed', reply: (r) => sendJson(r, { message: 'FATAL: postgresql://mlflow:hunter2@db/x\n\u001b[31mtoken=abc' }, 500), want: { kind: 'Unreachable', status: 500, message: 'default: get: answered 500: FATAL: postgresql://[redacted]@db/x \ufffd[31mtoken=[redacted]' } },
    { name: 'a message of megabytes that is all beginnings of tags is told at once', reply: (r) => sendJson(r, { message: '<'.repeat(10_000_000) }, 500), options: { resilience: QUICK }, want: { kind: 'Unreachable', status: 500, message: `default: get: answered 500: ${'<'.repeat(160)}…` } },
    { name: 'an answer is judged by the client if it knows better', reply: (r) => sendJson(r, { error_code: 'BAD_REQUEST', message: 'pool is exhausted' }, 400), options: { classify: ({ body }) => (body as { error_code?: string }).error_code === 'BAD_REQUEST' ? 'Unreachable' : undefined }, want: { kind: 'Unreachable', status: 400, message: 'default: get: answered 400: pool is exhausted' } }
  ]
  for (const { name, reply, options = {}, want } of rows) {
    t.test(name, async (t) => {
      const server = await startServer(t, reply)
      const endpoint = { ...options.endpoint, url: server.url }
      const { kind, status, message } = await failure(makeClient(t, server.url, { ...options, endpoint }).request({ operation: 'get', path: '/x', schema }))
      t.strictSame({ kind, message, ...(status === undefined ? {} : { status }) }, want)
    })
  }
})

t.test('a request', async (t) => {
  t.test('goes below the base path, with encoded query, auth, Host and further headers', async (t) => {
    const server = await startServer(t, (r) => sendJson(r, { name: 'a' }))
    const client = makeClient(t, server.url, {
      endpoint: { url: `${server.url}/base/`, host: 'localhost', headers: { 'X-Scope-OrgID': 'team' }, auth: { basic: { username: 'ü', password: 'p:w' } } }
    })
    t.strictSame(await client.request({ operation: 'get', path: '/api/x', query: { name: 'a b/ü&' }, headers: { 'X-MLFLOW-WORKSPACE': 'w' }, schema }), { name: 'a' })
    const { method, url, headers } = server.asked[0]!
    t.strictSame({ method, url }, { method: 'GET', url: '/base/api/x?name=a+b%2F%C3%BC%26' })
    t.match(headers, { host: 'localhost', 'x-scope-orgid': 'team', 'x-mlflow-workspace': 'w', authorization: `Basic ${Buffer.from('ü:p:w').toString('base64')}`, accept: 'application/json' })
  })

  t.test('carries a form or JSON', async (t) => {
    const server = await startServer(t, (r) => sendJson(r, { name: 'a' }))
    const client = makeClient(t, server.url)
    await client.request({ operation: 'q', method: 'POST', path: '/', form: { query: 'a{b="c"}' }, schema })
    await client.request({ operation: 'q', method: 'POST', path: '/', json: { a: 1 }, schema })
    t.strictSame(server.asked.map(({ headers, body }) => [headers['content-type'], body]), [
      ['application/x-www-form-urlencoded', 'query=a%7Bb%3D%22c%22%7D'],
      ['application/json', '{"a":1}']
    ])
  })

  t.test('reads its token file each time, so that a rotated token counts at once', async (t) => {
    const server = await startServer(t, (r) => sendJson(r, { name: 'a' }))
    const tokenFile = path.join(t.testdir({ token: 'one\n' }), 'token')
    const client = makeClient(t, server.url, { endpoint: { url: server.url, auth: { bearer: { tokenFile } } } })
    await client.request({ operation: 'get', path: '/', schema })
    await writeFile(tokenFile, 'two\n')
    await client.request({ operation: 'get', path: '/', schema })
    t.strictSame(server.asked.map(({ headers }) => headers.authorization), ['Bearer one', 'Bearer two'])
  })

  t.test('is not sent when its credentials cannot be read', async (t) => {
    const server = await startServer(t, (r) => sendJson(r, { name: 'a' }))
    const dir = t.testdir({ empty: '\n', odd: 'a\nb' })
    const rows = [
      { file: 'absent', message: `default: get: the token could not be read from ${path.join(dir, 'absent')}` },
      { file: 'empty', message: `default: get: the token file ${path.join(dir, 'empty')} is empty` },
      { file: 'odd', message: 'default: get: the bearer token is empty or holds characters that a header cannot; look at the source of the token' }
    ]
    for (const { file, message } of rows) {
      const client = makeClient(t, server.url, { endpoint: { url: server.url, auth: { bearer: { tokenFile: path.join(dir, file) } } } })
      const error = await failure(client.request({ operation: 'get', path: '/', schema }))
      t.strictSame([error.kind, error.message], ['Refused', message])
    }
    const noToken = makeClient(t, server.url, { token: () => Promise.reject(new Error('forbidden')) })
    t.equal((await failure(noToken.request({ operation: 'get', path: '/', schema }))).kind, 'Refused')
    t.strictSame(server.asked, [])
  })

  t.test('is reported with its outcome', async (t) => {
    const server = await startServer(t, (r, { url }) => url === '/good' ? sendJson(r, { name: 'a' }) : sendText(r, 502, 'no'))
    const reports: RequestReport[] = []
    const client = makeClient(t, server.url, { onRequest: (report) => reports.push(report) })
    await client.request({ operation: 'good', path: '/good', schema })
    await failure(client.request({ operation: 'bad', path: '/bad', schema }))
    t.strictSame(reports.map(({ server, operation, outcome }) => ({ server, operation, outcome })), [
      { server: 'default', operation: 'good', outcome: 'Answered' },
      { server: 'default', operation: 'bad', outcome: 'Unreachable' }
    ])
    t.ok(reports.every(({ seconds }) => seconds > 0 && seconds < 60))
  })
})

t.test('TLS', async (t) => {
  const trusted = await generate([{ name: 'commonName', value: 'localhost' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })
  const other = await generate([{ name: 'commonName', value: 'localhost' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })

  t.test('verifies against caFile, which may be replaced, and against the url even when another Host is sent', async (t) => {
    const server = await startServer(t, (r) => sendJson(r, { name: 'a' }), { key: trusted.private, cert: trusted.cert })
    const caFile = path.join(t.testdir({ 'ca.pem': other.cert }), 'ca.pem')
    const client = makeClient(t, server.url, { endpoint: { url: server.url, caFile, host: 'mlflow.example' } })
    t.match(await failure(client.request({ operation: 'get', path: '/', schema })), { kind: 'Unreachable', message: /could not be reached: .*(self-signed|certificate|signature)/ })
    await writeFile(caFile, trusted.cert)
    t.strictSame(await client.request({ operation: 'get', path: '/', schema }), { name: 'a' })
    t.equal(server.asked[0]!.headers.host, 'mlflow.example')
  })

  t.test('an authority that is not in the system is not trusted without caFile', async (t) => {
    const server = await startServer(t, (r) => sendJson(r, { name: 'a' }), { key: trusted.private, cert: trusted.cert })
    t.match(await failure(makeClient(t, server.url).request({ operation: 'get', path: '/', schema })), { kind: 'Unreachable' })
  })

  t.test('a missing caFile is said', async (t) => {
    const client = makeClient(t, '', { endpoint: { url: 'https://127.0.0.1:1', caFile: '/nowhere/ca.pem' } })
    t.match(await failure(client.request({ operation: 'get', path: '/', schema })), { kind: 'Unreachable', message: /nowhere\/ca.pem/ })
  })
})

t.test('the load on a server', async (t) => {
  t.test('is at most maxInFlight requests at once', async (t) => {
    let now = 0
    let most = 0
    const waiting: Array<() => void> = []
    const server = await startServer(t, (r) => {
      most = Math.max(most, ++now)
      waiting.push(() => { now--; sendJson(r, { name: 'a' }) })
      // Answers come in threes: were a fourth let through, it would have been counted by then.
      if (waiting.length === 3) setImmediate(() => waiting.splice(0).forEach((answer) => answer()))
    })
    const client = makeClient(t, server.url, { maxInFlight: 3 })
    await Promise.all(Array.from({ length: 12 }, () => client.request({ operation: 'get', path: '/', schema })))
    t.equal(most, 3)
  })

  t.test('a passing failure is asked again, a lasting one a few times only', async (t) => {
    let failures = 2
    const server = await startServer(t, (r) => failures-- > 0 ? sendText(r, 503, 'no') : sendJson(r, { name: 'a' }))
    const client = makeClient(t, server.url, { resilience: { ...QUICK, retries: 2 } })
    t.strictSame(await client.request({ operation: 'get', path: '/', schema }), { name: 'a' })
    t.equal(server.asked.length, 3)
    failures = 100
    t.equal((await failure(client.request({ operation: 'get', path: '/', schema }))).kind, 'Unreachable')
    t.equal(server.asked.length, 6)
  })

  t.test('what will not get better by asking again is asked once', async (t) => {
    const server = await startServer(t, (r, { url }) => url === '/page' ? sendText(r, 200, 'page') : sendJson(r, {}, Number(url.slice(1))))
    const client = makeClient(t, server.url, { resilience: { ...QUICK, retries: 2 } })
    for (const path of ['/400', '/401', '/404', '/page']) await failure(client.request({ operation: 'get', path, schema }))
    t.strictSame(server.asked.map(({ url }) => url), ['/400', '/401', '/404', '/page'])
  })

  t.test('a time-out is not asked again: the server may still be at work on it', async (t) => {
    const server = await startServer(t, () => {})
    const client = makeClient(t, server.url, { timeout: 20, resilience: { ...QUICK, retries: 2 } })
    t.equal((await failure(client.request({ operation: 'get', path: '/', schema }))).kind, 'Unreachable')
    t.equal(server.asked.length, 1)
  })

  t.test('closing ends what is in flight', async (t) => {
    const client = createJsonClient({ server: 'default', endpoint: { url: (await startServer(t, () => { client.close().catch(() => {}) })).url }, resilience: QUICK })
    t.match(await failure(client.request({ operation: 'get', path: '/', schema })), { kind: 'Unreachable', message: 'default: get: the client is closing' })
  })

  t.test('nobody listens: Unreachable', async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    t.match(await failure(makeClient(t, `http://127.0.0.1:${port}`).request({ operation: 'get', path: '/', schema })), { kind: 'Unreachable', message: /ECONNREFUSED/ })
  })
})
