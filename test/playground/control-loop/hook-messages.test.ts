// Requests as hooks get them and the strict reading of their answers.
import t from 'tap'
import { customizeBody, decodeCustomize, decodeSync, retryAfterSeconds, syncBody, withNamespaces } from '../../../playground/control-loop/hook-messages.ts'
import { ensureGroup, groupObjects, sortedGroups } from '../../../playground/control-loop/object-map.ts'
import type { ObjectMap } from '../../../playground/control-loop/object-map.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'

const namespaced: KubeObject = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', metadata: { name: 'p', namespace: 'n' } }
const cluster: KubeObject = { apiVersion: 'test.sluice.dev/v1', kind: 'Gadget', metadata: { name: 'p' } }
const controller: KubeObject = { apiVersion: 'metacontroller.k8s.io/v1alpha1', kind: 'CompositeController', metadata: { name: 'c' } }
const object = (apiVersion: string, kind: string, name: string, namespace?: string): KubeObject => ({ kind, apiVersion, metadata: { name, ...(namespace ? { namespace } : {}) } })

const objects = groupObjects([
  object('v1', 'Service', 's', 'n'),
  object('v1', 'Service', 's', 'other'),
  object('apps/v1', 'Deployment', 'd', 'n'),
  object('v1', 'Namespace', 'x')
])

t.test('keys of children and related objects', (t) => {
  const rows: { name: string, version: 'v1' | 'v2', parent: KubeObject, want: Record<string, string[]> }[] = [
    { name: 'v2: namespace/name, or name for cluster-scoped objects', version: 'v2', parent: namespaced, want: { 'Service.v1': ['n/s', 'other/s'], 'Deployment.apps/v1': ['n/d'], 'Namespace.v1': ['x'] } },
    { name: 'v2: the same for a cluster-scoped parent', version: 'v2', parent: cluster, want: { 'Service.v1': ['n/s', 'other/s'], 'Deployment.apps/v1': ['n/d'], 'Namespace.v1': ['x'] } },
    { name: 'v1 with a namespaced parent: names, and nothing from elsewhere', version: 'v1', parent: namespaced, want: { 'Service.v1': ['s'], 'Deployment.apps/v1': ['d'], 'Namespace.v1': [] } },
    { name: 'v1 with a cluster-scoped parent: namespace/name', version: 'v1', parent: cluster, want: { 'Service.v1': ['n/s', 'other/s'], 'Deployment.apps/v1': ['n/d'], 'Namespace.v1': ['x'] } }
  ]
  for (const row of rows) {
    const body = JSON.parse(syncBody({ controller, parent: row.parent, children: objects, related: new Map(), finalizing: false }, row.version)) as { children: Record<string, object> }
    t.same(Object.fromEntries(Object.entries(body.children).map(([key, group]) => [key, Object.keys(group)])), row.want, row.name)
  }
  t.end()
})

t.test('bodies', (t) => {
  const empty: ObjectMap = new Map()
  ensureGroup(empty, { apiVersion: 'v1', kind: 'Service' })
  t.equal(syncBody({ controller, parent: namespaced, children: empty, related: new Map(), finalizing: true }, 'v2'),
    '{"controller":{"apiVersion":"metacontroller.k8s.io/v1alpha1","kind":"CompositeController","metadata":{"name":"c"}},"parent":{"apiVersion":"test.sluice.dev/v1","kind":"Widget","metadata":{"name":"p","namespace":"n"}},"children":{"Service.v1":{}},"related":{},"finalizing":true}',
    'every declared kind is there, map keys are sorted')
  t.same(Object.keys(JSON.parse(customizeBody(controller, namespaced)) as object), ['controller', 'parent'])
  t.end()
})

t.test('kinds are managed in the order of group, version, kind', (t) => {
  const map = groupObjects([object('batch/v1', 'Job', 'a'), object('v1', 'Service', 'a'), object('apps/v1', 'Deployment', 'a'), object('v1', 'ConfigMap', 'a')])
  t.same(sortedGroups(map).map((group) => group.kind), ['ConfigMap', 'Service', 'Deployment', 'Job'])
  t.same([...groupObjects([{ ...object('v1', 'Service', 'a'), spec: 1 }, { ...object('v1', 'Service', 'a'), spec: 2 }]).get('Service.v1')!.objects.values()].map((other) => other.spec as number), [2], 'of two with one key the last wins')
  t.end()
})

const nothing = { status: {}, children: [], resyncAfterSeconds: 0, finalized: false }

t.test('answers that are accepted', (t) => {
  const rows: { name: string, text: string, loose?: boolean, want: object }[] = [
    { name: 'a full answer', text: '{"status":{"a":1},"children":[{"kind":"X"}],"resyncAfterSeconds":1.5,"finalized":true}', want: { status: { a: 1 }, children: [{ kind: 'X' }], resyncAfterSeconds: 1.5, finalized: true } },
    { name: 'an empty object means no children and no status', text: '{}', want: nothing },
    { name: 'so does null', text: 'null', want: nothing },
    { name: 'so do nulls in all fields', text: '{"status":null,"children":null,"resyncAfterSeconds":null,"finalized":null}', want: nothing },
    { name: 'unknown fields inside children are not looked at', text: '{"children":[{"kind":"X","foo":1}]}', want: { ...nothing, children: [{ kind: 'X', foo: 1 }] } },
    { name: 'nor are duplicate ones', text: '{"children":[{"kind":"X","a":1,"a":2}]}', want: { ...nothing, children: [{ kind: 'X', a: 2 }] } },
    { name: 'loose: an error object means no children', text: '{"error":"x"}', loose: true, want: nothing },
    { name: 'loose: duplicates are ignored', text: '{"finalized":false,"finalized":true}', loose: true, want: { ...nothing, finalized: true } },
    { name: 'white space does not matter', text: '{ "status": { "a": 1 } }\n', want: { ...nothing, status: { a: 1 } } }
  ]
  for (const row of rows) t.same(decodeSync(row.text, row.loose !== true), row.want, row.name)
  t.end()
})

t.test('answers that fail the sync', (t) => {
  const rows: { name: string, text: string, loose?: boolean, want: RegExp }[] = [
    { name: 'an empty body', text: '', want: /empty body/ },
    { name: 'no JSON', text: '<html>', want: /can't unmarshal/ },
    { name: 'a list', text: '[]', want: /must be an object/ },
    { name: 'status that is no object', text: '{"status":"x"}', want: /status: must be an object/ },
    { name: 'children that are no list', text: '{"children":{}}', want: /children: must be a list/ },
    { name: 'a child that is null', text: '{"children":[null]}', want: /null item/ },
    { name: 'a child that is false', text: '{"children":[false]}', want: /must be an object/ },
    { name: 'a child without kind', text: '{"children":[{"apiVersion":"v1"}]}', want: /Kind/ },
    { name: 'finalized that is no boolean', text: '{"finalized":"true"}', want: /true or false/ },
    { name: 'resyncAfterSeconds that is no number', text: '{"resyncAfterSeconds":"5"}', want: /must be a number/ },
    { name: 'strict: an unknown field', text: '{"error":"x"}', want: /unknown field "error"/ },
    { name: 'strict: another case is another field', text: '{"Children":[]}', want: /unknown field "Children"/ },
    { name: 'strict: a duplicate field', text: '{"finalized":false,"finalized":true}', want: /duplicate field "finalized"/ },
    { name: 'strict: a duplicate inside status', text: '{"status":{"a":{"b":1,"b":2}}}', want: /duplicate field "b"/ },
    { name: 'loose: a wrong type all the same', text: '{"children":"x"}', loose: true, want: /must be a list/ }
  ]
  for (const row of rows) t.throws(() => decodeSync(row.text, row.loose !== true), row.want, row.name)
  t.end()
})

t.test('customize answers', (t) => {
  t.same(decodeCustomize('{"relatedResources":[{"apiVersion":"v1","resource":"secrets","names":["a"]}]}', true), [{ apiVersion: 'v1', resource: 'secrets', names: ['a'] }])
  t.same(decodeCustomize('{}', true), [])
  t.throws(() => decodeCustomize('{"relatedResources":[null]}', true), /null item/)
  t.throws(() => decodeCustomize('{"relatedResources":[{"apiVersion":"v1","resource":"secrets","name":"a"}]}', true), /unknown field "name"/, 'strict looks into rules')
  t.end()
})

t.test('children without a namespace get the one of the parent', (t) => {
  const child = object('v1', 'Service', 's')
  t.equal(withNamespaces([child], namespaced)[0]!.metadata.namespace, 'n')
  t.equal(withNamespaces([object('v1', 'Service', 's', 'm')], namespaced)[0]!.metadata.namespace, 'm', 'their own stays')
  t.equal(withNamespaces([child], cluster)[0]!.metadata.namespace, undefined, 'a cluster-scoped parent has none to give')
  t.end()
})

t.test('Retry-After', (t) => {
  const now = Date.parse('2026-11-21T04:00:00Z')
  const rows: { name: string, header: string | undefined, want: number }[] = [
    { name: 'seconds', header: '7', want: 7 },
    { name: 'a date', header: 'Sat, 21 Nov 2026 04:00:05 GMT', want: 5 },
    { name: 'a date in the past', header: 'Sat, 21 Nov 2026 03:00:05 GMT', want: 0 },
    { name: 'nothing', header: undefined, want: 0 },
    { name: 'nonsense', header: 'soon', want: 0 },
    { name: 'a fraction is nonsense', header: '1.5', want: 0 }
  ]
  for (const row of rows) t.equal(retryAfterSeconds(row.header, now), row.want, row.name)
  t.end()
})
