// The API of MlflowModel: spec, status and the rules that the API server enforces. Descriptions become `kubectl explain`.
import { Type, type Static } from '@sinclair/typebox'
import { ANNOTATION_KEY } from '../core/labels.ts'
import { EnvVar, Resources, duration, objectName, oneOf, section, type Rule } from '../core/schema.ts'
import { BACKEND_NAMES } from '../serving/backends.ts'
import { Analysis } from './schema/analysis.ts'

const Serving = section({
  backend: oneOf(BACKEND_NAMES, {
    default: 'Seldon',
    description: 'What serves the model. Immutable.',
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'serving.backend is immutable: delete this MlflowModel and create it again with the other backend' }]
  }),
  replicas: Type.Integer({ default: 1, minimum: 1, maximum: 1000, description: 'Pods of each version. At least 1: Seldon never calls a predictor with 0 replicas ready.' }),
  protocol: oneOf(['v2', 'seldon'], { default: 'v2', description: "Inference protocol: v2 (Open Inference Protocol) or Seldon's own." }),
  resources: Type.Optional(Resources),
  modelUri: Type.String({ default: '', maxLength: 2048, description: 'Template over the resolved URI, with the variables {name}, {version} and {uri}; empty means {uri}. Applied once a version: later edits never restart the stable one.' }),
  serviceAccountName: objectName({ default: '', description: "ServiceAccount of the model's pods." }),
  env: Type.Array(EnvVar, {
    default: [],
    maxItems: 64,
    description: 'Environment of the model container.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-validations': [{ rule: 'self.all(e, !(has(e.value) && has(e.valueFrom)))', message: 'serving.env: a variable has both value and valueFrom; keep one' }, { rule: "self.all(e, !e.name.startsWith('MLSERVER_'))", message: 'serving.env must not set MLSERVER_* variables: the serving backend owns them and Seldon would drop the whole environment; remove them' }]
  }),
  seldon: section({
    implementation: Type.String({ default: 'MLFLOW_SERVER', minLength: 1, maxLength: 63, description: "Prepackaged server, a key of Seldon's predictor_servers." }),
    annotations: Type.Record(Type.String(), Type.String(), {
      default: {},
      maxProperties: 64,
      description: 'Annotations of the SeldonDeployment, such as seldon.io/istio-gateway.',
      'x-kubernetes-validations': [{ rule: `self.all(key, key.size() <= 253 && key.matches('${ANNOTATION_KEY}'))`, message: 'serving.seldon.annotations: a key is a name of letters, digits, -, _ and ., optionally after a DNS prefix and a slash, such as seldon.io/istio-gateway; correct it' }]
    })
  }, { description: 'Only for the Seldon backend.' })
}, { description: 'How each version is served.' })

const Rollout = section({
  steps: Type.Array(Type.Integer({ minimum: 1, maximum: 100 }), {
    default: [10, 20, 30, 40, 50, 60, 70, 80, 90],
    maxItems: 100,
    description: "The canary's shares of traffic in percent, one a step, strictly rising. [] goes straight to 100 once the canary is ready, unjudged.",
    'x-kubernetes-list-type': 'atomic',
    'x-kubernetes-validations': [{ rule: 'self.isSorted() && self.all(a, self.exists_one(b, a == b))', message: 'rollout.steps must rise strictly, such as [10, 50, 90]; sort them and remove duplicates' }]
  }),
  approval: oneOf(['Automatic', 'Manual'], { default: 'Automatic', description: 'Manual holds after the last step has passed, until the annotation sluice.dev/promote names the rollout.' }),
  paused: Type.Boolean({ default: false, description: 'Holds weight, checks and deadlines.' }),
  newVersion: oneOf(['Replace', 'Queue'], { default: 'Replace', description: 'When the alias moves on during a rollout: Replace starts the newer version instead, Queue when this rollout has ended or is paused.' }),
  progressDeadline: duration({ default: '10m', description: 'The canary must become ready within it, counted from its last progress; pauses are excluded.' }),
  keepStable: duration({
    default: '10m',
    description: 'How long the previous version stays loaded at weight 0 after a promotion, ready for an instant return. At least 2m.',
    'x-kubernetes-validations': [{ rule: "duration(self) >= duration('2m')", message: 'rollout.keepStable must be at least 2m, so that a weight that is applied late never loses its version; raise it' }]
  }),
  keepFailed: duration({ default: '30s', description: 'How long a healthy but failed canary stays loaded at weight 0.' })
}, { description: 'How traffic moves to a new version.' })

/** What the user asks for. */
export const Spec = Type.Object({
  modelName: Type.String({ minLength: 1, maxLength: 256, description: 'Name of the registered model in MLflow.' }),
  modelAlias: Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^[\\w-]+$',
    description: 'Alias of the registered model to follow; never a stage.',
    'x-kubernetes-validations': [{ rule: "!self.matches('^(?i:latest|v[0-9]+)$')", message: "modelAlias must not be 'latest' or 'v<number>', which MLflow reserves; use an alias such as champion" }]
  }),
  monitoringInterval: Type.Integer({ default: 60, minimum: 5, maximum: 86400, description: "Seconds between looks at the registry. The registry entry's own minInterval is a floor." }),
  minioSecret: objectName({ default: '', description: "Secret in this namespace with the object store's credentials, for the model's pods." }),
  registry: Type.String({ default: 'default', minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', description: "Entry of the poller's configuration." }),
  workspace: Type.String({ default: '', maxLength: 256, description: 'MLflow workspace, if the server has them.' }),
  whenAliasMissing: oneOf(['Retain', 'Delete'], { default: 'Retain', description: 'When alias or model is gone from the registry: Retain keeps serving the stable version, Delete stops serving.' }),
  serving: Serving,
  rollout: Rollout,
  analysis: Analysis
}, { description: 'What to serve, and how to move from one version to the next.' })
export type Spec = Static<typeof Spec>

/** Rules on the whole object. The bound on the name keeps every generated name a DNS label. */
export const rules: Rule[] = [
  {
    rule: "self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message: 'metadata.name must be at most 40 characters of a-z, 0-9 and -, begin with a letter and end with a letter or digit; choose a shorter or simpler name'
  }
]

export { Status } from './schema/status.ts'
