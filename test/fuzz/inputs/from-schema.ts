// Values from a TypeBox schema: mostly ones that fit, now and then one that does not. A new kind is covered by its schemas alone.
import { Kind, OptionalKind, type TObject, type TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import { hostileKey, hostileValue } from './hostile.ts'

/** `wild`: how often, of a thousand, something else stands in the place of what fits. */
export type Taste = { wild: number }

/** An arbitrary of values for a schema. Throws for a schema that it has not been taught. */
export function valuesOf (schema: TSchema, taste: Taste): fc.Arbitrary<unknown> {
  const fitting = fittingOf(schema, taste)
  if (taste.wild === 0) return fitting
  return fc.oneof({ weight: 1000 - taste.wild, arbitrary: fitting }, { weight: taste.wild, arbitrary: hostileValue })
}

function fittingOf (schema: TSchema, taste: Taste): fc.Arbitrary<unknown> {
  const make = FITTING[schema[Kind]]
  if (!make) throw new Error(`there is no arbitrary for the schema type ${schema[Kind]}: add it to test/fuzz/inputs/from-schema.ts`)
  return make(schema, taste)
}

const FITTING: Record<string, (schema: TSchema, taste: Taste) => fc.Arbitrary<unknown>> = {
  Object: (schema, taste) => objectOf(schema as TObject, taste),
  Record: (schema, taste) => {
    const [values] = Object.values(schema.patternProperties as Record<string, TSchema>)
    const keys = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('cpu', 'memory', 'seldon.io/istio-gateway', 'a') }, { weight: 1, arbitrary: hostileKey })
    return fc.array(fc.tuple(keys, valuesOf(values ?? {} as TSchema, taste)), { maxLength: 3 }).map((entries) => Object.fromEntries(entries))
  },
  Array: (schema, taste) => fc.array(valuesOf(schema.items as TSchema, taste), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 4, (schema.minItems ?? 0) + 4) }),
  Tuple: (schema, taste) => fc.tuple(...(schema.items as TSchema[]).map((item) => valuesOf(item, taste))),
  Union: (schema, taste) => fc.oneof(...(schema.anyOf as TSchema[]).map((one) => valuesOf(one, taste))),
  Intersect: (schema, taste) => fc.tuple(...(schema.allOf as TSchema[]).map((one) => valuesOf(one, taste))).map((parts) => Object.assign({}, ...parts) as unknown),
  String: (schema) => textOf(schema),
  Integer: (schema) => fc.oneof(fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1000, (schema.minimum ?? 0) + 20) }), fc.constantFrom<number>(schema.minimum ?? 0, schema.maximum ?? 2 ** 40)),
  Number: (schema) => fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true }),
  Boolean: () => fc.boolean(),
  Null: () => fc.constant(null),
  Literal: (schema) => fc.constant(schema.const as unknown),
  StringEnum: (schema) => fc.constantFrom(...schema.enum as unknown[]),
  Quantity: () => fc.constantFrom<unknown>('500m', '1Gi', 2, '1e3', '-1', '.5'),
  IntOrString: () => fc.constantFrom<unknown>(8080, 0, 'https', 'Not A Port'),
  Unknown: () => hostileValue,
  Any: () => hostileValue
}

function objectOf ({ properties }: TObject, taste: Taste): fc.Arbitrary<unknown> {
  const entries = Object.entries(properties)
  const required = entries.filter(([, schema]) => schema[OptionalKind] !== 'Optional' && schema.default === undefined).map(([name]) => name)
  const model = Object.fromEntries(entries.map(([name, schema]) => [name, valuesOf(schema, taste)]))
  return fc.record(model, { requiredKeys: required })
}

/** Instants of one day, so that orders between them come about. */
const INSTANT = fc.integer({ min: 0, max: 86_400 }).map((seconds) => new Date(Date.UTC(2026, 8, 21) + seconds * 1000).toISOString().replace('.000Z', 'Z'))

const patterns = new Map<string, fc.Arbitrary<string>>()

/** Taking a pattern apart is slow, and many fields have the same. */
function textsLike (pattern: string): fc.Arbitrary<string> {
  const texts = patterns.get(pattern) ?? fc.stringMatching(new RegExp(pattern), { size: '-1' })
  patterns.set(pattern, texts)
  return texts
}

function textOf (schema: TSchema): fc.Arbitrary<unknown> {
  if (schema.format === 'date-time') return INSTANT
  const { minLength = 0, maxLength = 40 } = schema as { minLength?: number, maxLength?: number }
  if (typeof schema.pattern === 'string') return textsLike(schema.pattern).filter((text) => text.length >= minLength && text.length <= maxLength)
  return fc.oneof(fc.constantFrom('1', '2', '3', 'bank-churn', 'champion', 'default', 's3://models/churn/2').filter((text) => text.length <= maxLength), fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 8) }))
}
