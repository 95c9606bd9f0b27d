import t, { type Test } from 'tap'
import { createEventRecorder, cutNote, eventName, type EventRecorder, type EventText } from '../../../poller/cluster/event-recorder.ts'
import { createWriteQueue } from '../../../poller/cluster/write-queue.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import type { Fault } from '../../../playground/api-server/faults.ts'
import { logger, startCluster, until, type Cluster } from '../../helpers/poller-cluster.ts'

const EVENT: EventText = { key: '7/TrafficIncrease/0/30', type: 'Normal', reason: 'TrafficIncrease', action: 'Rollout', note: 'Version 8 gets 30 % of the traffic.' }
const OBJECT: KubeObject = { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel', metadata: { name: 'a', namespace: 'models', uid: 'u-1', resourceVersion: '9' } }

async function setUp (t: Test, fault: () => Fault | undefined = () => undefined): Promise<Cluster & { makeRecorder: () => EventRecorder }> {
  const cluster = await startCluster(t, { clock: () => Date.UTC(2026, 10, 21, 4), fault: ({ plural }) => plural === 'events' ? fault() : undefined })
  await cluster.client.get('/api/v1/namespaces/models')
  return {
    ...cluster,
    makeRecorder () {
      const queue = createWriteQueue({ perSecond: 1000 })
      const recorder = createEventRecorder({ client: cluster.client, queue, instance: 'poller-0', logger, retryMs: 1 })
      t.teardown(async () => {
        await queue.close()
        await recorder.close()
      })
      return recorder
    }
  }
}

type List = { items: Array<{ eventTime: string, metadata: { name: string } }> }
const events = async ({ client }: Cluster) => (await client.list<List>('/apis/events.k8s.io/v1/namespaces/models/events')).items

t.test('an Event says what happened to whom', async (t) => {
  const cluster = await setUp(t)
  cluster.makeRecorder().record(OBJECT, EVENT)
  await until(() => cluster.server.counts.create === 1)
  const [event] = await events(cluster)
  t.match(event, {
    metadata: { name: eventName(OBJECT, EVENT.key), namespace: 'models' },
    type: 'Normal',
    reason: 'TrafficIncrease',
    action: 'Rollout',
    note: 'Version 8 gets 30 % of the traffic.',
    reportingController: 'sluice.dev/poller',
    reportingInstance: 'poller-0',
    regarding: { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel', name: 'a', namespace: 'models', uid: 'u-1', resourceVersion: '9' }
  })
  t.match(event?.eventTime, /^2026-11-21T04:00:00\.\d{3}000Z$/, 'in microseconds of the API server')
})

t.test('the same Event is told once, also by another process', async (t) => {
  const cluster = await setUp(t)
  const recorder = cluster.makeRecorder()
  recorder.record(OBJECT, EVENT)
  recorder.record(OBJECT, { ...EVENT, note: 'in other words' })
  await until(() => cluster.server.counts.create === 1)
  cluster.makeRecorder().record(OBJECT, EVENT)
  await until(() => cluster.server.counts.create === 2)
  recorder.record({ ...OBJECT, metadata: { ...OBJECT.metadata, uid: 'u-2' } }, EVENT)
  await until(() => cluster.server.counts.create === 3)
  t.equal((await events(cluster)).length, 2, 'another uid is another Event')
})

t.test('an API server that does not answer is asked again', async (t) => {
  let down = 3
  const cluster = await setUp(t, () => down-- > 0 ? (down === 1 ? { cut: 'after' } : { answer: 500 }) : undefined)
  cluster.makeRecorder().record(OBJECT, EVENT)
  await until(() => cluster.server.counts.create === 4)
  t.equal((await events(cluster)).length, 1)
})

t.test('what is refused is not asked again', async (t) => {
  const cluster = await setUp(t, () => ({ answer: 403 }))
  const recorder = cluster.makeRecorder()
  recorder.record(OBJECT, EVENT)
  recorder.record(OBJECT, { ...EVENT, key: 'other' })
  await until(() => cluster.server.counts.create === 2)
  await recorder.close()
  t.equal(cluster.server.counts.create, 2)
})

t.test('a note is cut at 1024 bytes, between characters', (t) => {
  t.equal(cutNote('short'), 'short')
  for (const character of ['a', 'ä', '€', '😀']) {
    const cut = cutNote(character.repeat(1025))
    t.ok(Buffer.byteLength(cut) <= 1024 && Buffer.byteLength(cut) > 1018)
    t.notMatch(cut, '\uFFFD')
  }
  t.end()
})
