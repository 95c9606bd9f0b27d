// The chart's values: what is generated from their schema, and that templates and schema know the same values. What the templates make of them needs
// helm, and is tested with the real control plane.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Type, type TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { closed } from '../../manifests/generate/chart/kubernetes-parts.ts'
import { defaultsOf, printSchema, printTable, printValues } from '../../manifests/generate/chart/values-files.ts'
import { ChartValues } from '../../manifests/generate/chart/values.ts'

const TEMPLATES = path.join(import.meta.dirname, '../../charts/sluice/templates')
const templates = readdirSync(TEMPLATES).map((file) => readFileSync(path.join(TEMPLATES, file), 'utf8')).join('\n')

const Small = closed({
  image: closed({
    tag: Type.String({ default: 'yes', description: 'Which one, or none | any <tag>.' }),
    user: Type.Union([Type.Integer(), Type.Null()], { default: 7, description: 'Who.' })
  }, 'The image.'),
  servers: Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.Object({ url: Type.String(), wait: Type.Integer({ default: 1 }) }), { default: {}, additionalProperties: false, description: 'Servers.' }),
  free: Type.Array(Type.Object({}), { default: [], description: 'Anything.' })
}, 'Small.')

const accepts = new Ajv({ strict: false }).compile(JSON.parse(printSchema(Small)) as object)
const valid = { image: { tag: 'a', user: 1 }, servers: {}, free: [] }

t.test('values.yaml is the defaults under their descriptions, and older YAML reads the same', async (t) => {
  const text = printValues(Small, ' Head.')
  t.equal(text, [
    '# Head.', '', '# The image.', 'image:', '  # Which one, or none | any <tag>.', '  tag: "yes"', '  # Who.', '  user: 7',
    '', '# Servers.', 'servers: {}', '', '# Anything.', 'free: []', ''
  ].join('\n'))
  t.strictSame(parse(text, { version: '1.1' }), defaultsOf(Small))
})

t.test('the table has a line for each value', async (t) => {
  t.strictSame(printTable(Small).split('\n').slice(5), [
    '| `image.tag` | `"yes"` | Which one, or none \\| any &lt;tag>. |', '| `image.user` | `7` | Who. |', '| `servers` | `{}` | Servers. |', '| `free` | `[]` | Anything. |', ''
  ])
})

t.test('what the schema accepts', async (t) => {
  const rows: Array<[string, object, boolean]> = [
    ['the defaults', defaultsOf(Small) as object, true],
    ['a value that was set to null, where null means none', { ...valid, image: { tag: 'a' } }, true],
    ['no value that was set to null elsewhere', { ...valid, image: { user: 1 } }, false],
    ['an entry without what the program fills in', { ...valid, servers: { a: { url: 'x' } } }, true],
    ['no entry without what nobody fills in', { ...valid, servers: { a: { wait: 1 } } }, false],
    ['no unknown value', { ...valid, imag: {} }, false],
    ['no unknown field of an entry', { ...valid, servers: { a: { url: 'x', ur: 1 } } }, false],
    ['no entry of another name', { ...valid, servers: { A: { url: 'x' } } }, false],
    ['anything where no fields are named', { ...valid, free: [{ a: 1 }] }, true]
  ]
  for (const [name, values, answer] of rows) t.equal(accepts(values), answer, name)
})

t.test('every value of the chart has a description, and its default is one that it accepts', async (t) => {
  for (const [place, schema] of everyValue(ChartValues, '')) t.ok(schema.description, place)
  const check = new Ajv({ strict: false }).compile(JSON.parse(printSchema(ChartValues)) as object)
  t.ok(check(defaultsOf(ChartValues)), { errors: check.errors })
})

t.test('every value is used by a template, by its name or with all of its section, written out or gone through', async (t) => {
  for (const [place] of everyValue(ChartValues, '')) {
    const name = place.split('.').at(-1) ?? ''
    const section = place.slice(0, -name.length - 1)
    t.ok(new RegExp(`\\.${name}\\b|"${name}"|(toYaml [.\\w]*|range \\$\\w+, \\$\\w+ := )\\.Values\\.${section} `).test(templates), place)
  }
})

t.test('templates use no value that is not there', async (t) => {
  const used = new Set([...templates.matchAll(/\.Values((?:\.\w+)+)/g)].map(([, place = '']) => place.slice(1)))
  for (const place of used) t.ok(findValue(ChartValues, place.split('.')), place)
})

/** Values that are no sections; `global` is helm's. */
function everyValue (schema: TSchema, prefix: string): Array<[string, TSchema]> {
  return Object.entries(schema.properties as Record<string, TSchema>).filter(([name]) => name !== 'global').flatMap(([name, field]) =>
    field.properties !== undefined && field.default === undefined ? everyValue(field, `${prefix}${name}.`) : [[`${prefix}${name}`, field] as [string, TSchema]])
}

function findValue (schema: TSchema | undefined, [name, ...rest]: string[]): TSchema | undefined {
  return name === undefined ? schema : findValue((schema?.properties as Record<string, TSchema> | undefined)?.[name], rest)
}
