import t, { type Test } from 'tap'
import { createAnnotationWriter, type AnnotationWriter } from '../../../poller/cluster/patch.ts'
import { startReflector, type Reflector } from '../../../poller/cluster/reflector.ts'
import { createWriteQueue, PRIORITY } from '../../../poller/cluster/write-queue.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import type { Fault } from '../../../playground/api-server/faults.ts'
import { type Cluster, logger, MODELS, monotonic, rejection, startCluster, until } from '../../helpers/poller-cluster.ts'

const CLOCK = 'sluice.dev/clock'
const REGISTRY = 'sluice.dev/registry'

type Setting = Cluster & { writer: AnnotationWriter<KubeObject>, reflector: Reflector, uid: string, patches: () => number, fail: (fault: Fault | undefined) => void, hold: () => Held }

/** Patches on their way that do not arrive before `go`. */
type Held = { waiting: () => number, go: () => void }

/** An object `a`, known to the reflector, and a writer. */
async function setUp (t: Test, { time = monotonic }: { time?: () => number } = {}): Promise<Setting> {
  let fault: Fault | undefined
  let gate: Promise<void> | undefined
  let waiting = 0
  const cluster = await startCluster(t, {
    async fault ({ verb }) {
      if (verb !== 'patch') return undefined
      waiting += 1
      await gate
      return fault
    }
  })
  const hold = (): Held => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    return { waiting: () => waiting, go: resolve }
  }
  const uid = cluster.create('a', { annotations: { theirs: 'kept' } }).metadata.uid ?? ''
  const reflector = startReflector({ client: cluster.client, path: MODELS, logger, monotonic })
  await reflector.synced
  const queue = createWriteQueue({ perSecond: 1000 })
  t.teardown(async () => {
    await queue.close()
    await reflector.close()
  })
  const pathOf = ({ name }: { name: string }) => `${MODELS}/${name}`
  const writer = createAnnotationWriter({ client: cluster.client, queue, store: reflector.store, pathOf, monotonic: time, logger })
  return { ...cluster, writer, reflector, uid, patches: () => cluster.server.counts.patch, fail: (next) => { fault = next }, hold }
}

t.test('own keys are written, others left alone, and no change is no write', async (t) => {
  const { writer, uid, get, patches } = await setUp(t)
  await writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)
  t.same(get('a').metadata.annotations, { theirs: 'kept', [CLOCK]: '1' })
  const before = patches()
  await writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)
  await writer.write(uid, { theirs: 'kept' }, PRIORITY.clock)
  t.equal(patches(), before)
})

t.test('what is wanted while a write waits goes out with it, the newest value only', async (t) => {
  const { writer, uid, get, patches } = await setUp(t)
  await Promise.all([
    writer.write(uid, { [REGISTRY]: 'old' }, PRIORITY.registry),
    writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock),
    writer.write(uid, { [REGISTRY]: 'new' }, PRIORITY.registry)
  ])
  t.same(get('a').metadata.annotations, { theirs: 'kept', [REGISTRY]: 'new', [CLOCK]: '1' })
  t.ok(patches() <= 2)
})

t.test('of two values the newer stays, however long the older is on its way', async (t) => {
  const { writer, uid, get, hold, patches } = await setUp(t)
  const arrive = hold()
  const older = writer.write(uid, { [REGISTRY]: 'old' }, PRIORITY.registry)
  await until(() => arrive.waiting() === 1)
  const newer = writer.write(uid, { [REGISTRY]: 'new' }, PRIORITY.registry)
  const back = writer.write(uid, { theirs: 'kept' }, PRIORITY.clock)
  arrive.go()
  await Promise.all([older, newer, back])
  t.match(get('a').metadata.annotations, { theirs: 'kept', [REGISTRY]: 'new' })
  t.equal(patches(), 2)
})

t.test('the write after one that failed goes out all the same', async (t) => {
  const { writer, uid, get, fail } = await setUp(t)
  fail({ answer: 500 })
  const first = rejection(writer.write(uid, { [REGISTRY]: 'old' }, PRIORITY.registry).finally(() => { fail(undefined) }))
  const second = writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock).catch(() => undefined)
  t.match(await first, { kind: 'Unavailable' })
  await second
  await writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)
  t.equal(get('a').metadata.annotations?.[CLOCK], '1')
})

t.test('own writes are seen before the watch shows them', async (t) => {
  const { writer, uid, reflector } = await setUp(t)
  await reflector.close()
  await writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)
  t.equal(reflector.store.get(uid)?.metadata.annotations?.[CLOCK], undefined, 'the watch is dead')
  t.match(writer.objects(), [{ metadata: { annotations: { theirs: 'kept', [CLOCK]: '1' } } }])
})

t.test('an own write that never shows is forgotten after a minute', async (t) => {
  let now = 0
  const { writer, uid, reflector } = await setUp(t, { time: () => now })
  await reflector.close()
  await writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)
  now = 61_000
  t.equal(writer.objects()[0]?.metadata.annotations?.[CLOCK], undefined)
})

t.test('the namesake of a deleted object is not written on', async (t) => {
  const { writer, uid, reflector, create, remove, get, patches } = await setUp(t)
  await reflector.close()
  remove('a')
  create('a')
  await writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)
  t.equal(patches(), 1, 'it was tried, as the deletion was not known')
  t.equal(get('a').metadata.annotations?.[CLOCK], undefined)
})

t.test('a deleted object is dropped, known to be deleted or not', async (t) => {
  const { writer, uid, reflector, remove, patches } = await setUp(t)
  await reflector.close()
  remove('a')
  await writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)
  reflector.store.keep(new Set())
  await writer.write(uid, { [CLOCK]: '2' }, PRIORITY.clock)
  t.equal(patches(), 1)
})

t.test('a write that fails is told and forgotten, and can be made again', async (t) => {
  const { writer, uid, get, fail } = await setUp(t)
  fail({ answer: 500 })
  t.match(await rejection(writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)), { kind: 'Unavailable' })
  t.equal(writer.objects()[0]?.metadata.annotations?.[CLOCK], undefined)
  fail(undefined)
  await writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)
  t.equal(get('a').metadata.annotations?.[CLOCK], '1')
})

t.test('a write whose answer is lost is in force all the same', async (t) => {
  const { writer, uid, get, fail, reflector } = await setUp(t)
  fail({ cut: 'after' })
  t.match(await rejection(writer.write(uid, { [CLOCK]: '1' }, PRIORITY.clock)), { kind: 'Unavailable' })
  t.equal(get('a').metadata.annotations?.[CLOCK], '1')
  await until(() => reflector.store.get(uid)?.metadata.annotations?.[CLOCK] === '1')
  t.pass('and the watch shows it')
})

t.test('urgent writes pass waiting ones, also when they join one', async (t) => {
  const queue = createWriteQueue({ perSecond: 1000, atOnce: 1 })
  const order: string[] = []
  const task = (name: string) => async () => { order.push(name) }
  const first = Promise.withResolvers<void>()
  const done = [
    queue.add(async () => { await first.promise }, { priority: PRIORITY.event, id: 'first' }),
    queue.add(task('event'), { priority: PRIORITY.event, id: 'event' }),
    queue.add(task('registry'), { priority: PRIORITY.registry, id: 'registry' }),
    queue.add(task('hurried'), { priority: PRIORITY.event, id: 'hurried' }),
    queue.add(task('clock'), { priority: PRIORITY.clock, id: 'clock' })
  ]
  queue.hurry('hurried', PRIORITY.analysis)
  queue.hurry('not there', PRIORITY.analysis)
  first.resolve()
  await Promise.all(done)
  t.same(order, ['clock', 'hurried', 'registry', 'event'])
})

t.test('a closing queue finishes what has begun and drops the rest', async (t) => {
  const queue = createWriteQueue({ perSecond: 1000, atOnce: 1 })
  const begun = Promise.withResolvers<void>()
  const order: string[] = []
  const running = queue.add(async () => {
    await begun.promise
    order.push('finished')
  }, { priority: PRIORITY.clock, id: 'a' })
  const dropped = queue.add(async () => { order.push('never') }, { priority: PRIORITY.clock, id: 'b' })
  const closing = queue.close()
  await t.rejects(dropped, /closed/)
  await t.rejects(running, /closed/, 'its caller is let go')
  begun.resolve()
  await closing
  t.same(order, ['finished'])
})

t.test('at most a hundred writes begin in two seconds', async (t) => {
  const queue = createWriteQueue()
  let begun = 0
  const all = Array.from({ length: 140 }, async (_, i) => { await queue.add(async () => { begun += 1 }, { priority: PRIORITY.registry, id: String(i) }).catch(() => undefined) })
  await until(() => begun >= 100)
  // Nothing but the limit holds back the others: they have nothing to wait for.
  await new Promise((resolve) => { setImmediate(resolve) })
  t.equal(begun, 100)
  await queue.close()
  await Promise.all(all)
})
