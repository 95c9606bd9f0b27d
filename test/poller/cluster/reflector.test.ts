import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createClusterClient } from '../../../poller/cluster/client.ts'
import { startReflector, type Reflector, type ReflectorOptions } from '../../../poller/cluster/reflector.ts'
import type { Change } from '../../../poller/cluster/store.ts'
import { splitLines } from '../../../poller/cluster/watch.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import type { Fault } from '../../../playground/api-server/faults.ts'
import { statusOfCode } from '../../../playground/api-server/api-error.ts'
import { sendJson, startServer } from '../../helpers/local-server.ts'
import { logger, monotonic, plainConnection, startCluster, until, type Cluster } from '../../helpers/poller-cluster.ts'

const PATH = '/apis/sluice.dev/v1alpha1/mlflowmodels'

/** Reflects all models; gives what was heard, as `+a`, `~a`, `-a`. */
function reflect (t: Test, { client }: Pick<Cluster, 'client'>, options: Partial<ReflectorOptions> = {}): { reflector: Reflector, heard: string[], changes: Array<Change<KubeObject>> } {
  const reflector = startReflector({ client, path: PATH, logger, monotonic, backoff: { initialMs: 1, maxMs: 10 }, ...options })
  t.teardown(reflector.close)
  const heard: string[] = []
  const changes: Array<Change<KubeObject>> = []
  reflector.subscribe((change) => {
    changes.push(change)
    const name = (change.after ?? change.before)?.metadata.name ?? ''
    heard.push(`${!change.before ? '+' : change.after ? '~' : '-'}${name}`)
  })
  return { reflector, heard, changes }
}

const names = ({ store }: Reflector) => store.all().map(({ metadata }) => metadata.name).sort()
const watching = async ({ server }: Cluster) => { await until(() => server.watches().length > 0) }

t.test('lists, then follows every change', async (t) => {
  const cluster = await startCluster(t)
  cluster.create('a')
  const { reflector, heard, changes } = reflect(t, cluster)
  t.equal(reflector.hasSynced(), false)
  await reflector.synced
  await watching(cluster)
  cluster.create('b')
  cluster.setSpec('a', { monitoringInterval: 10 })
  cluster.remove('b')
  await until(() => heard.length === 4)
  t.same(heard, ['+a', '+b', '~a', '-b'])
  t.match(changes[2]?.before?.spec, { monitoringInterval: 60 })
  t.match(changes[2]?.after?.spec, { monitoringInterval: 10 })
  t.equal(reflector.store.all()[0]?.metadata.managedFields, undefined, 'the bulk that nobody reads is left out')
})

t.test('a kind that is not installed has no objects, until it is', async (t) => {
  let isInstalled = false
  const cluster = await startCluster(t, { fault: () => isInstalled ? undefined : { answer: 404 } })
  cluster.create('a')
  const { reflector, heard } = reflect(t, cluster)
  await reflector.synced
  t.same(names(reflector), [])
  isInstalled = true
  await until(() => heard.length === 1)
  t.same(heard, ['+a'])
})

/** What each list asked for, and a way to break some of them. */
async function startLarge (t: Test, answer: (continued: boolean, nth: number) => Fault | undefined): Promise<{ cluster: Cluster, asked: string[] }> {
  const asked: string[] = []
  const cluster = await startCluster(t, {
    fault ({ verb, query }): Fault | undefined {
      if (verb !== 'list') return undefined
      asked.push(`${query.has('continue') ? 'next ' : ''}${query.get('limit') ?? 'whole'}`)
      return answer(query.has('continue'), asked.length)
    }
  })
  for (const name of ['a', 'b', 'c', 'd']) cluster.create(name)
  return { cluster, asked }
}

t.test('lists by pages, and all at once when the token of a page has expired: pages that take longer than it lives would never come to an end', async (t) => {
  const { cluster, asked } = await startLarge(t, (continued) => continued ? { answer: 410 } : undefined)
  const { reflector, heard } = reflect(t, cluster, { pageSize: 2 })
  await reflector.synced
  t.equal(reflector.store.size(), 4)
  t.equal(heard.length, 4, 'what the first page had is not told twice')
  t.same(asked, ['2', 'next 2', 'whole'])
})

t.test('a page that fails is asked for again, not all pages before it', async (t) => {
  const { cluster, asked } = await startLarge(t, (continued, nth) => continued && nth < 5 ? { answer: 500 } : undefined)
  const { reflector } = reflect(t, cluster, { pageSize: 2 })
  await reflector.synced
  t.equal(reflector.store.size(), 4)
  t.same(asked, ['2', 'next 2', 'next 2', 'next 2', 'next 2'])
})

t.test('a list that was cut in two tells of what is gone only at its end', async (t) => {
  let broken = false
  const { cluster } = await startLarge(t, (continued) => broken && continued ? { answer: 503 } : undefined)
  const { reflector, heard } = reflect(t, cluster, { pageSize: 2 })
  await reflector.synced
  await watching(cluster)
  heard.length = 0
  broken = true
  cluster.server.faults.set({ answer: 410, verbs: ['watch'] })
  for (const watch of cluster.server.watches()) watch.end({ error: statusOfCode(410, 'too old') })
  cluster.remove('a')
  const lists = cluster.server.counts.list
  await until(() => cluster.server.counts.list > lists + 2)
  t.same(heard, [], 'half a list takes nothing away')
  broken = false
  cluster.server.faults.clear()
  await until(() => heard.length > 0)
  t.same(heard, ['-a'])
})

t.test('waits for an API server that is down at the start', async (t) => {
  let down = 3
  const cluster = await startCluster(t, { fault: () => down-- > 0 ? { cut: 'before' } : undefined })
  cluster.create('a')
  const { reflector } = reflect(t, cluster)
  await reflector.synced
  t.same(names(reflector), ['a'])
})

t.test('goes on after a fault without losing or repeating anything', async (t) => {
  let fault: ((verb: string) => Fault | undefined) = () => undefined
  const rows: Array<{ name: string, breakIt: (cluster: Cluster) => void, lists: number }> = [
    {
      name: '500 and 429 for a while',
      breakIt ({ server }) {
        let left = 3
        fault = () => left-- > 0 ? { answer: left % 2 === 0 ? 500 : 429, retryAfter: 0 } : undefined
        for (const watch of server.watches()) watch.end({ cut: true })
      },
      lists: 0
    },
    { name: 'the server ends the stream', breakIt: ({ server }) => { for (const watch of server.watches()) watch.end() }, lists: 0 },
    { name: 'the connection is cut', breakIt: ({ server }) => { for (const watch of server.watches()) watch.end({ cut: true }) }, lists: 0 },
    { name: 'an ERROR event of 410', breakIt: ({ server }) => { for (const watch of server.watches()) watch.end({ error: statusOfCode(410, 'too old') }) }, lists: 1 },
    { name: 'an ERROR event of 500', breakIt: ({ server }) => { for (const watch of server.watches()) watch.end({ error: statusOfCode(500, 'oops') }) }, lists: 0 },
    {
      name: 'a 410 as status',
      breakIt ({ server }) {
        let once = true
        fault = (verb) => {
          if (verb !== 'watch' || !once) return undefined
          once = false
          return { answer: 410 }
        }
        for (const watch of server.watches()) watch.end({ cut: true })
      },
      lists: 1
    }
  ]
  const cluster = await startCluster(t, { fault: ({ verb }) => fault(verb) })
  cluster.create('a')
  cluster.create('b')
  const { reflector, heard } = reflect(t, cluster)
  await reflector.synced
  for (const [index, { name, breakIt, lists }] of rows.entries()) {
    await watching(cluster)
    heard.length = 0
    const before = cluster.server.counts.list
    breakIt(cluster)
    cluster.setSpec('a', { monitoringInterval: 100 + index })
    cluster.remove('b')
    cluster.create('b')
    await until(() => heard.length >= 3)
    fault = () => undefined
    t.same([...heard].sort(), ['+b', '-b', '~a'], name)
    t.same(names(reflector), ['a', 'b'], name)
    t.equal(cluster.server.counts.list - before, lists, `${name}: lists`)
  }
})

t.test('a version that is forgotten (410 both ways) leads to a new list', async (t) => {
  for (const expiredAs of ['status', 'event'] as const) {
    let hold = false
    const cluster = await startCluster(t, { expiredAs, historyLength: 2, fault: ({ verb }) => hold && verb === 'watch' ? { cut: 'before' } : undefined })
    cluster.create('a')
    const { reflector, heard } = reflect(t, cluster)
    await reflector.synced
    await watching(cluster)
    hold = true
    for (const watch of cluster.server.watches()) watch.end({ cut: true })
    for (let i = 0; i < 10; i++) cluster.setSpec('a', { monitoringInterval: 100 + i })
    cluster.create('b')
    hold = false
    await until(() => heard.includes('+b'))
    t.same(heard.filter((entry) => entry !== '~a'), ['+a', '+b'], expiredAs)
    t.match(reflector.store.all().find(({ metadata }) => metadata.name === 'a')?.spec, { monitoringInterval: 109 })
  }
})

/** A server of nothing but the streams that a test writes. */
async function startStreams (t: Test, onWatch: (response: ServerResponse, resourceVersion: string | null) => void): Promise<Pick<Cluster, 'client'>> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x')
    if (!searchParams.has('watch')) return response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }))
    response.flushHeaders()
    onWatch(response, searchParams.get('resourceVersion'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = createClusterClient(plainConnection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), { monotonic })
  t.teardown(async () => {
    await client.close()
    server.closeAllConnections()
    server.close()
  })
  return { client }
}

const line = (type: string, metadata: object) => `${JSON.stringify({ type, object: { metadata } })}\n`

t.test('bookmarks move the position, so that a quiet watch is not lost', async (t) => {
  const versions: Array<string | null> = []
  const cluster = await startStreams(t, (response, resourceVersion) => {
    if (versions.push(resourceVersion) < 3) response.end(line('BOOKMARK', { resourceVersion: `${versions.length}0` }))
  })
  const { heard } = reflect(t, cluster)
  await until(() => versions.length === 3)
  t.same(versions, ['1', '10', '20'])
  t.same(heard, [], 'and are no objects')
})

t.test('a half-open watch is given up after its time', async (t) => {
  let watches = 0
  const cluster = await startStreams(t, (response) => {
    // The first one never says anything and never ends.
    if (++watches > 1) response.write(line('ADDED', { uid: 'u', name: 'late', resourceVersion: '2' }))
  })
  const { heard } = reflect(t, cluster, { watchSeconds: () => 0, marginMs: 20 })
  await until(() => heard.length > 0)
  t.same(heard.slice(0, 1), ['+late'])
})

/** Refuses a watch, or ends it with this after an event. */
const expired = (response: ServerResponse): void => { sendJson(response, statusOfCode(410, 'too old'), 410) }
const expiredLater = (response: ServerResponse, before = ''): void => { response.end(`${before}${JSON.stringify({ type: 'ERROR', object: statusOfCode(410, 'too old') })}\n`) }
const cutLater = (response: ServerResponse): void => { response.write(line('BOOKMARK', { resourceVersion: '2' }), () => { response.destroy() }) }

/** What lists and watches are answered, by how many came before; and what each pause is at most, in ms, of which it takes half at least. */
const pauses: Array<{ name: string, list?: (response: ServerResponse, nth: number) => boolean, watch: (response: ServerResponse, nth: number) => void, hours?: boolean, most: number[] }> = [
  { name: 'every watch is refused with 410: it lists anew after longer and longer pauses', watch: expired, most: [4, 8, 16, 32, 32, 32] },
  { name: 'every watch ends with 410 at once', watch: (response) => { expiredLater(response) }, most: [4, 8, 16, 32, 32] },
  { name: 'every watch ends with 410 after an event', watch: (response) => { expiredLater(response, line('BOOKMARK', { resourceVersion: '2' })) }, most: [4, 8, 16, 32, 32] },
  { name: 'a watch ends with 410 after a long time: that is no row', watch: (response) => { expiredLater(response) }, hours: true, most: [4, 4, 4] },
  { name: 'every watch ends at once', watch: (response) => { response.end() }, most: [4, 8, 16, 32, 32] },
  { name: 'every watch is cut after an event: each is the first', watch: cutLater, most: [4, 4, 4, 4] },
  { name: 'a watch is cut after a long time without an event: each is the first', watch: (response) => { response.destroy() }, hours: true, most: [4, 4, 4, 4] },
  { name: 'watches are refused with 504: a list in between, which goes well, shortens nothing', watch: (response) => { sendJson(response, {}, 504) }, most: [4, 8, 16, 32, 32, 32, 32] },
  { name: 'watches are refused with 410, and each list at first with 500: a page that comes ends the row of lists, and of nothing else', list: (_response, nth) => nth % 2 === 0, watch: expired, most: [4, 4, 4, 8, 4, 16, 4, 32] }
]

for (const { name, list = () => false, watch, hours = false, most } of pauses) {
  t.test(`pauses: ${name}`, async (t) => {
    const asked = { list: 0, watch: 0 }
    const server = await startServer(t, (response, { url }) => {
      if (url.includes('watch=true')) return watch(response, asked.watch++)
      sendJson(response, { metadata: { resourceVersion: '1' }, items: [] }, list(response, asked.list++) ? 500 : 200)
    })
    const client = createClusterClient(plainConnection(server.url), { monotonic })
    t.teardown(client.close)
    const found: number[] = []
    const enough = Promise.withResolvers<void>()
    const note = ({ pauseMs }: { pauseMs: number }): void => { if (found.push(pauseMs) === most.length) enough.resolve() }
    let time = 0
    const { reflector } = reflect(t, { client }, { backoff: { initialMs: 4, maxMs: 32 }, logger: { warn: note } as never, monotonic: () => { time += hours ? 3_600_000 : 0; return time } })
    await enough.promise
    await reflector.close()
    t.strictSame(most.map((longest, index) => [longest, within(found[index], longest)]), most.map((longest) => [longest, 'within']), `${found.join(', ')} ms`)
  })
}

function within (pause = NaN, longest: number): string {
  return pause >= longest / 2 && pause <= longest ? 'within' : `${pause}`
}

t.test('a watch that is refused again and again makes it list again', async (t) => {
  let refused = 0
  const cluster = await startCluster(t, { fault: ({ verb }) => verb === 'watch' && refused++ < 6 ? { answer: 504 } : undefined })
  const { reflector } = reflect(t, cluster)
  await reflector.synced
  await watching(cluster)
  t.equal(cluster.server.counts.list, 2)
})

t.test('a listener that fails does not keep the change from the others', async (t) => {
  const cluster = await startCluster(t)
  cluster.create('a')
  const reflector = startReflector({ client: cluster.client, path: PATH, logger, monotonic })
  t.teardown(reflector.close)
  const heard: string[] = []
  reflector.subscribe(() => { throw new Error('a bug') })
  reflector.subscribe(({ after }) => { heard.push(after?.metadata.name ?? '') })
  await reflector.synced
  t.same(heard, ['a'])
})

t.test('closing ends the watch', async (t) => {
  const cluster = await startCluster(t)
  const { reflector } = reflect(t, cluster)
  await watching(cluster)
  await reflector.close()
  await until(() => cluster.server.watches().length === 0)
  t.pass('no watch is left')
})

t.test('lines are split wherever the stream is cut', async (t) => {
  const text = '{"a":"ä€"}\n\n{"b":1}\n{"cut off'
  const bytes = Buffer.from(text)
  for (let at = 0; at <= bytes.length; at++) {
    async function * stream () {
      yield bytes.subarray(0, at)
      yield bytes.subarray(at)
    }
    const lines = []
    for await (const line of splitLines(stream())) lines.push(line)
    if (lines.join('|') !== '{"a":"ä€"}|{"b":1}') t.fail(`cut at ${at}: ${lines.join('|')}`)
  }
  t.pass('at any byte')
})
