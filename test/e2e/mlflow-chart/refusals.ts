// Values that the chart refuses, by what it says: the words of the API wherever that has a rule.
import type { TSchema } from '@sinclair/typebox'
import { rules, Spec } from '../../../hooks/mlflow/schema.ts'

type Refusal = { says: string, values: object, release?: string }

const REMOTE = { backendStoreUri: 'postgresql://db-host:5432/mlflow', artifactsDestination: 's3://b/a' }
const FROM = { name: 'db', key: 'uri' }
const INCOMPLETE = { name: '', key: 'uri' }
const archival = (fields: object) => ({ ...REMOTE, traceArchival: { enabled: true, location: 's3://b/t', retention: '30d', ...fields } })

/** Rules that speak of what an object was before, for a chart has no before; and one that the schema of its field says already, here and in the API. */
export const NOT_FOR_CHARTS = [
  'traceArchival.schedule is required when traceArchival.enabled is true',
  'namespace cannot be changed, for volumes and Secrets do not move; delete this object and make it anew, or make another one',
  'storage.retain cannot be changed, for the volume would be lost; make a new object with the other value, and move the data'
]

export const REFUSALS: Refusal[] = [
  { says: 'backendStoreUri or backendStoreUriFrom must be set', values: { standalone: { backendStoreUri: '' }, artifactsDestination: 's3://b/a' } },
  { says: 'backendStoreUri or backendStoreUriFrom must be set', values: { backendStoreUri: '', artifactsDestination: 's3://b/a' } },
  { says: 'backendStoreUri or backendStoreUriFrom must be set', values: { backendStoreUriFrom: INCOMPLETE, artifactsDestination: 's3://b/a' } },
  { says: 'backendStoreUri or backendStoreUriFrom must be set', values: { backendStoreUriFrom: { name: 'db', key: '' }, artifactsDestination: 's3://b/a' } },
  { says: 'defaultArtifactRoot must be set when serveArtifacts is not true', values: { ...REMOTE, serveArtifacts: false } },
  { says: 'serveArtifacts must be enabled when defaultArtifactRoot uses file-based storage (file:// prefix)', values: { ...REMOTE, serveArtifacts: false, defaultArtifactRoot: 'file:///mlflow/a', storage: {} } },
  { says: 'backendStoreUri and backendStoreUriFrom are mutually exclusive', values: { ...REMOTE, backendStoreUriFrom: FROM } },
  { says: 'readReplicaBackendStoreUri and readReplicaBackendStoreUriFrom are mutually exclusive', values: { ...REMOTE, readReplicaBackendStoreUri: 'postgresql://r/m', readReplicaBackendStoreUriFrom: FROM } },
  { says: 'registryStoreUri and registryStoreUriFrom are mutually exclusive', values: { ...REMOTE, registryStoreUri: 'postgresql://r/m', registryStoreUriFrom: FROM } },
  { says: 'readReplicaBackendStoreUriFrom.name and readReplicaBackendStoreUriFrom.key must be non-empty when readReplicaBackendStoreUriFrom is set', values: { ...REMOTE, readReplicaBackendStoreUriFrom: INCOMPLETE } },
  { says: 'registryStoreUriFrom.name and registryStoreUriFrom.key must be non-empty when registryStoreUriFrom is set', values: { ...REMOTE, registryStoreUriFrom: INCOMPLETE } },
  { says: 'backendStoreUri must use a supported SQL metadata store URI scheme', values: { ...REMOTE, backendStoreUri: 'file:///mlflow/db' } },
  { says: 'readReplicaBackendStoreUri must use a supported SQL metadata store URI scheme', values: { ...REMOTE, readReplicaBackendStoreUri: 'http://db' } },
  { says: 'registryStoreUri must use a supported SQL metadata store URI scheme', values: { ...REMOTE, registryStoreUri: 'mssql://db' } },
  { says: 'storage must be configured when using file-based backend store (sqlite:// or file:// prefix)', values: { ...REMOTE, backendStoreUri: 'sqlite:////mlflow/mlflow.db' } },
  { says: 'storage must be configured when using a file-based read-replica backend store (sqlite:// prefix)', values: { ...REMOTE, readReplicaBackendStoreUri: 'sqlite:////mlflow/r.db' } },
  { says: 'storage must be configured when using file-based registry store (sqlite:// or file:// prefix)', values: { ...REMOTE, registryStoreUri: 'sqlite+pysqlite:////mlflow/r.db' } },
  { says: 'storage must be configured when artifactsDestination uses file-based storage (file:// prefix)', values: { ...REMOTE, artifactsDestination: 'file:///mlflow/a' } },
  { says: 'storage must be configured when defaultArtifactRoot uses file-based storage (file:// prefix)', values: { ...REMOTE, defaultArtifactRoot: 'file:///mlflow/a' } },
  { says: 'artifactsDestination or storage must be set when serveArtifacts is true: without either, artifacts would go to file:///mlflow/artifacts on a read-only disk', values: { backendStoreUri: REMOTE.backendStoreUri } },
  { says: 'serveArtifacts must be enabled when artifactsDestination uses file-based storage (file:// prefix)', values: { ...REMOTE, artifactsDestination: 'file:///mlflow/a', storage: {}, serveArtifacts: false, defaultArtifactRoot: 's3://b/r' } },
  { says: 'replicas must be 1, without autoscaling, with a SQLite backend store: several servers would write one file; use PostgreSQL or MySQL for more', values: { replicas: 2 } },
  { says: 'replicas must be 1, without autoscaling, with a SQLite backend store: several servers would write one file; use PostgreSQL or MySQL for more', values: { autoscaling: { maxReplicas: 2 } } },
  { says: 'replicas must be 1, without autoscaling, with a SQLite registry store: several servers would write one file; use PostgreSQL or MySQL for more', values: { ...REMOTE, storage: {}, registryStoreUri: 'sqlite:////mlflow/r.db', replicas: 2 } },
  { says: 'replicas must be 1, without autoscaling, with a SQLite database of users: several servers would write one file; use PostgreSQL or MySQL for more', values: { ...REMOTE, storage: {}, auth: { databaseUri: 'sqlite:////mlflow/u.db' }, autoscaling: { maxReplicas: 2 } } },
  { says: 'storage.accessMode and storage.accessModes are mutually exclusive; keep one', values: { storage: { accessMode: 'ReadWriteOnce', accessModes: ['ReadWriteMany'] } } },
  { says: 'storage.size and storage.resources.requests.storage are mutually exclusive; keep one', values: { storage: { size: '1Gi', resources: { requests: { storage: '1Gi' } } } } },
  { says: 'storage must be configured when traceArchival.location uses file-based storage (file:// prefix)', values: { ...REMOTE, traceArchival: { location: 'file:///mlflow/t' } } },
  { says: "at '/traceArchival/schedule': minLength: got 0, want 1", values: archival({ schedule: '' }) },
  { says: 'traceArchival.location is required when traceArchival.enabled is true', values: archival({ location: '' }) },
  { says: 'traceArchival.retention is required when traceArchival.enabled is true', values: { ...REMOTE, traceArchival: { enabled: true, location: 's3://b/t' } } },
  { says: 'auth.mode Basic needs auth.adminPasswordSecret, auth.secretKeySecret, and auth.databaseUri or auth.databaseUriFrom; add what is missing', values: { auth: { mode: 'Basic', adminPasswordSecret: FROM } } },
  { says: 'auth.databaseUri and auth.databaseUriFrom are mutually exclusive', values: { auth: { databaseUri: 'postgresql://d', databaseUriFrom: FROM } } },
  { says: 'storage must be configured when auth.databaseUri is a file (sqlite:// prefix)', values: { ...REMOTE, auth: { databaseUri: 'sqlite:////mlflow/auth.db' } } },
  { says: 'tls.mode CertManager needs tls.issuerRef; add it', values: { tls: { mode: 'CertManager' } } },
  { says: 'setting the MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE environment variable is not allowed', values: { env: [{ name: 'MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE', value: 'true' }] } },
  { says: 'setting the MLFLOW_SERVER_ENABLE_JOB_EXECUTION environment variable is not allowed; the operator manages job execution lifecycle', values: { env: [{ name: 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION', value: 'true' }] } },
  { says: 'env: a variable has both value and valueFrom; keep one', values: { env: [{ name: 'A', value: '', valueFrom: { secretKeyRef: FROM } }] } },
  { says: 'env: A is there twice; keep one', values: { env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }] } },
  { says: 'label values must be 63 characters or less', values: { podLabels: { a: 'x'.repeat(64) } } },
  { says: 'label values must be 63 characters or less', values: { nodeSelector: { a: 'x'.repeat(64) } } },
  { says: 'each resourceClaims entry must set exactly one non-empty value: resourceClaimName or resourceClaimTemplateName', values: { resourceClaims: [{ name: 'a', resourceClaimName: '' }] } },
  { says: 'resources.claims: gpu is not among resourceClaims; add it there, or take it out', values: { resources: { claims: [{ name: 'gpu' }] }, resourceClaims: [{ name: 'nic', resourceClaimName: 'nic' }] } },
  { says: 'each networkPolicyEgressRules entry must specify at least one port or one destination', values: { networkPolicyEgressRules: [{}] } },
  { says: 'each networkPolicyAdditionalEgressRules entry must specify at least one port or one destination', values: { networkPolicyAdditionalEgressRules: [{ ports: [] }] } },
  { says: 'one side of a rule is either ipBlock, or podSelector, namespaceSelector or both; keep one or the other', values: { networkPolicyIngressFrom: [{}] } },
  { says: 'one side of a rule is either ipBlock, or podSelector, namespaceSelector or both; keep one or the other', values: { networkPolicyEgressRules: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] } },
  { says: 'endPort is the last port of a range, so port must be a number, and no greater one; change one', values: { networkPolicyEgressRules: [{ ports: [{ endPort: 2 }] }] } },
  { says: 'endPort is the last port of a range, so port must be a number, and no greater one; change one', values: { networkPolicyAdditionalEgressRules: [{ ports: [{ port: 'postgres', endPort: 2 }] }] } },
  { says: 'endPort is the last port of a range, so port must be a number, and no greater one; change one', values: { networkPolicyAdditionalEgressRules: [{ ports: [{ port: 3, endPort: 2 }] }] } },
  { says: 'autoscaling.minReplicas must not be greater than autoscaling.maxReplicas; change one', values: { ...REMOTE, autoscaling: { minReplicas: 3, maxReplicas: 2 } } },
  { says: 'podDisruptionBudget must set exactly one of minAvailable and maxUnavailable', values: { podDisruptionBudget: {} } },
  { says: 'podDisruptionBudget must set exactly one of minAvailable and maxUnavailable', values: { podDisruptionBudget: { minAvailable: 0, maxUnavailable: 1 } } },
  { says: 'migration.activeDeadline must be from 1m to 168h; change it', values: { migration: { activeDeadline: '59s' } } },
  { says: 'migration.activeDeadline must be from 1m to 168h; change it', values: { migration: { activeDeadline: '168h1ms' } } },
  { says: 'MLflow resource name must be at most 40 characters to ensure generated resource names stay within Kubernetes 63-character limit', values: {}, release: 'x'.repeat(41) },
  { says: 'metadata.name must consist of a-z, 0-9 and -, for it becomes part of a host name; choose one without dots', values: {}, release: 'my.mlflow' },
  { says: 'serviceAccountName must not be or begin with mlflow-claim, mlflow-gc-sa or mlflow-trace-archival-sa, which are made for other pods; choose another', values: { serviceAccountName: 'mlflow-gc-sa' } },
  ...['gc', 'claim-dev', 'dev-migration', 'view'].map((release) => ({ says: 'metadata.name must not be or begin with claim, gc, metrics-monitor, pvc, sa, tls or trace-archival, nor end with migration, nor be edit, integration or view, for what belongs to other servers has such names; choose another, such as ml-gc', values: {}, release })),
  { says: 'workspaceLabelSelector: the operator of a must be In or NotIn, with values, or Exists or DoesNotExist, without', values: { workspaceLabelSelector: { matchExpressions: [{ key: 'a', operator: 'InvalidOp' }] } } },
  { says: 'the name mlflow of extraContainers or extraInitContainers is taken by a container of the chart; choose another', values: { extraContainers: [{ name: 'mlflow', image: 'x' }] } },
  { says: 'namespace: says elsewhere, but a chart puts everything into the namespace of its release', values: { namespace: 'elsewhere' } },
  { says: 'image.image: names the whole image', values: { image: { image: 'a:1', tag: '2' } } },
  { says: "additional properties 'backendStoreURI' not allowed", values: { backendStoreURI: 'x' } },
  { says: "additional properties 'sise' not allowed", values: { storage: { sise: '1Gi' } } },
  { says: 'got boolean, want string', values: { tls: { mode: false } } },
  { says: "at '/migration/mode': value must be one of 'Automatic', 'Always'", values: { migration: { mode: 'Never' } } },
  { says: "at '/garbageCollection'", values: { garbageCollection: {} } },
  { says: "at '/garbageCollection/olderThan'", values: { garbageCollection: { schedule: '@daily', olderThan: 'soon' } } },
  { says: "invalid propertyName 'app'", values: { commonLabels: { app: 'mine' } } }
]

/** Messages of all rules of the API. */
export function messagesOfRules (): string[] {
  return [...new Set([...rules.map(({ message }) => message), ...messagesIn(Spec)])]
}

function messagesIn (schema: TSchema): string[] {
  const own = (schema['x-kubernetes-validations'] ?? []) as Array<{ message: string }>
  const inner = [...Object.values((schema['properties'] ?? {}) as Record<string, TSchema>), ...(schema['items'] ? [schema['items'] as TSchema] : [])]
  return [...own.map(({ message }) => message), ...inner.flatMap(messagesIn)]
}
