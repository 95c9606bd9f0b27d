// What people may do in MLflow where the API server is asked for it: ClusterRoles over words that stand for what MLflow keeps. A RoleBinding in a namespace makes
// one of them count in that workspace.
import { API_GROUP } from '../../hooks/core/kind.ts'
import { MLFLOW_GROUP } from '../../hooks/mlflow/grants.ts'
import type { Rule } from './roles.ts'

/** One ClusterRole; its name gets a prefix. `aggregateTo`: Kubernetes' own roles that it is added to. */
export type UserRole = { name: string, aggregateTo: string[], rules: Rule[] }

const GATEWAY = ['gatewayendpoints', 'gatewaymodeldefinitions']
const KEPT = ['datasets', 'experiments', 'registeredmodels']
const SERVERS = ['mcpservers']

const rule = (resources: string[], verbs: string[], group = MLFLOW_GROUP): Rule => ({ apiGroups: [group], resources, verbs })

/** Reading, writing (over reading), and what programs such as pipelines need. */
export const USER_ROLES: UserRole[] = [
  {
    name: 'mlflow-view',
    aggregateTo: ['view', 'edit', 'admin'],
    rules: [
      rule(['mlflows', 'mlflows/status'], ['get', 'list', 'watch'], API_GROUP),
      rule(['mlflowconfigs'], ['get', 'list', 'watch']),
      rule([...KEPT, ...GATEWAY, ...SERVERS], ['get', 'list'])
    ]
  },
  {
    name: 'mlflow-edit',
    aggregateTo: ['edit', 'admin'],
    rules: [
      rule(['mlflows'], ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'], API_GROUP),
      rule(['mlflowconfigs'], ['create', 'update', 'patch', 'delete']),
      rule(['gatewaysecrets'], ['get', 'list']),
      rule([...KEPT, ...GATEWAY, 'gatewaysecrets', ...SERVERS], ['create', 'update', 'delete']),
      rule([...GATEWAY, 'gatewaysecrets'].map((name) => `${name}/use`), ['create'])
    ]
  },
  {
    name: 'mlflow-integration',
    aggregateTo: [],
    rules: [
      rule(KEPT, ['get', 'list', 'create', 'update']),
      rule(['gatewayendpoints', ...SERVERS], ['get', 'list']),
      rule(['gatewayendpoints/use'], ['create'])
    ]
  }
]

/** The ClusterRoles that groups get in workspaces, where the platform deals out access: Metacontroller may bind these and no others. */
export const BOUND_ROLES = ['mlflow-view', 'mlflow-edit']

/** Who is in which group; the platform's. */
export const AUTH_RULE: Rule = { apiGroups: ['services.platform.opendatahub.io'], resources: ['auths'], verbs: ['get', 'list', 'watch'] }

/** What Metacontroller needs beside, where the platform deals out access. */
export function namespaceAccessRules (prefix: string): Rule[] {
  return [AUTH_RULE, { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['bind'], resourceNames: BOUND_ROLES.map((name) => `${prefix}${name}`) }]
}
