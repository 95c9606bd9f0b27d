// Structural schemas of CRDs: pruning of unknown fields, defaulting, and what kind of list or map stands where.
import { cloneJson, isMap } from './kube-object.ts'

/** The part of apiextensions JSONSchemaProps that is read here. */
export interface SchemaNode {
  type?: string
  format?: string
  description?: string
  properties?: Record<string, SchemaNode>
  additionalProperties?: boolean | SchemaNode
  items?: SchemaNode
  required?: string[]
  default?: unknown
  nullable?: boolean
  enum?: unknown[]
  allOf?: SchemaNode[]
  anyOf?: SchemaNode[]
  oneOf?: SchemaNode[]
  not?: SchemaNode
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: 'atomic' | 'granular'
  'x-kubernetes-validations'?: { rule: string, message?: string, messageExpression?: string, reason?: string, fieldPath?: string, optionalOldSelf?: boolean }[]
  [keyword: string]: unknown
}

const objectMetaFields = new Set([
  'name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp',
  'deletionGracePeriodSeconds', 'labels', 'annotations', 'ownerReferences', 'finalizers', 'managedFields'
])

/** The schema of a key of an object, `true` if the key is kept unread, undefined if it is unknown. */
export function propertySchema (schema: SchemaNode, key: string): SchemaNode | true | undefined {
  const property = schema.properties
  if (property && Object.hasOwn(property, key)) return property[key]
  if (isMap(schema.additionalProperties)) return schema.additionalProperties
  if (schema.additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true) return true
  return undefined
}

function pruneMetadata (metadata: unknown, path: string, dropped: string[]): unknown {
  if (!isMap(metadata)) return metadata
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => {
    const known = objectMetaFields.has(key)
    if (!known) dropped.push(`${path}.${key}`)
    return known
  }))
}

function pruneMap (schema: SchemaNode, value: Record<string, unknown>, path: string, dropped: string[]): Record<string, unknown> {
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  const kept: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const at = path ? `${path}.${key}` : key
    if (embedded && (key === 'apiVersion' || key === 'kind')) {
      kept[key] = item
      continue
    }
    if (embedded && key === 'metadata') {
      kept[key] = pruneMetadata(item, at, dropped)
      continue
    }
    const property = propertySchema(schema, key)
    if (property === undefined) dropped.push(at)
    else kept[key] = property === true ? item : prune(property, item, at, dropped)
  }
  return kept
}

/** A copy of value without fields the schema does not know; their paths are added to dropped. */
export function prune (schema: SchemaNode, value: unknown, path: string, dropped: string[]): unknown {
  if (Array.isArray(value)) {
    const items = schema.items
    return items ? value.map((item, index) => prune(items, item, `${path}[${index}]`, dropped)) : value
  }
  return isMap(value) ? pruneMap(schema, value, path, dropped) : value
}

/** Prunes a whole custom resource: apiVersion, kind and ObjectMeta are always known. */
export function pruneObject (schema: SchemaNode, value: Record<string, unknown>, dropped: string[]): Record<string, unknown> {
  return pruneMap({ ...schema, 'x-kubernetes-embedded-resource': true }, value, '', dropped)
}

function isMissing (schema: SchemaNode, value: unknown): boolean {
  return value === undefined || (value === null && schema.nullable !== true)
}

function isNullable (schema: SchemaNode | true | undefined): boolean {
  return schema === undefined || schema === true || schema.nullable === true || schema.type === undefined
}

function withMissing (schema: SchemaNode, value: Record<string, unknown>): Record<string, unknown> {
  const defaults = Object.entries(schema.properties ?? {}).filter(([key, property]) => property.default !== undefined && isMissing(property, Object.hasOwn(value, key) ? value[key] : undefined))
  const kept = Object.entries(value).filter(([key, item]) => item !== null || isNullable(propertySchema(schema, key)))
  return { ...Object.fromEntries(kept), ...Object.fromEntries(defaults.map(([key, property]) => [key, cloneJson(property.default)])) }
}

/** A copy of value with the defaults of the schema filled in. A null in a field that is not nullable counts as missing. */
export function applyDefaults (schema: SchemaNode, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = schema.items
    return items ? value.map((item) => applyDefaults(items, item)) : value
  }
  if (!isMap(value)) return value
  const filled = withMissing(schema, value)
  for (const key of Object.keys(filled)) {
    const property = propertySchema(schema, key)
    if (property !== undefined && property !== true) filled[key] = applyDefaults(property, filled[key])
  }
  return filled
}

/** How a list or map is merged and owned by field managers. */
export type Ownership =
  | { shape: 'atomic' }
  | { shape: 'map', at: (key: string) => Ownership }
  | { shape: 'set' }
  | { shape: 'listMap', keys: string[], item: Ownership, defaults?: Record<string, unknown> }

function listMapOf (schema: SchemaNode): Ownership {
  const keys = schema['x-kubernetes-list-map-keys'] ?? ['name']
  // An item that leaves out a key with a default has the default's key.
  const defaults = keys.map((key) => [key, schema.items?.properties?.[key]?.default]).filter(([, value]) => value !== undefined)
  return { shape: 'listMap', keys, item: ownershipOf(schema.items), defaults: Object.fromEntries(defaults) as Record<string, unknown> }
}

/** Ownership shapes as a CRD schema declares them; a list is atomic unless it says otherwise, a map granular. */
export function ownershipOf (schema: SchemaNode | true | undefined): Ownership {
  if (schema === undefined || schema === true) return untypedOwnership
  if (schema.items !== undefined || schema.type === 'array') {
    if (schema['x-kubernetes-list-type'] === 'set') return { shape: 'set' }
    if (schema['x-kubernetes-list-type'] === 'map') return listMapOf(schema)
    return { shape: 'atomic' }
  }
  if (schema['x-kubernetes-map-type'] === 'atomic') return { shape: 'atomic' }
  return { shape: 'map', at: (key) => ownershipOf(propertySchema(schema, key)) }
}

/** Without a schema maps are granular and lists atomic. */
export const untypedOwnership: Ownership = { shape: 'map', at: () => untypedOwnership }
