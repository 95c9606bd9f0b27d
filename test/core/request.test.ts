// Looking things up in a call of Metacontroller.
import t from 'tap'
import { findChild, mayReturn, newestInstant, objectMapKey, type KubeObject, type SyncRequest } from '../../hooks/core/request.ts'
import { formatInstant } from '../../hooks/core/time.ts'
import { greeting, planet } from '../fixtures/kinds/greeting.ts'
import { requestFor } from '../helpers/requests.ts'

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' }
const object = (metadata: Partial<KubeObject['metadata']> = {}): KubeObject => ({ ...CONFIG_MAP, metadata: { name: 'a', namespace: 'home', ...metadata } })

t.test('objects are filed by kind, group and version', async (t) => {
  t.equal(objectMapKey('v1', 'Service'), 'Service.v1')
  t.equal(objectMapKey('apps/v1', 'Deployment'), 'Deployment.apps/v1')
})

t.test('a child is found in the namespace of its parent, or in the one named', async (t) => {
  const here = object()
  const there = object({ namespace: 'away' })
  const request = { ...requestFor(greeting), children: { 'ConfigMap.v1': { 'home/a': here, 'away/a': there } } }
  t.equal(findChild(request, CONFIG_MAP, 'a'), here)
  t.equal(findChild(request, CONFIG_MAP, 'a', 'away'), there)
  t.equal(findChild(request, CONFIG_MAP, 'b'), undefined)
  t.equal(findChild(request, { apiVersion: 'v1', kind: 'Secret' }, 'a'), undefined)
})

t.test('a cluster-scoped child of a cluster-scoped parent is found by its name alone', async (t) => {
  const child = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }
  t.equal(findChild({ ...requestFor(planet), children: { 'Namespace.v1': { a: child } } }, child, 'a'), child)
})

t.test('what every JavaScript object inherits is no child', async (t) => {
  const request = { ...requestFor(planet), children: { 'ConfigMap.v1': {} } }
  for (const name of ['constructor', 'toString', '__proto__']) t.equal(findChild(request, CONFIG_MAP, name), undefined, name)
})

t.test('only what the controller lists may be returned', async (t) => {
  const request = requestFor(greeting)
  t.equal(mayReturn(request, { apiVersion: 'v1', resource: 'configmaps' }), true)
  t.equal(mayReturn(request, { apiVersion: 'v2', resource: 'configmaps' }), false)
  t.equal(mayReturn(request, { apiVersion: 'v1', resource: 'secrets' }), false)
  t.equal(mayReturn({ ...request, controller: {} }, { apiVersion: 'v1', resource: 'configmaps' }), false)
})

const times: Array<{ name: string, given: Partial<SyncRequest>, ours?: Array<number | undefined>, want: string }> = [
  { name: "the parent's creation is a time", given: {}, want: '2026-01-05T10:00:00Z' },
  { name: 'a later change of a child is newer', given: { children: { 'ConfigMap.v1': { 'home/a': object({ managedFields: [{ time: '2026-01-05T10:00:07Z' }, {}, { time: '2026-01-05T10:00:03Z' }] }) } } }, want: '2026-01-05T10:00:07Z' },
  { name: 'so is an instant of ours', given: {}, ours: [undefined, Date.parse('2026-01-05T11:00:00Z') / 1000], want: '2026-01-05T11:00:00Z' },
  { name: 'a deletion is no event of this clock', given: { children: { 'ConfigMap.v1': { 'home/a': object({ deletionTimestamp: '2027-01-01T00:00:00Z' }) } } }, want: '2026-01-05T10:00:00Z' },
  { name: 'related objects have foreign clocks', given: { related: { 'ConfigMap.v1': { 'home/a': object({ creationTimestamp: '2027-01-01T00:00:00Z' }) } } }, want: '2026-01-05T10:00:00Z' },
  { name: 'text that is no time is no time', given: { children: { 'ConfigMap.v1': { 'home/a': object({ creationTimestamp: 'yesterday' }) } } }, want: '2026-01-05T10:00:00Z' }
]

for (const { name, given, ours, want } of times) {
  t.test(name, async (t) => {
    t.equal(formatInstant(newestInstant({ ...requestFor(greeting), ...given }, ours)), want)
  })
}

t.test('a call without any time is at 0', async (t) => {
  const request = requestFor(greeting)
  delete request.parent.metadata.creationTimestamp
  t.equal(newestInstant(request), 0)
})
