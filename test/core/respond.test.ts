// What must never be sent to Metacontroller is not sent.
import fc from 'fast-check'
import t from 'tap'
import type { Kind } from '../../hooks/core/kind.ts'
import type { Child, RelatedRule, SyncResponse } from '../../hooks/core/request.ts'
import { respond, respondRelated } from '../../hooks/core/respond.ts'
import { greeting, planet } from '../fixtures/kinds/greeting.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'
import { requestFor } from '../helpers/requests.ts'

const configMap = (change: object = {}, metadata: object = {}): Child =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'home', ...metadata }, data: { a: '1' }, ...change })

const answerOf = (...children: unknown[]) => ({ status: {}, children: children as Child[] })

const sent: Array<{ name: string, response: SyncResponse, kind?: Kind }> = [
  { name: 'nothing wanted, nothing to say', response: { status: {}, children: [] } },
  { name: 'a child', response: { status: { phase: 'Said', weight: 0, paused: false, error: '' }, children: [configMap()] } },
  { name: 'two children of one name and different kinds', response: answerOf(configMap(), { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a', namespace: 'home' } }) },
  { name: 'labels and annotations', response: answerOf(configMap({}, { labels: { 'a.b/c': 'D_e.f-1', empty: '' }, annotations: { a: '{}\n' } })) },
  { name: 'empty maps that say something', response: answerOf(configMap({ spec: { volumes: [{ name: 'a', emptyDir: {} }], podSelector: {}, ingress: [{}] } })) },
  { name: 'an empty string, for a ConfigMap may hold one', response: answerOf(configMap({ data: { a: '' } })) },
  { name: 'keys that JavaScript has plans for', response: answerOf(configMap({ data: JSON.parse('{"__proto__":"a","constructor":"b"}') as object })) },
  { name: 'namespaced children of a cluster-scoped parent in any namespace', kind: planet, response: answerOf(configMap({}, { namespace: 'one' }), configMap({}, { namespace: 'two' })) },
  { name: 'cluster-scoped children of a cluster-scoped parent', kind: { ...planet, children: [{ apiVersion: 'v1', kind: 'Namespace', resource: 'namespaces', method: 'InPlace', scope: 'Cluster' }] }, response: answerOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }) }
]

for (const { name, response, kind = greeting } of sent) {
  t.test(`sent: ${name}`, async (t) => {
    t.equal(respond(kind, deepFreeze(requestFor(kind)), deepFreeze(response)), response)
  })
}

const clusterChild: Kind = { ...greeting, children: [{ apiVersion: 'v1', kind: 'Namespace', resource: 'namespaces', method: 'InPlace', scope: 'Cluster' }] }
class Special { a = 1 }
const sparse: unknown[] = []
sparse[1] = configMap()

const refused: Array<{ name: string, response: unknown, because: string, kind?: Kind }> = [
  { name: 'a null child, which ends the Metacontroller process', response: answerOf(null), because: 'children[0]: must be an object with metadata' },
  { name: 'an undefined child, which becomes null', response: answerOf(configMap(), undefined), because: 'children[1]: must be an object with metadata' },
  { name: 'a hole in the list, which becomes null', response: { status: {}, children: sparse }, because: 'children[0]: must be an object with metadata' },
  { name: 'a child without metadata', response: answerOf({ apiVersion: 'v1', kind: 'ConfigMap' }), because: 'children[0]: must be an object with metadata' },
  { name: 'no children, which deletes all', response: { status: {} }, because: 'children: must be a list' },
  { name: 'no status, which wipes it', response: { children: [] }, because: 'status: must be an object' },
  { name: 'a null status', response: { status: null, children: [] }, because: 'status: must be an object' },
  { name: 'a field that strict decoding refuses', response: { status: {}, children: [], resyncAfterSeconds: 1 }, because: 'resyncAfterSeconds: no field of an answer' },
  { name: 'finalized in an answer to sync, which loops', response: { status: {}, children: [], finalized: true }, because: 'finalized: only an answer to finalize may say it' },
  { name: 'undefined in status', response: { status: { a: undefined }, children: [] }, because: 'status.a: is undefined; leave the field out' },
  { name: 'null in status', response: { status: { a: { b: null } }, children: [] }, because: 'status.a.b: is null; leave the field out' },
  { name: 'an empty list in status', response: { status: { a: [] }, children: [] }, because: 'status.a: is an empty list; leave the field out' },
  { name: 'an empty map in status', response: { status: { a: {} }, children: [] }, because: 'status.a: is an empty map; leave the field out' },
  { name: 'undefined in a child', response: answerOf(configMap({ data: undefined })), because: 'children[0] (ConfigMap a).data: is undefined; leave the field out' },
  { name: 'null deep in a child', response: answerOf(configMap({ spec: [{ a: [1, null] }] })), because: 'children[0] (ConfigMap a).spec[0].a[1]: is null; leave the field out' },
  { name: 'an empty list in a child', response: answerOf(configMap({ args: [] })), because: 'children[0] (ConfigMap a).args: is an empty list; leave the field out' },
  { name: 'an empty map in a child', response: answerOf(configMap({ data: {} })), because: 'children[0] (ConfigMap a).data: is an empty map; leave the field out' },
  { name: 'empty labels', response: answerOf(configMap({}, { labels: {} })), because: 'children[0] (ConfigMap a).metadata.labels: is an empty map; leave the field out' },
  { name: 'NaN', response: answerOf(configMap({ a: NaN })), because: 'children[0] (ConfigMap a).a: NaN is no plain JSON' },
  { name: 'a number that lost digits', response: answerOf(configMap({ a: 2 ** 53 })), because: 'children[0] (ConfigMap a).a: 9007199254740992 is beyond what a number holds exactly' },
  { name: 'an instance of a class', response: answerOf(configMap({ a: new Special() })), because: 'children[0] (ConfigMap a).a: a object is no plain JSON' },
  { name: 'a date', response: answerOf(configMap({ a: new Date(0) })), because: 'children[0] (ConfigMap a).a: a object is no plain JSON' },
  { name: 'a function', response: answerOf(configMap({ a: () => 1 })), because: 'children[0] (ConfigMap a).a: a function is no plain JSON' },
  { name: 'a child twice', response: answerOf(configMap(), configMap({ data: { a: '2' } })), because: 'children: ConfigMap/home/a comes twice, and the last one would win' },
  { name: 'a kind that is not declared', response: answerOf({ ...configMap(), kind: 'Secret' }), because: 'children[0] (Secret a): Greeting declares no child of v1 Secret' },
  { name: 'another version than the declared one', response: answerOf({ ...configMap(), apiVersion: 'v2' }), because: 'children[0] (ConfigMap a): Greeting declares no child of v2 ConfigMap' },
  { name: 'a status of a child', response: answerOf(configMap({ status: { a: 1 } })), because: 'children[0] (ConfigMap a): a status on a child is never applied' },
  ...['resourceVersion', 'uid', 'ownerReferences', 'generateName', 'managedFields', 'finalizers', 'creationTimestamp'].map((field) => (
    { name: `metadata.${field} of a child`, response: answerOf(configMap({}, { [field]: 'x' })), because: `children[0] (ConfigMap a): metadata.${field} is not ours to set` })),
  { name: 'a name over 63 characters', response: answerOf(configMap({}, { name: 'a'.repeat(64) })), because: 'a name has at most 63 characters' },
  { name: 'a name in capitals', response: answerOf(configMap({}, { name: 'A' })), because: 'a name has at most 63 characters' },
  { name: 'no name', response: answerOf(configMap({}, { name: undefined })), because: 'a name has at most 63 characters' },
  { name: 'a number as label', response: answerOf(configMap({}, { labels: { a: 1 } })), because: 'label a must be a string' },
  { name: 'a label over 63 characters', response: answerOf(configMap({}, { labels: { a: 'a'.repeat(64) } })), because: 'label a must be a string' },
  { name: 'a boolean as annotation', response: answerOf(configMap({}, { annotations: { a: true } })), because: 'annotation a must be a string' },
  { name: 'a child without namespace', response: answerOf(configMap({}, { namespace: '' })), because: 'a namespaced child names its namespace' },
  { name: 'a child in a foreign namespace', response: answerOf(configMap({}, { namespace: 'away' })), because: 'a child must stand in the namespace of its parent, home' },
  { name: 'a child without namespace of a cluster-scoped parent', kind: planet, response: answerOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }), because: 'a namespaced child names its namespace' },
  { name: 'a cluster-scoped child with a namespace', kind: clusterChild, response: answerOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', namespace: 'home' } }), because: 'a cluster-scoped child has no namespace' },
  { name: 'a cluster-scoped child of a namespaced parent', kind: clusterChild, response: answerOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }), because: 'a namespaced parent cannot own a cluster-scoped child' }
]

for (const { name, response, because, kind = greeting } of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const refuse = () => respond(kind, requestFor(kind), response as SyncResponse)
    t.throws(refuse, { name: 'WrongAnswerError' })
    t.throws(refuse, new RegExp(because.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  })
}

t.test('refused: what the controller does not list', async (t) => {
  const request = { ...requestFor(greeting), controller: { spec: { childResources: [] } } }
  t.throws(() => respond(greeting, request, answerOf(configMap())), /the controller does not list v1 configmaps/)
})

t.test('finalized is said when finalizing', async (t) => {
  const response = { status: {}, children: [], finalized: true }
  t.equal(respond(greeting, requestFor(greeting, { finalizing: true }), response), response)
})

t.test('whatever is sent survives JSON unchanged, and holds no null', async (t) => {
  const anything = fc.anything({ withNullPrototype: true, withSparseArray: true, withDate: true, withMap: true, withBigInt: true })
  fc.assert(fc.property(fc.dictionary(fc.string(), anything), (data) => {
    const response = answerOf(configMap({ data }))
    try {
      respond(greeting, requestFor(greeting), response)
    } catch (error) {
      return (error as Error).name === 'WrongAnswerError'
    }
    const text = JSON.stringify(response)
    return JSON.stringify(JSON.parse(text)) === text && !/[:[,]null/.test(text.replace(/"(\\.|[^"\\])*"/g, '""'))
  }), { numRuns: 500, seed: 1 })
  t.pass('500 answers')
})

const rules: Array<{ name: string, rule: unknown, because?: RegExp }> = [
  { name: 'names in a namespace', rule: { apiVersion: 'v1', resource: 'secrets', namespace: 'a', names: ['b'] } },
  { name: 'labels anywhere', rule: { apiVersion: 'v1', resource: 'secrets', labelSelector: { matchLabels: { a: 'b' } } } },
  { name: 'null', rule: null, because: /is null/ },
  { name: 'no resource', rule: { apiVersion: 'v1' }, because: /apiVersion and resource are needed/ },
  { name: 'names and a selector', rule: { apiVersion: 'v1', resource: 'secrets', names: ['b'], labelSelector: { matchLabels: { a: 'b' } } }, because: /names exclude selectors/ },
  { name: 'a namespace and a selector of namespaces', rule: { apiVersion: 'v1', resource: 'secrets', namespace: 'a', namespaceSelector: { matchLabels: { a: 'b' } } }, because: /namespace excludes namespaceSelector/ }
]

for (const { name, rule, because } of rules) {
  t.test(`related ${because ? 'refused' : 'sent'}: ${name}`, async (t) => {
    const response = { relatedResources: [rule as RelatedRule] }
    if (because) t.throws(() => respondRelated(response), because)
    else t.equal(respondRelated(response), response)
  })
}
