// x-kubernetes-validations: CEL rules are checked when a CRD is loaded and evaluated on every write.
import { Environment } from '@marcbachmann/cel-js'
import type { StatusCause } from './api-error.ts'
import { isMap } from './kube-object.ts'
import { propertySchema } from './structural-schema.ts'
import type { SchemaNode } from './structural-schema.ts'

type Rule = NonNullable<SchemaNode['x-kubernetes-validations']>[number]

interface CompiledRule {
  rule: Rule
  transition: boolean
  run: (variables: Record<string, unknown>) => unknown
  message?: (variables: Record<string, unknown>) => unknown
}

const reservedWords = new Set(['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'])

/** The CEL environment of Kubernetes rules: its extension functions that the library does not bring along. */
function makeEnvironment (): Environment {
  return new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true })
    .registerVariable('self', 'dyn')
    .registerVariable('oldSelf', 'dyn')
    .registerFunction('list.isSorted(): bool', (list: any[]) => list.every((item, index) => index === 0 || list[index - 1] <= item))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], item: unknown) => BigInt(list.indexOf(item)))
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) => text.replaceAll(from, to))
    .registerFunction('string.find(string): string', (text: string, pattern: string) => text.match(new RegExp(pattern))?.[0] ?? '')
}

const environment = makeEnvironment()

/** Field names that are not CEL identifiers are escaped as the Kubernetes documentation lays down. */
export function escapeFieldName (name: string): string {
  if (reservedWords.has(name)) return `__${name}__`
  return name.replaceAll('__', '__underscores__').replaceAll('.', '__dot__').replaceAll('-', '__dash__').replaceAll('/', '__slash__')
}

function parseDurationValue (text: string): unknown {
  return environment.evaluate('duration(self)', { self: text, oldSelf: null })
}

function stringToCel (schema: SchemaNode | true | undefined, value: string): unknown {
  const format = schema === true ? undefined : schema?.format
  if (format === 'date-time') return new Date(value)
  return format === 'duration' ? parseDurationValue(value) : value
}

/** A JSON value as CEL sees it: integers are ints, other numbers doubles, date-time strings timestamps. */
function toCel (schema: SchemaNode | true | undefined, value: unknown): unknown {
  if (typeof value === 'string') return stringToCel(schema, value)
  const node = schema === undefined || schema === true ? {} : schema
  if (typeof value === 'number') return Number.isInteger(value) && node.type !== 'number' ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((item) => toCel(node.items, item))
  if (!isMap(value)) return value
  // Keys of a map (additionalProperties) are data and stay; names of fields are escaped.
  const declared = node.properties ?? {}
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [Object.hasOwn(declared, key) ? escapeFieldName(key) : key, toCel(propertySchema(node, key), item)]))
}

/**
 * The library's has() takes no index in its argument. `has(a[0].b)` is written as the optional selection `(a[0].?b.hasValue())`,
 * which means the same.
 */
export function rewriteHas (expression: string): string {
  return expression.replace(/\bhas\(([\w.[\]]*\][\w.[\]]*)\.(\w+)\)/g, '($1.?$2.hasValue())')
}

function compile (source: string, where: string): (variables: Record<string, unknown>) => unknown {
  const expression = rewriteHas(source)
  const checked = environment.check(expression)
  if (!checked.valid) {
    const why = checked.error instanceof Error ? checked.error.message : 'invalid expression'
    throw new Error(`x-kubernetes-validations of ${where || 'the object'} cannot be evaluated: ${expression}: ${why}`)
  }
  return environment.parse(expression) as unknown as (variables: Record<string, unknown>) => unknown
}

function compileRule (rule: Rule, where: string, correlatable: boolean): CompiledRule {
  const transition = /\boldSelf\b/.test(rule.rule)
  if (transition && !correlatable) throw new Error(`x-kubernetes-validations of ${where}: oldSelf cannot be used below a list that is not of type map`)
  return {
    rule,
    transition,
    run: compile(rule.rule, where),
    ...(rule.messageExpression ? { message: compile(rule.messageExpression, where) } : {})
  }
}

type RuleTable = Map<SchemaNode, CompiledRule[]>

function collect (schema: SchemaNode, where: string, correlatable: boolean, table: RuleTable): void {
  const rules = schema['x-kubernetes-validations'] ?? []
  if (rules.length > 0) table.set(schema, rules.map((rule) => compileRule(rule, where, correlatable)))
  for (const [key, property] of Object.entries(schema.properties ?? {})) collect(property, where ? `${where}.${key}` : key, correlatable, table)
  if (isMap(schema.additionalProperties)) collect(schema.additionalProperties as SchemaNode, `${where}[*]`, correlatable, table)
  if (schema.items) collect(schema.items, `${where}[*]`, correlatable && schema['x-kubernetes-list-type'] === 'map', table)
}

function messageOf (compiled: CompiledRule, variables: Record<string, unknown>): string {
  const message = compiled.message ? compiled.message(variables) : compiled.rule.message
  return String(message ?? `failed rule: ${compiled.rule.rule}`).trim()
}

/** Scalars are shown before the message, maps and lists are not. */
function shown (value: unknown): string {
  return typeof value === 'object' && value !== null ? '' : `${JSON.stringify(value)}: `
}

function evaluate (compiled: CompiledRule, schema: SchemaNode, values: { value: unknown, old: unknown }, field: string): StatusCause[] {
  const { rule } = compiled
  if (compiled.transition && values.old === undefined && rule.optionalOldSelf !== true) return []
  const variables = { self: toCel(schema, values.value), oldSelf: values.old === undefined ? null : toCel(schema, values.old) }
  const at = rule.fieldPath ? `${field}${rule.fieldPath}`.replace(/^\./, '') : field
  const fail = (text: string): StatusCause[] => [{ reason: rule.reason ?? 'FieldValueInvalid', message: `Invalid value: ${shown(values.value)}${text}`, field: at || '<nil>' }]
  try {
    return compiled.run(variables) === true ? [] : fail(messageOf(compiled, variables))
  } catch (error) {
    // A rule that cannot be computed refuses the write, as in a real server.
    const why = error instanceof Error ? error.message.split('\n')[0]! : String(error)
    return fail(`${why} evaluating rule: ${rule.message ?? rule.rule}`)
  }
}

function oldItem (schema: SchemaNode, old: unknown, item: unknown): unknown {
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map' || !isMap(item)) return undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return old.find((other) => isMap(other) && keys.every((key) => other[key] === item[key]))
}

function walk (table: RuleTable, schema: SchemaNode, values: { value: unknown, old: unknown }, field: string): StatusCause[] {
  const { value, old } = values
  if (value === undefined || value === null) return []
  const causes = (table.get(schema) ?? []).flatMap((compiled) => evaluate(compiled, schema, values, field))
  if (Array.isArray(value)) {
    const items = schema.items
    return items ? [...causes, ...value.flatMap((item, index) => walk(table, items, { value: item, old: oldItem(schema, old, item) }, `${field}[${index}]`))] : causes
  }
  if (!isMap(value)) return causes
  return [...causes, ...Object.entries(value).flatMap(([key, item]) => {
    const property = propertySchema(schema, key)
    if (property === undefined || property === true) return []
    return walk(table, property, { value: item, old: isMap(old) ? old[key] : undefined }, field ? `${field}.${key}` : key)
  })]
}

/**
 * Compiles every rule of a schema and returns the evaluator: causes of a 422, none when all rules hold; undefined if there is no rule.
 * Throws if a rule uses something the CEL library lacks, so that no rule is ever passed over silently.
 */
export function compileRules (schema: SchemaNode): ((value: unknown, old: unknown) => StatusCause[]) | undefined {
  const table: RuleTable = new Map()
  collect(schema, '', true, table)
  if (table.size === 0) return undefined
  return (value, old) => walk(table, schema, { value, old }, '')
}
