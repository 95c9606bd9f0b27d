// Pieces of Kubernetes objects that chart values pass on as they are. Their fields are named, so that a typo is refused; what is in them the API server checks.
import { Type, type TProperties, type TSchema } from '@sinclair/typebox'
import { Quantity, oneOf } from '../../../hooks/core/schema.ts'

/** A closed object: what it does not name is refused. */
export function closed<P extends TProperties> (properties: P, description: string) {
  return Type.Object(properties, { additionalProperties: false, description })
}

const optionalText = (description: string) => Type.Optional(Type.String({ description }))
const quantities = (description: string) => Type.Optional(Type.Record(Type.String(), Quantity, { description }))

/** Labels or annotations. */
export function texts (description: string, options: { default?: object } = { default: {} }) {
  return Type.Record(Type.String(), Type.String(), { ...options, description })
}

/** Labels or annotations but those that the chart sets itself: YAML with a key twice means whatever its reader likes. */
export function otherTexts (reserved: string[], description: string) {
  return texts(description, { default: {}, propertyNames: { not: { enum: reserved } } } as { default: object })
}

/** A name of an object, such as a Secret. */
export const OBJECT_NAME = { minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' }

/** A name of a namespace. */
export function namespace (options: { default?: string, description?: string } = {}) {
  return Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', ...options })
}

/** A name of an object, or empty where none is named. */
export function name (description: string, value = '') {
  return Type.String({ default: value, maxLength: 253, pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$', description })
}

/** A key in a Secret or ConfigMap, or empty. */
export function key (description: string, value: string) {
  return Type.String({ default: value, maxLength: 253, pattern: '^[-._a-zA-Z0-9]*$', description })
}

export function resources (value: object) {
  return Type.Object({
    requests: quantities('What the container is guaranteed.'),
    limits: quantities('What the container may use at most.'),
    claims: Type.Optional(Type.Array(closed({ name: Type.String(), request: optionalText('Which request of the claim.') }, 'A claim of the pod.')))
  }, { default: value, additionalProperties: false, description: 'Compute resources of the container.' })
}

/** Environment variables, without those that the chart sets itself. */
export function env (reserved: string[], description: string) {
  return Type.Array(closed({
    name: Type.String({ minLength: 1, not: { enum: reserved }, description: 'Name of the variable; not one that the chart sets itself.' }),
    value: optionalText('Its value.'),
    valueFrom: Type.Optional(Type.Object({}, { description: 'Where the value comes from, in place of value.' }))
  }, 'One variable.'), { default: [], description })
}

/** Places of volumes, none of which is writable or takes the place of what the chart mounts and the image has. */
export function mounts (description: string) {
  const taken = '^/(etc/sluice|secrets|configmaps|webhook|app|var/run/secrets/kubernetes.io)(/|$)|/$|/\\.\\.?(/|$)'
  return Type.Array(closed({
    name: Type.String({ minLength: 1, description: 'Name of the volume.' }),
    mountPath: Type.String({ pattern: '^/[^:]+$', not: { pattern: taken }, description: 'Folder; not one of the chart.' }),
    subPath: optionalText('What of the volume.')
  }, 'One place.'), { default: [], description })
}

const Requirement = closed({ key: Type.String(), operator: oneOf(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: Type.Optional(Type.Array(Type.String())) }, 'One requirement.')
const Selector = closed({
  matchLabels: Type.Optional(texts('Labels that must be there.', {})),
  matchExpressions: Type.Optional(Type.Array(Requirement))
}, 'A label selector; {} selects all.')

/** Peers of a network policy. */
export function peers (value: object[], description: string) {
  return Type.Array(Peer, { default: value, description })
}

const Peer = closed({
  namespaceSelector: Type.Optional(Selector),
  podSelector: Type.Optional(Selector),
  ipBlock: Type.Optional(closed({ cidr: Type.String(), except: Type.Optional(Type.Array(Type.String())) }, 'Addresses.'))
}, 'Who.')

/** Rules of a network policy for what leaves a pod. */
export function egressRules (description: string) {
  const Port = closed({ port: Type.Optional(Type.Union([Type.Integer(), Type.String()])), endPort: Type.Optional(Type.Integer()), protocol: Type.Optional(oneOf(['TCP', 'UDP', 'SCTP'])) }, 'A port.')
  return Type.Array(closed({ to: Type.Optional(Type.Array(Peer)), ports: Type.Optional(Type.Array(Port)) }, 'One rule.'), { default: [], description })
}

export const Toleration = closed({
  key: Type.Optional(Type.String()),
  operator: Type.Optional(oneOf(['Exists', 'Equal', 'Lt', 'Gt'])),
  value: Type.Optional(Type.String()),
  effect: Type.Optional(oneOf(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])),
  tolerationSeconds: Type.Optional(Type.Integer())
}, 'One taint that is tolerated.')

const open = (description: string): TSchema => Type.Optional(Type.Object({}, { description }))
export const Affinity = Type.Object({ nodeAffinity: open('To nodes.'), podAffinity: open('To pods.'), podAntiAffinity: open('Away from pods.') }, { default: {}, additionalProperties: false, description: 'Affinity of the pods.' })

export const TopologySpread = closed({
  maxSkew: Type.Integer({ minimum: 1 }),
  topologyKey: Type.String(),
  whenUnsatisfiable: oneOf(['DoNotSchedule', 'ScheduleAnyway']),
  labelSelector: Type.Optional(Selector),
  matchLabelKeys: Type.Optional(Type.Array(Type.String())),
  minDomains: Type.Optional(Type.Integer()),
  nodeAffinityPolicy: Type.Optional(oneOf(['Honor', 'Ignore'])),
  nodeTaintsPolicy: Type.Optional(oneOf(['Honor', 'Ignore']))
}, 'One constraint.')
