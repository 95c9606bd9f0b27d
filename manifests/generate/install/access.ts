// Who may do what in the plain installation: the poller, people, and Metacontroller.
import type { Kind } from '../../../hooks/core/kind.ts'
import { defaultCapabilities } from '../capabilities.ts'
import { makeFactsPolicy, makeFactsPolicyObjects } from '../facts-policy.ts'
import { USER_ROLES } from '../mlflow-roles.ts'
import type { Access, Rule } from '../roles.ts'
import { clusterMetadataOf, metadataOf, NAME, NAMESPACE } from './labels.ts'

const RBAC = 'rbac.authorization.k8s.io'
const API = `${RBAC}/v1`

/** Where Metacontroller's own chart and manifests put it. */
const METACONTROLLER = { kind: 'ServiceAccount', name: 'metacontroller', namespace: 'metacontroller' }

/** The poller's account and rights: in all namespaces for objects, in its own for the lease. The token is mounted in the poller only. */
export function pollerAccess ({ poller, election }: Access, release: string): object[] {
  const name = `${NAME}-poller`
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }]
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadataOf(release), automountServiceAccountToken: false },
    { apiVersion: API, kind: 'ClusterRole', metadata: clusterMetadataOf(release, name), rules: poller },
    { apiVersion: API, kind: 'ClusterRoleBinding', metadata: clusterMetadataOf(release, name), roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name }, subjects },
    { apiVersion: API, kind: 'Role', metadata: metadataOf(release, name), rules: election },
    { apiVersion: API, kind: 'RoleBinding', metadata: metadataOf(release, name), roleRef: { apiGroup: RBAC, kind: 'Role', name }, subjects }
  ]
}

/** Facts are written by the poller's account alone. */
export function factsPolicy (kinds: Kind[], release: string): object[] {
  return makeFactsPolicyObjects(makeFactsPolicy(kinds), clusterMetadataOf(release, `${NAME}-facts`), [`system:serviceaccount:${NAMESPACE}:${NAME}`])
}

/** Roles of people, added to Kubernetes' own view, edit and admin. */
export function peopleAccess ({ view, edit }: Access, release: string): object[] {
  return [aggregated(`${NAME}-view`, ['view'], view, release), aggregated(`${NAME}-edit`, ['edit', 'admin'], edit, release)]
}

/** Name of its ClusterRole. */
export const METACONTROLLER_ROLE = `${NAME}-metacontroller`

/** What it needs where these are installed. */
export function metacontrollerRules ({ metacontroller }: Access, capabilities: string[]): Rule[] {
  return metacontroller.filter(({ capability }) => capability === undefined || capabilities.includes(capability)).map(({ rule }) => rule)
}

/** Everything that Metacontroller needs to run Sluice. Redundant where it may do everything, as its own chart has it. */
export function metacontrollerAccess (access: Access, kinds: Kind[], release: string): object[] {
  const name = METACONTROLLER_ROLE
  return [
    { apiVersion: API, kind: 'ClusterRole', metadata: clusterMetadataOf(release, name), rules: metacontrollerRules(access, defaultCapabilities(kinds)) },
    { apiVersion: API, kind: 'ClusterRoleBinding', metadata: clusterMetadataOf(release, name), roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name }, subjects: [METACONTROLLER] }
  ]
}

/** Roles of people in MLflow itself. */
export function mlflowAccess (release: string): object[] {
  return USER_ROLES.map(({ name, aggregateTo, rules }) => aggregated(`${NAME}-${name}`, aggregateTo, rules, release))
}

function aggregated (name: string, roles: string[], rules: Rule[], release: string): object {
  const labels = Object.fromEntries(roles.map((role) => [`${RBAC}/aggregate-to-${role}`, 'true']))
  return { apiVersion: API, kind: 'ClusterRole', metadata: clusterMetadataOf(release, name, labels), rules }
}
