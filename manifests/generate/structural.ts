// TypeBox → structural CRD schema. The only place that knows what the API server accepts in one and what it does not.
import { Kind as TypeBoxKind, OptionalKind, type TSchema } from '@sinclair/typebox'
import { defined } from '../../hooks/core/plain-value.ts'

export type JsonSchema = Record<string, unknown>

/** Thrown for a schema that has no structural counterpart, with its path and the remedy. */
export class StructuralError extends Error {
  override name = 'StructuralError'
}

/** Passed on as they are. Anything else must be known below or is refused: a keyword that is silently lost is a check that is silently lost. */
const PLAIN_KEYWORDS = ['title', 'description', 'default', 'enum', 'pattern', 'minLength', 'maxLength', 'multipleOf', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'nullable']

/** Formats that the API server checks; it ignores all others. */
const FORMATS = ['date-time', 'date', 'duration', 'uuid', 'uri', 'hostname', 'ipv4', 'ipv6', 'cidr', 'byte', 'int32', 'int64', 'float', 'double', 'password']

/** Keywords that an own branch below takes care of. */
const TRANSLATED = ['type', 'properties', 'required', 'items', 'patternProperties', 'additionalProperties', 'const', 'anyOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'format']

/** How TypeBox writes "any string" as the key of a record. */
const ANY_KEY = '^(.*)$'

/**
 * Converts a schema. Every property needs a description, for it becomes `kubectl explain`. Throws StructuralError.
 * With `defaults: false` (status) a default is refused: the API server would add what Metacontroller then sees as a difference, for ever.
 */
export function structural (schema: TSchema, path: string, options: { defaults: boolean } = { defaults: true }): JsonSchema {
  refuseUnknown(schema, path)
  if (!options.defaults && schema.default !== undefined) throw new StructuralError(`${path}: a status has no defaults; make the field optional`)
  const convert = (child: TSchema, key: string) => structural(child, `${path}${key}`, options)
  return inReadingOrder({
    ...plainKeywords(schema),
    ...explained(schema),
    ...shapeOf(schema, path, convert),
    ...numberBounds(schema),
    ...formatOf(schema, path)
  })
}

/** kubectl explain shows no defaults, so the description tells those that can be read in a line. */
function explained ({ description, default: value }: TSchema): JsonSchema {
  const told = Array.isArray(value) ? value.length > 0 && value.every((item) => typeof item !== 'object') : value !== '' && typeof value !== 'object'
  if (!description || value === undefined || !told) return {}
  const text = Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
  return { description: `${description} Defaults to ${text}.` }
}

/** What it is for and what it is come first, what is in it last. */
function inReadingOrder (schema: JsonSchema): JsonSchema {
  const { description, type, required, properties, items, additionalProperties, ...rest } = schema
  const ordered = { description, type, ...rest, required, properties, items, additionalProperties }
  return defined(ordered)
}

type Convert = (child: TSchema, key: string) => JsonSchema

function refuseUnknown (schema: TSchema, path: string): void {
  for (const keyword of Object.keys(schema)) {
    const known = PLAIN_KEYWORDS.includes(keyword) || TRANSLATED.includes(keyword) || keyword.startsWith('x-kubernetes-')
    if (!known) throw new StructuralError(`${path}: CRDs do not know ${keyword}; express it otherwise, or as a CEL rule`)
  }
}

function plainKeywords (schema: TSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => PLAIN_KEYWORDS.includes(keyword) || keyword.startsWith('x-kubernetes-')))
}

function shapeOf (schema: TSchema, path: string, convert: Convert): JsonSchema {
  // The one union that CRDs know; its branches must be exactly these, and there is no type beside them.
  if (schema['x-kubernetes-int-or-string'] === true) return { anyOf: schema.anyOf }
  if (schema['x-kubernetes-preserve-unknown-fields'] === true && schema.properties === undefined) return schema.type === undefined ? {} : { type: schema.type }
  if (schema.const !== undefined) return { type: typeof schema.const, enum: [schema.const] }
  if (schema.anyOf) return unionOf(schema, path, convert)
  return typedShapeOf(schema, path, convert)
}

function typedShapeOf (schema: TSchema, path: string, convert: Convert): JsonSchema {
  switch (schema.type) {
    case 'object': return schema.patternProperties || schema.properties === undefined ? mapOf(schema, path, convert) : objectOf(schema, path, convert)
    case 'array': return { type: 'array', items: convert(schema.items as TSchema, '[]') }
    case 'string': case 'integer': case 'number': case 'boolean': return { type: schema.type }
    default: throw new StructuralError(`${path}: ${schema[TypeBoxKind] ?? 'a schema without type'} has no counterpart in a CRD; use the blocks of hooks/core/schema.ts`)
  }
}

/** Fields that have a default need not be given, so they are not `required`. */
function objectOf (schema: TSchema, path: string, convert: Convert): JsonSchema {
  if (schema.additionalProperties !== undefined) throw new StructuralError(`${path}: CRDs have no additionalProperties beside properties; leave it out, unknown fields are pruned anyway`)
  const properties = schema.properties as Record<string, TSchema>
  for (const [key, field] of Object.entries(properties)) {
    if (!field.description) throw new StructuralError(`${path}.${key}: a description is missing; write what kubectl explain shall say`)
  }
  const required = Object.keys(properties).filter((key) => properties[key]?.[OptionalKind] !== 'Optional' && properties[key]?.default === undefined)
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, convert(field, `.${key}`)]))
  }
}

function mapOf (schema: TSchema, path: string, convert: Convert): JsonSchema {
  const entries = Object.entries((schema.patternProperties ?? {}) as Record<string, TSchema>)
  const [entry] = entries
  if (entries.length !== 1 || entry?.[0] !== ANY_KEY) throw new StructuralError(`${path}: a map must be Type.Record(Type.String(), …); CRDs cannot constrain its keys, a CEL rule can`)
  return { type: 'object', additionalProperties: convert(entry[1], '{}') }
}

/** A union of literals is an enum, and one with null is nullable; no other union can be pruned. */
function unionOf (schema: TSchema, path: string, convert: Convert): JsonSchema {
  const branches = schema.anyOf as TSchema[]
  const kept = branches.filter(({ type }) => type !== 'null')
  const nullable = kept.length < branches.length && { nullable: true }
  const [only] = kept
  if (kept.length === 1 && only) return { ...convert(only, ''), ...nullable }
  const types = new Set(kept.map((branch) => typeof branch.const))
  if (types.size !== 1 || types.has('undefined')) throw new StructuralError(`${path}: CRDs know unions of literals of one type only; use optional fields and a CEL rule`)
  const values: unknown[] = kept.map((branch) => branch.const)
  return { type: [...types][0], enum: nullable ? [...values, null] : values, ...nullable }
}

/** JSON Schema's exclusive bounds are numbers, those of CRDs are flags beside the bound. */
function numberBounds (schema: TSchema): JsonSchema {
  const bounds: JsonSchema = {}
  for (const [bound, exclusive] of [['minimum', 'exclusiveMinimum'], ['maximum', 'exclusiveMaximum']] as const) {
    if (schema[bound] !== undefined) bounds[bound] = schema[bound]
    if (schema[exclusive] !== undefined) Object.assign(bounds, { [bound]: schema[exclusive], [exclusive]: true })
  }
  return bounds
}

function formatOf ({ format }: TSchema, path: string): JsonSchema {
  if (format === undefined) return {}
  if (!FORMATS.includes(format as string)) throw new StructuralError(`${path}: the API server does not check format ${String(format)}; use a pattern`)
  return { format }
}
