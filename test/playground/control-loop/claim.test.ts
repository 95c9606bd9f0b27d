// Selectors and ownership: which children a parent keeps, adopts, releases, and what their labels must be.
import t from 'tap'
import { adopted, claimOf, labelled, parentSelector, released } from '../../../playground/control-loop/claim.ts'
import type { Claim } from '../../../playground/control-loop/claim.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'

const parent: KubeObject = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', metadata: { name: 'p', namespace: 'n', uid: 'P' }, spec: { selector: { matchLabels: { app: 'x' } } } }
const dying: KubeObject = { ...parent, metadata: { ...parent.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
const reference = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', name: 'p', uid: 'P', controller: true, blockOwnerDeletion: true }
const other = { ...reference, uid: 'Q', name: 'q' }

function child (labels: Record<string, string>, metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'n', labels, ...metadata } }
}

t.test('claimOf', (t) => {
  const rows: { name: string, child: KubeObject, parent?: KubeObject, want: Claim }[] = [
    { name: 'ours and matching is kept', child: child({ app: 'x' }, { ownerReferences: [reference] }), want: 'keep' },
    { name: 'ours in deletion is kept', child: child({ app: 'x' }, { ownerReferences: [reference], deletionTimestamp: 'x' }), want: 'keep' },
    { name: 'ours that lost its labels is released', child: child({}, { ownerReferences: [reference] }), want: 'release' },
    { name: '… but not by a parent in deletion', child: child({}, { ownerReferences: [reference] }), parent: dying, want: 'ignore' },
    { name: 'ours and matching is kept by a parent in deletion', child: child({ app: 'x' }, { ownerReferences: [reference] }), parent: dying, want: 'keep' },
    { name: "another controller's is invisible", child: child({ app: 'x' }, { ownerReferences: [other] }), want: 'ignore' },
    { name: 'an orphan that matches is adopted', child: child({ app: 'x' }), want: 'adopt' },
    { name: 'an owner that is no controller leaves it an orphan', child: child({ app: 'x' }, { ownerReferences: [{ ...other, controller: false }] }), want: 'adopt' },
    { name: 'an orphan that does not match is ignored', child: child({ app: 'y' }), want: 'ignore' },
    { name: 'an orphan in deletion is ignored', child: child({ app: 'x' }, { deletionTimestamp: 'x' }), want: 'ignore' },
    { name: 'a parent in deletion adopts nothing', child: child({ app: 'x' }), parent: dying, want: 'ignore' }
  ]
  for (const row of rows) t.equal(claimOf(row.child, row.parent ?? parent, parentSelector(row.parent ?? parent, false)), row.want, row.name)
  t.end()
})

t.test('parentSelector', (t) => {
  t.equal(parentSelector(parent, true)({ 'controller-uid': 'P' }), true, 'generateSelector selects by uid')
  t.equal(parentSelector(parent, true)({ app: 'x' }), false, '… and ignores spec.selector')
  const expressions = { ...parent, spec: { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'y'] }, { key: 'old', operator: 'DoesNotExist' }] } } }
  t.equal(parentSelector(expressions, false)({ app: 'y' }), true, 'expressions count')
  t.throws(() => parentSelector({ ...parent, spec: {} }, false), /must have either matchLabels/, 'a missing selector is an error')
  t.throws(() => parentSelector({ ...parent, spec: { selector: {} } }, false), /must have either matchLabels/, 'so is an empty one')
  t.throws(() => parentSelector({ ...parent, spec: { selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } } }, false), /invalid label selector/, 'In needs values')
  t.end()
})

t.test('adoption and release change the owners only', (t) => {
  t.same(adopted(child({}, { ownerReferences: [other] }), parent).metadata.ownerReferences, [other, reference])
  t.same(adopted(child({}, { ownerReferences: [{ ...reference, controller: false }] }), parent).metadata.ownerReferences, [reference], 'a reference of ours becomes the controller')
  t.same(released(child({}, { ownerReferences: [other, reference] }), parent).metadata.ownerReferences, [other])
  t.equal(released(child({}, { ownerReferences: [reference] }), parent).metadata.ownerReferences, undefined)
  t.end()
})

t.test('labels of desired children', (t) => {
  const generated = parentSelector(parent, true)
  t.same(labelled(child({ a: 'b' }), parent, true, generated).metadata.labels, { a: 'b', 'controller-uid': 'P' }, 'the generated label is added')
  t.throws(() => labelled(child({ 'controller-uid': 'Q' }), parent, true, generated), /don't match parent selector/, 'another value there is an error')
  t.throws(() => labelled(child({}), parent, false, parentSelector(parent, false)), /don't match parent selector/, 'a child that would be an orphan is an error')
  t.throws(() => labelled(child({ a: 1 as unknown as string }), parent, true, generated), /invalid labels/, 'a label that is no string is an error')
  t.end()
})
