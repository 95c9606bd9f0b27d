// A watch whose connection is half-open shows nothing, and nobody is told: neither an event nor an error comes. What was written and is not shown tells.
import t from 'tap'
import { rememberOwnWrites } from '../../../poller/cluster/own-writes.ts'
import { createAnnotationWriter } from '../../../poller/cluster/patch.ts'
import { startReflector } from '../../../poller/cluster/reflector.ts'
import { createStore } from '../../../poller/cluster/store.ts'
import { createWriteQueue, PRIORITY } from '../../../poller/cluster/write-queue.ts'
import { logger, MODELS, monotonic, startCluster, until } from '../../helpers/poller-cluster.ts'

const KEY = 'sluice.dev/analysis'

t.test('a watch that does not show our own write for ten seconds is opened anew where it stood', async (t) => {
  const cluster = await startCluster(t)
  const clock = { now: 0 }
  const uid = cluster.create('a').metadata.uid ?? ''
  const reflector = startReflector({ client: cluster.client, path: MODELS, logger, monotonic, backoff: { initialMs: 1, maxMs: 10 } })
  const queue = createWriteQueue()
  t.teardown(async () => {
    await queue.close()
    await reflector.close()
  })
  const writer = createAnnotationWriter({
    client: cluster.client, queue, store: reflector.store, pathOf: ({ name }) => `${MODELS}/${name}`, monotonic: () => clock.now, onSilence: reflector.renew, logger
  })
  const shown = (): string | undefined => reflector.store.get(uid)?.metadata.annotations?.[KEY]
  await reflector.synced
  await until(() => cluster.server.watches().length === 1)
  await writer.write(uid, { [KEY]: '1' }, PRIORITY.analysis)
  await until(() => shown() === '1')
  writer.objects()
  const { list, watch } = cluster.server.counts

  for (const open of cluster.server.watches()) open.silence()
  // A write every few seconds is no sign of life.
  for (const [at, value] of [[4_000, '2'], [9_000, '3'], [13_000, '4']] as const) {
    clock.now = at
    await writer.write(uid, { [KEY]: value }, PRIORITY.analysis)
  }
  t.equal(writer.objects()[0]?.metadata.annotations?.[KEY], '4', 'what was written is known')
  t.equal(shown(), '1')
  t.equal(cluster.server.counts.watch, watch, 'it is given its time')
  clock.now = 14_001
  writer.objects()
  await until(() => shown() === '4')
  t.same({ list: cluster.server.counts.list, watch: cluster.server.counts.watch }, { list, watch: watch + 1 }, 'by another watch, without a list')
})

t.test('a watch that shows what others do to the object is alive, however late our write is', (t) => {
  const clock = { now: 0 }
  let silences = 0
  const store = createStore(logger)
  const show = (resourceVersion: string) => { store.put({ apiVersion: 'v1', kind: 'K', metadata: { uid: 'u', name: 'a', resourceVersion } }) }
  const writes = rememberOwnWrites(store, () => clock.now, () => { silences += 1 })
  const look = (now: number) => {
    clock.now = now
    for (const object of store.all()) writes.laidOver(object)
    return silences
  }
  show('1')
  writes.add('u', { [KEY]: '1' })
  show('2')
  t.equal(look(20_000), 0)
  writes.add('u', { [KEY]: '2' })
  t.equal(look(30_000), 0, 'not after ten seconds')
  t.equal(look(30_001), 1, 'but after more than ten')
  t.equal(look(40_001), 1, 'and once in ten seconds')
  t.equal(look(40_002), 2)
  t.end()
})
