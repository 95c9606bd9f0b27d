// Whom the server is for the API server, and what the Kubernetes plugin in it may read: names of namespaces, and where each keeps its artifacts.
import { deploymentState } from '../../core/deployment-state.ts'
import { readTemplate, type Template } from '../../core/pod-template.ts'
import { findChild, objectMapKey, type Child } from '../../core/request.ts'
import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING, DEPLOYMENT, SERVICE_ACCOUNT } from '../children.ts'
import { ARTIFACT_SECRET, MLFLOW_GROUP } from '../grants.ts'
import { namesOf, TAKEN_ACCOUNT } from '../names.ts'
import { clusterMetadata, namespacedMetadata, namespaceOf, type Request } from '../place.ts'
import { withAnnotations } from '../user-metadata.ts'
import { serviceAccountOf } from './server-pod.ts'

const RBAC = 'rbac.authorization.k8s.io'
const READ = ['get', 'list', 'watch']

/** `kept`: the pod template that runs in place of the spec's. */
export function makeServiceAccount (request: Request, kept?: Template): Child[] {
  const { apiVersion, kind } = SERVICE_ACCOUNT
  return accountsOf(request, kept).map((name) => ({
    apiVersion,
    kind,
    metadata: withAnnotations(namespacedMetadata(request, name), request.parent.spec.serviceAccountAnnotations),
    automountServiceAccountToken: false
  }))
}

/** That of the spec, and, until all pods have it, those that were made before: a token whose account is gone is refused everywhere. */
function accountsOf (request: Request, kept: Template | undefined): string[] {
  const own = serviceAccountOf(request)
  const observed = findChild(request, DEPLOYMENT, namesOf(request.parent.metadata.name).server, namespaceOf(request))
  const isChanging = kept !== undefined || deploymentState(observed)?.complete === false || (observed !== undefined && readTemplate(observed)?.spec.serviceAccountName !== own)
  return isChanging ? [...new Set([own, ...madeBefore(request)])] : [own]
}

/** By their label: what a template names may be an account that is not ours, if somebody has edited it. */
function madeBefore (request: Request): string[] {
  const { server } = namesOf(request.parent.metadata.name)
  const prefix = `${namespaceOf(request)}/`
  const accounts = Object.entries(request.children[objectMapKey(SERVICE_ACCOUNT.apiVersion, SERVICE_ACCOUNT.kind)] ?? {})
  const ours = accounts.filter(([place, { metadata }]) => place.startsWith(prefix) && metadata.labels?.app === server)
  return ours.map(([place]) => place.slice(prefix.length)).filter((name) => !new RegExp(TAKEN_ACCOUNT).test(name)).toSorted()
}

/** Only the plugin asks for any of it, and only where it runs does the pod have a token. */
export function makeClusterRole (request: Request, kept?: Template): Child[] {
  const { metadata, spec } = request.parent
  if (spec.auth.mode !== 'Kubernetes' && kept?.spec.automountServiceAccountToken !== true) return []
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
      subjects: subjectsOf(request, kept)
    }
  ]
}

/** The server, and who archives traces of all workspaces. */
function subjectsOf (request: Request, kept: Template | undefined): object[] {
  const { metadata, spec } = request.parent
  const accounts = [...accountsOf(request, kept), ...spec.traceArchival?.enabled ? [namesOf(metadata.name).traceArchivalAccount] : []]
  return accounts.map((name) => ({ kind: 'ServiceAccount', name, namespace: namespaceOf(request) }))
}
