// TypeBox building blocks that the schemas of all kinds share. Every block yields a schema that can become a structural CRD schema.
import { FormatRegistry, Kind, Type, TypeRegistry, type SchemaOptions, type Static, type TObject, type TProperties } from '@sinclair/typebox'
import { parseInstant } from './time.ts'

// TypeBox checks only what it has been taught: our own types and the one format that CRDs and we use.
TypeRegistry.Set<{ enum: readonly unknown[] }>('StringEnum', (schema, value) => schema.enum.includes(value))
TypeRegistry.Set<{ pattern: string }>('Quantity', (schema, value) => Number.isSafeInteger(value) || (typeof value === 'string' && new RegExp(schema.pattern).test(value)))
TypeRegistry.Set('IntOrString', (_schema, value) => Number.isSafeInteger(value) || (typeof value === 'string' && value.length <= 63))
FormatRegistry.Set('date-time', (text) => parseInstant(text) !== undefined)

/** A CEL rule as the API server evaluates it. `message` names what is wrong and the remedy. */
export type Rule = { rule: string, message: string, fieldPath?: string }

/** A string that must be one of `values`; emitted as `enum`, which CRDs know (a union of literals they do not). */
export function oneOf<const V extends readonly string[]> (values: V, options: SchemaOptions = {}) {
  return Type.Unsafe<V[number]>({ [Kind]: 'StringEnum', type: 'string', enum: [...values], ...options })
}

/** An object whose fields all have defaults: absent means "all defaults", so it is defaulted to `{}`. */
export function section<P extends TProperties> (properties: P, options: SchemaOptions = {}): TObject<P> {
  return Type.Object(properties, { default: {}, ...options })
}

/** A span of time the way Go and Kubernetes write it: `30s`, `10m`, `1h30m`. Seven digits, so that no instant after it leaves the calendar. */
export function duration (options: SchemaOptions = {}) {
  return Type.String({ pattern: '^([0-9]{1,7}(ms|s|m|h))+$', maxLength: 32, ...options })
}

/** An instant in RFC 3339. */
export function instant (options: SchemaOptions = {}) {
  return Type.String({ format: 'date-time', maxLength: 40, ...options })
}

/** The name of an object in the same namespace, or empty. */
export function objectName (options: SchemaOptions = {}) {
  return Type.String({ maxLength: 253, pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$', ...options })
}

/** A Kubernetes quantity, `500m` or `2Gi`; a bare number is accepted as Kubernetes does. */
export const Quantity = Type.Unsafe<string | number>({
  [Kind]: 'Quantity',
  'x-kubernetes-int-or-string': true,
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  description: 'Amount of a resource, such as 500m or 2Gi.'
})

/** A whole number or a name, such as a port's. */
export function intOrString (options: SchemaOptions = {}) {
  return Type.Unsafe<string | number>({ [Kind]: 'IntOrString', 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], ...options })
}

const quantities = (description: string) => Type.Optional(Type.Record(Type.String(), Quantity, { description }))

/** Requests and limits of one container. */
export const Resources = Type.Object({
  requests: quantities('What the container is guaranteed.'),
  limits: quantities('What the container may use at most.')
}, { description: 'Compute resources of the container.' })
export type Resources = Static<typeof Resources>

const keyRef = (what: string) => Type.Optional(Type.Object({
  name: Type.String({ minLength: 1, maxLength: 253, description: `Name of the ${what}.` }),
  key: Type.String({ minLength: 1, maxLength: 253, description: `Key in the ${what}.` }),
  optional: Type.Optional(Type.Boolean({ description: `Whether the ${what} or its key may be missing.` }))
}, { description: `A key of a ${what} in the same namespace.` }))

/** One environment variable of a container, the subset of Kubernetes' EnvVar that has no server-side defaults. */
export const EnvVar = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 253, description: 'Name of the variable.' }),
  value: Type.Optional(Type.String({ maxLength: 32768, description: 'Its value.' })),
  valueFrom: Type.Optional(Type.Object({
    secretKeyRef: keyRef('Secret'),
    configMapKeyRef: keyRef('ConfigMap')
  }, { description: 'Where the value comes from, in place of value.' }))
}, { description: 'One environment variable.' })
export type EnvVar = Static<typeof EnvVar>

/** A Kubernetes condition. `message` is stable between syncs and says what to do. */
export const Condition = Type.Object({
  type: Type.String({ maxLength: 64, description: 'What the condition is about.' }),
  status: oneOf(['True', 'False', 'Unknown'], { description: 'Whether it holds.' }),
  reason: Type.String({ maxLength: 128, description: 'One word for programs that says why.' }),
  message: Type.String({ maxLength: 2048, description: 'One sentence for people that says why and what to do.' }),
  lastTransitionTime: instant({ description: 'When status last changed.' }),
  observedGeneration: Type.Optional(Type.Integer({ description: 'The generation of the spec that this speaks of.' }))
}, { description: 'One aspect of the state of this object.' })
export type Condition = Static<typeof Condition>

/** The conditions of an object, keyed by type as Kubernetes merges them. */
export const Conditions = Type.Array(Condition, {
  description: 'The state of this object, aspect by aspect.',
  maxItems: 16,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type']
})
