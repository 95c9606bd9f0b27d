// Whom the server is for the API server, and what the Kubernetes plugin in it may read: names of namespaces, and where each keeps its artifacts.
import type { Child } from '../../core/request.ts'
import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING, SERVICE_ACCOUNT } from '../children.ts'
import { ARTIFACT_SECRET, MLFLOW_GROUP } from '../grants.ts'
import { namesOf } from '../names.ts'
import { clusterMetadata, namespacedMetadata, namespaceOf, type Request } from '../place.ts'
import { withAnnotations } from '../user-metadata.ts'
import { serviceAccountOf } from './server-pod.ts'

const RBAC = 'rbac.authorization.k8s.io'
const READ = ['get', 'list', 'watch']

export function makeServiceAccount (request: Request): Child[] {
  const { apiVersion, kind } = SERVICE_ACCOUNT
  return [{
    apiVersion,
    kind,
    metadata: withAnnotations(namespacedMetadata(request, serviceAccountOf(request)), request.parent.spec.serviceAccountAnnotations),
    automountServiceAccountToken: false
  }]
}

/** Only the plugin asks for any of it. */
export function makeClusterRole (request: Request): Child[] {
  const { metadata, spec } = request.parent
  if (spec.auth.mode !== 'Kubernetes') return []
  const { server } = namesOf(metadata.name)
  return [
    {
      apiVersion: CLUSTER_ROLE.apiVersion,
      kind: CLUSTER_ROLE.kind,
      metadata: clusterMetadata(request, server),
      rules: [
        { apiGroups: [''], resources: ['namespaces'], verbs: READ },
        { apiGroups: [''], resources: ['secrets'], resourceNames: [ARTIFACT_SECRET], verbs: READ },
        { apiGroups: [MLFLOW_GROUP], resources: ['mlflowconfigs'], verbs: READ }
      ]
    },
    {
      apiVersion: CLUSTER_ROLE_BINDING.apiVersion,
      kind: CLUSTER_ROLE_BINDING.kind,
      metadata: clusterMetadata(request, server),
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: server },
      subjects: subjectsOf(request)
    }
  ]
}

/** The server, and who archives traces of all workspaces. */
function subjectsOf (request: Request): object[] {
  const { metadata, spec } = request.parent
  const accounts = [serviceAccountOf(request), ...spec.traceArchival?.enabled ? [namesOf(metadata.name).traceArchivalAccount] : []]
  return accounts.map((name) => ({ kind: 'ServiceAccount', name, namespace: namespaceOf(request) }))
}
