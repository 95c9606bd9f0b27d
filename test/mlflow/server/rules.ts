// What the API server says to objects that cannot be: the generated CRD, evaluated as it does it. Every other rule is tried on a real API server in test/e2e.
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { API_VERSION } from '../../../hooks/core/kind.ts'
import { readYamlObjects, resourcesOfCrd } from '../../../playground/api-server/crd.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { BASE } from '../parts/part-request.ts'

const CRD = fileURLToPath(new URL('../../../manifests/crds/mlflows.yaml', import.meta.url))
const [resource] = resourcesOfCrd(readYamlObjects(CRD)[0] as KubeObject)

/** Messages for such an object, with the defaults of the API server; `old`: what is changed into it. */
function messages (spec: object, { name = 'mlflow', old }: { name?: string, old?: object } = {}): string[] {
  const object = (given: object) => JSON.parse(JSON.stringify({ apiVersion: API_VERSION, kind: 'MLflow', metadata: { name }, spec: { ...BASE, ...given } })) as KubeObject
  const normal = (given: object) => resource?.schema?.normalize(object(given)).object as KubeObject
  return (resource?.schema?.validate(normal(spec), old && normal(old)) ?? []).map(({ message }) => message.replace(/^Invalid value: (false: )?/, ''))
}

const SECRET = { name: 'db', key: 'uri' }
const REPLICA = 'readReplicaBackendStoreUri'

const REFUSED: Array<{ name: string, spec: object, message: string, object?: string, old?: object }> = [
  { name: 'case 51: archival to files without storage', spec: { traceArchival: { location: 'file:///mlflow/t' } }, message: 'storage must be configured when traceArchival.location uses file-based storage (file:// prefix)' },
  { name: 'case 55: no database', spec: { backendStoreUri: undefined }, message: 'backendStoreUri or backendStoreUriFrom must be set' },
  { name: 'case 55: two forms of it', spec: { backendStoreUriFrom: SECRET }, message: 'backendStoreUri and backendStoreUriFrom are mutually exclusive' },
  { name: 'case 55: no artifacts served and no root', spec: { serveArtifacts: false, artifactsDestination: undefined }, message: 'defaultArtifactRoot must be set when serveArtifacts is not true' },
  { name: 'case 55: two forms of a replica', spec: { [REPLICA]: 'postgresql://r/a', [`${REPLICA}From`]: SECRET }, message: `${REPLICA} and ${REPLICA}From are mutually exclusive` },
  { name: 'case 55: half a Secret', spec: { [`${REPLICA}From`]: { name: '', key: 'a' } }, message: `${REPLICA}From.name and ${REPLICA}From.key must be non-empty when ${REPLICA}From is set` },
  { name: 'case 55: a replica in a file', spec: { [REPLICA]: 'file:///mlflow/db' }, message: `${REPLICA} must use a supported SQL metadata store URI scheme` },
  { name: 'case 55: SQLite without storage', spec: { [REPLICA]: 'sqlite:////mlflow/r.db' }, message: 'storage must be configured when using a file-based read-replica backend store (sqlite:// prefix)' },
  { name: 'case 55: an empty egress rule', spec: { networkPolicyEgressRules: [{}] }, message: 'each networkPolicyEgressRules entry must specify at least one port or one destination' },
  { name: 'case 55: a variable that is not yours', spec: { env: [{ name: 'MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE', value: 'true' }] }, message: 'setting the MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE environment variable is not allowed' },
  { name: 'case 55: a name that is too long', spec: {}, object: 'a'.repeat(41), message: 'MLflow resource name must be at most 40 characters to ensure generated resource names stay within Kubernetes 63-character limit' },
  ...['gc', 'claim-dev', 'dev-migration'].map((object) => ({ name: "D16: a name that is another server's garbage collection, or so", spec: {}, object, message: 'metadata.name must not be or begin with claim, gc, metrics-monitor, pvc, sa, tls or trace-archival, nor end with migration, nor be edit, integration or view, for what belongs to other servers has such names; choose another, such as ml-gc' })),
  { name: 'D12: artifacts that are served from nowhere', spec: { artifactsDestination: undefined }, message: 'artifactsDestination or storage must be set when serveArtifacts is true: without either, artifacts would go to file:///mlflow/artifacts on a read-only disk' },
  { name: 'D12: two servers on one SQLite file', spec: { backendStoreUri: 'sqlite:////mlflow/mlflow.db', storage: {}, replicas: 2 }, message: 'replicas must be 1, without autoscaling, with a SQLite backend store: several servers would write one file; use PostgreSQL or MySQL for more' },
  ...[{ registryStoreUri: 'sqlite:////mlflow/r.db' }, { registryStoreUri: 'sqlite:////mlflow/r.db', replicas: 1, autoscaling: { maxReplicas: 2 } }].map((spec) => ({ name: 'D12: two servers on a SQLite file of models', spec: { storage: {}, replicas: 2, ...spec }, message: 'replicas must be 1, without autoscaling, with a SQLite registry store: several servers would write one file; use PostgreSQL or MySQL for more' })),
  { name: 'D12: two servers on a SQLite file of users', spec: { auth: { databaseUri: 'sqlite:////mlflow/users.db' }, storage: {}, replicas: 2 }, message: 'replicas must be 1, without autoscaling, with a SQLite database of users: several servers would write one file; use PostgreSQL or MySQL for more' },
  { name: 'another namespace', spec: { namespace: 'b' }, old: { namespace: 'a' }, message: 'namespace cannot be changed, for volumes and Secrets do not move; delete this object and make it anew, or make another one' },
  { name: 'a volume that is not to outlive the object any more', spec: { storage: { retain: false } }, old: { storage: { retain: true } }, message: 'storage.retain cannot be changed, for the volume would be lost; make a new object with the other value, and move the data' }
]

t.test('case 51, 55: refused, with a message', async (t) => {
  for (const { name, spec, object = 'mlflow', old, message } of REFUSED) t.same(messages(spec, { name: object, ...(old && { old }) }).filter((found) => found === message), [message], name)
})

t.test('case 56: accepted', async (t) => {
  const rows: Array<{ name: string, spec: object, old?: object }> = [
    { name: 'case 56: artifacts that are served need no root', spec: {} },
    { name: 'case 56: a database from a Secret alone', spec: { backendStoreUri: undefined, backendStoreUriFrom: SECRET } },
    { name: 'case 56: a replica', spec: { [REPLICA]: 'postgresql://r/a' } },
    { name: 'case 56: a replica from a Secret', spec: { [`${REPLICA}From`]: SECRET } },
    { name: 'D16: any name up to 40 characters', spec: {} },
    { name: 'the same namespace', spec: { namespace: 'a' }, old: { namespace: 'a' } },
    { name: "the seed's storage on disk, as it stands", spec: { namespace: undefined, serveArtifacts: undefined, storage: { size: '10Gi', storageClassName: '', accessMode: 'ReadWriteOnce' }, backendStoreUri: 'sqlite:////mlflow/mlflow.db', registryStoreUri: 'sqlite:////mlflow/mlflow.db', artifactsDestination: 'file:///mlflow/artifacts' } },
    { name: "the seed's storage elsewhere, as it stands", spec: { namespace: undefined, serveArtifacts: undefined, backendStoreUri: undefined, backendStoreUriFrom: { name: 'mlflow-db-credentials', key: 'backend-store-uri' }, registryStoreUriFrom: { name: 'mlflow-db-credentials', key: 'registry-store-uri' }, artifactsDestination: 's3://my-mlflow-bucket/artifacts', envFrom: [{ secretRef: { name: 'aws-credentials' } }], env: [{ name: 'AWS_DEFAULT_REGION', value: 'us-east-1' }] } }
  ]
  for (const { name, spec, old } of rows) t.strictSame(messages(spec, old && { old }), [], name)
})
