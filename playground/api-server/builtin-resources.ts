// The built-in resources this API server knows. They are stored as given: no schema, no controllers behind them.
import type { Column, Resource } from './resource.ts'

interface Row {
  group?: string
  version?: string
  kind: string
  plural: string
  short?: string[]
  cluster?: boolean
  status?: boolean
  columns?: Column[]
  categories?: string[]
}

const ready: Column[] = [
  { name: 'Desired', type: 'integer', jsonPath: '.spec.replicas' },
  { name: 'Ready', type: 'integer', jsonPath: '.status.readyReplicas' }
]

const rows: Row[] = [
  { kind: 'Namespace', plural: 'namespaces', short: ['ns'], cluster: true, status: true, columns: [{ name: 'Status', type: 'string', jsonPath: '.status.phase' }] },
  { kind: 'ConfigMap', plural: 'configmaps', short: ['cm'] },
  { kind: 'Secret', plural: 'secrets', columns: [{ name: 'Type', type: 'string', jsonPath: '.type' }] },
  { kind: 'Service', plural: 'services', short: ['svc'], status: true, categories: ['all'], columns: [{ name: 'Type', type: 'string', jsonPath: '.spec.type' }, { name: 'Cluster-IP', type: 'string', jsonPath: '.spec.clusterIP' }] },
  { kind: 'ServiceAccount', plural: 'serviceaccounts', short: ['sa'] },
  { kind: 'Event', plural: 'events', short: ['ev'], columns: [{ name: 'Type', type: 'string', jsonPath: '.type' }, { name: 'Reason', type: 'string', jsonPath: '.reason' }, { name: 'Object', type: 'string', jsonPath: '.involvedObject.name' }, { name: 'Message', type: 'string', jsonPath: '.message' }] },
  { kind: 'Pod', plural: 'pods', short: ['po'], status: true, categories: ['all'], columns: [{ name: 'Status', type: 'string', jsonPath: '.status.phase' }] },
  { kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', short: ['pvc'], status: true, columns: [{ name: 'Status', type: 'string', jsonPath: '.status.phase' }, { name: 'Capacity', type: 'string', jsonPath: '.status.capacity.storage' }] },
  { group: 'events.k8s.io', kind: 'Event', plural: 'events', short: ['ev'], columns: [{ name: 'Type', type: 'string', jsonPath: '.type' }, { name: 'Reason', type: 'string', jsonPath: '.reason' }, { name: 'Object', type: 'string', jsonPath: '.regarding.name' }, { name: 'Message', type: 'string', jsonPath: '.note' }] },
  { group: 'coordination.k8s.io', kind: 'Lease', plural: 'leases', columns: [{ name: 'Holder', type: 'string', jsonPath: '.spec.holderIdentity' }] },
  { group: 'apps', kind: 'Deployment', plural: 'deployments', short: ['deploy'], status: true, categories: ['all'], columns: ready },
  { group: 'apps', kind: 'ReplicaSet', plural: 'replicasets', short: ['rs'], status: true, categories: ['all'], columns: ready },
  { group: 'apps', kind: 'StatefulSet', plural: 'statefulsets', short: ['sts'], status: true, categories: ['all'], columns: ready },
  { group: 'batch', kind: 'Job', plural: 'jobs', status: true, categories: ['all'], columns: [{ name: 'Succeeded', type: 'integer', jsonPath: '.status.succeeded' }, { name: 'Failed', type: 'integer', jsonPath: '.status.failed' }] },
  { group: 'batch', kind: 'CronJob', plural: 'cronjobs', short: ['cj'], status: true, categories: ['all'] },
  { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers', short: ['hpa'], status: true, categories: ['all'] },
  { group: 'policy', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', short: ['pdb'], status: true },
  { group: 'networking.k8s.io', kind: 'NetworkPolicy', plural: 'networkpolicies', short: ['netpol'] },
  { group: 'networking.k8s.io', kind: 'Ingress', plural: 'ingresses', short: ['ing'], status: true },
  { group: 'rbac.authorization.k8s.io', kind: 'Role', plural: 'roles' },
  { group: 'rbac.authorization.k8s.io', kind: 'RoleBinding', plural: 'rolebindings' },
  { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', plural: 'clusterroles', cluster: true },
  { group: 'rbac.authorization.k8s.io', kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', cluster: true },
  { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', short: ['crd', 'crds'], cluster: true, status: true, columns: [{ name: 'Created At', type: 'date', jsonPath: '.metadata.creationTimestamp' }] }
]

const withoutGeneration = new Set(['ConfigMap', 'Secret', 'Service', 'ServiceAccount', 'Event', 'Namespace', 'Lease', 'PersistentVolumeClaim', 'HorizontalPodAutoscaler', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'])

/** Fields besides metadata.name and metadata.namespace that a fieldSelector of this kind may name. */
const selectable: Record<string, string[]> = {
  Event: ['involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion', 'involvedObject.fieldPath', 'regarding.kind', 'regarding.name', 'regarding.namespace', 'regarding.uid', 'reason', 'type', 'source', 'reportingComponent', 'reportingController'],
  Pod: ['spec.nodeName', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
  Secret: ['type'],
  Namespace: ['status.phase'],
  Job: ['status.successful'],
  ReplicaSet: ['status.replicas']
}

/** Descriptors of all built-in resources; v1 unless the row says otherwise. */
export function builtinResources (): Resource[] {
  return rows.map((row) => ({
    group: row.group ?? '',
    version: row.version ?? 'v1',
    versions: [row.version ?? 'v1'],
    storageVersion: row.version ?? 'v1',
    kind: row.kind,
    listKind: `${row.kind}List`,
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    namespaced: row.cluster !== true,
    hasStatus: row.status === true,
    hasGeneration: !withoutGeneration.has(row.kind),
    columns: row.columns ?? [],
    selectableFields: selectable[row.kind] ?? [],
    custom: false
  }))
}
