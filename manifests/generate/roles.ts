// What may be done by whom, as rules that follow from the kinds: people, by Kubernetes' own view, edit and admin; Metacontroller; the poller.
import { API_GROUP, type Grant, type Kind } from '../../hooks/core/kind.ts'
import { WATCHED } from '../../poller/watched.ts'

export type Rule = Grant

/** A rule that is needed only where a child kind is switched on; without a capability it always is. */
export type OptionalRule = { capability?: string, rule: Rule }

export type Access = { view: Rule[], edit: Rule[], metacontroller: OptionalRule[], poller: Rule[], election: Rule[] }

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection']

/** The lease that pollers elect their leader by. */
const LEASE = 'sluice-poller'

/** All rules. `poller` is for where the objects are, `election` for the poller's own namespace. */
export function makeAccess (kinds: Kind[]): Access {
  const plurals = kinds.map(({ resource }) => resource.plural)
  const namespaced = kinds.filter(({ resource }) => resource.scope === 'Namespaced').map(({ resource }) => resource.plural)
  return {
    view: [{ apiGroups: [API_GROUP], resources: plurals, verbs: READ }],
    edit: [{ apiGroups: [API_GROUP], resources: namespaced, verbs: WRITE }],
    metacontroller: [...frameworkRules().map((rule) => ({ rule })), ...kindRules(plurals).map((rule) => ({ rule })), ...childRules(kinds), ...grantRules(kinds)],
    poller: [
      ...watchRules('Namespaced'),
      ...podRules(),
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
      ...watchRules('Cluster')
    ],
    election: [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'update'], resourceNames: [LEASE] }
    ]
  }
}

function watchRules (where: 'Namespaced' | 'Cluster'): Rule[] {
  const plurals = WATCHED.filter(({ scope }) => scope === where).map(({ plural }) => plural)
  return plurals.length > 0 ? [{ apiGroups: [API_GROUP], resources: plurals, verbs: ['list', 'watch', 'patch'] }] : []
}

/** Objects are told of the pods of their Jobs and Deployments. RBAC cannot be narrowed to a label; the poller asks for those with ours only. */
function podRules (): Rule[] {
  return WATCHED.some(({ hasPods }) => hasPods) ? [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }] : []
}

/** What Metacontroller needs whatever it controls, so that a Metacontroller without a role of its own can run Sluice. */
function frameworkRules (): Rule[] {
  return [
    { apiGroups: ['metacontroller.k8s.io'], resources: ['compositecontrollers', 'controllerrevisions', 'decoratorcontrollers'], verbs: READ },
    { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: READ },
    { apiGroups: [''], resources: ['namespaces'], verbs: READ },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] }
  ]
}

function kindRules (plurals: string[]): Rule[] {
  return [
    { apiGroups: [API_GROUP], resources: plurals, verbs: [...READ, 'update', 'patch'] },
    { apiGroups: [API_GROUP], resources: plurals.flatMap((plural) => [`${plural}/status`, `${plural}/finalizers`]), verbs: ['update', 'patch'] }
  ]
}

/** One rule for each API group and capability. */
function childRules (kinds: Kind[]): OptionalRule[] {
  const children = kinds.flatMap((kind) => kind.children)
  const keyOf = ({ apiVersion, capability = '' }: Kind['children'][number]) => `${groupOf(apiVersion)}\n${capability}`
  return Object.entries(Object.groupBy(children, keyOf)).toSorted(([a], [b]) => a < b ? -1 : 1).map(([key, members = []]) => {
    const [group = '', capability = ''] = key.split('\n')
    const resources = [...new Set(members.map(({ resource }) => resource))].toSorted()
    const rule: Rule = { apiGroups: [group], resources, verbs: [...READ, 'create', 'update', 'patch', 'delete'] }
    return capability ? { capability, rule } : { rule }
  })
}

/** Nobody may give away what he does not hold. */
function grantRules (kinds: Kind[]): OptionalRule[] {
  return kinds.flatMap(({ grants = [] }) => grants.map((rule) => ({ rule })))
}

/** The group of an apiVersion; the core group has none. */
export function groupOf (apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}
