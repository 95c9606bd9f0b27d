// Kinds of objects that an MLflow object may own.
import type { ChildResource } from '../core/kind.ts'

const child = (apiVersion: string, kind: string, resource: string) => ({ apiVersion, kind, resource, method: 'InPlace' }) as const satisfies ChildResource

export const DEPLOYMENT = child('apps/v1', 'Deployment', 'deployments')
export const SERVICE = child('v1', 'Service', 'services')
export const SERVICE_ACCOUNT = child('v1', 'ServiceAccount', 'serviceaccounts')
export const CONFIG_MAP = child('v1', 'ConfigMap', 'configmaps')
export const CLAIM = child('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims')
export const JOB = { ...child('batch/v1', 'Job', 'jobs'), method: 'OnDelete' } as const satisfies ChildResource
export const CRON_JOB = child('batch/v1', 'CronJob', 'cronjobs')
export const NETWORK_POLICY = child('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies')
export const INGRESS = child('networking.k8s.io/v1', 'Ingress', 'ingresses')
export const ROLE = child('rbac.authorization.k8s.io/v1', 'Role', 'roles')
export const ROLE_BINDING = child('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings')
export const CLUSTER_ROLE = { ...child('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles'), scope: 'Cluster' } as const satisfies ChildResource
export const CLUSTER_ROLE_BINDING = { ...child('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings'), scope: 'Cluster' } as const satisfies ChildResource
export const AUTOSCALER = child('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers')
export const DISRUPTION_BUDGET = child('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets')
export const SERVICE_MONITOR = { ...child('monitoring.coreos.com/v1', 'ServiceMonitor', 'servicemonitors'), capability: 'prometheusOperator' } as const satisfies ChildResource
export const HTTP_ROUTE = { ...child('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'), capability: 'gatewayApi' } as const satisfies ChildResource
export const VIRTUAL_SERVICE = { ...child('networking.istio.io/v1', 'VirtualService', 'virtualservices'), capability: 'istio' } as const satisfies ChildResource
export const DESTINATION_RULE = { ...child('networking.istio.io/v1', 'DestinationRule', 'destinationrules'), capability: 'istio' } as const satisfies ChildResource
export const CERTIFICATE = { ...child('cert-manager.io/v1', 'Certificate', 'certificates'), capability: 'certManager' } as const satisfies ChildResource
export const CONSOLE_LINK = { ...child('console.openshift.io/v1', 'ConsoleLink', 'consolelinks'), scope: 'Cluster', capability: 'openshift' } as const satisfies ChildResource

export const CHILDREN: ChildResource[] = [
  DEPLOYMENT, SERVICE, SERVICE_ACCOUNT, CONFIG_MAP, CLAIM, JOB, CRON_JOB, NETWORK_POLICY, INGRESS, ROLE, ROLE_BINDING, CLUSTER_ROLE, CLUSTER_ROLE_BINDING,
  AUTOSCALER, DISRUPTION_BUDGET, SERVICE_MONITOR, HTTP_ROUTE, VIRTUAL_SERVICE, DESTINATION_RULE, CERTIFICATE, CONSOLE_LINK
]
