// TypeBox becomes what the API server takes, or is refused with the remedy.
import { Type, type TSchema } from '@sinclair/typebox'
import t from 'tap'
import { Conditions, duration, instant, oneOf, Quantity, section } from '../../hooks/core/schema.ts'
import { structural } from '../../manifests/generate/structural.ts'

const described = { description: 'What it is.' }

const converted: Array<{ name: string, schema: TSchema, want: object }> = [
  { name: 'a string', schema: Type.String({ minLength: 1, maxLength: 5, pattern: '^a' }), want: { type: 'string', minLength: 1, maxLength: 5, pattern: '^a' } },
  { name: 'a default is told where it can be read in a line', schema: Type.Integer({ default: 5, ...described }), want: { description: 'What it is. Defaults to 5.', type: 'integer', default: 5 } },
  { name: 'so is a list', schema: Type.Array(Type.Integer(), { default: [1, 2], ...described }), want: { description: 'What it is. Defaults to [1, 2].', type: 'array', default: [1, 2], items: { type: 'integer' } } },
  { name: 'an empty default goes without saying', schema: Type.String({ default: '', ...described }), want: { description: 'What it is.', type: 'string', default: '' } },
  { name: 'bounds', schema: Type.Number({ minimum: 0, maximum: 1 }), want: { type: 'number', minimum: 0, maximum: 1 } },
  { name: 'exclusive bounds are flags', schema: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), want: { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 1, exclusiveMaximum: true } },
  { name: 'a boolean', schema: Type.Boolean(), want: { type: 'boolean' } },
  { name: 'a literal is an enum of one', schema: Type.Literal('a'), want: { type: 'string', enum: ['a'] } },
  { name: 'a union of literals is an enum', schema: Type.Union([Type.Literal('a'), Type.Literal('b')], described), want: { description: 'What it is.', type: 'string', enum: ['a', 'b'] } },
  { name: 'a union with null is nullable', schema: Type.Union([Type.Integer(), Type.Null()]), want: { type: 'integer', nullable: true } },
  { name: 'a nullable enum lists null', schema: Type.Union([Type.Literal('a'), Type.Literal('b'), Type.Null()]), want: { type: 'string', enum: ['a', 'b', null], nullable: true } },
  { name: 'oneOf', schema: oneOf(['A', 'B']), want: { type: 'string', enum: ['A', 'B'] } },
  { name: 'an instant', schema: instant(), want: { type: 'string', format: 'date-time', maxLength: 40 } },
  { name: 'a map', schema: Type.Record(Type.String(), Type.String()), want: { type: 'object', additionalProperties: { type: 'string' } } },
  { name: 'a quantity has no type', schema: Quantity, want: { description: 'Amount of a resource, such as 500m or 2Gi.', 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: String } },
  { name: 'anything', schema: Type.Unsafe({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }), want: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  {
    name: 'optional fields and those with a default are not required',
    schema: Type.Object({ a: Type.String(described), b: Type.Optional(Type.String(described)), c: Type.String({ default: 'x', ...described }) }),
    want: { type: 'object', required: ['a'], properties: { a: { description: 'What it is.', type: 'string' }, b: { description: 'What it is.', type: 'string' }, c: { description: 'What it is. Defaults to x.', type: 'string', default: 'x' } } }
  },
  { name: 'a section is an object that defaults to {}', schema: section({ a: duration({ default: '1s', ...described }) }), want: { type: 'object', default: {}, properties: { a: { type: 'string', default: '1s', maxLength: 32 } } } },
  {
    name: 'lists keep their merge keys and rules',
    schema: Type.Array(Type.Object({ name: Type.String(described) }), { maxItems: 3, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-validations': [{ rule: 'true', message: 'm' }] }),
    want: { type: 'array', maxItems: 3, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-validations': [{ rule: 'true', message: 'm' }], items: { type: 'object', required: ['name'] } }
  }
]

for (const { name, schema, want } of converted) {
  t.test(name, async (t) => {
    t.match(structural(schema, 'spec'), want)
  })
}

t.test('what it is comes first, what is in it last, and nothing of TypeBox is left', async (t) => {
  const schema = structural(Conditions, 'status.conditions')
  t.strictSame(Object.keys(schema), ['description', 'type', 'maxItems', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'items'])
  t.strictSame(JSON.parse(JSON.stringify(schema)), schema)
  t.strictSame(Object.getOwnPropertySymbols(schema), [])
})

const refused: Array<{ name: string, schema: TSchema, because: RegExp }> = [
  { name: 'a field without description', schema: Type.Object({ a: Type.Object({ b: Type.String() }, described) }), because: /^spec\.a\.b: a description is missing; write what kubectl explain shall say/ },
  { name: 'the same in a list', schema: Type.Array(Type.Object({ b: Type.String() })), because: /^spec\[\]\.b: a description is missing/ },
  { name: 'the same in a map', schema: Type.Record(Type.String(), Type.Object({ b: Type.String() })), because: /^spec\{\}\.b: a description is missing/ },
  { name: 'additionalProperties beside properties', schema: Type.Object({ a: Type.String(described) }, { additionalProperties: false }), because: /^spec: CRDs have no additionalProperties beside properties; leave it out/ },
  { name: 'a reference', schema: Type.Ref('A'), because: /^spec: CRDs do not know \$ref/ },
  { name: 'an intersection', schema: Type.Intersect([Type.Object({}), Type.Object({})]), because: /^spec: CRDs do not know allOf/ },
  { name: 'a union of types', schema: Type.Union([Type.String(), Type.Integer()]), because: /^spec: CRDs know unions of literals of one type only; use optional fields and a CEL rule/ },
  { name: 'a union of literals of two types', schema: Type.Union([Type.Literal('a'), Type.Literal(1)]), because: /unions of literals of one type only/ },
  { name: 'unique items', schema: Type.Array(Type.String(), { uniqueItems: true }), because: /do not know uniqueItems/ },
  { name: 'keys of a pattern', schema: Type.Record(Type.String({ pattern: '^a' }), Type.String()), because: /CRDs cannot constrain its keys, a CEL rule can/ },
  { name: 'a format that is not checked', schema: Type.String({ format: 'regex' }), because: /does not check format regex; use a pattern/ },
  { name: 'anything at all', schema: Type.Any(), because: /Any has no counterpart in a CRD/ },
  { name: 'a tuple', schema: Type.Tuple([Type.String()]), because: /do not know additionalItems/ }
]

for (const { name, schema, because } of refused) {
  t.test(`refused: ${name}`, async (t) => {
    t.throws(() => structural(schema, 'spec'), { name: 'StructuralError', message: because })
  })
}

t.test('refused: a default in a status', async (t) => {
  t.throws(() => structural(Type.Object({ a: Type.String({ default: 'x', ...described }) }), 'status', { defaults: false }), /^status\.a: a status has no defaults; make the field optional/)
})
