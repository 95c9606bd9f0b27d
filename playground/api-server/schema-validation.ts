// Validation of values against a structural schema with ajv; errors become the causes of a 422 Status.
import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import addFormatsModule from 'ajv-formats'
import type { StatusCause } from './api-error.ts'
import type { SchemaNode } from './structural-schema.ts'

// The package is CommonJS; its function is the default member under Node's module rules.
const addFormats = addFormatsModule.default

const annotationKeywords = new Set(['description', 'default', 'title', 'example', 'externalDocs', 'id', '$schema'])
const schemaKeywords = ['items', 'not', 'additionalProperties']
const listKeywords = ['allOf', 'anyOf', 'oneOf']
// Formats a real API server enforces; it ignores any other.
const enforcedFormats = new Set(['date-time', 'date', 'email', 'uri', 'ipv4', 'ipv6', 'uuid', 'hostname', 'byte', 'int32', 'int64', 'float', 'double'])

function convertBounds (schema: SchemaNode): Record<string, unknown> {
  const bounds: Record<string, unknown> = {}
  if (schema.minimum !== undefined) bounds[schema.exclusiveMinimum === true ? 'exclusiveMinimum' : 'minimum'] = schema.minimum
  if (schema.maximum !== undefined) bounds[schema.exclusiveMaximum === true ? 'exclusiveMaximum' : 'maximum'] = schema.maximum
  return bounds
}

function convertKeyword (keyword: string, value: unknown): unknown {
  if (keyword === 'properties') return Object.fromEntries(Object.entries(value as Record<string, SchemaNode>).map(([key, property]) => [key, toJsonSchema(property)]))
  if (schemaKeywords.includes(keyword)) return typeof value === 'boolean' ? value : toJsonSchema(value as SchemaNode)
  if (listKeywords.includes(keyword)) return (value as SchemaNode[]).map(toJsonSchema)
  return value
}

function isKept (keyword: string, value: unknown): boolean {
  if (annotationKeywords.has(keyword) || keyword.startsWith('x-kubernetes-')) return false
  // Bounds are converted on their own, for exclusive ones are booleans here.
  if (/^(exclusive)?(minimum|maximum)$/i.test(keyword)) return false
  return keyword !== 'format' || enforcedFormats.has(String(value))
}

/** Turns apiextensions JSONSchemaProps (OpenAPI 3.0) into the JSON Schema that ajv reads. */
export function toJsonSchema (schema: SchemaNode): Record<string, unknown> {
  const json: Record<string, unknown> = convertBounds(schema)
  for (const [keyword, value] of Object.entries(schema)) {
    if (value !== null && isKept(keyword, value)) json[keyword] = convertKeyword(keyword, value)
  }
  if (schema['x-kubernetes-int-or-string'] === true) {
    delete json.type
    json.allOf = [...(json.allOf as unknown[] ?? []), { type: schema.nullable === true ? ['integer', 'string', 'null'] : ['integer', 'string'] }]
  }
  if (json.type === undefined) delete json.nullable
  if (schema.nullable === true && Array.isArray(json.enum)) json.enum = [...json.enum, null]
  return json
}

/** Go's `(?i)` at the start of a pattern is a flag in JavaScript. */
function goRegExp (pattern: string): RegExp {
  return /^\^?\(\?i\)/.test(pattern) ? new RegExp(pattern.replace('(?i)', ''), 'i') : new RegExp(pattern)
}
goRegExp.code = 'new RegExp'

/** Compiles a schema. Types are never coerced and nothing is changed. */
export function compileValidator (schema: SchemaNode): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true, unicodeRegExp: false, logger: false, code: { regExp: goRegExp } })
  addFormats(ajv)
  return ajv.compile({ ...toJsonSchema(schema), type: 'object' })
}

/** `/spec/steps/0` → `spec.steps[0]`. */
export function fieldOfPointer (pointer: string): string {
  return pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).reduce(
    (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part), '')
}

function show (value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(Array.isArray(value) ? 'array' : 'object') : JSON.stringify(value)
}

/** The name of a value's type, which the real server shows in place of a value of the wrong type. */
function typeName (value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function comparison (error: ErrorObject): string {
  const words: Record<string, string> = { '>=': 'greater than or equal to', '<=': 'less than or equal to', '>': 'greater than', '<': 'less than' }
  return `should be ${words[error.params.comparison as string]} ${error.params.limit}`
}

type Describe = (error: ErrorObject, field: string) => StatusCause

function invalidValue (text: (error: ErrorObject) => string): Describe {
  return (error, field) => ({ reason: 'FieldValueInvalid', message: `Invalid value: ${show(error.data)}: ${field} in body ${text(error)}`, field })
}

const describers: Record<string, Describe> = {
  required: (error, field) => {
    const missing = String(error.params.missingProperty)
    return { reason: 'FieldValueRequired', message: 'Required value', field: field ? `${field}.${missing}` : missing }
  },
  type: (error, field) => {
    const types = [error.params.type].flat().filter((type) => type !== 'null').join(',')
    const found = JSON.stringify(typeName(error.data))
    return { reason: 'FieldValueTypeInvalid', message: `Invalid value: ${found}: ${field} in body must be of type ${types}: ${found}`, field }
  },
  enum: (error, field) => ({
    reason: 'FieldValueNotSupported', field, message: `Unsupported value: ${show(error.data)}: supported values: ${(error.params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`
  }),
  maxLength: (error, field) => ({ reason: 'FieldValueTooLong', message: `Too long: may not be more than ${error.params.limit} bytes`, field }),
  maxItems: (error, field) => ({ reason: 'FieldValueTooMany', message: `Too many: ${(error.data as unknown[]).length}: must have at most ${error.params.limit} items`, field }),
  minLength: invalidValue((error) => `should be at least ${error.params.limit} chars long`),
  minItems: invalidValue((error) => `should have at least ${error.params.limit} items`),
  pattern: invalidValue((error) => `should match '${error.params.pattern}'`),
  minimum: invalidValue(comparison),
  maximum: invalidValue(comparison),
  exclusiveMinimum: invalidValue(comparison),
  exclusiveMaximum: invalidValue(comparison),
  format: invalidValue((error) => `must be of type ${error.params.format}: ${show(error.data)}`)
}

/** The causes of a 422 for ajv's errors, once each, in the real server's words where they are common ones. */
export function causesOf (errors: readonly ErrorObject[]): StatusCause[] {
  const byText = new Map<string, StatusCause>()
  for (const error of errors) {
    const field = fieldOfPointer(error.instancePath)
    const describe = describers[error.keyword] ?? invalidValue((other) => other.message ?? 'is not valid')
    const cause = describe(error, field || '<nil>')
    byText.set(`${cause.field} ${cause.message}`, { ...cause, field: cause.field.replace(/^<nil>\./, '') })
  }
  return [...byText.values()]
}
