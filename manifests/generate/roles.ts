// ClusterRoles that follow from the kinds: for people, added to Kubernetes' own view, edit and admin, and for Metacontroller where it may not do everything.
import { API_GROUP, type Kind } from '../../hooks/core/kind.ts'

type Rule = { apiGroups: string[], resources: string[], verbs: string[] }

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection']

/** Builds all roles. */
export function makeRoles (kinds: Kind[]): object[] {
  const plurals = kinds.map(({ resource }) => resource.plural)
  const namespaced = kinds.filter(({ resource }) => resource.scope === 'Namespaced').map(({ resource }) => resource.plural)
  return [
    makeRole('sluice-view', ['view'], [{ apiGroups: [API_GROUP], resources: plurals, verbs: READ }]),
    makeRole('sluice-edit', ['edit', 'admin'], [{ apiGroups: [API_GROUP], resources: namespaced, verbs: WRITE }]),
    makeRole('sluice-metacontroller', [], metacontrollerRules(kinds))
  ]
}

function makeRole (name: string, aggregateTo: string[], rules: Rule[]): object {
  const labels = Object.fromEntries(aggregateTo.map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']))
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, ...(aggregateTo.length > 0 && { labels }) }, rules }
}

/** What Metacontroller needs for our kinds and their children; its own objects (leases, events, CRDs) are its chart's business. */
function metacontrollerRules (kinds: Kind[]): Rule[] {
  const plurals = kinds.map(({ resource }) => resource.plural)
  const own: Rule[] = [
    { apiGroups: [API_GROUP], resources: plurals, verbs: [...READ, 'update', 'patch'] },
    { apiGroups: [API_GROUP], resources: plurals.flatMap((plural) => [`${plural}/status`, `${plural}/finalizers`]), verbs: ['update', 'patch'] }
  ]
  const byGroup = new Map<string, Set<string>>()
  for (const { apiVersion, resource } of kinds.flatMap(({ children }) => children)) {
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
    byGroup.set(group, (byGroup.get(group) ?? new Set()).add(resource))
  }
  const children = [...byGroup].toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([group, resources]) => ({ apiGroups: [group], resources: [...resources].toSorted(), verbs: [...READ, 'create', 'update', 'patch', 'delete'] }))
  return [...own, ...children]
}
