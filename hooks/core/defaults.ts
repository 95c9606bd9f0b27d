// Defaults of a schema, filled in as the API server does it.
import type { TSchema } from '@sinclair/typebox'
import { isArraySchema, isObjectSchema, isRecord } from './prune.ts'

/** Fills in what a value lacks. Undefined for a schema below which there are no defaults. */
type Fill = ((value: unknown) => void) | undefined

/**
 * Fills the defaults of the schema into the value. Value.Default would merge a default map into the user's, and assign key by key, to which a user's
 * key "__proto__" is a prototype.
 */
export function fillDefaults (schema: TSchema, value: unknown): void {
  fillOf(schema)?.(value)
}

/** A default, with the defaults of all below it; a copy of its own. */
export function defaultOf (schema: TSchema): unknown {
  const value = copyOf(schema.default)
  fillDefaults(schema, value)
  return value
}

const known = new WeakMap<TSchema, { fill: Fill }>()

/** Once a schema: every sync fills in a spec. */
function fillOf (schema: TSchema): Fill {
  const found = known.get(schema) ?? { fill: compile(schema) }
  known.set(schema, found)
  return found.fill
}

function compile (schema: TSchema): Fill {
  if (isArraySchema(schema)) return listFill(fillOf(schema.items))
  if (!isObjectSchema(schema)) return undefined
  const fields = Object.entries(schema.properties).map(([key, field]) => ({ key, field, fill: fillOf(field) }))
  const filled = fields.filter(({ field, fill }) => field.default !== undefined || fill)
  if (filled.length === 0) return undefined
  return (value) => {
    if (!isRecord(value)) return
    for (const { key, field, fill } of filled) {
      if (Object.hasOwn(value, key)) fill?.(value[key])
      else if (field.default !== undefined) value[key] = defaultOf(field)
    }
  }
}

function listFill (fill: Fill): Fill {
  return fill && ((value) => { if (Array.isArray(value)) value.forEach(fill) })
}

/** A copy of plain JSON, which defaults are: structuredClone takes several times as long. */
function copyOf (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)])) : value
}
