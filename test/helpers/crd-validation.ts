// Checks an object against the real CRDs, and the API server's schemas of built-in kinds, in test/crds by ajv, as an API server with strict field
// validation would: unknown fields are refused too.
import { Ajv, type ValidateFunction } from 'ajv'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { defined } from '../../hooks/core/plain-value.ts'

type Schema = { [keyword: string]: unknown }
type Crd = { kind?: string, spec: { group: string, names: { kind: string }, versions: Array<{ name: string, schema?: { openAPIV3Schema?: Schema } }> } }

const CRDS = path.join(import.meta.dirname, '../crds')
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
const validators = new Map<string, ValidateFunction | undefined>()
let builtins: Array<[string, Schema]> | undefined

/** What is wrong with the object, one line each; undefined when no schema describes its kind. */
export function crdProblems (object: { apiVersion: string, kind: string }): string[] | undefined {
  const key = `${object.kind}.${object.apiVersion}`
  if (!validators.has(key)) validators.set(key, compile(object))
  const validate = validators.get(key)
  if (!validate) return undefined
  return validate(object) ? [] : (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
}

function compile ({ apiVersion, kind }: { apiVersion: string, kind: string }): ValidateFunction | undefined {
  const [group, version] = apiVersion.split('/')
  const crd = crdsOf(group).find(({ spec }) => spec?.group === group && spec.names.kind === kind)
  const schema = crd?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema
  return schema ? ajv.compile(toJsonSchema(asRoot(schema))) : compileBuiltin({ apiVersion, kind })
}

/** Files have the names of their CRDs, which end with the group. All of them together take seconds to parse. */
function crdsOf (group = ''): Crd[] {
  return readdirSync(CRDS).filter((file) => file.endsWith(`.${group}.yaml`)).map((file) => parse(readFileSync(path.join(CRDS, file), 'utf8')) as Crd)
}

type GroupVersionKind = { group: string, version: string, kind: string }

function compileBuiltin ({ apiVersion, kind }: { apiVersion: string, kind: string }): ValidateFunction | undefined {
  builtins ??= Object.entries(readBuiltins().components.schemas)
  const isIt = ({ group, version, kind: name }: GroupVersionKind) => name === kind && [group, version].filter(Boolean).join('/') === apiVersion
  const found = builtins.find(([, schema]) => (schema['x-kubernetes-group-version-kind'] as GroupVersionKind[] | undefined)?.some(isIt))
  if (!found) return undefined
  const schemas = Object.fromEntries(builtins.map(([name, schema]) => [name, name.endsWith('.ObjectMeta') ? {} : toJsonSchema(schema)]))
  // What the schemas refer to stands where they say it does.
  return ajv.compile({ ...schemas[found[0]], components: { schemas } })
}

function readBuiltins (): { components: { schemas: Record<string, Schema> } } {
  return JSON.parse(readFileSync(path.join(CRDS, 'kubernetes-builtin.json'), 'utf8')) as { components: { schemas: Record<string, Schema> } }
}

/** Structural schema → JSON Schema: what only the API server knows is translated or dropped. */
function toJsonSchema (schema: Schema): Schema {
  const { properties, items, additionalProperties, nullable, format: _format, ...rest } = schema
  const result: Schema = Object.fromEntries(Object.entries(rest).filter(([keyword]) => !keyword.startsWith('x-kubernetes-')))
  if (isIntOrString(schema)) Object.assign(result, { type: ['integer', 'string'], anyOf: undefined })
  if (nullable === true && typeof result.type === 'string') result.type = [result.type, 'null']
  if (isSchema(items)) result.items = toJsonSchema(items)
  if (isSchema(additionalProperties)) result.additionalProperties = toJsonSchema(additionalProperties)
  if (isSchema(properties)) {
    result.properties = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, toJsonSchema(property as Schema)]))
    const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties !== undefined
    if (!isOpen) result.additionalProperties = false
  }
  return defined(result)
}

/** Some CRDs leave out what every object has, and its metadata is the server's own. */
function asRoot (schema: Schema): Schema {
  return { ...schema, properties: { apiVersion: {}, kind: {}, ...schema.properties as Schema, metadata: {} } }
}

function isIntOrString (schema: Schema): boolean {
  return schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string'
}

function isSchema (value: unknown): value is Schema {
  return value !== null && typeof value === 'object'
}
