// Which objects a customize rule selects. Pure.
import type { KubeObject } from '../api-server/kube-object.ts'
import { selectorOf } from './claim.ts'
import type { HookVersion, RelatedRule } from './hook-messages.ts'

/** What a rule is judged by. Namespaces are needed for namespaceSelector only. */
export interface RuleScope {
  version: HookVersion
  parent: KubeObject
  parentNamespaced: boolean
  relatedNamespaced: boolean
  namespaces: readonly KubeObject[]
}

type Kind = 'labels' | 'namespaceAndLabels' | 'namespaceSelector' | 'namespaceAndNames'

function hasNames (rule: RelatedRule): boolean {
  return (rule.names ?? []).length > 0
}

function checkExclusions (rule: RelatedRule): void {
  if (hasNames(rule) && (rule.labelSelector || rule.namespaceSelector)) throw new Error('related rule cannot have both names and labelSelector/namespaceSelector specified')
  if (rule.namespace && rule.namespaceSelector) throw new Error('related rule cannot have both namespace and namespaceSelector specified')
}

/** How a rule selects. Throws on combinations that exclude each other. */
export function ruleKind (rule: RelatedRule): Kind {
  checkExclusions(rule)
  if (rule.namespaceSelector) return 'namespaceSelector'
  if (rule.namespace) return rule.labelSelector ? 'namespaceAndLabels' : 'namespaceAndNames'
  return hasNames(rule) ? 'namespaceAndNames' : 'labels'
}

function checkScope (rule: RelatedRule, kind: Kind, scope: RuleScope): void {
  const own = scope.version === 'v1' && scope.parentNamespaced
  if (kind === 'namespaceSelector') {
    if (own) throw new Error('namespaceSelector is not supported for namespaced parent in v1 hook version')
    if (!scope.relatedNamespaced) throw new Error('namespaceSelector is only supported for namespaced related resources')
  }
  if (own && scope.relatedNamespaced && rule.namespace && rule.namespace !== scope.parent.metadata.namespace) {
    throw new Error(`requested related object namespace ${rule.namespace} differs from parent object namespace ${scope.parent.metadata.namespace}`)
  }
}

function namespaceFilter (rule: RelatedRule, kind: Kind, scope: RuleScope): (object: KubeObject) => boolean {
  if (!scope.relatedNamespaced) return () => true
  if (kind === 'namespaceSelector') {
    const matches = selectorOf(rule.namespaceSelector)
    const names = new Set(scope.namespaces.filter((namespace) => matches(namespace.metadata.labels ?? {})).map((namespace) => namespace.metadata.name))
    return (object) => names.has(object.metadata.namespace ?? '')
  }
  if (rule.namespace) return (object) => object.metadata.namespace === rule.namespace
  // Without a namespace v1 hooks of namespaced parents that select by labels see their own namespace; all others the whole cluster.
  const own = kind === 'labels' && scope.version === 'v1' && scope.parentNamespaced
  return own ? (object) => object.metadata.namespace === scope.parent.metadata.namespace : () => true
}

/** The objects of one kind that a rule selects. Throws what would fail the sync. */
export function selectRelated (rule: RelatedRule, objects: readonly KubeObject[], scope: RuleScope): KubeObject[] {
  const kind = ruleKind(rule)
  checkScope(rule, kind, scope)
  const inNamespace = namespaceFilter(rule, kind, scope)
  const matches = selectorOf(rule.labelSelector)
  const names = new Set(rule.names ?? [])
  return objects.filter((object) => inNamespace(object) && matches(object.metadata.labels ?? {}) && (names.size === 0 || names.has(object.metadata.name)))
}
