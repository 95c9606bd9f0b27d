// The schema of one version of a custom resource: prune, default, validate, compiled once and only when first needed.
import type { ValidateFunction } from 'ajv'
import type { StatusCause } from './api-error.ts'
import { isMap } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'
import { applyDefaults, ownershipOf, propertySchema, pruneObject } from './structural-schema.ts'
import type { Ownership, SchemaNode } from './structural-schema.ts'
import { causesOf, compileValidator } from './schema-validation.ts'
import { compileRules } from './schema-rules.ts'

export interface Schema {
  node: SchemaNode
  ownership: Ownership
  /** Unknown fields dropped (their paths in `dropped`) and defaults filled in. */
  normalize (object: KubeObject): { object: KubeObject, dropped: string[] }
  /** Causes of a 422 besides those already found; none when the object is valid. `old` is the object before an update. */
  validate (object: KubeObject, old: KubeObject | undefined, found?: StatusCause[]): StatusCause[]
}

// Compiling a large CRD takes most of a second: the result is kept as long as its parsed text is.
const compiled = new WeakMap<SchemaNode, Schema>()

// Causes after which a real server does not evaluate rules any more.
const blocking = new Set(['FieldValueRequired', 'FieldValueNotSupported', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid'])

const unchecked: StatusCause = {
  reason: 'FieldValueInvalid',
  message: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>'
}

function itemKey (item: unknown, keys: string[] | undefined): string {
  return JSON.stringify(keys === undefined || !isMap(item) ? item : Object.fromEntries(keys.map((key) => [key, item[key]])))
}

/** Lists of type set and map must not hold an item twice. */
function duplicates (schema: SchemaNode, value: unknown, field: string): StatusCause[] {
  if (Array.isArray(value)) {
    const seen = new Set<string>()
    const unique = schema['x-kubernetes-list-type'] === 'set' || schema['x-kubernetes-list-type'] === 'map'
    return value.flatMap((item, index): StatusCause[] => {
      const at = `${field}[${index}]`
      const below = schema.items ? duplicates(schema.items, item, at) : []
      const key = itemKey(item, schema['x-kubernetes-list-map-keys'])
      if (unique && seen.has(key)) return [{ reason: 'FieldValueDuplicate', message: `Duplicate value: ${key}`, field: at }, ...below]
      seen.add(key)
      return below
    })
  }
  if (!isMap(value)) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const property = propertySchema(schema, key)
    return property === undefined || property === true ? [] : duplicates(property, item, field ? `${field}.${key}` : key)
  })
}

/** Compiles a structural schema. Rules are checked at once (an unusable rule throws here); ajv runs on first use. */
export function compileSchema (node: SchemaNode): Schema {
  const known = compiled.get(node)
  if (known) return known
  const rules = compileRules(node)
  let validator: ValidateFunction | undefined
  const schema: Schema = {
    node,
    ownership: ownershipOf(node),
    normalize (object) {
      const dropped: string[] = []
      const pruned = pruneObject(node, object, dropped)
      return { object: applyDefaults(node, pruned) as KubeObject, dropped }
    },
    validate (object, old, found = []) {
      validator ??= compileValidator(node)
      const causes = validator(object) ? [] : causesOf(validator.errors ?? [])
      const all = [...causes, ...duplicates(node, object, '')]
      if (!rules) return all
      // Rules may rely on types and sizes, so they do not run where these are wrong.
      const blocked = [...found, ...all].some((cause) => blocking.has(cause.reason))
      return [...all, ...(blocked ? [unchecked] : rules(object, old))]
    }
  }
  compiled.set(node, schema)
  return schema
}
