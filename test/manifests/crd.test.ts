// The CRDs, judged by the rules for CRDs, and their schemas by objects.
import { Ajv } from 'ajv'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { Kind } from '../../hooks/core/kind.ts'
import { readSpec } from '../../hooks/core/spec.ts'
import { kinds } from '../../hooks/kinds.ts'
import { makeCrd } from '../../manifests/generate/crd.ts'
import { greeting } from '../fixtures/kinds/greeting.ts'
import './mlflow-config-crd.ts'

type Schema = Record<string, unknown> & { properties?: Record<string, Schema>, items?: Schema, additionalProperties?: Schema }
type Version = { name: string, subresources: object, additionalPrinterColumns: Array<{ name: string, priority?: number, jsonPath: string }>, schema: { openAPIV3Schema: Schema } }
type Crd = { metadata: { name: string }, spec: { names: Record<string, unknown>, scope: string, versions: [Version] } }

const crdOf = (kind: Kind) => makeCrd(kind) as Crd

/** Keywords that apiextensions.k8s.io/v1 knows in a structural schema. */
const JSON_SCHEMA_PROPS = ['description', 'type', 'format', 'title', 'default', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'multipleOf', 'enum', 'maxProperties', 'minProperties', 'required', 'items', 'anyOf', 'properties', 'additionalProperties', 'nullable', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-int-or-string', 'x-kubernetes-list-map-keys', 'x-kubernetes-list-type', 'x-kubernetes-map-type', 'x-kubernetes-validations']

/** Every schema within, with its path. */
function walk (schema: Schema, path: string): Array<[string, Schema]> {
  const below = [
    ...Object.entries(schema.properties ?? {}).map(([key, field]) => [`.${key}`, field] as const),
    ...(schema.items ? [['[]', schema.items] as const] : []),
    ...(schema.additionalProperties ? [['{}', schema.additionalProperties] as const] : [])
  ]
  return [[path, schema], ...below.flatMap(([key, field]) => walk(field, path + key))]
}

for (const kind of [...kinds, greeting]) {
  const { resource } = kind
  const [version] = crdOf(kind).spec.versions
  const root = version.schema.openAPIV3Schema

  t.test(`${resource.kind}: names, scope and the status subresource`, async (t) => {
    t.match(crdOf(kind), {
      metadata: { name: `${resource.plural}.sluice.dev` },
      spec: { group: 'sluice.dev', scope: resource.scope, names: { kind: resource.kind, listKind: `${resource.kind}List`, plural: resource.plural, singular: resource.singular }, versions: [{ name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } }] }
    })
  })

  t.test(`${resource.kind}: the schema is structural`, async (t) => {
    for (const [path, schema] of walk(root, resource.kind)) {
      t.strictSame(Object.keys(schema).filter((key) => !JSON_SCHEMA_PROPS.includes(key)), [], `${path} has known keywords only`)
      t.ok(typeof schema.type === 'string' || schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'], `${path} has a type`)
      t.notOk(schema.properties && schema.additionalProperties, `${path} is an object or a map`)
      const listKeys = (schema['x-kubernetes-list-map-keys'] ?? []) as string[]
      t.ok(listKeys.every((key) => (schema.items?.required as string[] | undefined)?.includes(key)), `${path}: keys of a list are required in its items`)
    }
  })

  t.test(`${resource.kind}: columns show fields that exist`, async (t) => {
    const paths = walk(root, '').map(([path]) => path)
    // An item of a list may be chosen by what it holds.
    for (const { name, jsonPath } of version.additionalPrinterColumns) t.ok(jsonPath.startsWith('.metadata.') || paths.includes(jsonPath.replace(/\[\?\(.*?\)\]/, '[]')), `${name} shows ${jsonPath}`)
  })

  t.test(`${resource.kind}: rules are bounded, so that their cost can be`, async (t) => {
    for (const [path, schema] of walk(root, resource.kind)) {
      if (!schema['x-kubernetes-validations'] || path === resource.kind) continue
      if (schema.type === 'string') t.ok(schema.maxLength || schema.enum, `${path} has a maxLength`)
      if (schema.type === 'array') t.ok(schema.maxItems, `${path} has maxItems`)
    }
  })
}

t.test('kubectl get mfm shows what people look for', async (t) => {
  const kind = kinds.find(({ resource }) => resource.kind === 'MlflowModel') as Kind
  const columns = crdOf(kind).spec.versions[0].additionalPrinterColumns
  t.strictSame(columns.filter(({ priority }) => !priority).map(({ name }) => name), ['Model', 'Alias', 'Stable', 'Canary', 'Weight', 'Phase', 'Age'])
  t.strictSame(columns.filter(({ priority }) => priority).map(({ name }) => name), ['Step', 'URL', 'Reason'])
  t.strictSame(kind.resource.shortNames, ['mfm'])
})

for (const [kindName, shown, wide] of [
  ['MLModel', ['Runtime', 'Phase', 'Reason', 'Pods', 'Age'], ['Version', 'URL']],
  ['ModelDeployment', ['Runtime', 'Active', 'Candidate', 'Replicas', 'Phase', 'Reason', 'Age'], ['URL']]
] as const) {
  // While an older version serves the phase is Ready, whatever became of the newer one.
  t.test(`kubectl get shows the reason of a ${kindName}, so that a failed update is seen in a list`, async (t) => {
    const columns = crdOf(kinds.find(({ resource }) => resource.kind === kindName) as Kind).spec.versions[0].additionalPrinterColumns
    t.strictSame(columns.filter(({ priority }) => !priority).map(({ name }) => name), shown)
    t.strictSame(columns.filter(({ priority }) => priority).map(({ name }) => name), wide)
  })
}

t.test('a status without observedGeneration is refused: Metacontroller writes it', async (t) => {
  t.throws(() => makeCrd({ ...greeting, status: Type.Object({}) }), /Greeting\.status: observedGeneration is missing/)
})

t.test('the CRD and TypeBox agree on what is a good spec', async (t) => {
  const ajv = new Ajv({ strict: false, validateFormats: false, useDefaults: true })
  const check = ajv.compile(crdOf(greeting).spec.versions[0].schema.openAPIV3Schema.properties?.spec as object)
  const specs: unknown[] = [{ name: 'Ada' }, { name: '' }, {}, { name: 'Ada', language: 'Dutch' }, { name: 'Ada', language: 'Latin' }, { name: 'Ada', copies: [] }, { name: 'Ada', copies: [0] }, { name: 'Ada', timing: { every: '1h', tags: { a: 'b' } } }, { name: 'Ada', timing: { tags: { a: 1 } } }, { name: 'Ada', note: 'too long' }]
  for (const spec of specs) {
    const { problems, spec: ours } = readSpec(greeting, spec)
    const theirs = structuredClone(spec)
    t.equal(check(theirs), problems.length === 0, JSON.stringify(spec))
    if (problems.length === 0) t.same(theirs, ours, 'with the same defaults')
  }
})
