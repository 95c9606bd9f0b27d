// Specs of MLflow objects that, between them, give every field at least once: each must come out of chart and hook alike.
import type { PlatformSetting } from '../../../hooks/core/platform.ts'

/** `release`: name of object and release; `has`: capabilities of the cluster. */
export type Row = { name: string, release?: string, spec: Record<string, unknown>, platform?: PlatformSetting, has?: string[], version?: string }

const REMOTE = { backendStoreUri: 'postgresql://db-host:5432/mlflow', artifactsDestination: 's3://b/a' }
const LOCAL = { backendStoreUri: 'sqlite:////mlflow/mlflow.db', storage: {} }
const from = (name: string, key = 'uri') => ({ name, key })
const OUTSIDE: PlatformSetting = { externalUrl: 'https://gateway.example.com' }
const OPENSHIFT: PlatformSetting = { ...OUTSIDE, mode: 'opendatahub', openshift: true }

const STORES: Row[] = [
  { name: 'a remote database and remote artifacts', spec: REMOTE },
  { name: 'SQLite on a volume', spec: LOCAL },
  { name: "the seed's local storage", spec: { storage: { size: '10Gi', storageClassName: '', accessMode: 'ReadWriteOnce' }, backendStoreUri: 'sqlite:////mlflow/mlflow.db', registryStoreUri: 'sqlite:////mlflow/mlflow.db', artifactsDestination: 'file:///mlflow/artifacts' } },
  { name: "the seed's remote storage", spec: { backendStoreUriFrom: from('mlflow-db-credentials', 'backend-store-uri'), registryStoreUriFrom: from('mlflow-db-credentials', 'registry-store-uri'), artifactsDestination: 's3://my-mlflow-bucket/artifacts', defaultArtifactRoot: 's3://my-mlflow-bucket/artifacts', serveArtifacts: true, envFrom: [{ secretRef: { name: 'aws-credentials' } }], env: [{ name: 'AWS_DEFAULT_REGION', value: 'us-east-1' }] } },
  { name: 'all databases from Secrets, one of them optional', spec: { ...REMOTE, backendStoreUri: undefined, backendStoreUriFrom: { ...from('db'), optional: true }, readReplicaBackendStoreUriFrom: { ...from('replica'), optional: false }, registryStoreUriFrom: { ...from('registry'), optional: true } } },
  { name: 'a read replica and another registry', spec: { ...REMOTE, readReplicaBackendStoreUri: 'postgresql://replica/mlflow', registryStoreUri: 'mysql+pymysql://registry/mlflow' } },
  { name: 'artifacts that clients get by themselves', spec: { backendStoreUri: REMOTE.backendStoreUri, serveArtifacts: false, defaultArtifactRoot: 's3://b/root' } },
  { name: 'a volume that many nodes can have, with a database elsewhere', spec: { ...REMOTE, replicas: 3, storage: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1024Gi' }, limits: { storage: '2Ti' } } } } },
  { name: 'SQLite on a volume that many nodes can have', spec: { ...LOCAL, storage: { accessMode: 'ReadWriteMany', size: '5000M' } } },
  { name: 'a volume that goes with the object, with all of its fields', spec: { ...LOCAL, storage: { retain: false, storageClassName: 'fast', volumeName: 'disk-1', volumeMode: 'Filesystem', volumeAttributesClassName: 'gold', selector: { matchLabels: { disk: 'one' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] } } } },
  { name: 'a volume that is filled from a snapshot', spec: { ...LOCAL, storage: { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'yesterday', namespace: 'ignored' } } } },
  { name: 'a volume that is filled from another namespace', spec: { ...LOCAL, storage: { dataSourceRef: { apiGroup: '', kind: 'PersistentVolumeClaim', name: 'old', namespace: 'archive' } } } }
]

const SERVER: Row[] = [
  { name: 'an image with its policy and Secrets', spec: { ...REMOTE, image: { image: 'custom/mlflow:v2.0.0', imagePullPolicy: 'IfNotPresent' }, imagePullSecrets: [{ name: 'registry' }, { name: 'mirror' }] }, version: '2.0.0' },
  { name: 'replicas, workers and resources', spec: { ...REMOTE, replicas: 3, workers: 4, resources: { requests: { cpu: '500m', memory: '4Gi' }, limits: { memory: '8Gi', 'nvidia.com/gpu': 1 }, claims: [{ name: 'gpu', request: 'one' }] }, resourceClaims: [{ name: 'gpu', resourceClaimName: 'one-gpu' }], temporaryStorage: { sizeLimit: '5Gi' } } },
  { name: 'limits below what is requested by default', spec: { ...REMOTE, resources: { limits: { cpu: '0.5', memory: '1.5Gi' } } } },
  {
    name: 'variables of all sources, one of ours among them', spec: {
      ...REMOTE, env: [
        { name: 'MLFLOW_LOGGING_LEVEL', value: 'DEBUG' },
        { name: 'MLFLOW_DISABLE_TELEMETRY', value: 'false' },
        { name: 'EMPTY', value: '' },
        { name: 'TOKEN', valueFrom: { secretKeyRef: { ...from('token', 'value'), optional: true } } },
        { name: 'FLAGS', valueFrom: { configMapKeyRef: { name: 'flags', key: 'all', optional: true } } },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'HOST_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.hostIP' } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { containerName: 'mlflow', resource: 'limits.memory', divisor: '1Mi' } } },
        { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }
      ], envFrom: [{ prefix: 'S3_', secretRef: { name: 's3', optional: true } }, { configMapRef: { name: 'settings', optional: true } }, { configMapRef: { name: 'more' } }]
    }
  },
  { name: 'workspaces by labels', spec: { ...REMOTE, workspaceLabelSelector: { matchLabels: { team: 'ml', env: 'prod' }, matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['b', 'a'] }, { key: 'open', operator: 'Exists' }, { key: 'closed', operator: 'DoesNotExist' }, { key: 'zone', operator: 'In', values: ['x'] }] } } },
  { name: 'a selector that selects all', spec: { ...REMOTE, workspaceLabelSelector: {} } },
  { name: 'an account of another name, with annotations', spec: { ...REMOTE, serviceAccountName: 'cloud', serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/mlflow' } } },
  { name: 'labels and annotations of pods, which do not win over ours', spec: { ...REMOTE, podLabels: { team: 'ml', app: 'mine' }, podAnnotations: { 'prometheus.io/scrape': 'true' } } },
  { name: 'security contexts', spec: { ...REMOTE, podSecurityContext: { fsGroup: 1001, runAsUser: 1001, seccompProfile: { type: 'Unconfined' }, supplementalGroups: [] }, securityContext: { readOnlyRootFilesystem: false, capabilities: { add: ['NET_BIND_SERVICE'], drop: [] } } } },
  { name: 'where pods run', spec: { ...REMOTE, nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }], affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'arch', operator: 'In', values: ['amd64'] }] }] } }, podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } }, topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', nodeTaintsPolicy: 'Honor' }], priorityClassName: 'high' } },
  { name: 'where pods run, near a volume', spec: { ...LOCAL, affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'topology.kubernetes.io/zone' }] } } } },
  { name: 'dynamic resources', spec: { ...REMOTE, resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu-template' }, { name: 'nic', resourceClaimName: 'nic-1' }] } },
  { name: 'further volumes and containers', spec: { ...REMOTE, extraVolumes: [{ name: 'gcs', secret: { secretName: 'gcs-key' } }, { name: 'scratch', emptyDir: {} }, { name: 'tmp', emptyDir: { medium: 'Memory' } }], extraVolumeMounts: [{ name: 'gcs', mountPath: '/etc/gcs', readOnly: true }, { name: 'scratch', mountPath: '/scratch', subPath: 'mlflow' }], extraContainers: [{ name: 'proxy', image: 'envoy:1', args: ['--log'], env: [] }], extraInitContainers: [{ name: 'wait', image: 'busybox', command: ['true'] }] } },
  { name: 'an autoscaler', spec: { ...REMOTE, autoscaling: { maxReplicas: 5 } } },
  { name: 'an autoscaler with all of its fields, and a disruption budget', spec: { ...REMOTE, autoscaling: { minReplicas: 2, maxReplicas: 5, targetCPUUtilization: 60 }, podDisruptionBudget: { minAvailable: 1 } } },
  { name: 'a disruption budget by what may go', spec: { ...REMOTE, replicas: 2, podDisruptionBudget: { maxUnavailable: 0 } } },
  { name: 'migration always, with its times', spec: { ...REMOTE, migration: { mode: 'Always', ttlSecondsAfterFinished: 7200, activeDeadline: '1h30m' } } }
]

const REACH: Row[] = [
  { name: 'plain HTTP without authentication', spec: { ...REMOTE, auth: { mode: 'None' }, tls: { mode: 'Off' } }, has: ['prometheusOperator'] },
  { name: "MLflow's own users", spec: { ...REMOTE, auth: { mode: 'Basic', adminPasswordSecret: { ...from('admin', 'password'), optional: true }, secretKeySecret: { ...from('admin', 'key'), optional: false }, databaseUriFrom: { ...from('auth-db'), optional: false }, defaultPermission: 'NO_PERMISSIONS' } }, has: ['prometheusOperator'] },
  { name: "MLflow's own users in SQLite", spec: { ...LOCAL, auth: { mode: 'Basic', adminPasswordSecret: from('admin', 'password'), secretKeySecret: from('admin', 'key'), databaseUri: 'sqlite:////mlflow/auth.db' } } },
  { name: 'a certificate of a Secret', spec: { ...REMOTE, tls: { mode: 'Secret', secretName: 'my-tls' } }, has: ['prometheusOperator'] },
  { name: "a certificate of cert-manager's", spec: { ...REMOTE, tls: { mode: 'CertManager', issuerRef: { name: 'ca' } } }, has: ['certManager', 'prometheusOperator'] },
  { name: 'a certificate of another issuer', spec: { ...REMOTE, tls: { mode: 'CertManager', secretName: 'mine', issuerRef: { name: 'ca', kind: 'ClusterIssuer', group: 'example.com' } } }, has: ['certManager'] },
  { name: 'cert-manager that is not installed', spec: { ...REMOTE, tls: { mode: 'CertManager', issuerRef: { name: 'ca' } } } },
  { name: 'a Service of another type', spec: { ...REMOTE, service: { type: 'LoadBalancer', annotations: { 'example.com/pool': 'a' } } } },
  { name: 'metrics', spec: { ...REMOTE, serviceMonitor: { interval: '15s', labels: { release: 'prometheus' } } }, has: ['prometheusOperator'] },
  { name: 'no metrics, though there is a Prometheus', spec: { ...REMOTE, serviceMonitor: { enabled: false } }, has: ['prometheusOperator'] },
  { name: 'an HTTPRoute', spec: REMOTE, platform: OUTSIDE, has: ['gatewayApi'] },
  { name: 'an HTTPRoute of another gateway and host, for an older MLflow', spec: { ...REMOTE, image: { image: 'custom/mlflow:v3.14.1' }, ingress: { host: 'mlflow.example.com', gateway: { name: 'mine', namespace: 'edge' }, annotations: { a: 'b' } } }, platform: OUTSIDE, has: ['gatewayApi'], version: '3.14.1' },
  { name: 'an HTTPRoute by the settings of the platform', spec: { ...REMOTE, ingress: { gateway: { namespace: 'edge' } } }, platform: { externalUrl: 'https://gateway.example.com:8443/base/', gateway: { name: 'kourier', namespace: 'kn' } }, has: ['gatewayApi'] },
  { name: 'no Gateway API', spec: REMOTE, platform: OUTSIDE },
  { name: 'an HTTPRoute of a gateway of Istio', spec: REMOTE, platform: OUTSIDE, has: ['gatewayApi', 'istio'] },
  { name: 'an HTTPRoute of such a gateway to plain HTTP', spec: { ...REMOTE, tls: { mode: 'Off' } }, platform: OUTSIDE, has: ['gatewayApi', 'istio'] },
  { name: 'SQLite on OpenShift', spec: LOCAL, platform: OPENSHIFT },
  { name: 'a VirtualService', spec: { ...REMOTE, ingress: { mode: 'VirtualService' } }, platform: OUTSIDE, has: ['istio'] },
  { name: 'a VirtualService without a host, to plain HTTP', spec: { ...REMOTE, tls: { mode: 'Off' }, ingress: { mode: 'VirtualService', gateway: { name: 'g' } } }, has: ['istio'] },
  { name: 'an Ingress', spec: { ...REMOTE, ingress: { mode: 'Ingress', host: 'mlflow.example.com', className: 'nginx', tlsSecretName: 'outside', annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '1g' } } } },
  { name: 'an Ingress without a host, to plain HTTP', spec: { ...REMOTE, tls: { mode: 'Off' }, ingress: { mode: 'Ingress' } } },
  { name: 'no way in', spec: { ...REMOTE, ingress: { mode: 'None' } }, platform: OUTSIDE, has: ['gatewayApi', 'istio'] },
  { name: 'who may reach it, and what it may reach', spec: { ...REMOTE, networkPolicyIngressFrom: [{ namespaceSelector: {}, podSelector: { matchLabels: { client: 'yes' } } }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }], networkPolicyEgressRules: [{ to: [{ ipBlock: { cidr: '10.2.0.0/16', except: ['10.2.1.0/24'] } }, { podSelector: {}, namespaceSelector: { matchLabels: { a: 'b' } } }], ports: [{ port: 5433, protocol: 'TCP', endPort: 5434 }, { port: 1 }] }], networkPolicyAdditionalEgressRules: [{ ports: [{ port: 9001, protocol: 'UDP', endPort: 9010 }] }, { to: [{ namespaceSelector: { matchLabels: { name: 'db' } }, podSelector: { matchLabels: { app: 'db' } } }, { ipBlock: { cidr: '10.3.0.0/16', except: ['10.3.1.0/24'] } }] }] } },
  { name: 'what it may reach beside the defaults', spec: { ...REMOTE, networkPolicyAdditionalEgressRules: [{ ports: [{ port: 'postgres' }] }] } },
  { name: 'further origins and hosts', spec: { ...REMOTE, extraAllowedOrigins: ['https://notebooks.example.com', '', '  ', 'https://a.com,https://b.com'], extraAllowedHosts: ['mlflow.internal', '*', 'a,b', 'mlflow.internal'] } },
  { name: 'further authorities', spec: { ...REMOTE, caBundleConfigMap: { name: 'authorities' } } },
  { name: 'OpenShift', spec: { ...REMOTE, caBundleConfigMap: { name: 'authorities' } }, platform: OPENSHIFT, has: ['gatewayApi', 'prometheusOperator', 'openshift'] },
  { name: 'OpenShift with ciphers of your own and another section', spec: { ...REMOTE, env: [{ name: 'UVICORN_SSL_CIPHERS', value: 'DEFAULT' }] }, platform: { ...OPENSHIFT, mode: 'rhoai', sectionTitle: 'Tools', image: 'registry.example.com/mlflow:3.17.1' }, has: ['gatewayApi', 'openshift'] },
  { name: 'authorities of the platform elsewhere', spec: LOCAL, platform: { caBundleConfigMap: 'company' } }
]

const TASKS: Row[] = [
  { name: 'garbage collection', spec: { ...REMOTE, garbageCollection: { schedule: '0 2 * * 0' } } },
  { name: 'garbage collection with all of its fields, near a volume', spec: { ...LOCAL, caBundleConfigMap: { name: 'authorities' }, env: [{ name: 'MLFLOW_S3_ENDPOINT_URL', value: 'http://minio:9000' }], garbageCollection: { schedule: '@daily', olderThan: '7d12h', timeZone: 'Europe/Berlin', suspend: true, resources: { requests: { cpu: '200m' }, limits: { memory: '1Gi' }, claims: [{ name: 'gpu', request: 'one' }] } }, networkPolicyIngressFrom: [{ podSelector: { matchLabels: { client: 'yes' } } }] }, platform: OPENSHIFT },
  { name: 'garbage collection by a server without TLS and Kubernetes', spec: { ...REMOTE, auth: { mode: 'None' }, tls: { mode: 'Off' }, garbageCollection: { schedule: '0 2 * * 0' } } },
  { name: "garbage collection beside MLflow's own users", spec: { ...REMOTE, auth: { mode: 'Basic', adminPasswordSecret: from('admin', 'password'), secretKeySecret: from('admin', 'key'), databaseUri: 'postgresql://db/auth' }, garbageCollection: { schedule: '0 2 * * 0' }, podLabels: { team: 'ml' } } },
  { name: 'archival of traces', spec: { ...REMOTE, traceArchival: { enabled: true, location: 's3://b/traces', retention: '30d' } } },
  { name: 'archival of traces with all of its fields, to a volume', spec: { ...LOCAL, backendStoreUri: 'postgresql://db/mlflow', workspaceLabelSelector: { matchLabels: { ml: 'yes' } }, traceArchival: { enabled: true, schedule: '0 */2 * * *', location: 'file:///mlflow/traces', retention: '12h', maxTracesPerPass: 50, longRetentionAllowlist: ['1', '2'], timeZone: 'UTC', suspend: true, resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' }, claims: [{ name: 'gpu', request: 'one' }] } } } },
  { name: 'archival that is off', spec: { ...REMOTE, traceArchival: { location: 's3://b/traces' } } },
  { name: 'all at once, under another name', release: 'dev', spec: { ...LOCAL, backendStoreUriFrom: from('db'), backendStoreUri: undefined, garbageCollection: { schedule: '0 2 * * 0' }, traceArchival: { enabled: true, location: 's3://b/traces', retention: '30d' }, tls: { mode: 'CertManager', issuerRef: { name: 'ca' } } }, platform: OPENSHIFT, has: ['gatewayApi', 'prometheusOperator', 'openshift', 'certManager'] },
  { name: 'a name of forty characters', release: 'team-of-data-scientists-in-berlin-no-001', spec: { ...LOCAL, garbageCollection: { schedule: '0 2 * * 0' }, traceArchival: { enabled: true, location: 'file:///mlflow/traces', retention: '30d' } }, has: ['prometheusOperator'] }
]

export const ROWS: Row[] = [...STORES, ...SERVER, ...REACH, ...TASKS]

/** Values that say what the cluster has. */
export function capabilities (has: string[]): Record<string, { enabled: true }> {
  return Object.fromEntries(has.map((capability) => [capability, { enabled: true }]))
}
