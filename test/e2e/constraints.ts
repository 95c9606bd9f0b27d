// Everything that a CRD's schema demands, and for each demand an object that does not meet it.

/** The part of a structural schema that constrains. */
export interface Schema {
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema
  required?: string[]
  'x-kubernetes-validations'?: Array<{ rule: string, message: string }>
  'x-kubernetes-list-type'?: string
  [keyword: string]: unknown
}

export interface Constraint {
  /** Fields joined by dots; `[]` is an item of a list, `{}` a value of a map. */
  path: string
  keyword: string
  /** What the keyword demands: a bound, a pattern, the allowed values, the message of a rule. */
  value: unknown
}

const LIMITS = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'pattern', 'enum']

/** All demands on the value at `path` and below, each by itself. */
export function constraintsOf (schema: Schema, path: string): Constraint[] {
  const own = LIMITS.filter((keyword) => keyword in schema).map((keyword) => ({ path, keyword, value: schema[keyword] }))
  const rules = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => ({ path, keyword: 'rule', value: message }))
  const required = (schema.required ?? []).map((field) => ({ path: below(path, field), keyword: 'required', value: true }))
  const keys = schema['x-kubernetes-list-type'] === 'map' ? [{ path, keyword: 'unique', value: schema['x-kubernetes-list-map-keys'] }] : []
  const inner = [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => constraintsOf(property, below(path, name))),
    ...schema.items ? constraintsOf(schema.items, `${path}[]`) : [],
    ...schema.additionalProperties ? constraintsOf(schema.additionalProperties, `${path}{}`) : []
  ]
  return [...own, ...rules, ...required, ...keys, ...inner]
}

function below (path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`
}

/** Matches no pattern that asks for words, numbers or quantities. */
const NO_WORD = '?!'

/**
 * A value that breaks this demand, made from one that meets all; undefined removes it. Throws for a keyword that is not known here, so that
 * a new one is not left out in silence.
 */
export function broken ({ keyword, value }: Constraint, good: unknown): unknown {
  switch (keyword) {
    case 'minimum': return Number(value) - 1
    case 'maximum': return Number(value) + 1
    case 'minLength': return 'a'.repeat(Number(value) - 1)
    case 'maxLength': return 'a'.repeat(Number(value) + 1)
    case 'minItems': return []
    case 'maxItems': return Array.from({ length: Number(value) + 1 }, (_, index) => numbered((good as unknown[])[0], index))
    case 'unique': return [(good as unknown[])[0], (good as unknown[])[0]]
    case 'pattern': return NO_WORD
    case 'enum': return 'Unheard-of'
    case 'required': return undefined
    default: throw new Error(`no example is known for ${keyword}: ${JSON.stringify(value)}`)
  }
}

/** Items of one list must differ where they are words, numbers or have names. */
function numbered (item: unknown, index: number): unknown {
  if (typeof item === 'string') return `n${index}`
  if (typeof item !== 'object' || item === null) return index + 1
  return 'name' in item ? { ...item, name: `n${index}` } : item
}

/** What the API server says when this demand is not met. */
export function complaint ({ keyword, value }: Constraint): RegExp {
  switch (keyword) {
    case 'minimum': return new RegExp(`should be greater than or equal to ${String(value)}`)
    case 'maximum': return new RegExp(`should be less than or equal to ${String(value)}`)
    case 'minLength': return new RegExp(`should be at least ${String(value)} chars long`)
    case 'maxLength': return new RegExp(`Too long: may not be more than ${String(value)} bytes`)
    case 'minItems': return new RegExp(`should have at least ${String(value)} items`)
    case 'maxItems': return new RegExp(`Too many: \\d+: must have at most ${String(value)} items`)
    case 'unique': return /Duplicate value/
    case 'pattern': return /should match/
    case 'enum': return new RegExp(`supported values: ${(value as unknown[]).map((allowed) => `"${String(allowed)}"`).join(', ')}`)
    case 'required': return /Required value/
    default: throw new Error(`no complaint is known for ${keyword}`)
  }
}

/** Reads the value at a path such as `spec.analysis.metrics[].max`. */
export function valueAt (object: unknown, path: string): unknown {
  return steps(path).reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[keyIn(value, step)], object)
}

/** A copy with another value there; undefined takes the field out. */
export function withValue (object: unknown, path: string, value: unknown): unknown {
  const copy = structuredClone(object)
  const all = steps(path)
  const parent = all.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string, unknown>)[keyIn(at, step)], copy) as Record<string, unknown>
  const last = keyIn(parent, all.at(-1) ?? '')
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}

function steps (path: string): string[] {
  return path.match(/[^.[\]{}]+|\[\]|\{\}/g) ?? []
}

/** The first item of a list, the first key of a map. */
function keyIn (value: unknown, step: string): string {
  if (step === '[]') return '0'
  return step === '{}' ? Object.keys(value as object)[0] ?? '' : step
}
