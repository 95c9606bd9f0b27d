// Building blocks of MLflow's spec: parts of pods as Kubernetes has them, as far as their defaults do not matter.
import { Type, type SchemaOptions, type Static, type TProperties } from '@sinclair/typebox'
import { Quantity, intOrString, oneOf } from '../../core/schema.ts'

const TEXT = 253

export const optionalText = (description: string, maxLength = TEXT) => Type.Optional(Type.String({ maxLength, description }))
export const text = (description: string, maxLength = TEXT) => Type.String({ minLength: 1, maxLength, description })
const flag = (description: string) => Type.Optional(Type.Boolean({ description }))
const count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description }))

/** An object of which Kubernetes knows more than this schema: what it does not know is passed on as it is. */
const open = <T extends TProperties>(properties: T, description: string) => Type.Object(properties, { description, 'x-kubernetes-preserve-unknown-fields': true })

const list = <T extends TProperties>(properties: T, description: string, maxItems = 32) => Type.Array(Type.Object(properties, { description: 'One entry.' }), { maxItems, description })

/** A key of a Secret in the namespace of the server. */
export const secretKey = (description: string, options: SchemaOptions = {}) => Type.Object({
  name: Type.String({ default: '', maxLength: TEXT, description: 'Name of the Secret.' }),
  key: Type.String({ maxLength: TEXT, description: 'Key in the Secret.' }),
  optional: flag('Whether the Secret or its key may be missing.')
}, { description, 'x-kubernetes-map-type': 'atomic', ...options })
export type SecretKey = Static<ReturnType<typeof secretKey>>

const configMapKey = Type.Object({
  name: text('Name of the ConfigMap.'),
  key: text('Key in the ConfigMap.'),
  optional: flag('Whether the ConfigMap or its key may be missing.')
}, { description: 'A key of a ConfigMap in the namespace of the server.' })

/** One variable, as a container has it. */
export const EnvVar = Type.Object({
  name: text('Name of the variable.'),
  value: optionalText('Its value.', 32768),
  valueFrom: Type.Optional(Type.Object({
    secretKeyRef: Type.Optional(secretKey('A key of a Secret.')),
    configMapKeyRef: Type.Optional(configMapKey),
    fieldRef: Type.Optional(Type.Object({ apiVersion: optionalText('Version of the path; absent means v1.', 16), fieldPath: text('Path in the pod, such as status.podIP.') }, { description: 'A field of the pod.' })),
    resourceFieldRef: Type.Optional(Type.Object({ containerName: optionalText('Whose resources; absent means this container.'), resource: text('Such as limits.memory.'), divisor: Type.Optional(Quantity) }, { description: 'A resource of a container.' }))
  }, { description: 'Where the value comes from, in place of value.' }))
}, { description: 'One environment variable.' })
export type EnvVar = Static<typeof EnvVar>

const wholeSource = (what: string) => Type.Optional(Type.Object({ name: text(`Name of the ${what}.`), optional: flag(`Whether the ${what} may be missing.`) }, { description: `All keys of a ${what}.` }))

/** Variables from all keys of an object. */
export const EnvFrom = Type.Object({
  prefix: optionalText('Put before each name.', 64),
  secretRef: wholeSource('Secret'),
  configMapRef: wholeSource('ConfigMap')
}, { description: 'One source of variables.' })
export type EnvFrom = Static<typeof EnvFrom>

/** Requests and limits, with claims of dynamic resources. */
export const ServerResources = Type.Object({
  requests: Type.Optional(Type.Record(Type.String(), Quantity, { description: 'What the container is guaranteed; merged with the defaults, key by key.' })),
  limits: Type.Optional(Type.Record(Type.String(), Quantity, { description: 'What the container may use at most; merged with the defaults, key by key.' })),
  claims: Type.Optional(Type.Array(Type.Object({ name: text('Name in resourceClaims.'), request: optionalText('One request of the claim.') }, { description: 'One claim.' }), { maxItems: 32, description: 'Claims of resourceClaims that the container uses.', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }))
}, { description: 'Compute resources of a container.' })
export type ServerResources = Static<typeof ServerResources>

export const ResourceClaim = Type.Object({
  name: text('Name by which resources.claims speak of it.', 63),
  resourceClaimName: optionalText('A ResourceClaim that is there.'),
  resourceClaimTemplateName: optionalText('A template that one is made of for each pod.')
}, { description: 'One claim of a dynamic resource.' })

const seccompProfile = Type.Optional(Type.Object({ type: oneOf(['RuntimeDefault', 'Unconfined', 'Localhost'], { description: 'Which profile.' }), localhostProfile: optionalText('File of the profile on the node.') }, { description: 'Seccomp profile.' }))
const seLinuxOptions = Type.Optional(Type.Object({ level: optionalText('Level.'), role: optionalText('Role.'), type: optionalText('Type.'), user: optionalText('User.') }, { description: 'SELinux labels.' }))
const identity = { runAsUser: count('User id.'), runAsGroup: count('Group id.'), runAsNonRoot: flag('Refuse to run as root.'), seccompProfile, seLinuxOptions }

const appArmorProfile = Type.Optional(Type.Object({ type: oneOf(['RuntimeDefault', 'Unconfined', 'Localhost'], { description: 'Which profile.' }), localhostProfile: optionalText('Name of the profile on the node.') }, { description: 'AppArmor profile.' }))

export const PodSecurityContext = Type.Object({
  ...identity,
  appArmorProfile,
  fsGroup: count('Group that volumes belong to.'),
  fsGroupChangePolicy: Type.Optional(oneOf(['OnRootMismatch', 'Always'], { description: 'When the files of a volume are given to that group.' })),
  supplementalGroups: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), { maxItems: 64, description: 'Further groups.' })),
  supplementalGroupsPolicy: Type.Optional(oneOf(['Merge', 'Strict'], { description: "Whether the image's groups count, too." })),
  seLinuxChangePolicy: Type.Optional(oneOf(['MountOption', 'Recursive'], { description: 'How volumes get their SELinux labels.' })),
  sysctls: Type.Optional(list({ name: text('Name of the parameter.'), value: Type.String({ maxLength: TEXT, description: 'Its value.' }) }, 'Parameters of the kernel.'))
}, { description: "Security context of all pods, in place of the default's whole (runAsNonRoot, seccomp RuntimeDefault; where there is no OpenShift also user and group 1000, and with storage fsGroup 1000, OnRootMismatch)." })

export const ContainerSecurityContext = Type.Object({
  ...identity,
  appArmorProfile,
  allowPrivilegeEscalation: flag('Whether a process may get more rights than its parent.'),
  privileged: flag('Run with all rights of the node.'),
  readOnlyRootFilesystem: flag('Whether the root file system is read-only.'),
  procMount: Type.Optional(oneOf(['Default', 'Unmasked'], { description: 'How /proc is mounted.' })),
  capabilities: Type.Optional(Type.Object({ add: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64, description: 'Added.' })), drop: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64, description: 'Dropped.' })) }, { description: 'Capabilities of Linux.' }))
}, { description: "Security context of the containers, in place of the default's whole (no privilege escalation, read-only root, no capabilities)." })

/** A volume of the user's; everything but its name is Kubernetes' own. */
export const Volume = open({ name: text('Name of the volume.', 63) }, "One volume, as a pod's own.")
export const Container = open({ name: text('Name of the container.', 63), image: text('Its image.', 512) }, "One container, as a pod's own.")
export const VolumeMount = Type.Object({
  name: text('Name of the volume.', 63),
  mountPath: text('Where in the container of the server.', 1024),
  subPath: optionalText('Part of the volume.', 1024),
  readOnly: flag('Whether it is read-only.')
}, { description: 'One mount.' })

const labelSelector = {
  matchLabels: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 63 }), { description: 'Labels with their values.' })),
  matchExpressions: Type.Optional(Type.Array(Type.Object({
    key: text('Key of the label.', 316),
    operator: Type.String({ maxLength: 32, description: 'In, NotIn, Exists or DoesNotExist.' }),
    values: Type.Optional(Type.Array(Type.String({ maxLength: 63 }), { maxItems: 256, description: 'What the value is compared with.' }))
  }, { description: 'One comparison.' }), { maxItems: 64, description: 'Comparisons that must all hold.', 'x-kubernetes-list-type': 'atomic' }))
}

/** A selector of labels. An operator that does not exist is answered on status, as a sentence. */
export const LabelSelector = (description: string) => Type.Object(labelSelector, { description, 'x-kubernetes-map-type': 'atomic' })
export type LabelSelector = Static<ReturnType<typeof LabelSelector>>

export const TopologySpread = Type.Object({
  maxSkew: Type.Integer({ minimum: 1, maximum: 1000, description: 'How many more pods one place may have than another.' }),
  topologyKey: text('Label of nodes that says what counts as one place.', 316),
  whenUnsatisfiable: oneOf(['DoNotSchedule', 'ScheduleAnyway'], { description: 'What to do where it cannot hold.' }),
  minDomains: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'How many places there must be at least.' })),
  nodeAffinityPolicy: Type.Optional(oneOf(['Honor', 'Ignore'], { description: 'Whether nodes that affinity excludes count.' })),
  nodeTaintsPolicy: Type.Optional(oneOf(['Honor', 'Ignore'], { description: 'Whether tainted nodes count.' }))
}, { description: "How the server's pods are spread." })

const CIDR = '^[0-9a-fA-F:.]+/[0-9]{1,3}$'

/** One side of a rule of a NetworkPolicy. */
export const Peer = Type.Object({
  podSelector: Type.Optional(Type.Object(labelSelector, { description: 'Which pods.' })),
  namespaceSelector: Type.Optional(Type.Object(labelSelector, { description: 'In which namespaces.' })),
  ipBlock: Type.Optional(Type.Object({ cidr: Type.String({ pattern: CIDR, maxLength: 64, description: 'Addresses, such as 10.0.0.0/8.' }), except: Type.Optional(Type.Array(Type.String({ pattern: CIDR, maxLength: 64 }), { maxItems: 64, description: 'But not these.' })) }, { description: 'Which addresses.' }))
}, { description: 'Pods or addresses.', 'x-kubernetes-validations': [{ rule: 'has(self.ipBlock) != (has(self.podSelector) || has(self.namespaceSelector))', message: 'one side of a rule is either ipBlock, or podSelector, namespaceSelector or both; keep one or the other' }] })

const EgressRule = Type.Object({
  to: Type.Optional(Type.Array(Peer, { maxItems: 64, description: 'Destinations; absent means all.' })),
  ports: Type.Optional(Type.Array(Type.Object({
    port: Type.Optional(intOrString({ description: 'Number or name of the port; absent means all.' })),
    protocol: Type.Optional(oneOf(['TCP', 'UDP', 'SCTP'], { description: 'Protocol; absent means TCP.' })),
    endPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: 'Last port of a range that begins with port.' }))
  }, { description: 'One port, or a range.', 'x-kubernetes-validations': [{ rule: '!has(self.endPort) || (has(self.port) && type(self.port) == int && self.port <= self.endPort)', message: 'endPort is the last port of a range, so port must be a number, and no greater one; change one' }] }), { maxItems: 64, description: 'Ports; absent means all.' }))
}, { description: 'What may be reached.' })
export type EgressRule = Static<typeof EgressRule>

export const egressRules = (field: string, description: string) => Type.Optional(Type.Array(EgressRule, {
  maxItems: 32,
  description,
  'x-kubernetes-validations': [{ rule: 'self.all(r, (has(r.ports) && size(r.ports) > 0) || (has(r.to) && size(r.to) > 0))', message: `each ${field} entry must specify at least one port or one destination` }]
}))

/** Labels of pods or nodes, with the seed's words where a value is too long. */
export const labelValues = (description: string) => Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 253 }), {
  maxProperties: 64,
  description,
  'x-kubernetes-validations': [{ rule: 'self.all(key, size(self[key]) <= 63)', message: 'label values must be 63 characters or less' }]
}))

/** Five fields or a word, as CronJobs take it. */
export const CRON = '^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|((TZ|CRON_TZ)=[^ ]+ +)?([-0-9A-Za-z*/,?]+ +){4}[-0-9A-Za-z*/,?]+)$'
