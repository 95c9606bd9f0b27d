// The chart of an MLflow server, as far as it can be told without helm: values that are accepted, and templates that know the same values and rules. What the
// templates make of them needs helm, and is tested with the real control plane.
import { globSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { Spec } from '../../hooks/mlflow/schema.ts'
import { printSchema, defaultsOf } from '../../manifests/generate/chart/values-files.ts'
import { MlflowValues } from '../../manifests/generate/mlflow-chart/values.ts'
import { ROOT } from '../docs/pages.ts'
import { messagesOfRules, NOT_FOR_CHARTS } from '../e2e/mlflow-chart/refusals.ts'
import { ROWS } from '../e2e/mlflow-chart/specs.ts'

const FOLDER = path.join(ROOT, 'charts/mlflow/templates')
const templates = readdirSync(FOLDER).map((file) => readFileSync(path.join(FOLDER, file), 'utf8')).join('\n')
const schema = JSON.parse(printSchema(MlflowValues, 'mlflow')) as object
const accepts = new Ajv({ strict: false }).compile(schema)
const defaults = defaultsOf(MlflowValues) as Record<string, unknown>

/** As helm lays values over the defaults. */
function laid (values: Record<string, unknown>, over = defaults): Record<string, unknown> {
  const entries = Object.entries(values).map(([key, value]) => [key, isMap(value) && isMap(over[key]) ? laid(value, over[key]) : value])
  return JSON.parse(JSON.stringify({ ...over, ...Object.fromEntries(entries) })) as Record<string, unknown>
}

function isMap (value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

t.test('the spec of every sample, and of every row of the comparison with the hook, can be pasted as values', async (t) => {
  const samples = globSync('manifests/samples/mlflow*.yaml', { cwd: ROOT }).map((file) => parse(readFileSync(path.join(ROOT, file), 'utf8')) as { kind: string, spec: Record<string, unknown> }).filter(({ kind }) => kind === 'MLflow')
  t.ok(samples.length >= 5)
  for (const { spec } of [...samples, ...ROWS]) t.ok(accepts(laid(spec)), JSON.stringify(spec), { errors: accepts.errors })
})

t.test('the defaults are accepted, a typo is not', async (t) => {
  t.ok(accepts(defaults), { errors: accepts.errors })
  for (const typo of [{ storge: {} }, { storage: { sise: '1Gi' } }, { tls: { mode: 'off' } }, { replicas: '2' }]) t.notOk(accepts(laid(typo)), JSON.stringify(typo))
})

t.test('every field of the spec stands in a template', async (t) => {
  for (const field of Object.keys(defaults)) t.match(templates, new RegExp(`\\.${field}\\b|"${field}"`), field)
  for (const field of Object.keys(MlflowValues.properties).filter((name) => name !== 'global')) t.match(templates, new RegExp(`\\.${field}\\b|"${field}"`), field)
})

t.test('every field of the spec is given by a row of the comparison with the hook', async (t) => {
  const fields = fieldsOf(Spec, '')
  t.ok(fields.length > 100)
  t.strictSame(fields.filter((field) => !ELSEWHERE.some((pattern) => pattern.test(field)) && !ROWS.some(({ spec }) => has(spec, field.split('.')))), [])
})

/** Parts of Kubernetes' own that are passed on as they are, one of them in a row; and the namespace, which a release has by itself. */
const ELSEWHERE = [/^affinity\./, /^tolerations\.\w+/, /^(podS|s)ecurityContext\./, /Selector\.match/, /^topologySpreadConstraints\./, /^namespace$/]

/** Paths of all fields, those of items of a list as if there were one. */
function fieldsOf (schema: TSchema, prefix: string): string[] {
  return Object.entries((schema['properties'] ?? {}) as Record<string, TSchema>).flatMap(([name, field]) => {
    const items = field['items'] as TSchema | undefined
    return [`${prefix}${name}`, ...fieldsOf(items ?? field, `${prefix}${name}.`)]
  })
}

function has (value: unknown, [name, ...rest]: string[]): boolean {
  if (name === undefined) return value !== undefined
  if (Array.isArray(value)) return value.some((item) => has(item, [name, ...rest]))
  return isMap(value) && Object.hasOwn(value, name) && has(value[name], rest)
}

t.test('the words of every rule of the API stand in a template', async (t) => {
  const texts = templates.replaceAll('%s', '')
  const missing = messagesOfRules().filter((message) => !NOT_FOR_CHARTS.includes(message)).filter((message) => !texts.includes(message) && !COMPOSED.some((pattern) => pattern.test(message)))
  t.strictSame(missing, [])
})

/** Said of several fields by one line. */
const COMPOSED = [/^\w+ and \w+From are mutually exclusive$/, /^\w+\.name and \w+\.key must be non-empty/, /must use a supported SQL metadata store URI scheme$/, /^each \w+ entry must specify/, /^traceArchival\.\w+ is required/]
