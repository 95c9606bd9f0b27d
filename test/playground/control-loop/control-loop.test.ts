// The control loop against the API server, step by step: every rule of a sync pass that needs a server to be seen.
import t from 'tap'
import type { Test } from 'tap'
import type { Version } from '../../../playground/control-loop/object-cache.ts'
import { configMap, startCluster } from './cluster.ts'
import type { Cluster, ClusterOptions } from './cluster.ts'

const verbs = (report: { writes: { verb: string, kind: string, key: string }[] }): string[] => report.writes.map((write) => `${write.verb} ${write.kind} ${write.key}`)

async function twice (cluster: Cluster): Promise<string[][]> {
  return [verbs(await cluster.loop.syncOnce('default/a')), verbs(await cluster.loop.syncOnce('default/a'))]
}

t.test('a first sync creates children and status, the second writes nothing', async (t) => {
  const cluster = await startCluster(t, { sync: () => ({ status: { phase: 'Ready' }, children: [configMap('c')] }) })
  t.same(await twice(cluster), [['create ConfigMap default/c', 'status Widget default/a'], []])
  const child = cluster.get(cluster.at('configmaps', 'c'))!
  const parent = cluster.get(cluster.widget)!
  t.same(child.metadata.labels, { 'controller-uid': parent.metadata.uid }, 'the generated label is on it')
  t.same(child.metadata.ownerReferences, [{ apiVersion: 'test.sluice.dev/v1', kind: 'Widget', name: 'a', uid: parent.metadata.uid, controller: true, blockOwnerDeletion: true }])
  t.same(JSON.parse(child.metadata.annotations!['metacontroller.k8s.io/last-applied-configuration']!), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { labels: { 'controller-uid': parent.metadata.uid }, name: 'c', namespace: 'default' }, data: { a: '1' } })
  t.same(parent.status, { phase: 'Ready', observedGeneration: 1 })
  t.same(Object.keys(cluster.calls.sync[1]!.children), ['ConfigMap.v1', 'Secret.v1', 'Service.v1'], 'every declared kind is in the request')
  t.same(Object.keys(cluster.calls.sync[1]!.children['ConfigMap.v1']!), ['default/c'])
})

t.test('update methods', async (t) => {
  let value = '1'
  const sync: ClusterOptions['sync'] = () => ({ children: [configMap('c', { a: value }), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: value } }, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'v' }, spec: { type: value } }] })
  const cluster = await startCluster(t, { sync })
  await cluster.loop.syncOnce('default/a')
  const service = cluster.get(cluster.at('services', 'v'))!
  value = '2'
  t.same(await twice(cluster), [['update ConfigMap default/c', 'delete Service default/v'], ['create Service default/v']], 'InPlace is updated, OnDelete is left alone, Recreate is deleted and then created')
  t.not(cluster.get(cluster.at('services', 'v'))!.metadata.uid, service.metadata.uid)
  cluster.merge(cluster.at('configmaps', 'c'), { data: { mine: 'x' }, metadata: { labels: { mine: 'x' } } })
  t.same(await twice(cluster), [[], []], 'what others add stays')
})

t.test('children that are no longer desired are deleted first', async (t) => {
  let names = ['c', 'd']
  const cluster = await startCluster(t, { sync: () => ({ children: names.map((name) => configMap(name)) }) })
  await cluster.loop.syncOnce('default/a')
  names = ['e']
  t.same(await twice(cluster), [['delete ConfigMap default/c', 'delete ConfigMap default/d', 'create ConfigMap default/e'], []])
  cluster.merge(cluster.at('configmaps', 'e'), { metadata: { finalizers: ['x/y'] } })
  names = []
  t.same(await twice(cluster), [['delete ConfigMap default/e'], []], 'one in deletion is left alone')
  t.equal(Object.keys(cluster.calls.sync.at(-1)!.children['ConfigMap.v1']!).length, 1, 'but still shown')
})

t.test('an empty answer deletes everything and wipes the status', async (t) => {
  let answer: object = { status: { phase: 'Ready' }, children: [configMap('c')] }
  const cluster = await startCluster(t, { sync: () => answer })
  await cluster.loop.syncOnce('default/a')
  answer = {}
  t.same(verbs(await cluster.loop.syncOnce('default/a')), ['delete ConfigMap default/c', 'status Widget default/a'])
  t.same(cluster.get(cluster.widget)!.status, { observedGeneration: 1 })
})

t.test('hooks that fail leave everything as it is', async (t) => {
  const rows: { name: string, answer: object, want: object }[] = [
    { name: 'a 500', answer: { code: 500, text: 'bug' }, want: { outcome: 'failed', error: 'unsupported status code: 500 body: bug' } },
    { name: 'a 429', answer: { code: 429, headers: { 'retry-after': '2' } }, want: { outcome: 'throttled', retryAfterSeconds: 2 } },
    { name: 'an unknown field', answer: { error: 'x' }, want: { outcome: 'failed', error: /unknown field "error"/ } },
    { name: 'a child with foreign labels', answer: { children: [configMap('d'), { ...configMap('e'), metadata: { name: 'e', labels: { 'controller-uid': 'other' } } }], status: { phase: 'x' } }, want: { outcome: 'failed', error: /don't match parent selector/ } }
  ]
  for (const row of rows) {
    let answer: object = { status: { phase: 'Ready' }, children: [configMap('c')] }
    const cluster = await startCluster(t, { sync: () => answer })
    await cluster.loop.syncOnce('default/a')
    answer = row.answer
    t.match(await cluster.loop.syncOnce('default/a'), { ...row.want, writes: [] }, row.name)
  }
})

t.test('one child that is refused stops neither the others nor the status', async (t) => {
  const cluster = await startCluster(t, { sync: () => ({ status: { phase: 'x' }, children: [configMap('c'), configMap('Not_Valid'), { apiVersion: 'none/v1', kind: 'None', metadata: { name: 'n' } }, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } }] }) })
  const report = await cluster.loop.syncOnce('default/a')
  t.match(report, { outcome: 'failed', error: /can't reconcile children .*Not_Valid.*can't find kind None/ })
  t.same(verbs(report), ['create ConfigMap default/c', 'create Job default/j', 'status Widget default/a'], 'a kind that is not declared is created')
  t.same(verbs(await cluster.loop.syncOnce('default/a')), [], 'and never seen again: its second create is AlreadyExists, which is silent')
})

t.test('ownership', async (t) => {
  const cluster = await startCluster(t, { sync: () => ({ children: [configMap('c'), configMap('foreign')] }) })
  const uid = cluster.get(cluster.widget)!.metadata.uid!
  cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'foreign' }, data: { theirs: '1' } })
  cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stray', labels: { 'controller-uid': uid } } })
  t.same(await twice(cluster), [
    ['update ConfigMap default/stray', 'delete ConfigMap default/stray', 'create ConfigMap default/c', 'status Widget default/a'], []
  ], 'an orphan that matches is adopted, then deleted because it is not desired; a name that is taken is left alone')
  t.same(cluster.get(cluster.at('configmaps', 'foreign'))!.data, { theirs: '1' })
  cluster.merge(cluster.at('configmaps', 'c'), { metadata: { labels: { 'controller-uid': null } } })
  t.same(verbs(await cluster.loop.syncOnce('default/a')), ['update ConfigMap default/c'], 'a child that lost its labels is released (its create is then silent)')
  t.equal(cluster.get(cluster.at('configmaps', 'c'))!.metadata.ownerReferences, undefined)
})

t.test('the selector of the parent, without generateSelector', async (t) => {
  const cluster = await startCluster(t, { spec: { generateSelector: false }, sync: () => ({ children: [{ ...configMap('c'), metadata: { name: 'c', labels: { app: 'x' } } }] }) })
  t.match(await cluster.loop.syncOnce('default/a'), { outcome: 'failed', error: /must have either matchLabels/ }, 'it must be there')
  t.equal(cluster.calls.sync.length, 0, 'no hook is called')
  cluster.merge(cluster.widget, { spec: { selector: { matchLabels: { app: 'x' } } } })
  t.same(verbs(await cluster.loop.syncOnce('default/a')), ['create ConfigMap default/c', 'status Widget default/a'])
})

t.test('status that differs each time is written each time', async (t) => {
  let n = 0
  const cluster = await startCluster(t, { sync: () => ({ status: { phase: String(n++) } }) })
  t.same(await twice(cluster), [['status Widget default/a'], ['status Widget default/a']])
})

t.test('status fields the schema does not know are written each time', async (t) => {
  const cluster = await startCluster(t, { sync: () => ({ status: { unknown: 1 } }) })
  const [first, second] = [await cluster.loop.syncOnce('default/a'), await cluster.loop.syncOnce('default/a')]
  t.same([verbs(first), verbs(second)], [['status Widget default/a'], ['status Widget default/a']])
  t.same(cluster.get(cluster.widget)!.status, { observedGeneration: 1 })
})

async function finalizing (t: Test, finalize: ClusterOptions['finalize'], spec: object = {}): Promise<Cluster> {
  const cluster = await startCluster(t, { sync: () => ({ children: [configMap('c')] }), ...(finalize ? { finalize } : {}), spec })
  await cluster.loop.syncOnce('default/a')
  return cluster
}

t.test('finalize', async (t) => {
  const cluster = await finalizing(t, ({ children }) => {
    const left = Object.keys(children['ConfigMap.v1']!).length
    return { children: [], finalized: left === 0, status: { phase: 'Going' } }
  })
  t.same(cluster.get(cluster.widget)!.metadata.finalizers, ['metacontroller.io/compositecontroller-widgets'], 'the finalizer was added before anything else')
  cluster.server.operations.delete(cluster.widget)
  t.same(verbs(await cluster.loop.syncOnce('default/a')), ['delete ConfigMap default/c', 'status Widget default/a'], 'children are managed while finalizing')
  t.equal(cluster.calls.finalize[0]!.finalizing, true)
  t.match(await cluster.loop.syncOnce('default/a'), { outcome: 'synced', writes: [{ verb: 'update', kind: 'Widget' }] }, 'finalized takes the finalizer away; the status of what is gone is no error')
  t.equal(cluster.get(cluster.widget), undefined)
  t.match(await cluster.loop.syncOnce('default/a'), { outcome: 'gone' })
})

t.test('foreground deletion: finalize is called, its children are ignored', async (t) => {
  const cluster = await finalizing(t, () => ({ children: [configMap('new')], finalized: false }))
  cluster.merge(cluster.at('configmaps', 'c'), { metadata: { finalizers: ['x/y'] } })
  cluster.server.operations.delete(cluster.widget, { propagation: 'Foreground' })
  t.same(verbs(await cluster.loop.syncOnce('default/a')).filter((write) => write.includes('ConfigMap')), [])
  t.equal(cluster.calls.finalize.length, 1)
})

t.test('a parent that is no longer selected is finalized, then let go', async (t) => {
  const cluster = await startCluster(t, { sync: () => ({ children: [configMap('c')] }), finalize: () => ({ finalized: true }), spec: { parentResource: { apiVersion: 'test.sluice.dev/v1', resource: 'widgets', labelSelector: { matchLabels: { on: 'yes' } } } } })
  t.match(await cluster.loop.syncOnce('default/a'), { outcome: 'ignored', writes: [] }, 'without the label it is none of ours')
  cluster.merge(cluster.widget, { metadata: { labels: { on: 'yes' } } })
  await cluster.loop.syncOnce('default/a')
  cluster.merge(cluster.widget, { metadata: { labels: { on: 'no' } } })
  await cluster.loop.syncOnce('default/a')
  t.equal(cluster.calls.finalize.length, 1)
  t.equal(cluster.get(cluster.widget)!.metadata.finalizers, undefined)
})

t.test('a finalizer whose hook is no longer configured is taken away', async (t) => {
  const cluster = await startCluster(t, { sync: () => ({}) })
  cluster.merge(cluster.widget, { metadata: { finalizers: ['metacontroller.io/compositecontroller-widgets'] } })
  await cluster.loop.syncOnce('default/a')
  t.equal(cluster.get(cluster.widget)!.metadata.finalizers, undefined)
})

t.test('customize and related objects', async (t) => {
  const cluster = await startCluster(t, {
    sync: () => ({}),
    customize: ({ parent }) => ({ relatedResources: [{ apiVersion: 'v1', resource: 'secrets', names: [parent.spec.note ?? 'one'] }] })
  })
  for (const name of ['one', 'two']) cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name } })
  await cluster.loop.syncOnce('default/a')
  await cluster.loop.syncOnce('default/a')
  t.same(cluster.calls.sync.map((call) => Object.keys(call.related['Secret.v1']!)), [['default/one'], ['default/one']])
  t.equal(cluster.calls.customize.length, 1, 'the answer is remembered')
  cluster.merge(cluster.widget, { metadata: { labels: { x: 'y' } } })
  await cluster.loop.syncOnce('default/a')
  t.equal(cluster.calls.customize.length, 1, 'labels do not refresh it')
  cluster.merge(cluster.widget, { spec: { note: 'two' } })
  await cluster.loop.syncOnce('default/a')
  t.same([cluster.calls.customize.length, Object.keys(cluster.calls.sync.at(-1)!.related['Secret.v1']!)], [2, ['default/two']], 'a new generation does')
})

t.test('stale reads are what the test says', async (t) => {
  let behind: Record<string, number> = {}
  const view = (kind: string, _key: string, versions: readonly Version[]): Version => versions[Math.max(versions.length - 1 - (behind[kind] ?? 0), 0)]
  let value = '1'
  const cluster = await startCluster(t, { sync: () => ({ children: [configMap('c', { a: value })], status: { phase: value } }), loop: { view } })
  await cluster.loop.syncOnce('default/a')
  await cluster.loop.refresh()

  behind = { ConfigMap: 1 }
  t.match(await cluster.loop.syncOnce('default/a'), { outcome: 'synced', writes: [] }, 'a child not yet seen is created again, which is silent')
  t.same(cluster.calls.sync.at(-1)!.children['ConfigMap.v1'], {})

  behind = {}
  value = '2'
  await cluster.loop.syncOnce('default/a')
  await cluster.loop.refresh()
  behind = { ConfigMap: 1, Widget: 1 }
  value = '3'
  const report = await cluster.loop.syncOnce('default/a')
  t.same([report.outcome, verbs(report)], ['synced', ['status Widget default/a']], 'the PUT of a stale child conflicts and is swallowed; status is compared with the live object')
  t.equal(cluster.get(cluster.at('configmaps', 'c'))!.data.a, '2')
  behind = {}
  t.same(verbs(await cluster.loop.syncOnce('default/a')), ['update ConfigMap default/c'], 'the next sync puts it right')
})

t.test('writes can be lost or fail', async (t) => {
  let mode: Record<string, 'lose' | 'fail'> = { create: 'lose', status: 'lose' }
  const cluster = await startCluster(t, { sync: () => ({ children: [configMap('c')], status: { phase: 'x' } }), loop: { interfere: ({ verb }) => mode[verb] } })
  t.match(await cluster.loop.syncOnce('default/a'), { outcome: 'synced', writes: [] }, 'a lost write is silent')
  mode = { create: 'fail' }
  t.match(await cluster.loop.syncOnce('default/a'), { outcome: 'failed', writes: [{ verb: 'status' }] })
  mode = {}
  t.same(verbs(await cluster.loop.syncOnce('default/a')), ['create ConfigMap default/c'])
})

t.test('controllers that cannot run', async (t) => {
  const rows: { name: string, spec: object, want: RegExp }[] = [
    { name: 'a child kind that is not served', spec: { childResources: [{ apiVersion: 'none/v1', resource: 'nones' }] }, want: /can't find resource nones/ },
    { name: 'a parent that is no CRD', spec: { parentResource: { apiVersion: 'apps/v1', resource: 'deployments' } }, want: /not found/ },
    { name: 'a rolling strategy', spec: { childResources: [{ apiVersion: 'v1', resource: 'configmaps', updateStrategy: { method: 'RollingInPlace' } }] }, want: /not supported/ },
    { name: 'no hooks', spec: { hooks: undefined }, want: /no hooks defined/ }
  ]
  for (const row of rows) {
    const cluster = await startCluster(t, { sync: () => ({}), spec: row.spec })
    await t.rejects(cluster.loop.prepare(), row.want, row.name)
  }
})

t.test('a SeldonDeployment keeps the order of its predictors', async (t) => {
  let weights: Record<string, number> = { v1: 100 }
  const predictor = (name: string): object => ({ name, traffic: weights[name], graph: { name: 'model', implementation: 'MLFLOW_SERVER', modelUri: `s3://m/${name}` }, replicas: 1 })
  const cluster = await startCluster(t, {
    spec: { childResources: [{ apiVersion: 'machinelearning.seldon.io/v1', resource: 'seldondeployments', updateStrategy: { method: 'InPlace' } }] },
    sync: () => ({ children: [{ apiVersion: 'machinelearning.seldon.io/v1', kind: 'SeldonDeployment', metadata: { name: 'a' }, spec: { protocol: 'v2', predictors: Object.keys(weights).map(predictor) } }] })
  })
  await cluster.loop.syncOnce('default/a')
  weights = { v2: 10, v1: 90 }
  await cluster.loop.syncOnce('default/a')
  const target = cluster.at('seldondeployments', 'a', 'machinelearning.seldon.io')
  t.same(cluster.get(target)!.spec.predictors.map((item: { name: string, traffic: number }) => [item.name, item.traffic]), [['v1', 90], ['v2', 10]])
  t.same(verbs(await cluster.loop.syncOnce('default/a')), [], 'and comes to rest')
})
