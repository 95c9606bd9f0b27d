// Lines of a watch stream that are no events.
import t from 'tap'
import { ApiError } from '../../../poller/cluster/api-error.ts'
import type { ClusterClient } from '../../../poller/cluster/client.ts'
import { splitLines, watchOnce } from '../../../poller/cluster/watch.ts'

const clientOf = (text: string) => ({ watch: async () => (async function * () { yield Buffer.from(text) })() }) as unknown as ClusterClient
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
