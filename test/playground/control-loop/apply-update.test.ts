// What dynamic-apply and server-side apply send.
import t from 'tap'
import { creationOf, lastAppliedAnnotation, serverSideBody, updateOf } from '../../../playground/control-loop/apply-update.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'

const parent: KubeObject = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', metadata: { name: 'p', uid: 'P' } }
const reference = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', name: 'p', uid: 'P', controller: true, blockOwnerDeletion: true }
const desired = (data: object = { a: '1' }, metadata: object = {}): KubeObject => ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c', ...metadata }, data })
const applied = (object: object): string => JSON.stringify(object)

/** What the server has after a creation. */
function stored (object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, uid: 'C', resourceVersion: '9', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', managedFields: [] } }
}

t.test('a creation is annotated with what is desired, then owned', (t) => {
  t.same(creationOf(desired(), parent), {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'c', annotations: { [lastAppliedAnnotation]: applied({ apiVersion: 'v1', data: { a: '1' }, kind: 'ConfigMap', metadata: { name: 'c' } }) }, ownerReferences: [reference] },
    data: { a: '1' }
  })
  t.end()
})

t.test('updateOf', (t) => {
  const observed = stored(creationOf(desired(), parent))
  t.same(updateOf(observed, desired()), observed, 'the same again is no difference')
  t.same(updateOf(observed, { ...desired({ a: '1' }, { uid: 'X', resourceVersion: '1', generation: 7, creationTimestamp: 'x' }), status: { x: 1 } }).metadata.uid, 'C', 'system fields are reverted')
  const withStatus = { ...observed, status: { phase: 'Bound' } }
  t.same(updateOf(withStatus, { ...desired(), status: { phase: 'x' } }).status, { phase: 'Bound' }, 'so is status')
  const changed = updateOf(observed, desired({ b: '2' }))
  t.same([changed.data, changed.metadata.resourceVersion, changed.metadata.ownerReferences], [{ b: '2' }, '9', [reference]], 'a change is merged, on the observed version')
  const { annotations, ...bare } = observed.metadata
  const adopted = { ...observed, metadata: bare, data: { a: '1', b: '2' } }
  t.same(updateOf(adopted, desired()).data, { a: '1', b: '2' }, 'an adopted object loses nothing')
  t.ok(updateOf(adopted, desired()).metadata.annotations?.[lastAppliedAnnotation], 'but gets its annotation, which is a difference')
  const echoed = desired({ a: '1' }, { annotations: { [lastAppliedAnnotation]: 'old', mine: '1' } })
  t.match(updateOf(observed, echoed).metadata.annotations, { mine: '1' })
  t.notMatch(updateOf(observed, echoed).metadata.annotations?.[lastAppliedAnnotation], 'old', 'an echoed annotation is not applied')
  t.throws(() => updateOf({ ...observed, metadata: { ...observed.metadata, annotations: { [lastAppliedAnnotation]: '{' } } }, desired()), 'an annotation that cannot be read is an error')
  t.end()
})

t.test('a server-side apply is owned and bare', (t) => {
  const echoed = { ...desired({ a: '1' }, { uid: 'x', resourceVersion: '1', annotations: { [lastAppliedAnnotation]: '{}' } }), status: { x: 1 } }
  t.same(serverSideBody(echoed, parent), { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c', ownerReferences: [reference] }, data: { a: '1' } })
  t.end()
})
