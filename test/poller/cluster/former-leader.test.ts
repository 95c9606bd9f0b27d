// Whoever leads no longer writes no more: neither what waited for its turn, nor after a sleep from which no timer has woken it yet. And an API server
// that asks for a pause gets one.
import t, { type Test } from 'tap'
import { ApiError } from '../../../poller/cluster/api-error.ts'
import { startElector, type ElectorOptions } from '../../../poller/cluster/lease.ts'
import { createAnnotationWriter, type WriterOptions } from '../../../poller/cluster/patch.ts'
import { createStore } from '../../../poller/cluster/store.ts'
import { createWriteQueue, PRIORITY } from '../../../poller/cluster/write-queue.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { createObjectWrites } from '../../../poller/object-writes.ts'
import { logger, rejection, until } from '../../helpers/poller-cluster.ts'

const UID = 'u1'
const KEY = 'sluice.dev/registry'

interface Turn { sent: object[], queue: ReturnType<typeof createWriteQueue>, writer: ReturnType<typeof createAnnotationWriter<KubeObject>> }

/** A writer whose queue lets one write begin at a time; each of the first takes as long as `gate`. */
function setUp (t: Test, over: Partial<WriterOptions<KubeObject>> = {}, gate: Promise<void> = Promise.resolve()): Turn {
  const store = createStore<KubeObject>(logger)
  for (const uid of [UID, 'u2']) store.put({ apiVersion: 'v1', kind: 'K', metadata: { uid, name: uid, resourceVersion: '1' } })
  const sent: object[] = []
  const queue = createWriteQueue({ atOnce: 1, perSecond: 1000 })
  t.teardown(queue.close)
  const patch = async (path: string, body: object): Promise<never> => {
    sent.push({ path, body })
    await gate
    return {} as never
  }
  return { sent, queue, writer: createAnnotationWriter({ client: { patch }, queue, store, pathOf: ({ name }) => name, monotonic: () => 0, logger, ...over }) }
}

const bodyOf = (value: string) => ({ path: UID, body: { metadata: { uid: UID, annotations: { [KEY]: value } } } })

t.test('who is not sure to lead writes nothing', async (t) => {
  let leads = false
  const { sent, writer } = setUp(t, { mayWrite: () => leads })
  t.match(await rejection(writer.write(UID, { [KEY]: 'old' }, PRIORITY.registry)), { message: /another leads/ })
  leads = true
  await writer.write(UID, { [KEY]: 'new' }, PRIORITY.registry)
  t.same(sent, [bodyOf('new')])
})

t.test('what waited for its turn when a term of office ended is not written in the next one', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { sent, writer } = setUp(t, {}, promise)
  const [former, next] = [new AbortController(), new AbortController()]
  const first = writer.write('u2', { [KEY]: 'x' }, PRIORITY.registry, former.signal)
  await until(() => sent.length === 1)
  const waiting = rejection(writer.write(UID, { [KEY]: 'old', other: 'old' }, PRIORITY.registry, former.signal))
  former.abort()
  const wanted = writer.write(UID, { [KEY]: 'new' }, PRIORITY.registry, next.signal)
  resolve()
  await first
  t.match(await waiting, { message: /another leads/ })
  await wanted
  t.same(sent.slice(1), [bodyOf('new')])
})

/** An elector that makes one attempt each time that `step` is called. */
function elect (t: Test, update: ElectorOptions['client']['update']) {
  const clock = { now: 0 }
  const steps: Array<() => void> = []
  const attempts: number[] = []
  const lease = { apiVersion: '', kind: '', metadata: { name: '', namespace: '', resourceVersion: '1' }, spec: {} }
  const elector = startElector({
    client: { get: async () => lease as never, create: async () => lease as never, update: async (...call) => { attempts.push(clock.now); return await update(...call) as never }, serverTime: () => 0 },
    namespace: 'n',
    name: 'l',
    identity: 'me',
    monotonic: () => clock.now,
    sleep: async (_ms, signal) => { await new Promise<void>((resolve) => { steps.push(resolve); signal.addEventListener('abort', () => { resolve() }) }) },
    onLead: () => {},
    logger
  })
  t.teardown(elector.close)
  const step = async (now: number): Promise<void> => {
    await until(() => steps.length > 0)
    clock.now = now
    steps.shift()?.()
    await until(() => steps.length > 0)
  }
  return { elector, clock, step, attempts, begun: async () => { await until(() => steps.length > 0) } }
}

t.test('a leader that was stopped for longer than its lease lasts leads no longer, though nothing has told it', async (t) => {
  const { elector, clock, begun } = elect(t, async () => ({ metadata: {} }) as never)
  await begun()
  t.equal(elector.isLeader(), true)
  clock.now = 9_999
  t.equal(elector.isLeader(), true)
  clock.now = 10_000
  t.equal(elector.isLeader(), false)
})

t.test('the lease is left alone for as long as the API server asks, and given up in time', async (t) => {
  let throttled = false
  const { elector, step, attempts, begun } = elect(t, async () => {
    if (throttled) throw new ApiError('slow down', { kind: 'Throttled', status: 429, retryAfterMs: 15_000 })
    return { metadata: {} } as never
  })
  await begun()
  throttled = true
  for (const now of [2_000, 4_000, 9_000]) await step(now)
  t.equal(elector.isLeader(), true)
  await step(11_000)
  t.equal(elector.isLeader(), false)
  throttled = false
  await step(17_000)
  t.equal(elector.isLeader(), true)
  t.same(attempts, [0, 2_000, 17_000])
})

t.test('an object is not written again before the API server wants to be asked', async (t) => {
  const clock = { now: 0 }
  const tried: number[] = []
  const { promise: failed, resolve } = Promise.withResolvers<void>()
  const writes = createObjectWrites<string>({
    monotonic: () => clock.now,
    jitter: false,
    async write () {
      tried.push(clock.now)
      if (clock.now === 0) throw new ApiError('slow down', { kind: 'Throttled', status: 429, retryAfterMs: 7_000 })
    },
    onFailed: () => { resolve() }
  })
  const finding = { uid: UID, namespace: 'n', name: 'a', fact: 'f' }
  await writes.put([finding])
  await failed
  for (const now of [1_000, 6_999, 7_000]) {
    clock.now = now
    await writes.put([finding])
  }
  t.same(tried, [0, 7_000])
})
