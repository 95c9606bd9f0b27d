// Examples for the CRD of MLflow: an object that meets every demand, and objects that break the rules.
import { withValue } from '../constraints.ts'
import type { Examples } from './examples.ts'
import { PLACEMENT } from './placement.ts'

const EXPRESSIONS = [{ key: 'team', operator: 'In', values: ['a'] }]
const SELECTOR = { matchLabels: { team: 'a' }, matchExpressions: EXPRESSIONS }
const PEER = { podSelector: SELECTOR, namespaceSelector: SELECTOR }
const ADDRESSES = { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }
const PORTS = [{ port: 5432, protocol: 'TCP', endPort: 5433 }]
const EGRESS = [{ to: [PEER], ports: PORTS }]
const SECRET = { name: 'keys', key: 'id' }
const RESOURCES = { requests: { cpu: '500m' }, limits: { memory: '1Gi' } }
const CLAIMING = { ...RESOURCES, claims: [{ name: 'device', request: 'one' }] }
const SECURITY = { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' }, seLinuxOptions: { level: 'a', role: 'a', type: 'a', user: 'a' }, appArmorProfile: { type: 'Localhost', localhostProfile: 'a' } }
const SOURCE = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'before', namespace: 'other' }

/** Has a value wherever the schema constrains one. */
const COMPLETE = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'MLflow',
  metadata: { name: 'complete' },
  spec: {
    namespace: 'models',
    backendStoreUri: 'postgresql://db:5432/mlflow',
    readReplicaBackendStoreUri: 'postgresql+psycopg2://replica:5432/mlflow',
    registryStoreUri: 'mysql://db:3306/mlflow',
    artifactsDestination: 's3://bucket/artifacts',
    defaultArtifactRoot: 's3://bucket/artifacts',
    serveArtifacts: true,
    image: { image: 'registry.example.com/mlflow:1', imagePullPolicy: 'Always' },
    imagePullSecrets: [{ name: 'registry' }],
    replicas: 2,
    workers: 2,
    resources: CLAIMING,
    temporaryStorage: { sizeLimit: '2Gi' },
    env: [{ name: 'PLAIN', value: '1' }],
    envFrom: [{ prefix: 'A_', secretRef: { name: 'keys' } }, { configMapRef: { name: 'settings' } }],
    workspaceLabelSelector: SELECTOR,
    caBundleConfigMap: { name: 'authorities' },
    serviceAccountName: 'mlflow-sa',
    serviceAccountAnnotations: { role: 'a' },
    service: { type: 'ClusterIP', annotations: { a: 'b' } },
    serviceMonitor: { enabled: true, interval: '30s', labels: { release: 'a' } },
    storage: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '10Gi' }, limits: { storage: '20Gi' } },
      storageClassName: 'fast',
      volumeName: 'pv-1',
      volumeMode: 'Filesystem',
      volumeAttributesClassName: 'gold',
      selector: SELECTOR,
      dataSource: SOURCE,
      dataSourceRef: SOURCE,
      retain: true
    },
    migration: { mode: 'Automatic', ttlSecondsAfterFinished: 3600, activeDeadline: '6h' },
    garbageCollection: { schedule: '0 2 * * 0', olderThan: '7d12h', timeZone: 'Europe/Berlin', suspend: false, resources: CLAIMING },
    traceArchival: { enabled: true, schedule: '0 */6 * * *', location: 's3://bucket/traces', retention: '30d', maxTracesPerPass: 10, longRetentionAllowlist: ['1'], timeZone: 'Etc/UTC', suspend: false, resources: CLAIMING },
    auth: { mode: 'Basic', adminPasswordSecret: SECRET, secretKeySecret: SECRET, databaseUri: 'postgresql://db:5432/auth', defaultPermission: 'READ' },
    tls: { mode: 'CertManager', secretName: 'tls', issuerRef: { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' } },
    ingress: { mode: 'HTTPRoute', host: 'mlflow.example.com', gateway: { name: 'gateway', namespace: 'gateways' }, className: 'nginx', tlsSecretName: 'tls', annotations: { a: 'b' } },
    networkPolicyIngressFrom: [PEER],
    networkPolicyEgressRules: EGRESS,
    networkPolicyAdditionalEgressRules: EGRESS,
    extraAllowedOrigins: ['https://notebooks.example.com'],
    extraAllowedHosts: ['mlflow.example.com'],
    podLabels: { team: 'a' },
    podAnnotations: { a: 'b' },
    podSecurityContext: { ...SECURITY, fsGroup: 1000, fsGroupChangePolicy: 'Always', supplementalGroups: [1000], supplementalGroupsPolicy: 'Strict', seLinuxChangePolicy: 'Recursive', sysctls: [{ name: 'net.core.somaxconn', value: '1024' }] },
    securityContext: { ...SECURITY, allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: true, procMount: 'Default', capabilities: { add: ['CHOWN'], drop: ['ALL'] } },
    ...PLACEMENT,
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 1, nodeAffinityPolicy: 'Honor', nodeTaintsPolicy: 'Honor' }],
    priorityClassName: 'high',
    resourceClaims: [{ name: 'device', resourceClaimName: 'gpu' }],
    extraVolumes: [{ name: 'more', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'more', mountPath: '/more', subPath: 'a', readOnly: true }],
    extraContainers: [{ name: 'beside', image: 'registry.example.com/beside:1' }],
    extraInitContainers: [{ name: 'before', image: 'registry.example.com/before:1' }],
    autoscaling: { minReplicas: 1, maxReplicas: 5, targetCPUUtilization: 80 },
    podDisruptionBudget: { minAvailable: 1 }
  }
}

const withSpec = (path: string, value: unknown) => withValue(COMPLETE, `spec.${path}`, value)
const named = (name: string) => withValue(COMPLETE, 'metadata.name', name)

/** A small object that is accepted, with these fields in place of its own; undefined takes one out. */
function small (spec: Record<string, unknown>): object {
  const fields = { backendStoreUri: 'postgresql://db:5432/mlflow', artifactsDestination: 's3://bucket/artifacts', serveArtifacts: true, ...spec }
  return { apiVersion: 'sluice.dev/v1alpha1', kind: 'MLflow', metadata: { name: 'small' }, spec: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) }
}

const SQLITE = 'sqlite:////mlflow/mlflow.db'
const EMPTY_KEY = { name: 'db', key: '' }
const BASIC = { mode: 'Basic', adminPasswordSecret: SECRET, secretKeySecret: SECRET }

/** One of the two forms, both, neither, half of one, and a scheme that is not known: of each of the three stores. */
function storeRules (field: string): Examples['rules'] {
  return {
    [`${field} and ${field}From are mutually exclusive`]: [small({ [field]: 'postgresql://db/a', [`${field}From`]: SECRET })],
    [`${field} must use a supported SQL metadata store URI scheme`]: ['file:///mlflow/db', 'https://db', 'postgres://db', 'sqlite'].map((uri) => small({ [field]: uri })),
    ...field !== 'backendStoreUri' && { [`${field}From.name and ${field}From.key must be non-empty`]: [small({ [`${field}From`]: EMPTY_KEY }), small({ [`${field}From`]: { name: '', key: 'a' } })] }
  }
}

const RULES: Examples['rules'] = {
  'MLflow resource name must be at most 40 characters': [named('a'.repeat(41))],
  'metadata.name must consist of a-z, 0-9 and -': [named('a.b')],
  'metadata.name must not be or begin with claim, gc': ['claim', 'gc', 'gc-dev', 'metrics-monitor', 'pvc-a', 'sa', 'tls', 'trace-archival-sa', 'view', 'edit', 'integration', 'migration', 'dev-migration'].map(named),
  'serviceAccountName must not be or begin with mlflow-claim': ['mlflow-claim', 'mlflow-gc-sa', 'mlflow-trace-archival-sa-dev'].map((serviceAccountName) => small({ serviceAccountName })),
  'defaultArtifactRoot must be set when serveArtifacts is not true': [small({ serveArtifacts: false })],
  'serveArtifacts must be enabled when defaultArtifactRoot uses file-based storage': [small({ serveArtifacts: false, defaultArtifactRoot: 'file:///mlflow/artifacts', storage: {} })],
  'backendStoreUri or backendStoreUriFrom must be set': [small({ backendStoreUri: undefined }), small({ backendStoreUri: '' }), small({ backendStoreUri: undefined, backendStoreUriFrom: EMPTY_KEY })],
  ...storeRules('backendStoreUri'),
  ...storeRules('readReplicaBackendStoreUri'),
  ...storeRules('registryStoreUri'),
  'storage must be configured when using file-based backend store': [small({ backendStoreUri: SQLITE }), small({ backendStoreUri: 'sqlite+pysqlite:////mlflow/mlflow.db' })],
  'storage must be configured when using a file-based read-replica backend store': [small({ readReplicaBackendStoreUri: SQLITE })],
  'storage must be configured when using file-based registry store': [small({ registryStoreUri: SQLITE })],
  'storage must be configured when artifactsDestination uses file-based storage': [small({ artifactsDestination: 'file:///mlflow/artifacts' })],
  'storage must be configured when defaultArtifactRoot uses file-based storage': [small({ defaultArtifactRoot: 'file:///mlflow/artifacts' })],
  'artifactsDestination or storage must be set when serveArtifacts is true': [small({ artifactsDestination: undefined })],
  'serveArtifacts must be enabled when artifactsDestination uses file-based storage': [small({ serveArtifacts: false, defaultArtifactRoot: 's3://b/a', artifactsDestination: 'file:///mlflow/a', storage: {} })],
  'replicas must be 1, without autoscaling, with a SQLite backend store': [small({ backendStoreUri: SQLITE, storage: {}, replicas: 2 }), small({ backendStoreUri: SQLITE, storage: {}, autoscaling: { maxReplicas: 2 } })],
  'replicas must be 1, without autoscaling, with a SQLite registry store': [small({ registryStoreUri: SQLITE, storage: {}, replicas: 2 }), small({ registryStoreUri: SQLITE, storage: {}, autoscaling: { maxReplicas: 2 } })],
  'replicas must be 1, without autoscaling, with a SQLite database of users': [small({ auth: { ...BASIC, databaseUri: SQLITE }, storage: {}, replicas: 2 }), small({ auth: { ...BASIC, databaseUri: SQLITE }, storage: {}, autoscaling: { maxReplicas: 2 } })],
  'setting the MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE environment variable is not allowed': [small({ env: [{ name: 'MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE', value: 'true' }] })],
  'setting the MLFLOW_SERVER_ENABLE_JOB_EXECUTION environment variable is not allowed': [small({ env: [{ name: 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION', value: 'true' }] })],
  'env: a variable has both value and valueFrom': [small({ env: [{ name: 'A', value: '1', valueFrom: { secretKeyRef: SECRET } }] })],
  'label values must be 63 characters or less': [withSpec('podLabels', { team: 'a'.repeat(64) }), withSpec('nodeSelector', { zone: 'a'.repeat(64) })],
  'each networkPolicyEgressRules entry must specify at least one port or one destination': [small({ networkPolicyEgressRules: [{}] }), small({ networkPolicyEgressRules: [{ ports: [], to: [] }] })],
  'each networkPolicyAdditionalEgressRules entry must specify at least one port or one destination': [small({ networkPolicyAdditionalEgressRules: [{}] })],
  'one side of a rule is either ipBlock': [small({ networkPolicyIngressFrom: [{}] }), small({ networkPolicyEgressRules: [{ to: [{ ...PEER, ...ADDRESSES }] }] }), small({ networkPolicyAdditionalEgressRules: [{ to: [{}] }] })],
  'endPort is the last port of a range': [{ endPort: 9 }, { port: 10, endPort: 9 }, { port: 'http', endPort: 9 }].flatMap((port) => ['networkPolicyEgressRules', 'networkPolicyAdditionalEgressRules'].map((field) => small({ [field]: [{ ports: [port] }] }))),
  'each resourceClaims entry must set exactly one non-empty value': [small({ resourceClaims: [{ name: 'a' }] }), small({ resourceClaims: [{ name: 'a', resourceClaimName: 'x', resourceClaimTemplateName: 'y' }] }), small({ resourceClaims: [{ name: 'a', resourceClaimName: '' }] })],
  'autoscaling.minReplicas must not be greater than autoscaling.maxReplicas': [withSpec('autoscaling.minReplicas', 6)],
  'podDisruptionBudget must set exactly one of minAvailable and maxUnavailable': [small({ podDisruptionBudget: {} }), small({ podDisruptionBudget: { minAvailable: 1, maxUnavailable: 1 } })],
  'storage.accessMode and storage.accessModes are mutually exclusive': [withSpec('storage.accessMode', 'ReadWriteOnce')],
  'storage.size and storage.resources.requests.storage are mutually exclusive': [withSpec('storage.size', '1Gi')],
  'migration.activeDeadline must be from 1m to 168h': [withSpec('migration.activeDeadline', '59s'), withSpec('migration.activeDeadline', '169h')],
  'storage must be configured when traceArchival.location uses file-based storage': [small({ traceArchival: { location: 'file:///mlflow/traces' } }), small({ traceArchival: { enabled: true, location: 'file:///mlflow/traces', retention: '1d' } })],
  'traceArchival.location is required when traceArchival.enabled is true': [small({ traceArchival: { enabled: true, retention: '1d' } }), small({ traceArchival: { enabled: true, retention: '1d', location: '' } })],
  'traceArchival.retention is required when traceArchival.enabled is true': [small({ traceArchival: { enabled: true, location: 's3://b/t' } })],
  'auth.mode Basic needs auth.adminPasswordSecret, auth.secretKeySecret': [small({ auth: BASIC }), withSpec('auth.adminPasswordSecret', undefined), withSpec('auth.secretKeySecret', undefined)],
  'auth.databaseUri and auth.databaseUriFrom are mutually exclusive': [withSpec('auth.databaseUriFrom', SECRET)],
  'storage must be configured when auth.databaseUri is a file': [small({ auth: { ...BASIC, databaseUri: SQLITE } })],
  'tls.mode CertManager needs tls.issuerRef': [withSpec('tls.issuerRef', undefined)]
}

/** In place of the inline form of a store. */
const from = (field: string) => withValue(withSpec(field, undefined), `spec.${field}From`, { ...SECRET, optional: true })
const variable = (valueFrom: object) => withSpec('env', [{ name: 'FROM', valueFrom }])

export const mlflow: Examples = {
  crd: 'manifests/crds/mlflows.yaml',
  complete: COMPLETE,
  rules: RULES,
  unbreakable: {
    'namespace cannot be changed': 'it speaks of a change, which the test of MLflow on the control plane makes',
    'storage.retain cannot be changed': 'likewise',
    'traceArchival.schedule is required when traceArchival.enabled is true': 'it has a default, and an empty one is refused before'
  },
  elsewhere: {
    'spec.backendStoreUriFrom': from('backendStoreUri'),
    'spec.readReplicaBackendStoreUriFrom': from('readReplicaBackendStoreUri'),
    'spec.registryStoreUriFrom': from('registryStoreUri'),
    'spec.auth.databaseUriFrom': from('auth.databaseUri'),
    'spec.env[].valueFrom.secretKeyRef': variable({ secretKeyRef: SECRET }),
    'spec.env[].valueFrom.configMapKeyRef': variable({ configMapKeyRef: SECRET }),
    'spec.env[].valueFrom.fieldRef': variable({ fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } }),
    'spec.env[].valueFrom.resourceFieldRef': variable({ resourceFieldRef: { containerName: 'mlflow', resource: 'limits.memory', divisor: '1Mi' } }),
    'spec.envFrom[].configMapRef': withSpec('envFrom', [{ configMapRef: { name: 'settings' } }]),
    'spec.resourceClaims[].resourceClaimTemplateName': withSpec('resourceClaims', [{ name: 'device', resourceClaimTemplateName: 'gpu' }]),
    'spec.networkPolicyIngressFrom[].ipBlock': withSpec('networkPolicyIngressFrom', [ADDRESSES]),
    'spec.networkPolicyEgressRules[].to[].ipBlock': withSpec('networkPolicyEgressRules', [{ to: [ADDRESSES], ports: PORTS }]),
    'spec.networkPolicyAdditionalEgressRules[].to[].ipBlock': withSpec('networkPolicyAdditionalEgressRules', [{ to: [ADDRESSES], ports: PORTS }]),
    'spec.storage.accessModes': COMPLETE,
    'spec.storage.accessMode': withValue(withSpec('storage.accessModes', undefined), 'spec.storage.accessMode', 'ReadWriteMany'),
    'spec.storage.size': withValue(withSpec('storage.resources', undefined), 'spec.storage.size', '10Gi'),
    'spec.podDisruptionBudget.maxUnavailable': withSpec('podDisruptionBudget', { maxUnavailable: 1 })
  }
}
