// Which objects a customize rule selects, by hook version and scope of the parent.
import t from 'tap'
import { selectRelated } from '../../../playground/control-loop/related-rules.ts'
import type { RuleScope } from '../../../playground/control-loop/related-rules.ts'
import type { RelatedRule } from '../../../playground/control-loop/hook-messages.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'

function secret (name: string, namespace: string, labels: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, labels } }
}

const objects = [secret('a', 'n', { app: 'x' }), secret('b', 'n'), secret('a', 'm', { app: 'x' }), secret('b', 'o')]
const namespaces: KubeObject[] = ['n', 'm', 'o'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team: name === 'o' ? 'two' : 'one' } } }))
const parent: KubeObject = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', metadata: { name: 'p', namespace: 'n' } }
const v2: RuleScope = { version: 'v2', parent, parentNamespaced: true, relatedNamespaced: true, namespaces }
const v1: RuleScope = { ...v2, version: 'v1' }
const ofCluster: RuleScope = { ...v1, parent: { ...parent, metadata: { name: 'p' } }, parentNamespaced: false }
const app = { matchLabels: { app: 'x' } }

t.test('selected objects', (t) => {
  const rows: { name: string, rule: Partial<RelatedRule>, scope?: RuleScope, want: string[] }[] = [
    { name: 'v2, nothing given: the whole cluster', rule: {}, want: ['n/a', 'n/b', 'm/a', 'o/b'] },
    { name: 'v1, nothing given: the namespace of the parent', rule: {}, scope: v1, want: ['n/a', 'n/b'] },
    { name: 'v1, cluster-scoped parent: the whole cluster', rule: {}, scope: ofCluster, want: ['n/a', 'n/b', 'm/a', 'o/b'] },
    { name: 'labels', rule: { labelSelector: app }, want: ['n/a', 'm/a'] },
    { name: 'namespace and labels', rule: { namespace: 'm', labelSelector: app }, want: ['m/a'] },
    { name: 'a namespace', rule: { namespace: 'n' }, want: ['n/a', 'n/b'] },
    { name: 'names in any namespace', rule: { names: ['b'] }, want: ['n/b', 'o/b'] },
    { name: 'names in one', rule: { namespace: 'o', names: ['a', 'b'] }, want: ['o/b'] },
    { name: 'namespaces by label', rule: { namespaceSelector: { matchLabels: { team: 'one' } } }, want: ['n/a', 'n/b', 'm/a'] },
    { name: 'namespaces by label, and labels', rule: { namespaceSelector: { matchLabels: { team: 'one' } }, labelSelector: app }, want: ['n/a', 'm/a'] },
    { name: 'an empty list of names counts as none', rule: { names: [], labelSelector: app }, want: ['n/a', 'm/a'] }
  ]
  for (const row of rows) {
    const found = selectRelated({ apiVersion: 'v1', resource: 'secrets', ...row.rule }, objects, row.scope ?? v2)
    t.same(found.map((object) => `${object.metadata.namespace}/${object.metadata.name}`), row.want, row.name)
  }
  t.end()
})

t.test('rules that fail the sync', (t) => {
  const rows: { name: string, rule: Partial<RelatedRule>, scope?: RuleScope, want: RegExp }[] = [
    { name: 'names with a label selector', rule: { names: ['a'], labelSelector: app }, want: /both names and/ },
    { name: 'names with a namespace selector', rule: { names: ['a'], namespaceSelector: app }, want: /both names and/ },
    { name: 'namespace with a namespace selector', rule: { namespace: 'n', namespaceSelector: app }, want: /both namespace and/ },
    { name: 'v1, namespaced parent, another namespace', rule: { namespace: 'm' }, scope: v1, want: /differs from parent/ },
    { name: 'v1, namespaced parent, a namespace selector', rule: { namespaceSelector: app }, scope: v1, want: /not supported/ },
    { name: 'a namespace selector for a cluster-scoped kind', rule: { namespaceSelector: app }, scope: { ...v2, relatedNamespaced: false }, want: /only supported for namespaced/ }
  ]
  for (const row of rows) t.throws(() => selectRelated({ apiVersion: 'v1', resource: 'secrets', ...row.rule }, objects, row.scope ?? v2), row.want, row.name)
  t.end()
})
