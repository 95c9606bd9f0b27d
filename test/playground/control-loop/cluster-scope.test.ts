// Parents without a namespace: children in namespaces of their choice and in none, related objects from anywhere, and what goes when the parent goes.
import t from 'tap'
import type { Test } from 'tap'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { startCluster, type Cluster, type ClusterOptions } from './cluster.ts'

const CRD: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'sites.test.sluice.dev' },
  spec: {
    group: 'test.sluice.dev',
    scope: 'Cluster',
    names: { kind: 'Site', plural: 'sites' },
    versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }]
  }
}

const RBAC = 'rbac.authorization.k8s.io/v1'

const spec = {
  parentResource: { apiVersion: 'test.sluice.dev/v1', resource: 'sites' },
  childResources: [['v1', 'configmaps'], [RBAC, 'clusterroles'], [RBAC, 'rolebindings']].map(([apiVersion, resource]) => ({ apiVersion, resource, updateStrategy: { method: 'InPlace' } }))
}

const configMap = (namespace: string, value = '1'): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace }, data: { a: value } })
const role = (verbs: string[]): KubeObject => ({ apiVersion: RBAC, kind: 'ClusterRole', metadata: { name: 'site-s' }, rules: [{ apiGroups: [''], resources: ['x'], verbs }] })
const binding: KubeObject = { apiVersion: RBAC, kind: 'RoleBinding', metadata: { name: 'b', namespace: 'two' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'site-s' }, subjects: [{ kind: 'Group', name: 'g' }] }

async function startSites (t: Test, options: Pick<ClusterOptions, 'sync' | 'customize' | 'finalize' | 'loop'>): Promise<Cluster> {
  const cluster = await startCluster(t, { ...options, spec, server: { namespaces: ['one', 'two'] } })
  cluster.create(CRD)
  cluster.create({ apiVersion: 'test.sluice.dev/v1', kind: 'Site', metadata: { name: 's' } })
  return cluster
}

async function sync ({ loop }: Cluster): Promise<string[]> {
  const { writes, error } = await loop.syncOnce('s')
  return [...writes.map(({ verb, kind, key }) => `${verb} ${kind} ${key}`), ...error === undefined ? [] : [error]]
}

const site = ({ server }: Cluster) => ({ resource: server.registry.find('test.sluice.dev', 'v1', 'sites')!, namespace: undefined, name: 's' })
const names = ({ server }: Cluster, storage: string): string[] => server.store.list(storage).map(({ metadata: { namespace, name } }) => namespace === undefined ? name : `${namespace}/${name}`)

for (const applyStrategy of ['dynamic-apply', 'server-side-apply'] as const) {
  t.test(`children in any namespace and in none, by ${applyStrategy}`, async (t) => {
    let children: KubeObject[] = [configMap('one'), configMap('two'), role(['get']), binding]
    const cluster = await startSites(t, { sync: () => ({ children, status: { namespace: 'one' } }), loop: { applyStrategy } })
    const [create, update] = applyStrategy === 'dynamic-apply' ? ['create', 'update'] : ['apply', 'apply']
    t.strictSame(await sync(cluster), [`${create} ConfigMap one/c`, `${create} ConfigMap two/c`, `${create} ClusterRole site-s`, `${create} RoleBinding two/b`, 'status Site s'])
    t.strictSame(await sync(cluster), [], 'what the server fills in is no difference')
    const { metadata: { uid } } = cluster.server.operations.get(site(cluster))
    for (const object of [...cluster.server.store.list('/configmaps'), ...cluster.server.store.list('rbac.authorization.k8s.io/clusterroles')]) {
      t.strictSame(object.metadata.ownerReferences, [{ apiVersion: 'test.sluice.dev/v1', kind: 'Site', name: 's', uid, controller: true, blockOwnerDeletion: true }])
    }
    t.strictSame(Object.entries(cluster.calls.sync[1]!.children).map(([kind, objects]) => [kind, Object.keys(objects)]), [['ClusterRole.rbac.authorization.k8s.io/v1', ['site-s']], ['ConfigMap.v1', ['one/c', 'two/c']], ['RoleBinding.rbac.authorization.k8s.io/v1', ['two/b']]], 'each by its whole name')
    children = [configMap('two', '2'), role(['get', 'list']), binding]
    t.strictSame(await sync(cluster), ['delete ConfigMap one/c', `${update} ConfigMap two/c`, `${update} ClusterRole site-s`])
    children = [role(['get', 'list']), { ...binding, roleRef: { ...binding['roleRef'], name: 'other' } }]
    t.match(await sync(cluster), ['delete ConfigMap two/c', /cannot change roleRef/], 'what is settled is refused, and nothing else is held up')
    cluster.server.operations.delete(site(cluster))
    t.strictSame([names(cluster, '/configmaps'), names(cluster, 'rbac.authorization.k8s.io/clusterroles'), names(cluster, 'rbac.authorization.k8s.io/rolebindings')], [[], [], []], 'all goes with it')
  })
}

t.test('a child that names no namespace is refused, one of an object with another owner is left alone', async (t) => {
  const { namespace: _, ...metadata } = configMap('one').metadata
  const cluster = await startSites(t, { sync: () => ({ children: [{ ...configMap('one'), metadata }, configMap('two')] }) })
  cluster.create({ ...configMap('two', 'theirs'), metadata: { name: 'c', namespace: 'two', ownerReferences: [{ apiVersion: 'v1', kind: 'Namespace', name: 'two', uid: cluster.server.store.get('/namespaces', undefined, 'two')!.metadata.uid!, controller: true }] } })
  t.match(await sync(cluster), ['status Site s', /namespace/])
  t.strictSame(cluster.server.store.get('/configmaps', 'two', 'c')!['data'], { a: 'theirs' })
})

t.test('related objects of all namespaces, chosen by the labels of these', async (t) => {
  const cluster = await startSites(t, {
    sync: () => ({ children: [] }),
    customize: () => ({ relatedResources: [{ apiVersion: 'v1', resource: 'secrets', namespaceSelector: { matchLabels: { workspace: 'yes' } }, labelSelector: { matchLabels: { kind: 'artifact' } } }, { apiVersion: RBAC, resource: 'clusterroles', names: ['view'] }, { apiVersion: 'v1', resource: 'namespaces' }] })
  })
  for (const namespace of ['one', 'two']) cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace, labels: { kind: 'artifact' } } })
  cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other', namespace: 'one' } })
  cluster.create({ ...role(['get']), metadata: { name: 'view' } })
  cluster.merge({ resource: cluster.server.registry.find('', 'v1', 'namespaces')!, namespace: undefined, name: 'one' }, { metadata: { labels: { workspace: 'yes' } } })
  await cluster.loop.syncOnce('s')
  t.strictSame(Object.entries(cluster.calls.sync[0]!.related).map(([kind, objects]) => [kind, Object.keys(objects)]), [['ClusterRole.rbac.authorization.k8s.io/v1', ['view']], ['Namespace.v1', ['default', 'kube-system', 'one', 'two']], ['Secret.v1', ['one/s']]])
})

t.test('running, it notices what becomes of children anywhere, and ends with its finalizer', async (t) => {
  const synced: Array<() => boolean> = []
  const wait = async (condition: () => boolean): Promise<void> => {
    await new Promise<void>((resolve) => {
      const look = (): boolean => { if (condition()) resolve(); return condition() }
      if (!look()) synced.push(look)
    })
  }
  let children: KubeObject[] = [configMap('two'), role(['get'])]
  const cluster = await startSites(t, {
    sync: () => ({ children }),
    finalize: () => ({ children: [], finalized: true }),
    loop: { onSync: () => { for (const look of synced) look() } }
  })
  await cluster.loop.start()
  const there = (): boolean => names(cluster, '/configmaps').length > 0 && names(cluster, 'rbac.authorization.k8s.io/clusterroles').length > 0
  await wait(there)
  cluster.server.operations.delete({ ...cluster.at('configmaps', 'c'), namespace: 'two' })
  await wait(there)
  cluster.server.operations.delete({ resource: cluster.server.registry.find('rbac.authorization.k8s.io', 'v1', 'clusterroles')!, namespace: undefined, name: 'site-s' })
  await wait(there)
  children = []
  cluster.server.operations.delete(site(cluster))
  await wait(() => names(cluster, 'test.sluice.dev/sites').length === 0)
  t.strictSame([names(cluster, '/configmaps'), names(cluster, 'rbac.authorization.k8s.io/clusterroles')], [[], []])
})
