// What a schema knows of a value, as the API server would keep it: unknown fields are left out, all else is as it was given.
import { Kind as TypeBoxKind, type TArray, type TObject, type TRecord, type TSchema } from '@sinclair/typebox'

/** A copy without what a schema does not know. Undefined for a schema below which nothing can be unknown: a list of a million numbers need not be copied. */
type Prune = ((value: unknown) => unknown) | undefined

/**
 * A copy along the objects, maps and lists that the schema describes. What does not fit it, and leaves, are the given values themselves: they may
 * be of any depth, and are only looked at by a check. Keys of maps are defined rather than assigned, to which a user's key "__proto__" is a prototype.
 */
export function pruned (schema: TSchema, value: unknown): unknown {
  const prune = pruneOf(schema)
  return prune ? prune(value) : value
}

const known = new WeakMap<TSchema, { prune: Prune }>()

/** Once a schema: every sync prunes a spec and two memories. */
function pruneOf (schema: TSchema): Prune {
  const found = known.get(schema) ?? { prune: compile(schema) }
  known.set(schema, found)
  return found.prune
}

function compile (schema: TSchema): Prune {
  if (isObjectSchema(schema)) return objectPrune(schema)
  if (isArraySchema(schema)) return listPrune(pruneOf(schema.items))
  return isRecordSchema(schema) ? mapPrune(schema) : undefined
}

function objectPrune (schema: TObject): Prune {
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true
  const prunes = new Map(Object.entries(schema.properties).map(([key, field]) => [key, pruneOf(field)]))
  return (value) => {
    if (!isRecord(value)) return value
    // What is unknown below an open object is never looked at, and may stay the caller's.
    const copy: Record<string, unknown> = isOpen ? { ...value } : {}
    for (const key of Object.keys(value)) {
      const prune = prunes.get(key)
      if (prune) copy[key] = prune(value[key])
      else if (prunes.has(key)) copy[key] = value[key]
    }
    return copy
  }
}

function listPrune (prune: Prune): Prune {
  return prune && ((value) => Array.isArray(value) ? value.map((item) => prune(item)) : value)
}

/** A key that is not of the map's pattern, such as one with a line end, is unknown: no check would look at what stands there. */
function mapPrune ({ patternProperties }: TRecord): Prune {
  const [[pattern, items] = ['', undefined]] = Object.entries(patternProperties)
  const [keys, prune] = [new RegExp(pattern), items && pruneOf(items)]
  return (value) => isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => keys.test(key)).map(([key, item]) => [key, prune ? prune(item) : item])) : value
}

/** An object that is no list. */
export function isRecord (value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
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
