// Where MLflow keeps what it knows: databases, and the roots of artifacts. The rules have the messages of the operator whose samples work here.
import { Type } from '@sinclair/typebox'
import type { Rule } from '../../core/schema.ts'
import { secretKey } from './fields.ts'

const uri = (description: string) => Type.Optional(Type.String({ maxLength: 2048, description }))
const from = (what: string) => Type.Optional(secretKey(`${what} from a Secret, so that nobody reads its password here.`))

export const storeProperties = {
  backendStoreUri: uri('Database of experiments, runs and traces, such as postgresql://host:5432/mlflow. For one with a password use backendStoreUriFrom.'),
  backendStoreUriFrom: from('Database of experiments, runs and traces'),
  readReplicaBackendStoreUri: uri('A replica of that database, for reads; needs MLflow 3.14.'),
  readReplicaBackendStoreUriFrom: from('The replica'),
  registryStoreUri: uri('Database of registered models; absent means that of experiments.'),
  registryStoreUriFrom: from('Database of registered models'),
  artifactsDestination: uri('Where the server keeps artifacts that it serves, such as s3://bucket/path; absent means file:///mlflow/artifacts. For serveArtifacts only.'),
  defaultArtifactRoot: uri('Root of artifacts of new experiments, as clients see it; needed where the server does not serve artifacts.'),
  serveArtifacts: Type.Boolean({ default: true, description: 'Clients get artifacts through the server, with its credentials.' })
}

const SERVES = '(has(self.serveArtifacts) && self.serveArtifacts)'
const SCHEMES = ['sqlite', 'postgresql', 'mysql'].flatMap((name) => [`${name}://`, `${name}+`])
const isSql = (field: string) => SCHEMES.map((scheme) => `self.${field}.startsWith('${scheme}')`).join(' || ')
const filled = (field: string) => `size(self.${field}.name) > 0 && size(self.${field}.key) > 0`

const exclusive = (field: string): Rule => ({ rule: `!(has(self.${field}) && has(self.${field}From))`, message: `${field} and ${field}From are mutually exclusive` })
const whole = (field: string): Rule => ({ rule: `!has(self.${field}From) || (${filled(`${field}From`)})`, message: `${field}From.name and ${field}From.key must be non-empty when ${field}From is set` })
const supported = (field: string): Rule => ({ rule: `!has(self.${field}) || ${isSql(field)}`, message: `${field} must use a supported SQL metadata store URI scheme` })
const onVolume = (field: string, scheme: string, message: string): Rule => ({ rule: `!has(self.${field}) || !self.${field}.startsWith('${scheme}') || has(self.storage)`, message })

const alone = (isThere: string, uri: string, what: string): Rule => ({
  rule: `!(${isThere}) || !${uri}.startsWith('sqlite') || ((!has(self.replicas) || self.replicas == 1) && !has(self.autoscaling))`,
  message: `replicas must be 1, without autoscaling, with a SQLite ${what}: several servers would write one file; use PostgreSQL or MySQL for more`
})

/** Rules on the whole spec that speak of stores. */
export const storeRules: Rule[] = [
  { rule: `has(self.defaultArtifactRoot) || ${SERVES}`, message: 'defaultArtifactRoot must be set when serveArtifacts is not true' },
  { rule: `!has(self.defaultArtifactRoot) || !self.defaultArtifactRoot.startsWith('file://') || ${SERVES}`, message: 'serveArtifacts must be enabled when defaultArtifactRoot uses file-based storage (file:// prefix)' },
  { rule: `(has(self.backendStoreUri) && size(self.backendStoreUri) > 0) || (has(self.backendStoreUriFrom) && ${filled('backendStoreUriFrom')})`, message: 'backendStoreUri or backendStoreUriFrom must be set' },
  ...['backendStoreUri', 'readReplicaBackendStoreUri', 'registryStoreUri'].map(exclusive),
  ...['readReplicaBackendStoreUri', 'registryStoreUri'].map(whole),
  ...['backendStoreUri', 'readReplicaBackendStoreUri', 'registryStoreUri'].map(supported),
  // `sqlite+driver://` lies on a volume as `sqlite://` does.
  onVolume('backendStoreUri', 'sqlite', 'storage must be configured when using file-based backend store (sqlite:// or file:// prefix)'),
  onVolume('readReplicaBackendStoreUri', 'sqlite', 'storage must be configured when using a file-based read-replica backend store (sqlite:// prefix)'),
  onVolume('registryStoreUri', 'sqlite', 'storage must be configured when using file-based registry store (sqlite:// or file:// prefix)'),
  onVolume('artifactsDestination', 'file://', 'storage must be configured when artifactsDestination uses file-based storage (file:// prefix)'),
  onVolume('defaultArtifactRoot', 'file://', 'storage must be configured when defaultArtifactRoot uses file-based storage (file:// prefix)'),
  { rule: `has(self.artifactsDestination) || !${SERVES} || has(self.storage)`, message: 'artifactsDestination or storage must be set when serveArtifacts is true: without either, artifacts would go to file:///mlflow/artifacts on a read-only disk' },
  { rule: `!has(self.artifactsDestination) || !self.artifactsDestination.startsWith('file://') || ${SERVES}`, message: 'serveArtifacts must be enabled when artifactsDestination uses file-based storage (file:// prefix)' },
  alone('has(self.backendStoreUri)', 'self.backendStoreUri', 'backend store'),
  alone('has(self.registryStoreUri)', 'self.registryStoreUri', 'registry store'),
  alone('has(self.auth) && has(self.auth.databaseUri)', 'self.auth.databaseUri', 'database of users')
]
