// Ways to change an object: merge patch, strategic merge, server-side apply.
import t from 'tap'
import { mergePatch } from '../../../playground/api-server/json-patches.ts'
import { strategicMerge } from '../../../playground/api-server/strategic-merge.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { makeWorld, refusal, widget } from './widgets.ts'

t.test('merge patch', (t) => {
  const rows: { name: string, target: unknown, patch: unknown, want: unknown }[] = [
    { name: 'null removes a key', target: { a: 1, b: 2 }, patch: { a: null }, want: { b: 2 } },
    { name: 'maps merge', target: { a: { b: 1 } }, patch: { a: { c: 2 } }, want: { a: { b: 1, c: 2 } } },
    { name: 'lists are replaced', target: { a: [1, 2] }, patch: { a: [3] }, want: { a: [3] } },
    { name: 'a map over a scalar replaces it, without its nulls', target: { a: 1 }, patch: { a: { b: null, c: 1 } }, want: { a: { c: 1 } } }
  ]
  for (const row of rows) t.same(mergePatch(row.target, row.patch), row.want, row.name)
  t.end()
})

t.test('strategic merge', (t) => {
  const pod = { containers: [{ name: 'a', image: '1', env: [{ name: 'X', value: '1' }] }, { name: 'b', image: '1' }] }
  const rows: { name: string, target: unknown, patch: unknown, want: unknown }[] = [
    { name: 'containers merge by name', target: pod, patch: { containers: [{ name: 'b', image: '2' }] }, want: { containers: [pod.containers[0], { name: 'b', image: '2' }] } },
    { name: 'nested lists merge too', target: pod, patch: { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] }, want: { containers: [{ name: 'a', image: '1', env: [{ name: 'X', value: '1' }, { name: 'Y', value: '2' }] }, pod.containers[1]] } },
    { name: '$patch delete removes an item', target: pod, patch: { containers: [{ name: 'a', $patch: 'delete' }] }, want: { containers: [pod.containers[1]] } },
    { name: '$setElementOrder orders items', target: pod, patch: { $setElementOrder: 0, '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }, want: { containers: [pod.containers[1], pod.containers[0]] } },
    { name: '$retainKeys drops other keys', target: { strategy: { type: 'RollingUpdate', rollingUpdate: {} } }, patch: { strategy: { $retainKeys: ['type'], type: 'Recreate' } }, want: { strategy: { type: 'Recreate' } } },
    { name: '$patch replace replaces a map', target: { a: { b: 1 } }, patch: { a: { $patch: 'replace', c: 2 } }, want: { a: { c: 2 } } },
    { name: 'lists without a key are replaced', target: { args: ['a'] }, patch: { args: ['b'] }, want: { args: ['b'] } },
    { name: 'finalizers are a set', target: { metadata: { finalizers: ['a'] } }, patch: { metadata: { finalizers: ['b'] } }, want: { metadata: { finalizers: ['a', 'b'] } } },
    { name: '$deleteFromPrimitiveList removes from a set', target: { metadata: { finalizers: ['a', 'b'] } }, patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }, want: { metadata: { finalizers: ['b'] } } }
  ]
  for (const row of rows) t.same(strategicMerge(row.target, row.patch), row.want, row.name)
  t.end()
})

const apply = 'application/apply-patch+yaml'

function owners (object: KubeObject): Record<string, unknown> {
  return Object.fromEntries((object.metadata.managedFields ?? []).map((entry) => [`${entry.manager} ${entry.operation}`, entry.fieldsV1['f:spec']]))
}

t.test('server-side apply', (t) => {
  const world = makeWorld()
  const target = { resource: world.widgets, namespace: 'n', name: 'a' }
  const one = world.api.patch(target, apply, widget('a', { size: 3, parts: [{ name: 'x', weight: 1 }, { name: 'y', weight: 2 }] }), { manager: 'one' })
  t.equal(one.created, true, 'it creates what is not there')
  t.equal(one.object.metadata.managedFields?.[0]?.operation, 'Apply')

  t.same(refusal(() => world.api.patch(target, apply, widget('a', { size: 4 }), { manager: 'two' }))?.message,
    'Apply failed with 1 conflict: conflict with "one": .spec.size', "another manager's value is a conflict")

  const same = world.api.patch(target, apply, widget('a', { parts: [{ name: 'z', weight: 9 }] }), { manager: 'two' }).object
  t.same(same.spec.parts.map((part: { name: string }) => part.name), ['x', 'y', 'z'], 'lists of type map merge by key')
  t.ok(owners(same)['one Apply'] !== undefined && owners(same)['two Apply'] !== undefined, 'equal values are shared')

  const forced = world.api.patch(target, apply, widget('a', { size: 4 }), { manager: 'two', force: true }).object
  t.same([forced.spec.size, forced.spec.parts.map((part: { name: string }) => part.name)], [4, ['x', 'y']], 'force takes the value; what two left out is removed')

  const left = world.api.patch(target, apply, widget('a', { parts: [{ name: 'x', weight: 1 }] }), { manager: 'one' }).object
  t.same([left.spec.size, left.spec.parts.map((part: { name: string }) => part.name)], [4, ['x']], "what one left out is removed, but not two's field")

  const order = (parts: string[]): unknown => world.api.patch({ ...target, name: 'o' }, apply, widget('o', { parts: parts.map((name) => ({ name })) }), { manager: parts.join('') }).object.spec.parts.map((part: { name: string }) => part.name)
  t.same([order(['a', 'b']), order(['x']), order(['b', 'c', 'a'])], [['a', 'b'], ['a', 'b', 'x'], ['b', 'c', 'a', 'x']], 'items come in the order of the applied list')

  const before = world.store.version()
  world.clock.now += 9000
  world.api.patch(target, apply, widget('a', { parts: [{ name: 'x', weight: 1 }] }), { manager: 'one' })
  t.equal(world.store.version(), before, 'applying the same again writes nothing')

  t.equal(refusal(() => world.api.patch({ ...target, name: 'b' }, apply, widget('b', {}, { uid: 'u' }), { manager: 'one' }))?.code, 409, 'an apply with a uid creates nothing')
  t.end()
})
