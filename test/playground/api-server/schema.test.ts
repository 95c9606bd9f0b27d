// Schemas of custom resources: what is dropped, filled in and refused.
import { readdirSync } from 'node:fs'
import t from 'tap'
import { readYamlObjects, resourcesOfCrd } from '../../../playground/api-server/crd.ts'
import { compileSchema } from '../../../playground/api-server/schema.ts'
import type { SchemaNode } from '../../../playground/api-server/structural-schema.ts'
import { escapeFieldName, rewriteHas } from '../../../playground/api-server/schema-rules.ts'
import { isApiError } from '../../../playground/api-server/api-error.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { widget, widgetsCrd } from './widgets.ts'

const schema = resourcesOfCrd(readYamlObjects(widgetsCrd)[0]!)[0]!.schema!

// Rules are not evaluated on what has other errors, and the server says so.
const unchecked = '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'

function messages (object: KubeObject, old?: KubeObject): string[] {
  return schema.validate(object, old).map((cause) => `${cause.field}: ${cause.message}`)
}

t.test('normalize', (t) => {
  const rows: { name: string, spec: object, want: object, dropped?: string[] }[] = [
    { name: 'defaults are filled in', spec: {}, want: { colour: 'red', size: 1, wait: '10m' } },
    { name: 'unknown fields are dropped', spec: { foo: 1 }, want: { colour: 'red', size: 1, wait: '10m' }, dropped: ['spec.foo'] },
    { name: 'fields of preserve-unknown-fields are kept', spec: { free: { a: { b: 1 } } }, want: { colour: 'red', size: 1, wait: '10m', free: { a: { b: 1 } } } },
    { name: 'items of lists get their defaults and lose unknown fields', spec: { parts: [{ name: 'a', x: 1 }] }, want: { colour: 'red', size: 1, wait: '10m', parts: [{ name: 'a', weight: 0 }] }, dropped: ['spec.parts[0].x'] },
    { name: 'null in a field that is not nullable gives the default', spec: { size: null }, want: { colour: 'red', size: 1, wait: '10m' } },
    { name: 'or is dropped if there is none', spec: { note: null }, want: { colour: 'red', size: 1, wait: '10m' } },
    { name: 'maps of additionalProperties keep their keys', spec: { selector: { matchLabels: { 'a/b': 'c' } } }, want: { colour: 'red', size: 1, wait: '10m', selector: { matchLabels: { 'a/b': 'c' } } } }
  ]
  for (const row of rows) {
    const { object, dropped } = schema.normalize(widget('a', row.spec))
    t.same({ spec: object.spec, dropped }, { spec: row.want, dropped: row.dropped ?? [] }, row.name)
  }
  t.end()
})

t.test('validate', (t) => {
  const rows: { name: string, spec: object, old?: object, want: string[] }[] = [
    { name: 'a valid widget has no causes', spec: {}, want: [] },
    { name: 'a missing field is required', spec: { colour: undefined }, want: ['spec.colour: Required value', unchecked] },
    { name: 'an enum names its values', spec: { colour: 'black' }, want: ['spec.colour: Unsupported value: "black": supported values: "red", "green", "blue"', unchecked] },
    { name: 'a bound is named', spec: { size: 0 }, want: ['spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1'] },
    { name: 'a type is named', spec: { size: 'x' }, want: ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"', unchecked] },
    { name: 'a text may be too long', spec: { note: 'x'.repeat(21) }, want: ['spec.note: Too long: may not be more than 20 bytes', unchecked] },
    { name: 'int-or-string admits a number', spec: { port: 80 }, want: [] },
    { name: 'int-or-string admits a string', spec: { port: 'http' }, want: [] },
    { name: 'int-or-string refuses a map', spec: { port: {} }, want: ['spec.port: Invalid value: "object": spec.port in body must be of type integer,string: "object"', unchecked] },
    { name: 'a list of type map refuses equal keys', spec: { parts: [{ name: 'a' }, { name: 'a' }] }, want: ['spec.parts[1]: Duplicate value: {"name":"a"}'] },
    { name: 'a rule compares fields', spec: { size: 2, minSize: 3 }, want: ['spec: Invalid value: size must not be below minSize'] },
    { name: 'a rule reads durations', spec: { wait: '30s' }, want: ['spec.wait: Invalid value: "30s": wait is at least a minute'] },
    { name: 'a rule walks lists', spec: { steps: [1, 2, 1] }, want: ['spec.steps: Invalid value: steps must not repeat'] },
    { name: 'a transition rule is silent on create', spec: { colour: 'blue' }, want: [] },
    { name: 'a transition rule refuses a change', spec: { colour: 'blue' }, old: { colour: 'red' }, want: ['spec.colour: Invalid value: "blue": colour cannot be changed'] },
    { name: 'a transition rule admits no change', spec: { colour: 'red' }, old: { colour: 'red' }, want: [] },
    { name: 'a rule that cannot be computed refuses the write', spec: { wait: 'soon' }, want: ['spec.wait: Invalid value: "soon": evaluating rule: wait is at least a minute'] }
  ]
  for (const row of rows) {
    const got = messages(widget('a', row.spec), row.old && widget('a', row.old)).map((text) => text.replace(/Invalid duration string: \S* /, ''))
    t.same(got, row.want, row.name)
  }
  t.end()
})

t.test('rules the library cannot evaluate are refused when the CRD is loaded', (t) => {
  const rows: { name: string, rule: string, list?: boolean }[] = [
    { name: 'an unknown function', rule: 'self.frobnicate()' },
    { name: 'an unknown variable', rule: 'other == 1' },
    { name: 'a syntax error', rule: 'self ==' },
    { name: 'oldSelf below an atomic list', rule: 'self == oldSelf', list: true }
  ]
  for (const row of rows) {
    const leaf: SchemaNode = { type: 'string', 'x-kubernetes-validations': [{ rule: row.rule }] }
    const node: SchemaNode = { type: 'object', properties: { spec: row.list ? { type: 'array', items: leaf } : leaf } }
    t.throws(() => compileSchema(node), /x-kubernetes-validations of spec/, row.name)
  }
  t.end()
})

t.test('every CRD in test/crds can be served, with all its rules', (t) => {
  for (const file of readdirSync('test/crds').filter((name) => name.endsWith('.yaml'))) {
    t.doesNotThrow(() => readYamlObjects(`test/crds/${file}`).flatMap(resourcesOfCrd), file)
  }
  t.end()
})

t.test('a CRD without a schema is refused with the field', (t) => {
  const crd = structuredClone(readYamlObjects(widgetsCrd)[0]!)
  delete crd.spec.versions[0].schema
  try {
    resourcesOfCrd(crd)
    t.fail('it must be refused')
  } catch (error) {
    t.equal(isApiError(error) && error.answer.details?.causes?.[0]?.field, 'spec.versions[0].schema.openAPIV3Schema')
  }
  t.end()
})

t.test('names and expressions are brought into the form the library reads', (t) => {
  t.equal(escapeFieldName('namespace'), '__namespace__', 'a reserved word is wrapped')
  t.equal(escapeFieldName('a-b.c/d'), 'a__dash__b__dot__c__slash__d', 'characters are named')
  t.equal(rewriteHas('has(self.a[0].b) && has(self.c)'), '(self.a[0].?b.hasValue()) && has(self.c)', 'has() of an indexed value becomes an optional selection')
  t.end()
})
