// What a schema knows of a value, as the API server would keep it: unknown fields are left out, all else is as it was given.
import { Kind as TypeBoxKind, type TArray, type TObject, type TRecord, type TSchema } from '@sinclair/typebox'

/**
 * A copy along the objects, maps and lists that the schema describes. What does not fit it, and leaves, are the given values themselves: they may
 * be of any depth, and are only looked at by a check. Keys of maps are defined rather than assigned, to which a user's key "__proto__" is a prototype.
 */
export function pruned (schema: TSchema, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return isArraySchema(schema) ? value.map((item) => pruned(schema.items, item)) : value
  if (isObjectSchema(schema)) return prunedObject(schema, value as Record<string, unknown>)
  return isRecordSchema(schema) ? prunedMap(schema, value as Record<string, unknown>) : value
}

function prunedObject (schema: TObject, value: Record<string, unknown>): object {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return { ...value }
  const known: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(schema.properties, key)) known[key] = pruned(schema.properties[key] as TSchema, value[key])
  }
  return known
}

function prunedMap (schema: TRecord, value: Record<string, unknown>): object {
  const [values] = Object.values(schema.patternProperties)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, values === undefined ? item : pruned(values, item)]))
}

export function isObjectSchema (schema: TSchema): schema is TObject {
  return schema[TypeBoxKind] === 'Object'
}

export function isArraySchema (schema: TSchema): schema is TArray {
  return schema[TypeBoxKind] === 'Array'
}

function isRecordSchema (schema: TSchema): schema is TRecord {
  return schema[TypeBoxKind] === 'Record'
}
