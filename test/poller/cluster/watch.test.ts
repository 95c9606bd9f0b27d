// Lines of a watch stream that are no events, and errors that tell too much.
import t from 'tap'
import { ApiError, apiErrorOf, type ApiStatus } from '../../../poller/cluster/api-error.ts'
import { createClusterClient, type ClusterClient } from '../../../poller/cluster/client.ts'
import { splitLines, watchOnce } from '../../../poller/cluster/watch.ts'
import { sendJson, startServer, type Reply } from '../../helpers/local-server.ts'
import { monotonic, plainConnection } from '../../helpers/poller-cluster.ts'

const clientOf = (text: string) => ({ watch: async () => ({ bytes: (async function * () { yield Buffer.from(text) })(), errorOf: (code: number, status: ApiStatus) => apiErrorOf('WATCH /x', code, status) }) }) as unknown as ClusterClient
const options = () => ({ path: '/x', resourceVersion: '1', timeoutSeconds: 60, marginMs: 1000, signal: new AbortController().signal })

const rows = ['<html>', 'null', '[]', '{"type":"ADDED"}', '{"type":"ADDED","object":{"metadata":null}}', '{"type":"NEWS","object":{"metadata":{}}}', '{"object":{"metadata":{}}}', '{"type":"ERROR","object":null}']
for (const line of rows) {
  t.test(`${line} is an error that says so`, async (t) => {
    const seen: unknown[] = []
    const error = await (async () => { for await (const event of watchOnce(clientOf(`${line}\n`), options())) seen.push(event) })().catch((error: unknown) => error)
    t.match(error, { name: 'ApiError', kind: 'Unavailable', status: 0, message: /a line that is no event/ })
    t.strictSame(seen, [])
  })
}

t.test('a line without end is given up', async (t) => {
  let sent = 0
  async function * stream () {
    for (; ; sent++) yield Buffer.alloc(2 ** 20, 'x')
  }
  await t.rejects((async () => { for await (const line of splitLines(stream())) t.fail(line) })(), ApiError)
  t.equal(sent, 16, 'after 16 MiB')
})

t.test('an ERROR whose wait is no number has none', async (t) => {
  const error = await (async () => { for await (const event of watchOnce(clientOf('{"type":"ERROR","object":{"code":"410","details":{"retryAfterSeconds":"soon"}}}\n'), options())) t.fail(JSON.stringify(event)) })().catch((error: unknown) => error)
  t.match(error, { name: 'ApiError', kind: 'Unavailable', status: 500, retryAfterMs: undefined })
})

const echo = (headers: { authorization?: string | undefined }) => ({ code: 403, message: `proxy: ${headers.authorization}, which is ${headers.authorization?.slice(7)}` })
const echoes: Array<{ name: string, reply: Reply }> = [
  { name: 'an answer', reply: (response, { headers }) => { sendJson(response, echo(headers), 403) } },
  { name: 'an ERROR event', reply: (response, { headers }) => { response.end(`${JSON.stringify({ type: 'ERROR', object: echo(headers) })}\n`) } }
]
for (const { name, reply } of echoes) {
  t.test(`${name} that echoes our credential is told without it`, async (t) => {
    const server = await startServer(t, reply)
    const client = createClusterClient({ ...plainConnection(server.url), authorization: async () => 'Bearer kub-7719' }, { monotonic })
    t.teardown(client.close)
    const error = await (async () => { for await (const event of watchOnce(client, options())) t.fail(JSON.stringify(event)) })().catch((error: unknown) => error)
    t.match(error, { name: 'ApiError', kind: 'Forbidden', message: 'WATCH /x was answered 403: proxy: Bearer [redacted], which is [redacted]' })
  })
}
