// The verbs on a store: versions, generations, status, conflicts, finalizers, managedFields, garbage collection.
import t from 'tap'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { configMap, makeWorld, refusal, widget } from './widgets.ts'

const at = (world: ReturnType<typeof makeWorld>, name: string): { resource: typeof world.widgets, namespace: string, name: string } => ({ resource: world.widgets, namespace: 'n', name })
const mapAt = (world: ReturnType<typeof makeWorld>, name: string): { resource: typeof world.widgets, namespace: string, name: string } => ({ resource: world.configMaps, namespace: 'n', name })

t.test('create fills in what the server owns', (t) => {
  const world = makeWorld()
  const made = world.api.create(world.widgets, 'n', { ...widget('a', {}, { labels: {}, uid: 'mine', generation: 7 }), status: { phase: 'x' } }, { manager: 'me' })
  t.match(made.metadata.uid, /^[0-9a-f-]{36}$/)
  t.same({ ...made, metadata: { ...made.metadata, uid: 'uid' } }, {
    apiVersion: 'test.sluice.dev/v1',
    kind: 'Widget',
    metadata: {
      name: 'a',
      namespace: 'n',
      uid: 'uid',
      resourceVersion: '4',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      managedFields: [{ manager: 'me', operation: 'Update', apiVersion: 'test.sluice.dev/v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:colour': {}, 'f:size': {}, 'f:wait': {} } } }]
    },
    spec: { colour: 'red', size: 1, wait: '10m' }
  })
  t.end()
})

t.test('writes that are refused', (t) => {
  const rows: { name: string, act: (world: ReturnType<typeof makeWorld>) => unknown, want: [number, string | undefined] }[] = [
    { name: 'a name that is taken is AlreadyExists', act: ({ api, widgets }) => api.create(widgets, 'n', widget('a')), want: [409, 'AlreadyExists'] },
    { name: 'a namespace that is not there is NotFound', act: ({ api, widgets }) => api.create(widgets, 'other', widget('b')), want: [404, 'NotFound'] },
    { name: 'a bad name is Invalid', act: ({ api, widgets }) => api.create(widgets, 'n', widget('A_b')), want: [422, 'Invalid'] },
    { name: 'resourceVersion on create is an error without reason', act: ({ api, widgets }) => api.create(widgets, 'n', widget('b', {}, { resourceVersion: '1' })), want: [500, undefined] },
    { name: 'another namespace in the body is BadRequest', act: ({ api, widgets }) => api.create(widgets, 'n', widget('b', {}, { namespace: 'm' })), want: [400, 'BadRequest'] },
    { name: 'another kind in the body is BadRequest', act: ({ api, widgets }) => api.create(widgets, 'n', configMap('b')), want: [400, 'BadRequest'] },
    { name: 'an unknown field is BadRequest when validation is strict', act: ({ api, widgets }) => api.create(widgets, 'n', widget('b', { foo: 1 }), { strict: true }), want: [400, 'BadRequest'] },
    { name: 'annotations above 256 KiB are Invalid', act: ({ api, widgets }) => api.create(widgets, 'n', widget('b', {}, { annotations: { a: 'x'.repeat(262_144) } })), want: [422, 'Invalid'] },
    { name: 'an object above 1.5 MiB is too large', act: ({ api, configMaps }) => api.create(configMaps, 'n', configMap('b', {}, { a: 'x'.repeat(1_600_000) })), want: [413, 'RequestEntityTooLarge'] },
    { name: 'a label value that is no string is BadRequest', act: ({ api, widgets }) => api.create(widgets, 'n', widget('b', {}, { labels: { a: 1 } })), want: [400, 'BadRequest'] },
    { name: 'a label value with a space is Invalid', act: ({ api, widgets }) => api.create(widgets, 'n', widget('b', {}, { labels: { a: 'x y' } })), want: [422, 'Invalid'] },
    { name: 'two controllers are Invalid', act: ({ api, widgets }) => api.create(widgets, 'n', widget('b', {}, { ownerReferences: ['x', 'y'].map((uid) => ({ apiVersion: 'v1', kind: 'K', name: uid, uid, controller: true })) })), want: [422, 'Invalid'] },
    { name: 'a PUT without resourceVersion on a custom resource is Invalid', act: (world) => world.api.update(at(world, 'a'), widget('a')), want: [422, 'Invalid'] },
    { name: 'a PUT of an older version is a Conflict', act: (world) => world.api.update(at(world, 'a'), widget('a', {}, { resourceVersion: '1' })), want: [409, 'Conflict'] },
    { name: 'a PUT to what is gone is NotFound', act: (world) => world.api.update(at(world, 'z'), widget('z', {}, { resourceVersion: '1' })), want: [404, 'NotFound'] },
    { name: 'a merge patch with another uid is Invalid (immutable), not a Conflict', act: (world) => world.api.patch(at(world, 'a'), 'application/merge-patch+json', { metadata: { uid: 'other' } }), want: [422, 'Invalid'] },
    { name: 'a PUT with another uid is a Conflict', act: (world) => world.api.update(at(world, 'a'), widget('a', {}, { uid: 'other', resourceVersion: '4' })), want: [409, 'Conflict'] },
    { name: 'an apply with an unknown field is an error without reason', act: (world) => world.api.patch(at(world, 'b'), 'application/apply-patch+yaml', widget('b', { foo: 1 })), want: [500, undefined] },
    { name: 'a merge patch with an older version is a Conflict', act: (world) => world.api.patch(at(world, 'a'), 'application/merge-patch+json', { metadata: { resourceVersion: '1' } }), want: [409, 'Conflict'] },
    { name: 'a strategic merge patch on a custom resource is UnsupportedMediaType', act: (world) => world.api.patch(at(world, 'a'), 'application/strategic-merge-patch+json', {}), want: [415, 'UnsupportedMediaType'] },
    { name: 'a JSON patch whose test fails is Invalid', act: (world) => world.api.patch(at(world, 'a'), 'application/json-patch+json', [{ op: 'test', path: '/spec/size', value: 9 }]), want: [422, 'Invalid'] },
    { name: 'a delete with another uid is a Conflict', act: (world) => world.api.delete(at(world, 'a'), { preconditions: { uid: 'other' } }), want: [409, 'Conflict'] },
    { name: 'the status of a kind without one is NotFound', act: (world) => world.api.update(mapAt(world, 'm'), configMap('m'), { subresource: 'status' }), want: [404, 'NotFound'] }
  ]
  for (const row of rows) {
    const world = makeWorld()
    world.api.create(world.widgets, 'n', widget('a'))
    world.api.create(world.configMaps, 'n', configMap('m'))
    const before = world.store.version()
    const got = refusal(() => row.act(world))
    t.same([got?.code, got?.reason], row.want, row.name)
    t.equal(world.store.version(), before, `${row.name}: nothing is written`)
  }
  t.end()
})

t.test('generation rises with the spec only', (t) => {
  const rows: { name: string, patch: object, subresource?: 'status', want: number }[] = [
    { name: 'spec', patch: { spec: { size: 2 } }, want: 2 },
    { name: 'labels', patch: { metadata: { labels: { a: 'b' } } }, want: 1 },
    { name: 'status by /status', patch: { status: { phase: 'x' } }, subresource: 'status', want: 1 }
  ]
  for (const row of rows) {
    const world = makeWorld()
    world.api.create(world.widgets, 'n', widget('a'))
    const { object } = world.api.patch(at(world, 'a'), 'application/merge-patch+json', row.patch, row.subresource ? { subresource: row.subresource } : {})
    t.equal(object.metadata.generation, row.want, row.name)
  }
  t.end()
})

t.test('status and spec are written apart', (t) => {
  const world = makeWorld()
  world.api.create(world.widgets, 'n', widget('a'))
  const both = { spec: { size: 5 }, status: { phase: 'x' }, metadata: { labels: { a: 'b' } } }
  const main = world.api.patch(at(world, 'a'), 'application/merge-patch+json', both).object
  t.same([main.spec.size, main.status, main.metadata.labels], [5, undefined, { a: 'b' }], 'the main resource ignores status')
  const other = { spec: { size: 6 }, status: { phase: 'y' }, metadata: { labels: { c: 'd' } } }
  const status = world.api.patch(at(world, 'a'), 'application/merge-patch+json', other, { subresource: 'status', manager: 's' }).object
  t.same([status.spec.size, status.status, status.metadata.labels], [5, { phase: 'y' }, { a: 'b' }], '/status changes nothing else')
  const entry = status.metadata.managedFields?.find(({ manager }) => manager === 's')
  t.same([entry?.subresource, entry?.fieldsV1], ['status', { 'f:status': { 'f:phase': {} } }], 'its manager is marked')
  t.end()
})

t.test('a write that changes nothing is no write', (t) => {
  const world = makeWorld()
  const made = world.api.create(world.widgets, 'n', widget('a'), { manager: 'one' })
  world.clock.now += 5000
  t.same(world.api.patch(at(world, 'a'), 'application/merge-patch+json', { spec: { size: 1 } }, { manager: 'two' }).object, made, 'patch')
  t.same(world.api.update(at(world, 'a'), made, { manager: 'two' }), made, 'PUT')
  t.end()
})

t.test('managedFields tell who wrote what, and when', (t) => {
  const world = makeWorld()
  world.api.create(world.widgets, 'n', widget('a', { note: 'x' }), { manager: 'one' })
  const entries = (object: KubeObject): unknown => object.metadata.managedFields?.map(({ manager, time, fieldsV1 }) => [manager, time.slice(17, 19), fieldsV1])
  world.clock.now += 1500
  const second = world.api.patch(at(world, 'a'), 'application/merge-patch+json', { spec: { size: 2 } }, { manager: 'two' }).object
  t.same(entries(second), [['one', '00', { 'f:spec': { 'f:colour': {}, 'f:note': {}, 'f:wait': {} } }], ['two', '01', { 'f:spec': { 'f:size': {} } }]], 'a changed field goes to its writer, in whole seconds')
  world.clock.now += 1000
  const third = world.api.patch(at(world, 'a'), 'application/merge-patch+json', { spec: { note: null } }, { manager: 'two' }).object
  t.same(entries(third), [['one', '00', { 'f:spec': { 'f:colour': {}, 'f:wait': {} } }], ['two', '01', { 'f:spec': { 'f:size': {} } }]], 'a removed field goes from everybody and leaves no time')
  t.end()
})

t.test('finalizers hold an object in deletion', (t) => {
  const world = makeWorld()
  world.api.create(world.widgets, 'n', widget('a', {}, { finalizers: ['x/y'] }))
  world.clock.now += 1000
  const marked = world.api.delete(at(world, 'a'))
  t.same([marked.gone, marked.object.metadata.deletionTimestamp, marked.object.metadata.generation], [false, '2026-01-01T00:00:01Z', 2], 'it is marked')
  t.equal(world.api.delete(at(world, 'a')).object.metadata.resourceVersion, marked.object.metadata.resourceVersion, 'a second delete changes nothing')
  const added = refusal(() => world.api.patch(at(world, 'a'), 'application/merge-patch+json', { metadata: { finalizers: ['x/y', 'z/z'] } }))
  t.equal(added?.code, 422, 'no finalizer can be added any more')
  world.api.patch(at(world, 'a'), 'application/merge-patch+json', { metadata: { finalizers: null } })
  t.equal(refusal(() => world.api.get(at(world, 'a')))?.code, 404, 'without finalizers it is gone')
  t.end()
})

function owned (name: string, owner: KubeObject, block = true): KubeObject {
  const { apiVersion, kind, metadata } = owner
  return configMap(name, { ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: block }] })
}

t.test('garbage collection', (t) => {
  const rows: { name: string, propagation?: 'Background' | 'Foreground' | 'Orphan', want: { owner: boolean, child: string } }[] = [
    { name: 'background: the owner goes, then its dependents', propagation: 'Background', want: { owner: false, child: 'gone' } },
    { name: 'the default is background', want: { owner: false, child: 'gone' } },
    { name: 'foreground: the dependents go, then the owner', propagation: 'Foreground', want: { owner: false, child: 'gone' } },
    { name: 'orphan: the dependents stay without an owner', propagation: 'Orphan', want: { owner: false, child: 'orphan' } }
  ]
  for (const row of rows) {
    const world = makeWorld()
    const owner = world.api.create(world.widgets, 'n', widget('a'))
    world.api.create(world.configMaps, 'n', owned('c', owner))
    world.api.delete(at(world, 'a'), row.propagation ? { propagation: row.propagation } : {})
    const child = world.store.get('/configmaps', 'n', 'c')
    t.same({ owner: world.store.get('test.sluice.dev/widgets', 'n', 'a') !== undefined, child: child ? (child.metadata.ownerReferences ? 'owned' : 'orphan') : 'gone' }, row.want, row.name)
  }

  const world = makeWorld()
  const owner = world.api.create(world.widgets, 'n', widget('a'))
  world.api.create(world.configMaps, 'n', { ...owned('c', owner), metadata: { ...owned('c', owner).metadata, finalizers: ['x/y'] } })
  world.api.delete(at(world, 'a'), { propagation: 'Foreground' })
  t.same(world.api.get(at(world, 'a')).metadata.finalizers, ['foregroundDeletion'], 'a blocking dependent holds a foreground deletion')
  world.api.patch(mapAt(world, 'c'), 'application/merge-patch+json', { metadata: { finalizers: null } })
  t.equal(refusal(() => world.api.get(at(world, 'a')))?.code, 404, 'until it is gone')

  world.api.create(world.configMaps, 'n', owned('late', owner))
  t.equal(refusal(() => world.api.get(mapAt(world, 'late')))?.code, 404, 'what is created for a dead owner is collected')
  t.end()
})

t.test('garbage collection can wait for its turn', (t) => {
  const world = makeWorld({ garbageCollection: false })
  const owner = world.api.create(world.widgets, 'n', widget('a'))
  world.api.create(world.configMaps, 'n', owned('c', owner))
  world.api.delete(at(world, 'a'))
  t.ok(world.store.get('/configmaps', 'n', 'c'), 'the dependent is still there')
  world.api.collectGarbage()
  t.notOk(world.store.get('/configmaps', 'n', 'c'), 'then it is collected')
  t.end()
})

t.test('a namespace takes its contents with it', (t) => {
  const world = makeWorld()
  world.api.create(world.widgets, 'n', widget('a', {}, { finalizers: ['x/y'] }))
  world.api.create(world.configMaps, 'n', configMap('c'))
  world.api.delete({ resource: world.namespaces, namespace: undefined, name: 'n' })
  t.equal(world.api.get({ resource: world.namespaces, namespace: undefined, name: 'n' }).status.phase, 'Terminating', 'it waits for what has finalizers')
  t.notOk(world.store.get('/configmaps', 'n', 'c'), 'the rest is deleted')
  t.equal(refusal(() => world.api.create(world.configMaps, 'n', configMap('d')))?.code, 403, 'nothing new may be created in it')
  world.api.patch(at(world, 'a'), 'application/merge-patch+json', { metadata: { finalizers: null } })
  t.notOk(world.store.get('/namespaces', undefined, 'n'), 'then it is gone')
  t.end()
})

t.test('events are one storage with two forms', (t) => {
  const world = makeWorld()
  const core = world.registry.find('', 'v1', 'events')!
  const modern = world.registry.find('events.k8s.io', 'v1', 'events')!
  world.api.create(modern, 'n', { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'e' }, note: 'hello', regarding: { kind: 'Widget', name: 'a' }, reason: 'R', type: 'Normal', reportingController: 'me' })
  const { apiVersion, message, involvedObject, reportingComponent } = world.api.get({ resource: core, namespace: 'n', name: 'e' })
  t.same({ apiVersion, message, involvedObject, reportingComponent }, { apiVersion: 'v1', message: 'hello', involvedObject: { kind: 'Widget', name: 'a' }, reportingComponent: 'me' })
  t.equal(world.api.get({ resource: modern, namespace: 'n', name: 'e' }).note, 'hello')
  t.end()
})

t.test('a list in pages is one snapshot', (t) => {
  const world = makeWorld()
  for (const name of ['a', 'b', 'c', 'd']) world.api.create(world.widgets, 'n', widget(name))
  const first = world.api.list(world.widgets, { limit: 2 })
  world.api.patch(at(world, 'c'), 'application/merge-patch+json', { spec: { size: 9 } })
  world.api.delete(at(world, 'd'))
  world.api.create(world.widgets, 'n', widget('e'))
  const second = world.api.list(world.widgets, { limit: 2, continueToken: first.continueToken! })
  const show = (page: typeof first): unknown => ({ items: page.items.map((item) => `${item.metadata.name}${item.spec.size}`), version: page.version, remaining: page.remaining })
  t.same([show(first), show(second)], [{ items: ['a1', 'b1'], version: first.version, remaining: 2 }, { items: ['c1', 'd1'], version: first.version, remaining: undefined }])
  world.store.compact()
  t.equal(refusal(() => world.api.list(world.widgets, { continueToken: first.continueToken! }))?.code, 410, 'a token older than the history has expired')
  t.end()
})

t.test('a dry run changes nothing', (t) => {
  const world = makeWorld()
  const before = world.store.version()
  world.api.create(world.widgets, 'n', widget('a'), { dryRun: true })
  t.equal(world.store.version(), before)
  t.end()
})
