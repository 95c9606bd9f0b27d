import { parser } from '@prometheus-io/lezer-promql'
import fc from 'fast-check'
import t from 'tap'
import { anyOf, escapeString, fillQuery } from '../../../poller/analysis/promql.ts'
import { backendOf, keyOf, type Target } from '../../../poller/analysis/queries.ts'
import { refuseQueries } from '../../../poller/analysis/query-rules.ts'

const SOURCE = { backend: 'SeldonExecutor', labels: { namespace: 'exported_namespace', service: 'service' } } as const
const targets: Target[] = [
  { uid: '1', namespace: 'models', name: 'b.c', predictors: { stable: 'v7-a', canary: 'v8-a' } },
  { uid: '2', namespace: 'models', name: 'a', predictors: { stable: 'v1-a', canary: 'v2-a' } }
]

/** Whether the text is a PromQL expression without an error in it. */
function isPromQL (text: string): boolean {
  let broken = false
  parser.parse(text).iterate({ enter: (node) => { if (node.type.isError) broken = true } })
  return !broken
}

t.test('the queries of the Seldon executor', async (t) => {
  const queries = backendOf(SOURCE).queries(targets, '5m')
  const which = 'service="predictions",exported_namespace=~"models",deployment_name=~"a|b\\\\.c"'
  const by = 'exported_namespace, deployment_name, predictor_name'
  const range = (name: string, more = '') => `increase(seldon_api_executor_server_requests_seconds_${name}{${which}${more}}[5m]) * (1 - 1 / count_over_time(seldon_api_executor_server_requests_seconds_${name}{${which}${more}}[5m]))`
  t.strictSame(queries, {
    requests: `sum by (${by}) (${range('count')})`,
    errors: `sum by (${by}) (${range('count', ',code=~"5.."')})`,
    sum: `sum by (${by}) (${range('sum')})`,
    buckets: `sum by (${by}, le) (${range('bucket')})`
  })
  for (const query of Object.values(queries)) t.ok(isPromQL(query))
})

t.test('the key of a series', async (t) => {
  const { keyOfSeries } = backendOf(SOURCE)
  t.equal(keyOfSeries({ exported_namespace: 'models', deployment_name: 'a', predictor_name: 'v1-a', le: '1' }), keyOf('models', 'a', 'v1-a'))
  t.equal(keyOfSeries({ namespace: 'models', deployment_name: 'a', predictor_name: 'v1-a' }), undefined, 'needs the configured label')
})

t.test('no value ends the string it stands in', async (t) => {
  t.equal(escapeString('a"b\\c\'d\ne'), 'a\\"b\\\\c\\\'d\\ne')
  t.equal(anyOf('x', ['b', 'a', 'a', 'c.d|e']), 'x=~"a|b|c\\\\.d\\\\|e"')
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (value) => isPromQL(`up{${anyOf('x', [value])}}`) && isPromQL(fillQuery('up{x="{version}"}', { version: value, predictor: '', namespace: '', name: '', window: '' }))), { seed: 3 })
})

t.test('variables of a query', async (t) => {
  const variables = { predictor: 'v8-a', version: '8"', namespace: 'models', name: 'bank', window: '5m' }
  const rows: Array<[string, string]> = [
    ['avg(drift{predictor="{predictor}",namespace="{namespace}"})', 'avg(drift{predictor="v8-a",namespace="models"})'],
    ['max_over_time(x{v="{version}",n="{name}"}[{window}])', 'max_over_time(x{v="8\\"",n="bank"}[5m])'],
    ['x{other="{unknown}"} + y{}', 'x{other="{unknown}"} + y{}']
  ]
  for (const [query, want] of rows) t.equal(fillQuery(query, variables), want)
})

t.test('queries that may not be asked', async (t) => {
  const metric = (name: string, query?: string) => ({ name, dryRun: false, max: '1', ...(query === undefined ? {} : { query }) })
  const metrics = [metric('error-rate'), metric('a', 'x{namespace="{namespace}"}'), metric('b', 'x')]
  t.match(refuseQueries(metrics, { customQueries: false }), { a: { problem: { outcome: 'Error', reason: 'QueriesNotAllowed' } }, b: { problem: { reason: 'QueriesNotAllowed' } } })
  const allowed = refuseQueries(metrics, { customQueries: true })
  t.strictSame(Object.keys(allowed), ['b'])
  t.match(allowed, { b: { problem: { outcome: 'Error', reason: 'QueryWithoutNamespace' } } })
})
