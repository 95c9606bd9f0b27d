// The API of MLflow: spec and the rules that the API server enforces. Descriptions become `kubectl explain`. Field names, defaults and messages are those of the
// operator whose samples work here; what differs stands in README.md.
import { Type, type Static } from '@sinclair/typebox'
import { placementProperties } from '../core/placement.ts'
import { Quantity, objectName, oneOf, section, type Rule } from '../core/schema.ts'
import { TAKEN, TAKEN_ACCOUNT } from './names.ts'
import {
  Container, ContainerSecurityContext, EnvFrom, EnvVar, LabelSelector, PodSecurityContext, ResourceClaim, ServerResources, TopologySpread, Volume, VolumeMount, labelValues
} from './schema/fields.ts'
import { Auth, Ingress, Tls, networkProperties, reachRules } from './schema/reach.ts'
import { Storage, storageRules } from './schema/storage.ts'
import { storeProperties, storeRules } from './schema/stores.ts'
import { GarbageCollection, Migration, TraceArchival, taskRules } from './schema/tasks.ts'

const annotations = (description: string) => Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 4096 }), { maxProperties: 64, description }))

const FORBIDDEN: Rule[] = [
  { rule: "self.all(e, e.name != 'MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE')", message: 'setting the MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE environment variable is not allowed' },
  { rule: "self.all(e, e.name != 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION')", message: 'setting the MLFLOW_SERVER_ENABLE_JOB_EXECUTION environment variable is not allowed; the operator manages job execution lifecycle' },
  { rule: 'self.all(e, !(has(e.value) && has(e.valueFrom)))', message: 'env: a variable has both value and valueFrom; keep one' }
]

const serverProperties = {
  image: section({
    image: Type.String({ default: '', maxLength: 512, pattern: '^([a-zA-Z0-9][^\\s]*)?$', description: 'Image of the server, with its tag or digest; empty means the one that Sluice is configured with. It needs what auth.mode and the databases ask for (README).' }),
    imagePullPolicy: Type.Optional(oneOf(['Always', 'IfNotPresent', 'Never'], { description: "When it is pulled; absent means Kubernetes' default." }))
  }, { description: 'What is run.' }),
  imagePullSecrets: Type.Optional(Type.Array(Type.Object({ name: Type.String({ minLength: 1, maxLength: 253, description: 'Name of the Secret.' }) }, { description: 'One Secret.' }), { maxItems: 16, description: 'Secrets that images are pulled with.', 'x-kubernetes-list-type': 'atomic' })),
  replicas: Type.Integer({ default: 1, minimum: 1, maximum: 1000, description: 'Pods that answer; not looked at with autoscaling.' }),
  workers: Type.Integer({ default: 1, minimum: 1, maximum: 1000, description: 'Processes in each pod.' }),
  resources: Type.Optional(ServerResources),
  temporaryStorage: section({ sizeLimit: Type.Unsafe<string | number>({ ...Quantity, default: '1Gi', description: 'Size of /tmp.' }) }, { description: 'Space for files that are on their way.' }),
  env: Type.Optional(Type.Array(EnvVar, { maxItems: 128, description: 'Environment of the server and of what runs beside it; wins over what Sluice sets.', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-validations': FORBIDDEN })),
  envFrom: Type.Optional(Type.Array(EnvFrom, { maxItems: 32, description: 'Further environment, from whole Secrets and ConfigMaps.', 'x-kubernetes-list-type': 'atomic' })),
  workspaceLabelSelector: Type.Optional(LabelSelector('Namespaces that are workspaces; absent or empty means all.')),
  caBundleConfigMap: Type.Optional(Type.Object({ name: Type.String({ minLength: 1, maxLength: 253, description: 'Name of the ConfigMap, of whose keys those count that end in .crt or .pem.' }) }, { description: 'Authorities to trust beside those of the image and the platform.' })),
  serviceAccountName: objectName({
    default: '',
    description: 'ServiceAccount of the server, which is made; empty means mlflow-sa, with the name of the object where that is not mlflow.',
    'x-kubernetes-validations': [{ rule: `!self.matches('${TAKEN_ACCOUNT}')`, message: 'serviceAccountName must not be or begin with mlflow-claim, mlflow-gc-sa or mlflow-trace-archival-sa, which are made for other pods; choose another' }]
  }),
  serviceAccountAnnotations: annotations('Annotations of the ServiceAccount, for clouds that give permissions by them.'),
  service: section({
    type: oneOf(['ClusterIP', 'NodePort', 'LoadBalancer'], { default: 'ClusterIP', description: 'Type of the Service. NodePort and LoadBalancer let in whoever reaches a node, unless networkPolicyIngressFrom says who; the name under which they call belongs in extraAllowedHosts.' }),
    annotations: annotations('Annotations of the Service.')
  }, { description: 'The Service.' }),
  serviceMonitor: section({
    enabled: Type.Boolean({ default: true, description: 'Whether Prometheus scrapes the server, where Sluice is configured for the Prometheus operator.' }),
    interval: Type.Optional(Type.String({ pattern: '^[0-9]{1,6}(ms|s|m|h)$', maxLength: 16, description: "How often; absent means Prometheus' own interval." })),
    labels: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 63 }), { maxProperties: 16, description: 'Labels that a Prometheus selects ServiceMonitors by.' }))
  }, { description: 'How metrics are collected.' })
}

const podProperties = {
  podLabels: labelValues("Labels of the server's pods."),
  podAnnotations: annotations("Annotations of the server's pods."),
  podSecurityContext: Type.Optional(PodSecurityContext),
  securityContext: Type.Optional(ContainerSecurityContext),
  ...placementProperties,
  nodeSelector: labelValues('Labels that a node must have.'),
  topologySpreadConstraints: Type.Optional(Type.Array(TopologySpread, { maxItems: 16, description: "How the server's pods are spread over nodes and zones.", 'x-kubernetes-list-type': 'atomic' })),
  priorityClassName: objectName({ default: '', description: "PriorityClass of the server's pods." }),
  resourceClaims: Type.Optional(Type.Array(ResourceClaim, {
    maxItems: 32,
    description: "Dynamic resources of the server's pods.",
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-validations': [{ rule: 'self.all(c, (has(c.resourceClaimName) && size(c.resourceClaimName) > 0) != (has(c.resourceClaimTemplateName) && size(c.resourceClaimTemplateName) > 0))', message: 'each resourceClaims entry must set exactly one non-empty value: resourceClaimName or resourceClaimTemplateName' }]
  })),
  extraVolumes: Type.Optional(Type.Array(Volume, { maxItems: 32, description: 'Further volumes of all pods.', 'x-kubernetes-list-type': 'atomic' })),
  extraVolumeMounts: Type.Optional(Type.Array(VolumeMount, { maxItems: 64, description: 'Where the server and what runs beside it has them.', 'x-kubernetes-list-type': 'atomic' })),
  extraContainers: Type.Optional(Type.Array(Container, { maxItems: 8, description: "Further containers of the server's pods.", 'x-kubernetes-list-type': 'atomic' })),
  extraInitContainers: Type.Optional(Type.Array(Container, { maxItems: 8, description: "Containers of the server's pods that run before it.", 'x-kubernetes-list-type': 'atomic' }))
}

const availabilityProperties = {
  autoscaling: Type.Optional(Type.Object({
    minReplicas: Type.Integer({ default: 1, minimum: 1, maximum: 1000, description: 'Pods at least.' }),
    maxReplicas: Type.Integer({ minimum: 1, maximum: 1000, description: 'Pods at most.' }),
    targetCPUUtilization: Type.Integer({ default: 80, minimum: 1, maximum: 1000, description: 'CPU that is aimed at, in percent of what the pods request.' })
  }, { description: 'A HorizontalPodAutoscaler says how many pods there are.', 'x-kubernetes-validations': [{ rule: 'self.minReplicas <= self.maxReplicas', message: 'autoscaling.minReplicas must not be greater than autoscaling.maxReplicas; change one' }] })),
  podDisruptionBudget: Type.Optional(Type.Object({
    minAvailable: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: 'Pods that a drained node must leave.' })),
    maxUnavailable: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: 'Pods that it may take.' }))
  }, { description: 'What the draining of nodes may take away.', 'x-kubernetes-validations': [{ rule: 'has(self.minAvailable) != has(self.maxUnavailable)', message: 'podDisruptionBudget must set exactly one of minAvailable and maxUnavailable' }] }))
}

const IMMUTABLE_NAMESPACE: Rule = {
  // A reserved word of CEL, which is written so.
  rule: 'has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)',
  message: 'namespace cannot be changed, for volumes and Secrets do not move; delete this object and make it anew, or make another one'
}

/** What the user asks for. */
export const Spec = Type.Object({
  namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', description: 'Namespace of all that is made, which must be there; absent means the one that Sluice is configured with. Cannot be changed later.' })),
  ...storeProperties,
  ...serverProperties,
  storage: Type.Optional(Storage),
  migration: Migration,
  garbageCollection: Type.Optional(GarbageCollection),
  traceArchival: Type.Optional(TraceArchival),
  auth: Auth,
  tls: Tls,
  ingress: Ingress,
  ...networkProperties,
  ...podProperties,
  ...availabilityProperties
}, {
  description: 'Which server to run, and how.',
  'x-kubernetes-validations': [IMMUTABLE_NAMESPACE, ...storeRules, ...storageRules, ...taskRules, ...reachRules]
})
export type Spec = Static<typeof Spec>

/** Rules on the whole object. */
export const rules: Rule[] = [
  { rule: 'self.metadata.name.size() <= 40', message: 'MLflow resource name must be at most 40 characters to ensure generated resource names stay within Kubernetes 63-character limit' },
  { rule: "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')", message: 'metadata.name must consist of a-z, 0-9 and -, for it becomes part of a host name; choose one without dots' },
  { rule: `!self.metadata.name.matches('${TAKEN}')`, message: 'metadata.name must not be or begin with claim, gc, metrics-monitor, pvc, sa, tls or trace-archival, nor end with migration, nor be edit, integration or view, for what belongs to other servers has such names; choose another, such as ml-gc' }
]

export { Status } from './schema/status.ts'
