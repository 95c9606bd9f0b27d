// The API of ModelDeployment: spec and the rules that the API server enforces. Descriptions become `kubectl explain`.
import { Type, type Static } from '@sinclair/typebox'
import { SOURCE_SCHEMES } from '../core/model-source.ts'
import { placementProperties } from '../core/placement.ts'
import { EnvVar, Resources, duration, objectName, oneOf, section, type Rule } from '../core/schema.ts'
import { Autoscaling } from './schema/autoscaling.ts'

export const RUNTIME_NAMES = ['triton', 'torchserve', 'fastapi-pytorch'] as const

/** Variables that the hooks set. */
export const OWN_VARIABLES = ['MODEL_PATH', 'MODEL_URI', 'MODEL_VERSION'] as const

const environment = (field: string, description: string) => Type.Array(EnvVar, {
  default: [],
  maxItems: 64,
  description,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  'x-kubernetes-validations': [
    { rule: 'self.all(e, !(has(e.value) && has(e.valueFrom)))', message: `${field}: a variable has both value and valueFrom; keep one` },
    { rule: `self.all(e, !(e.name in ['${OWN_VARIABLES.join("', '")}']))`, message: `${field} must not set ${OWN_VARIABLES.join(', ')}: Sluice sets them; remove them` }
  ]
})

const Validation = section({
  activeDeadline: duration({
    default: '10m',
    description: 'How long a validation may take, its download and all tries included.',
    'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1s') && duration(self) <= duration('168h')", message: 'validation.activeDeadline must be from 1s to 168h; change it' }]
  }),
  retries: Type.Integer({ default: 0, minimum: 0, maximum: 20, description: 'How often a pod that failed is followed by another. What another try cannot mend (a wrong hash, no permission) is not tried again.' }),
  env: environment('validation.env', 'Environment of the script, beside MODEL_PATH, MODEL_URI, MODEL_VERSION and spec.env.'),
  resources: Type.Optional(Resources)
}, { description: 'How a validation is run. Changing it makes no new version; it makes a validation that failed be tried again.' })

const ScriptSource = Type.Object({
  configMapKeyRef: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', description: 'Name of the ConfigMap.' }),
    key: Type.String({ minLength: 1, maxLength: 253, pattern: '^[A-Za-z0-9_-][-._A-Za-z0-9]*$', description: 'Key in it, such as validate.py.' })
  }, { description: 'A key of a ConfigMap in this namespace. What is in it may change unseen: change version to have it run again.' })
}, { description: 'The script, in place of validateScript.' })

/** Where the spec names none. Not a default of the API server, which would make another way of trying of what failed before the field was there. */
export const DEFAULT_SIZE = '10Gi'

const Storage = Type.Object({
  size: Type.String({ default: DEFAULT_SIZE, maxLength: 20, pattern: '^[1-9][0-9]{0,14}(\\.[0-9]{1,3})?([KMGTP]i|[kMGTP])?$', description: 'What a model may take on the disk of its node, an archive and what is unpacked of it together. What takes more is not downloaded.' })
}, { description: 'Room for the model in each pod; 10Gi where it is absent. Changing it makes no new version; it makes what failed be tried again.' })

/** What the user asks for. */
export const Spec = Type.Object({
  modelURI: Type.String({
    minLength: 1,
    maxLength: 1024,
    description: 'Where the model is: http(s)://, s3://bucket/key, gs://bucket/key, models:/name/7, models:/name@alias, runs:/id/path or mlflow-artifacts:/path. What moves is looked up once a version. Every new pod downloads it, as long as the version runs: nothing else may be written there.',
    'x-kubernetes-validations': [
      { rule: `self.matches('^(${SOURCE_SCHEMES.join('|')}):/[^ \\\\t\\\\r\\\\n]+$')`, message: `modelURI must begin with one of ${SOURCE_SCHEMES.join(':/, ')}:/ and hold no spaces; correct it` },
      { rule: "!self.matches('^[a-z0-9-]+://[^/?#]*@')", message: 'modelURI must not hold credentials, which everybody could read here; put them into the Secret that credentialsSecret names' }
    ]
  }),
  runtime: oneOf(RUNTIME_NAMES, { description: 'What serves the model, by the name of this object, whatever name the model gives itself.' }),
  runtimeImage: Type.String({ default: '', maxLength: 512, pattern: '^([A-Za-z0-9][^\\s]*)?$', description: "Image of the server; empty means the runtime's own, as the hooks are configured when the version is first tried." }),
  version: Type.String({ default: '', maxLength: 63, pattern: '^([A-Za-z0-9]([-_.+A-Za-z0-9]*[A-Za-z0-9])?)?$', description: 'A name for people. Another one is another version, even of the same model.' }),
  resources: Type.Optional(Resources),
  validateScript: Type.String({ default: '', maxLength: 253, pattern: '^([A-Za-z0-9_./][-A-Za-z0-9_./@+]*)?$', description: 'Path of a script in the image of the server, run before the version is started: .py by python3, .sh by sh, anything else by itself. It passes by ending with 0.' }),
  validateScriptFrom: Type.Optional(ScriptSource),
  validation: Validation,
  storage: Type.Optional(Storage),
  autoscale: Type.Boolean({ default: false, description: 'Whether a HorizontalPodAutoscaler sets the number of pods. Switched off, the number stays as it is.' }),
  autoscaling: Autoscaling,
  keepPrevious: duration({
    default: '10m',
    description: 'How long the version before stays loaded after a switch, to be taken back if the new one loses all its pods. 0s: not at all.',
    'x-kubernetes-validations': [{ rule: "duration(self) <= duration('168h')", message: 'keepPrevious must be at most 168h; lower it' }]
  }),
  replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Pods of the version that runs, where autoscale is off. Absent: as many as there are, and 1 at first.' })),
  env: environment('env', 'Environment of the server; wins over what the runtime sets.'),
  credentialsSecret: objectName({ default: '', description: 'Secret in this namespace whose keys become variables of the download (AWS_*, MLFLOW_TRACKING_*, HTTP_USERNAME and HTTP_PASSWORD, HTTP_BEARER_TOKEN); script and server never get them.' }),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: "Port on which runtimeImage answers HTTP, where it is not the runtime's own; fastapi-pytorch is told it as PORT. The Service has port 8000 whatever it is." })),
  serviceAccountName: objectName({ default: '', description: 'ServiceAccount of all pods, for clouds that give permissions to it.' }),
  ...placementProperties,
  progressDeadline: duration({
    default: '10m',
    description: 'How long a new version may make no progress while it starts; then it has failed.',
    'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1s') && duration(self) <= duration('24h')", message: 'progressDeadline must be from 1s to 24h; change it' }]
  })
}, { description: 'Which model to run, and what it must pass first.' })
export type Spec = Static<typeof Spec>

/** Rules on the whole object. The bound on the name keeps every generated name a DNS label. */
export const rules: Rule[] = [
  {
    rule: "self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message: 'metadata.name must be at most 40 characters of a-z, 0-9 and -, begin with a letter and end with a letter or digit; choose a shorter or simpler name'
  },
  {
    rule: "self.spec.validateScript == '' || !has(self.spec.validateScriptFrom)",
    message: 'validateScript and validateScriptFrom exclude each other; keep one'
  },
  {
    rule: "!has(self.spec.port) || self.spec.runtimeImage != ''",
    message: 'port is for a runtimeImage that answers elsewhere than the runtime does; remove it, or set runtimeImage'
  },
  // Not at the section: the API server holds its default, {}, to the section's own rules before the fields have theirs.
  {
    rule: 'self.spec.autoscaling.minReplicas <= self.spec.autoscaling.maxReplicas',
    message: 'autoscaling.minReplicas must not be more than maxReplicas; change one of them'
  },
  {
    rule: 'self.spec.autoscaling.targetCPUUtilization > 0 || self.spec.autoscaling.targetMemoryUtilization > 0',
    message: 'autoscaling needs an aim; set targetCPUUtilization or targetMemoryUtilization'
  }
]

export { Status } from './schema/status.ts'
