// The three-way merge of dynamic-apply, rule by rule.
import t from 'tap'
import { detectMergeKey, mergeApplied } from '../../../playground/control-loop/merge.ts'

interface Row { name: string, observed: object, last?: object, desired: object, want: object }

const rows: Row[] = [
  { name: 'a desired key is set', observed: { a: 1 }, desired: { b: 2 }, want: { a: 1, b: 2 } },
  { name: 'a key of others stays', observed: { a: 1, other: 2 }, last: { a: 1 }, desired: { a: 3 }, want: { a: 3, other: 2 } },
  { name: 'a key applied before and no longer desired goes', observed: { a: 1, b: 2 }, last: { a: 1, b: 2 }, desired: { a: 1 }, want: { a: 1 } },
  { name: 'nothing is removed from an object that was never applied', observed: { a: 1, b: 2 }, desired: { a: 1 }, want: { a: 1, b: 2 } },
  { name: 'maps merge at any depth', observed: { a: { b: { c: 1, d: 2 } } }, last: { a: { b: { c: 1 } } }, desired: { a: { b: { c: 3 } } }, want: { a: { b: { c: 3, d: 2 } } } },
  { name: 'labels merge per key', observed: { metadata: { labels: { mine: '1', theirs: '2' } } }, last: { metadata: { labels: { mine: '1', old: 'x' } } }, desired: { metadata: { labels: { mine: '3' } } }, want: { metadata: { labels: { mine: '3', theirs: '2' } } } },
  { name: 'annotations of others stay', observed: { metadata: { annotations: { theirs: '1' } } }, last: { metadata: {} }, desired: { metadata: { annotations: { mine: '2' } } }, want: { metadata: { annotations: { theirs: '1', mine: '2' } } } },
  { name: 'dropping replicas deletes it', observed: { spec: { replicas: 5, x: 1 } }, last: { spec: { replicas: 1 } }, desired: { spec: {} }, want: { spec: { x: 1 } } },

  {
    name: 'predictors merge by name, observed order kept, new appended',
    observed: { predictors: [{ name: 'v2', traffic: 10, x: 1 }, { name: 'v1', traffic: 90, y: 1 }] },
    last: { predictors: [{ name: 'v1', traffic: 90 }, { name: 'v2', traffic: 10 }] },
    desired: { predictors: [{ name: 'v3', traffic: 0 }, { name: 'v1', traffic: 80 }, { name: 'v2', traffic: 20 }] },
    want: { predictors: [{ name: 'v2', traffic: 20, x: 1 }, { name: 'v1', traffic: 80, y: 1 }, { name: 'v3', traffic: 0 }] }
  },
  { name: 'an order that alone changes is not applied', observed: { env: [{ name: 'A' }, { name: 'B' }] }, last: { env: [{ name: 'A' }, { name: 'B' }] }, desired: { env: [{ name: 'B' }, { name: 'A' }] }, want: { env: [{ name: 'A' }, { name: 'B' }] } },
  { name: 'an item applied before and no longer desired goes', observed: { env: [{ name: 'A' }, { name: 'B' }] }, last: { env: [{ name: 'A' }, { name: 'B' }] }, desired: { env: [{ name: 'B' }] }, want: { env: [{ name: 'B' }] } },
  { name: 'an item of others stays', observed: { env: [{ name: 'A' }, { name: 'theirs' }] }, last: { env: [{ name: 'A' }] }, desired: { env: [{ name: 'A', value: '1' }] }, want: { env: [{ name: 'A', value: '1' }, { name: 'theirs' }] } },
  { name: 'fields the server fills into an item stay', observed: { ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] }, last: { ports: [{ port: 80 }] }, desired: { ports: [{ port: 80 }] }, want: { ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } },
  { name: 'containerPort is tried before name', observed: { ports: [{ containerPort: 1, name: 'a' }] }, last: { ports: [{ containerPort: 1, name: 'a' }] }, desired: { ports: [{ containerPort: 1, name: 'b' }] }, want: { ports: [{ containerPort: 1, name: 'b' }] } },
  { name: 'equal ports with TCP and UDP collapse into duplicates', observed: { ports: [{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] }, last: { ports: [{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] }, desired: { ports: [{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] }, want: { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'UDP' }] } },
  { name: 'subjects of equal name collapse, losing one', observed: {}, desired: { subjects: [{ name: 'a', kind: 'User' }, { name: 'a', kind: 'Group' }] }, want: { subjects: [{ name: 'a', kind: 'User' }, { name: 'a', kind: 'Group' }] } },
  { name: '… as soon as the list is there', observed: { subjects: [{ name: 'a', kind: 'User' }] }, desired: { subjects: [{ name: 'a', kind: 'Group' }, { name: 'b' }] }, want: { subjects: [{ name: 'a', kind: 'Group' }, { name: 'b' }] } },
  { name: 'a list of scalars is replaced', observed: { args: ['a', 'b'] }, last: { args: ['a'] }, desired: { args: ['c'] }, want: { args: ['c'] } },
  { name: 'a list whose items share no key is replaced', observed: { list: [{ x: 1, y: 2 }] }, last: { list: [{ x: 1 }] }, desired: { list: [{ x: 2 }] }, want: { list: [{ x: 2 }] } },
  { name: 'one item without the key makes it an ordinary list', observed: { list: [{ name: 'a', server: 1 }, { other: 1 }] }, last: { list: [{ name: 'a' }] }, desired: { list: [{ name: 'a' }] }, want: { list: [{ name: 'a' }] } },
  { name: 'a list in last-applied without the key does so too', observed: { list: [{ name: 'a', server: 1 }] }, last: { list: [{ x: 1 }] }, desired: { list: [{ name: 'a' }] }, want: { list: [{ name: 'a' }] } },
  { name: 'a list that was not there is taken as it is', observed: {}, desired: { list: [{ name: 'a' }] }, want: { list: [{ name: 'a' }] } },
  { name: 'numbers and texts of the key are the same', observed: { list: [{ port: 80, a: 1 }] }, desired: { list: [{ port: '80' }] }, want: { list: [{ port: '80', a: 1 }] } },

  { name: 'a map that should become a scalar is at best emptied', observed: { a: { mine: 1, theirs: 2 } }, last: { a: { mine: 1 } }, desired: { a: 'x' }, want: { a: { theirs: 2 } } },
  { name: 'a map that should become null is at best emptied', observed: { a: { mine: 1 } }, last: { a: { mine: 1 } }, desired: { a: null }, want: { a: {} } },
  { name: 'a list that should become a scalar becomes null', observed: { a: [1] }, last: { a: [1] }, desired: { a: 'x' }, want: { a: null } },
  { name: 'a keyed list that should become null is emptied of what was applied', observed: { a: [{ name: 'x' }, { name: 'y' }] }, last: { a: [{ name: 'x' }] }, desired: { a: null }, want: { a: [{ name: 'y' }] } },
  { name: 'a scalar is replaced by anything', observed: { a: 1 }, last: { a: 1 }, desired: { a: { b: 1 } }, want: { a: { b: 1 } } },
  { name: 'null over a scalar is written each time', observed: { a: 1 }, last: { a: null }, desired: { a: null }, want: { a: null } },
  { name: 'a key named __proto__ is data like any other', observed: JSON.parse('{"a":{"__proto__":{"x":1}}}') as object, desired: JSON.parse('{"a":{"__proto__":{"y":2}}}') as object, want: JSON.parse('{"a":{"__proto__":{"x":1,"y":2}}}') as object }
]

t.test('mergeApplied', (t) => {
  for (const row of rows) {
    const before = JSON.stringify(row)
    t.strictSame(JSON.parse(JSON.stringify(mergeApplied(row.observed, row.last, row.desired))), row.want, row.name)
    t.equal(JSON.stringify(row), before, `${row.name}: nothing given is changed`)
  }
  t.end()
})

t.test('the merge key is the first of a fixed list that all items have', (t) => {
  const order = ['containerPort', 'port', 'mountPath', 'name', 'uid', 'ip', 'path']
  for (const [index, key] of order.entries()) {
    const item = Object.fromEntries(order.slice(index).map((name) => [name, 'x']))
    t.equal(detectMergeKey([item], [], [item]), key, `${key} comes before ${order.slice(index + 1).join(', ') || 'nothing'}`)
  }
  t.equal(detectMergeKey([], [], []), undefined, 'empty lists have none')
  t.equal(detectMergeKey([{ name: 'a' }], [], ['x']), undefined, 'a scalar item rules it out')
  t.end()
})
