// Reads a spec as the API server would: defaults filled in, and what is wrong in old or unchecked objects mended where that is safe.
import { OptionalKind, type TSchema } from '@sinclair/typebox'
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler'
import { Value, type ValueError } from '@sinclair/typebox/value'
import { defaultOf, fillDefaults } from './defaults.ts'
import type { Kind } from './kind.ts'
import { isObjectSchema, isRecord, pruned } from './prune.ts'

/** What is wrong with one field. `fatal`: nothing can stand in for it, so the spec cannot be honoured at all. */
export type SpecProblem = { field: string, message: string, fatal?: true }

type Spec = Record<string, unknown>

/** A field along a path, with its schema and the object that holds it. */
type Step = { holder: Spec, key: string, schema: TSchema }

/**
 * The spec with every default, and what was wrong with it. An invalid value is replaced by its default, or left out where it is optional: the
 * smallest such field that holds the error and is no part of a list, for half a list entry may mean something else than the whole.
 * `raw` is not changed. Fields that the schema does not know are left out, as the API server does it.
 */
export function readSpec (kind: Pick<Kind, 'spec'>, raw: unknown): { spec: Spec, problems: SpecProblem[] } {
  const problems: SpecProblem[] = []
  const spec = isRecord(raw) ? pruned(kind.spec, raw) as Spec : {}
  fillDefaults(kind.spec, spec)
  if (!isRecord(raw)) return { spec, problems: [{ field: 'spec', message: 'spec must be an object; write what is wanted into it', fatal: true }] }

  // Nearly every spec is right, and to see that takes far less than the search for what is wrong.
  if (checkOf(kind.spec).Check(spec)) return { spec, problems }
  const hopeless = new Set<string>()
  for (let error = firstError(kind.spec, spec, hopeless); error; error = firstError(kind.spec, spec, hopeless)) {
    const steps = stepsTo(kind.spec, spec, error.path)
    const mended = steps.findLast(isMendable)
    const remedy = describe(error)
    if (!mended) {
      // The rest is mended all the same: the way back of a rollout under way must not stumble over it.
      problems.push({ field: fieldOf(error.path), message: `${fieldOf(error.path)} ${remedy}; correct it`, fatal: true })
      hopeless.add(error.path)
      // Missing rather than wrong: it is put into sentences, and not everything can be made a text.
      const broken = steps.at(-1)
      if (broken) delete broken.holder[broken.key]
      continue
    }
    problems.push({ field: fieldOf(error.path), message: `${fieldOf(error.path)} ${remedy}; correct it. Until then ${mend(mended)}` })
  }
  return { spec, problems }
}

const checks = new WeakMap<TSchema, TypeCheck<TSchema>>()

/** Once a schema: every sync reads a spec. */
function checkOf (schema: TSchema): TypeCheck<TSchema> {
  const check = checks.get(schema) ?? TypeCompiler.Compile(schema)
  checks.set(schema, check)
  return check
}

/** Looks no further than the first: a list of a million wrong items has a million errors. */
function firstError (schema: TSchema, spec: Spec, hopeless: Set<string>): ValueError | undefined {
  for (const error of Value.Errors(schema, spec)) if (!hopeless.has(error.path)) return error
  return undefined
}

/** The fields on the way to the error, outermost first, as far as there are any and up to the first list. */
function stepsTo (schema: TSchema, value: Spec, pointer: string): Step[] {
  const steps: Step[] = []
  let [holder, known]: [unknown, TSchema] = [value, schema]
  for (const key of pointer.split('/').slice(1).map(unescape)) {
    if (!isObjectSchema(known) || !isRecord(holder)) break
    const field: TSchema | undefined = Object.hasOwn(known.properties, key) ? known.properties[key] : undefined
    if (!field) break
    steps.push({ holder, key, schema: field })
    ;[holder, known] = [holder[key], field]
  }
  return steps
}

/** A default that is itself wrong (a rule across fields) would be put in for ever: then the field is not mendable, its section may be. */
function isMendable ({ schema, holder, key }: Step): boolean {
  if (schema.default === undefined) return schema[OptionalKind] === 'Optional' && Object.hasOwn(holder, key)
  const fallback = defaultOf(schema)
  // An empty map and an empty list are equal to Value.Equal.
  return Array.isArray(holder[key]) !== Array.isArray(fallback) || !Value.Equal(holder[key], fallback)
}

/** Puts the default in, or takes the optional field out, and says which. */
function mend ({ holder, key, schema }: Step): string {
  if (schema.default === undefined) {
    delete holder[key]
    return 'it is ignored.'
  }
  holder[key] = defaultOf(schema)
  const text = JSON.stringify(schema.default)
  return text === '{}' ? 'the defaults hold.' : `${text} holds.`
}

/** What a value must be, as the rest of a sentence that begins with the field. Never quotes the value: it may be a secret. */
function describe ({ schema, message, value }: ValueError): string {
  if (value === undefined) return 'is missing'
  if (Array.isArray(schema.enum)) return `must be one of ${schema.enum.join(', ')}`
  if (schema.format === 'date-time') return 'must be an instant such as 2026-01-31T12:00:00Z'
  if (typeof schema.pattern === 'string') return `must match ${schema.pattern}`
  return message
    .replace(/^Expected (\w+) to be /, 'must be $1 ').replace(/^Expected /, 'must be ')
    .replace(/^must be ([aio])/, 'must be an $1').replace(/^must be ([^aio])/, 'must be a $1')
}

/** `/rollout/steps/0` is spec.rollout.steps[0]. */
function fieldOf (pointer: string): string {
  return pointer.split('/').slice(1).map(unescape).reduce((path, key) => /^\d+$/.test(key) ? `${path}[${key}]` : `${path}.${key}`, 'spec')
}

/** Undoes the escapes of a JSON pointer. */
function unescape (key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}
