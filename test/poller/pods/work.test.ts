// The round of pods against a real API server over HTTP. Its parents are MlflowModels: any kind will do.
import t, { type Test } from 'tap'
import { parseFacts, type PodsFact } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import type { Fault } from '../../../playground/api-server/faults.ts'
import type { ApiServerOptions } from '../../../playground/api-server/server.ts'
import { createEventRecorder } from '../../../poller/cluster/event-recorder.ts'
import { createAnnotationWriter } from '../../../poller/cluster/patch.ts'
import { startReflector } from '../../../poller/cluster/reflector.ts'
import { createWriteQueue } from '../../../poller/cluster/write-queue.ts'
import { createLoop } from '../../../poller/loop.ts'
import { createMetrics } from '../../../poller/metrics.ts'
import type { Model } from '../../../poller/model.ts'
import { watchPods } from '../../../poller/pods/watch.ts'
import { MLFLOW_MODELS } from '../../../poller/watched.ts'
import { logger, MODELS, monotonic, startCluster, until, type Cluster } from '../../helpers/poller-cluster.ts'
import { specOf } from '../../helpers/poller-model.ts'
import { container, CRASH_LOOP, ended, pod, RESULT, running, waiting } from './statuses.ts'

const done = { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', JSON.stringify(RESULT)))] }
const pulling = { phase: 'Pending', containerStatuses: [container(waiting('ErrImagePull', 'not found'))] }
const crashing = (restartCount: number) => ({ phase: 'Running', containerStatuses: [container(CRASH_LOOP, { lastState: ended(1, 'Error', `run ${restartCount}`), restartCount })] })
const well = { phase: 'Running', containerStatuses: [container(running(0), { ready: true })] }

/** Owners of the pods are not there. */
const start = async (t: Test, options: ApiServerOptions = {}): Promise<Cluster> => await startCluster(t, { garbageCollection: false, ...options })

/** Pods as kubelets and controllers would make and change them. */
function podsOf ({ server }: Cluster) {
  const resource = server.registry.find('', 'v1', 'pods')
  if (!resource) throw new Error('pods are not served')
  const target = (name: string) => ({ resource, namespace: 'models', name })
  const setStatus = (name: string, status: object) => { server.operations.patch(target(name), 'application/merge-patch+json', { status: { containerStatuses: null, ...status } }, { subresource: 'status' }) }
  return {
    create (name: string, parent: string, status: object) {
      const { metadata: { uid: _, resourceVersion: __, creationTimestamp: ___, managedFields: ____, ...metadata }, ...rest } = pod({ name, parent })
      server.operations.create(resource, 'models', { ...rest, metadata } as never)
      setStatus(name, status)
    },
    setStatus,
    remove (name: string) { server.operations.delete(target(name)) }
  }
}

/** A leader that has nothing to do but pods. */
function lead (t: Test, { client }: Cluster): { stop: () => Promise<void> } {
  const backoff = { initialMs: 1, maxMs: 10 }
  const reflector = startReflector<KubeObject & Model>({ client, path: MODELS, logger, monotonic, backoff })
  const pods = watchPods({ client, namespace: 'models', logger, monotonic, backoff, pageSize: 2 })
  const queue = createWriteQueue({ perSecond: 1000 })
  const writer = createAnnotationWriter({ client, queue, store: reflector.store, pathOf: ({ name }) => `${MODELS}/${name}`, monotonic, logger })
  const recorder = createEventRecorder({ client, queue, instance: 'test', logger })
  const metrics = createMetrics({ monotonic, objects: () => ({}), processMetrics: false })
  const models = { reflector, writer }
  const loop = createLoop({
    kinds: [{ watched: { ...MLFLOW_MODELS, hasPods: true }, ...models } as never],
    models,
    pods,
    registry: { observe: async () => [], refusals: () => [], hint () {}, nextDue: () => Infinity },
    analyst: { check: async () => [], nextDue: () => Infinity },
    recorder,
    metrics: metrics.rollouts,
    served: metrics.served,
    serverTime: client.serverTime,
    logger,
    shortestMs: 1,
    retryMs: 1,
    podsPauseMs: 20
  })
  const ended = new AbortController()
  const led = loop.lead(ended.signal)
  const stop = async () => {
    ended.abort()
    await led
    await queue.close()
    await recorder.close()
    await Promise.all([reflector.close(), pods.close()])
  }
  t.teardown(stop)
  return { stop }
}

const textOf = ({ get }: Cluster, name: string): string | undefined => get(name).metadata.annotations?.[FACTS.pods]
const factOf = (cluster: Cluster, name: string): PodsFact => parseFacts(cluster.get(name).metadata.annotations).pods ?? []
const reasons = (cluster: Cluster, name: string): string => factOf(cluster, name).map(({ reason }) => reason).join()

/** Until nothing has been written for a while: the time in which a mistake would show. */
async function quiet ({ server: { counts } }: Cluster): Promise<number> {
  let last = -1
  while (last !== counts.patch) {
    last = counts.patch
    await new Promise((resolve) => { setTimeout(resolve, 80) })
  }
  return last
}

t.test('parents are told of their pods, and of nothing when there is nothing', async (t) => {
  const cluster = await start(t)
  const pods = podsOf(cluster)
  for (const name of ['a', 'b', 'c']) cluster.create(name, { spec: specOf() })
  pods.create('a-1', 'mlflowmodel.a', done)
  pods.create('a-2', 'mlflowmodel.a', pulling)
  pods.create('b-1', 'mlflowmodel.b', pulling)
  pods.create('c-1', 'mlflowmodel.c', well)
  pods.create('else', 'mlmodel.a', pulling)
  lead(t, cluster)
  await until(() => textOf(cluster, 'a') !== undefined && textOf(cluster, 'b') !== undefined)
  t.strictSame(factOf(cluster, 'a').map(({ owner, reason, message, result }) => ({ owner, reason, message, result })).toSorted((a, b) => a.reason < b.reason ? -1 : 1), [
    { owner: 'Job/churn-download-1', reason: 'Completed', message: undefined, result: JSON.stringify(RESULT) },
    { owner: 'Job/churn-download-1', reason: 'ImagePullBackOff', message: 'not found', result: undefined }
  ])
  await quiet(cluster)
  t.equal(textOf(cluster, 'c'), undefined, 'a parent whose pods are well is not written')
  t.match(cluster.server.watches().map(({ request }) => request.path).join(), /\/pods/)

  pods.setStatus('b-1', well)
  await until(() => textOf(cluster, 'b') === '[]')
  pods.remove('a-2')
  await until(() => reasons(cluster, 'a') === 'Completed')
})

t.test('what goes on in the same way is written once', async (t) => {
  const cluster = await start(t)
  const pods = podsOf(cluster)
  cluster.create('a', { spec: specOf() })
  pods.create('a-1', 'mlflowmodel.a', crashing(1))
  lead(t, cluster)
  await until(() => reasons(cluster, 'a') === 'CrashLoopBackOff')
  const before = await quiet(cluster)
  for (const restarts of [2, 3, 4]) pods.setStatus('a-1', crashing(restarts))
  t.equal(await quiet(cluster), before)
})

t.test('many changes at once are few writes', async (t) => {
  const cluster = await start(t)
  const pods = podsOf(cluster)
  cluster.create('a', { spec: specOf() })
  lead(t, cluster)
  await until(() => cluster.server.watches().length === 2)
  for (let n = 1; n <= 30; n++) pods.create(`a-${n}`, 'mlflowmodel.a', pulling)
  await until(() => factOf(cluster, 'a').length === 5)
  const first = await quiet(cluster)
  t.ok(first <= 10, `${first} writes`)
})

t.test('an annotation that somebody else has written or removed is set right', async (t) => {
  const cluster = await start(t)
  const pods = podsOf(cluster)
  cluster.create('a', { spec: specOf(), annotations: { [FACTS.pods]: '[{"owner":"Job/x","uid":"u","reason":"Completed"}]' } })
  cluster.create('b', { spec: specOf() })
  pods.create('b-1', 'mlflowmodel.b', pulling)
  lead(t, cluster)
  await until(() => textOf(cluster, 'a') === '[]' && reasons(cluster, 'b') === 'ImagePullBackOff')
  await quiet(cluster)
  cluster.annotate('b', { [FACTS.pods]: null })
  await until(() => reasons(cluster, 'b') === 'ImagePullBackOff')
  await quiet(cluster)
  cluster.annotate('b', { [FACTS.pods]: 'garbage' })
  await until(() => reasons(cluster, 'b') === 'ImagePullBackOff')
})

t.test('pods that cannot be listed tell nothing, and keep nothing else from being done', async (t) => {
  let forbidden = true
  const fault = ({ path }: { path: string }): Fault | undefined => forbidden && path.includes('/pods') ? { answer: 403 } : undefined
  const cluster = await start(t, { fault })
  cluster.create('a', { spec: specOf(), annotations: { [FACTS.pods]: '[]' }, status: { nextDeadline: '2020-01-01T00:00:00Z' } })
  podsOf(cluster).create('a-1', 'mlflowmodel.a', pulling)
  lead(t, cluster)
  await until(() => cluster.get('a').metadata.annotations?.[FACTS.clock] !== undefined)
  t.equal(textOf(cluster, 'a'), '[]')
  forbidden = false
  await until(() => reasons(cluster, 'a') === 'ImagePullBackOff')
})

t.test('a write that failed is made again, as it should be by then', async (t) => {
  let refused = 0
  const cluster = await start(t, { fault: ({ verb }): Fault | undefined => verb === 'patch' && refused++ < 3 ? { answer: 500 } : undefined })
  const pods = podsOf(cluster)
  cluster.create('a', { spec: specOf() })
  pods.create('a-1', 'mlflowmodel.a', pulling)
  lead(t, cluster)
  await until(() => refused > 0)
  pods.create('a-2', 'mlflowmodel.a', done)
  await until(() => factOf(cluster, 'a').length === 2)
})

t.test('pods of a namesake that was deleted before are not told', async (t) => {
  let now = Date.now()
  const cluster = await start(t, { clock: () => now })
  const pods = podsOf(cluster)
  pods.create('a-1', 'mlflowmodel.a', done)
  now += 5_000
  cluster.create('a', { spec: specOf() })
  cluster.create('b', { spec: specOf() })
  pods.create('b-1', 'mlflowmodel.b', done)
  lead(t, cluster)
  await until(() => reasons(cluster, 'b') === 'Completed')
  await quiet(cluster)
  t.equal(textOf(cluster, 'a'), undefined)
})

t.test('who no longer leads does not write', async (t) => {
  const cluster = await start(t)
  const pods = podsOf(cluster)
  cluster.create('a', { spec: specOf() })
  const { stop } = lead(t, cluster)
  await until(() => cluster.server.watches().length === 2)
  await stop()
  pods.create('a-1', 'mlflowmodel.a', done)
  await quiet(cluster)
  t.equal(textOf(cluster, 'a'), undefined)
})
