// The API of MLModel: spec and the rules that the API server enforces. Descriptions become `kubectl explain`.
import { Type, type Static } from '@sinclair/typebox'
import { SOURCE_SCHEMES } from '../core/model-source.ts'
import { placementProperties } from '../core/placement.ts'
import { EnvVar, Resources, duration, objectName, oneOf, section, type Rule } from '../core/schema.ts'
import { RUNTIME_NAMES } from './runtime.ts'

const SCHEMES = SOURCE_SCHEMES.join('|')

const Source = Type.Object({
  uri: Type.String({
    minLength: 1,
    maxLength: 1024,
    description: 'Where the model is: http(s)://, s3://bucket/key, gs://bucket/key, models:/name/7, models:/name@alias, runs:/id/path or mlflow-artifacts:/path. Archives .zip, .tar.gz and .tgz are unpacked.',
    'x-kubernetes-validations': [
      { rule: `self.matches('^(${SCHEMES}):/[^ \\\\t\\\\r\\\\n]+$')`, message: `source.uri must begin with one of ${SOURCE_SCHEMES.join(':/, ')}:/ and hold no spaces; correct it` },
      { rule: "!self.matches('^[a-z0-9-]+://[^/?#]*@')", message: 'source.uri must not hold credentials, which everybody could read here; put them into the Secret that credentialsSecret names' }
    ]
  }),
  sha256: Type.String({ default: '', maxLength: 64, pattern: '^([0-9a-f]{64})?$', description: 'SHA-256 in lower-case hex that what is downloaded must have: of the file or archive as it is sent, or of a folder as the README says. Empty: any.' })
}, { description: 'From where the model is downloaded, once.' })

const Storage = section({
  size: Type.String({ default: '10Gi', maxLength: 20, pattern: '^[1-9][0-9]{0,14}(\\.[0-9]{1,3})?([KMGTP]i|[kMGTP])?$', description: 'Size of the volume that holds the model. Another size is another volume, which the model is downloaded to.' }),
  storageClassName: objectName({ default: '', description: "StorageClass of the volume; empty means the cluster's default." }),
  accessMode: oneOf(['ReadWriteOnce', 'ReadWriteMany'], { default: 'ReadWriteOnce', description: 'ReadWriteOnce keeps all pods of a model on one node; ReadWriteMany lets them spread, where the StorageClass can.' })
}, { description: 'The volume of each downloaded model.' })

const Download = section({
  activeDeadline: duration({
    default: '1h',
    description: 'How long a download may take, all tries together.',
    'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1s') && duration(self) <= duration('168h')", message: 'download.activeDeadline must be from 1s to 168h; change it' }]
  }),
  retries: Type.Integer({ default: 3, minimum: 0, maximum: 20, description: 'How often a pod that failed is followed by another. What another try cannot mend (a wrong hash, no permission) is not tried again.' })
}, { description: 'The Job that downloads.' })

const path = (description: string) => Type.Optional(Type.String({ maxLength: 256, pattern: '^/[^\\s]*$', description }))

/** What the user asks for. */
export const Spec = Type.Object({
  source: Source,
  credentialsSecret: objectName({ default: '', description: 'Secret in this namespace whose keys become variables of the download (AWS_*, MLFLOW_TRACKING_*, HTTP_USERNAME and HTTP_PASSWORD, HTTP_BEARER_TOKEN); the server never gets them.' }),
  runtime: oneOf(RUNTIME_NAMES, { default: 'tensorflow-serving', description: 'What serves the model, by the name of this object, whatever name the model gives itself. custom is an image of yours.' }),
  image: Type.String({ default: '', maxLength: 512, pattern: '^([a-zA-Z0-9][^\\s]*)?$', description: "Image of the server; empty means the runtime's own, as the hooks are configured. Needed for custom." }),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: 'Port of HTTP requests; for custom only.' })),
  readinessPath: path('Path that answers 200 once the model is loaded; for custom only.'),
  livenessPath: path('Path that answers 200 while the server is alive; for custom only.'),
  args: Type.Array(Type.String({ maxLength: 1024 }), { default: [], maxItems: 64, description: 'Arguments of the server, after those of the runtime.', 'x-kubernetes-list-type': 'atomic' }),
  storage: Storage,
  replicas: Type.Integer({ default: 1, minimum: 1, maximum: 1000, description: 'Pods that serve.' }),
  resources: Type.Optional(Resources),
  env: Type.Array(EnvVar, {
    default: [],
    maxItems: 64,
    description: 'Environment of the server; wins over what the runtime sets.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-validations': [{ rule: 'self.all(e, !(has(e.value) && has(e.valueFrom)))', message: 'env: a variable has both value and valueFrom; keep one' }]
  }),
  ...placementProperties,
  serviceAccountName: objectName({ default: '', description: 'ServiceAccount of all pods, for clouds that give permissions to it.' }),
  download: Download,
  progressDeadline: duration({
    default: '10m',
    description: 'How long the change to a new version may make no progress; then the version before it is kept.',
    'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1s') && duration(self) <= duration('24h')", message: 'progressDeadline must be from 1s to 24h; change it' }]
  })
}, { description: 'Which model to serve, and how.' })
export type Spec = Static<typeof Spec>

/** Rules on the whole object. The bound on the name keeps every generated name a DNS label. */
export const rules: Rule[] = [
  {
    rule: "self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message: 'metadata.name must be at most 40 characters of a-z, 0-9 and -, begin with a letter and end with a letter or digit; choose a shorter or simpler name'
  },
  {
    rule: "self.spec.runtime != 'custom' || (self.spec.image != '' && has(self.spec.port) && has(self.spec.readinessPath) && has(self.spec.livenessPath))",
    message: 'runtime custom needs image, port, readinessPath and livenessPath; add what is missing'
  },
  {
    rule: "self.spec.runtime == 'custom' || (!has(self.spec.port) && !has(self.spec.readinessPath) && !has(self.spec.livenessPath))",
    message: 'port, readinessPath and livenessPath are for runtime custom only, other runtimes have their own; remove them'
  },
  {
    rule: "self.spec.runtime != 'mlserver' || self.spec.args.size() == 0",
    message: 'args: mlserver takes none; set MLSERVER_* variables in env instead'
  }
]

export { Status } from './schema/status.ts'
