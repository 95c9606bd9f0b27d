// The control loop as a running process, and its server-side-apply strategy.
import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SyncReport } from '../../../playground/control-loop/control-loop.ts'
import { configMap, startCluster } from './cluster.ts'
import type { Cluster } from './cluster.ts'

const verbs = (report: { writes: { verb: string, kind: string, key: string }[] }): string[] => report.writes.map((write) => `${write.verb} ${write.kind} ${write.key}`)

/** Waits until a condition holds; looks every few milliseconds, for as long as the test may run. */
async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

t.test('a running loop follows parents, children and its own controller', async (t) => {
  const reports: SyncReport[] = []
  let value = '1'
  const cluster: Cluster = await startCluster(t, { inCluster: true, sync: () => ({ children: [configMap('c', { a: value })], status: { phase: value } }), loop: { onSync: (report) => { reports.push(report) } } })
  const child = cluster.at('configmaps', 'c')
  await cluster.loop.start()
  await until(() => cluster.get(child) !== undefined && cluster.get(cluster.widget)!.status?.phase === '1')

  value = '2'
  cluster.merge(cluster.widget, { metadata: { labels: { x: 'y' } } })
  await until(() => cluster.get(child)!.data.a === '2')

  cluster.server.operations.delete(child)
  await until(() => cluster.get(child) !== undefined)
  t.pass('a child that was deleted comes back')

  for (const watch of cluster.server.watches()) watch.end({ cut: true })
  cluster.server.store.compact()
  value = '3'
  cluster.merge(cluster.widget, { metadata: { labels: { x: 'z' } } })
  await until(() => cluster.get(child)!.data.a === '3')
  t.pass('watches that are cut are taken up again')

  const controller = { resource: cluster.server.registry.find('metacontroller.k8s.io', 'v1alpha1', 'compositecontrollers')!, namespace: undefined, name: 'widgets' }
  cluster.server.operations.delete(controller)
  await until(() => cluster.server.watches().length >= 1)
  await cluster.loop.idle()
  t.ok(reports.every((report) => report.outcome === 'synced'))
})

t.test('failures are retried with backoff and told by an Event', async (t) => {
  let failing = true
  const cluster = await startCluster(t, { sync: () => (failing ? { code: 500, text: 'bug' } : { status: { phase: 'x' } }) })
  await cluster.loop.start()
  await until(() => cluster.calls.sync.length >= 3)
  failing = false
  await until(() => cluster.get(cluster.widget)!.status?.phase === 'x')
  const event = cluster.server.store.list('/events').find((object) => object.reason === 'SyncError')
  t.match(event, { type: 'Warning', involvedObject: { kind: 'Widget', name: 'a' }, message: 'Sync error: unsupported status code: 500 body: bug', source: { component: 'metacontroller' } })
})

t.test('a 429 comes back after its time, resyncAfterSeconds after its own', async (t) => {
  let calls = 0
  const cluster = await startCluster(t, {
    sync: () => {
      calls += 1
      return calls === 1 ? { code: 429, headers: { 'retry-after': '1' } } : calls < 4 ? { resyncAfterSeconds: 2 } : {}
    }
  })
  await cluster.loop.start()
  await until(() => calls >= 4)
  t.same(cluster.server.store.list('/events').filter((event) => event.reason === 'SyncError'), [], 'a 429 is told by no Event')
})

t.test('related objects and resync wake parents', async (t) => {
  const cluster = await startCluster(t, {
    sync: ({ related }) => ({ status: { phase: Object.keys(related['Secret.v1'] ?? {}).join() } }),
    customize: () => ({ relatedResources: [{ apiVersion: 'v1', resource: 'secrets', names: ['key'] }] }),
    spec: { resyncPeriodSeconds: 60 }
  })
  await cluster.loop.start()
  await until(() => cluster.calls.sync.length >= 1)
  cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } })
  await until(() => cluster.get(cluster.widget)!.status?.phase === 'default/key')
  const before = cluster.calls.sync.length
  await until(() => cluster.calls.sync.length > before + 1)
  t.pass('the resync period syncs on its own')
})

t.test('a controller whose child kind appears later starts then', async (t) => {
  const spec = { childResources: [{ apiVersion: 'serving.kserve.io/v1alpha1', resource: 'clusterstoragecontainers' }] }
  const cluster = await startCluster(t, { inCluster: true, spec, sync: () => ({ status: { phase: 'x' } }) })
  await cluster.loop.start()
  await until(() => cluster.server.store.list('/events').some((event) => event.reason === 'CreateError'))
  cluster.server.load(['test/crds/clusterstoragecontainers.serving.kserve.io.yaml'])
  await until(() => cluster.get(cluster.widget)!.status?.phase === 'x')
  t.pass('it is tried again')
})

t.test('server-side apply', async (t) => {
  let data: object = { a: '1', b: '1' }
  const cluster = await startCluster(t, { sync: () => ({ children: [configMap('c', data)] }), loop: { applyStrategy: 'server-side-apply' } })
  const child = cluster.at('configmaps', 'c')
  const first = await cluster.loop.syncOnce('default/a')
  t.same(verbs(first), ['apply ConfigMap default/c', 'status Widget default/a'], 'the patch creates')
  t.same(cluster.get(child)!.metadata.annotations, undefined, 'without a last-applied annotation')
  t.same(cluster.get(child)!.metadata.managedFields!.map((entry) => `${entry.manager} ${entry.operation}`), ['metacontroller Apply'])
  t.same(verbs(await cluster.loop.syncOnce('default/a')), [], 'nothing changed: no patch')
  cluster.merge(child, { data: { a: 'drift', theirs: 'x' } })
  await cluster.loop.syncOnce('default/a')
  t.same(cluster.get(child)!.data, { a: '1', b: '1', theirs: 'x' }, 'drift is repaired, fields of others stay')
  data = { a: '1' }
  await cluster.loop.syncOnce('default/a')
  t.same(cluster.get(child)!.data, { a: '1', theirs: 'x' }, 'what is left out is removed')
})

t.test('server-side apply of kinds with a generation', async (t) => {
  let replicas = 1
  const methods = ['InPlace', 'Recreate', 'OnDelete']
  for (const method of methods) {
    replicas = 1
    const cluster = await startCluster(t, {
      sync: () => ({ children: [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas } }] }),
      spec: { childResources: [{ apiVersion: 'apps/v1', resource: 'deployments', updateStrategy: { method } }] },
      loop: { applyStrategy: 'server-side-apply' }
    })
    const child = cluster.at('deployments', 'd', 'apps')
    await cluster.loop.syncOnce('default/a')
    cluster.merge(child, { metadata: { labels: { drift: 'x', 'controller-uid': cluster.get(cluster.widget)!.metadata.uid } } })
    t.same(verbs(await cluster.loop.syncOnce('default/a')), [], `${method}: drift of labels is not seen`)
    replicas = 2
    const report = await cluster.loop.syncOnce('default/a')
    const want = { InPlace: ['synced', ['apply Deployment default/d']], Recreate: ['failed', []], OnDelete: ['synced', []] }[method]
    t.same([report.outcome, verbs(report)], want, `${method}: a change`)
  }
})

t.test('server-side apply takes the annotation of dynamic-apply away', async (t) => {
  const cluster = await startCluster(t, { sync: () => ({ children: [configMap('c')] }), loop: { applyStrategy: 'server-side-apply' } })
  const { metadata } = cluster.get(cluster.widget)!
  cluster.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'c',
      labels: { 'controller-uid': metadata.uid! },
      annotations: { 'metacontroller.k8s.io/last-applied-configuration': '{}', mine: 'x' },
      ownerReferences: [{ apiVersion: 'test.sluice.dev/v1', kind: 'Widget', name: 'a', uid: metadata.uid!, controller: true }]
    }
  })
  t.same(verbs(await cluster.loop.syncOnce('default/a')), ['patch ConfigMap default/c', 'apply ConfigMap default/c', 'status Widget default/a'])
  t.same(cluster.get(cluster.at('configmaps', 'c'))!.metadata.annotations, { mine: 'x' })
})
