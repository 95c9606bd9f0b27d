import t, { type Test } from 'tap'
import { parsePrometheusConfig } from '../../../poller/analysis/config.ts'
import { createPrometheusClient, parseValue, type PrometheusClientOptions } from '../../../poller/analysis/prometheus-client.ts'
import { sendJson, sendText, startServer, type Reply } from '../../helpers/local-server.ts'

function makeClient (t: Test, entry: object, options: Partial<PrometheusClientOptions> = {}) {
  const client = createPrometheusClient({ server: 'default', config: parsePrometheusConfig(entry, 'prometheus.default'), resilience: { retries: 0 }, ...options })
  t.teardown(() => client.close())
  return client
}

const vector = (...values: string[]) => ({ resultType: 'vector', result: values.map((value, i) => ({ metric: { i: String(i) }, value: [1.5, value] })) })
const ok = (data: object, rest: object = {}) => ({ status: 'success', data, ...rest })
const failed = (errorType: string, error: string) => ({ status: 'error', errorType, error })

t.test('an answer', async (t) => {
  const rows: Array<{ name: string, reply: Reply, timeout?: string, want: object }> = [
    { name: 'of one series is a sample', reply: (r) => sendJson(r, ok(vector('1781.33'))), want: { value: [{ labels: { i: '0' }, value: 1781.33 }] } },
    { name: 'may hold infinities and NaN, which the user of the client must refuse', reply: (r) => sendJson(r, ok(vector('+Inf', '-Inf', 'NaN'))), want: { value: [{ labels: { i: '0' }, value: Infinity }, { labels: { i: '1' }, value: -Infinity }, { labels: { i: '2' }, value: NaN }] } },
    { name: 'may be empty', reply: (r) => sendJson(r, ok(vector())), want: { value: [] } },
    { name: 'may be a scalar', reply: (r) => sendJson(r, ok({ resultType: 'scalar', result: [1.5, '7'] })), want: { value: [{ labels: {}, value: 7 }] } },
    { name: 'with infos is as good as any', reply: (r) => sendJson(r, ok(vector('1'), { infos: ['metric might not be a counter'] })), want: { value: [{ labels: { i: '0' }, value: 1 }] } },
    { name: 'with warnings is Inconclusive', reply: (r) => sendJson(r, ok(vector('1'), { warnings: ['store s1 is down'] })), want: { problem: { outcome: 'Inconclusive', reason: 'PartialData', detail: 'store s1 is down' } } },
    { name: 'that is a matrix is an Error', reply: (r) => sendJson(r, ok({ resultType: 'matrix', result: [] })), want: { problem: { outcome: 'Error', reason: 'NotAVector', detail: 'the query gives a matrix where one number a series is needed' } } },
    { name: 'of native histograms is an Error', reply: (r) => sendJson(r, ok({ resultType: 'vector', result: [{ metric: {}, histogram: [1, {}] }] })), want: { problem: { outcome: 'Error', reason: 'NotAVector', detail: 'the query gives native histograms where one number a series is needed' } } },
    { name: 'that the query cannot be parsed is a lasting Error', reply: (r) => sendJson(r, failed('bad_data', 'parse error: unexpected end'), 400), want: { problem: { outcome: 'Error', reason: 'QueryInvalid', detail: 'default: requests: answered 400: parse error: unexpected end' } } },
    { name: 'that the query cannot be executed is an Error', reply: (r) => sendJson(r, failed('execution', 'many-to-many matching'), 422), want: { problem: { outcome: 'Error', reason: 'QueryRejected', detail: 'default: requests: answered 422: many-to-many matching' } } },
    { name: '503 of a slow query is an Error', reply: (r) => sendJson(r, failed('timeout', 'query timed out'), 503), want: { problem: { outcome: 'Error', reason: 'MetricsUnavailable', detail: 'default: requests: answered 503: query timed out' } } },
    { name: '503 while the log is replayed is an Error', reply: (r) => sendText(r, 503, 'Service Unavailable', { 'content-type': 'text/plain' }), want: { problem: { outcome: 'Error', reason: 'MetricsUnavailable', detail: 'default: requests: answered 503: Service Unavailable' } } },
    { name: '429 of a tenant limit is an Error', reply: (r) => sendJson(r, failed('', 'too many requests'), 429), want: { problem: { outcome: 'Error', reason: 'MetricsUnavailable', detail: 'default: requests: answered 429: too many requests' } } },
    { name: '401 is an Error that points to auth', reply: (r) => sendText(r, 401, 'no'), want: { problem: { outcome: 'Error', reason: 'MetricsUnavailable', detail: 'default: requests: answered 401: no; check auth of this entry' } } },
    { name: 'a page is an Error', reply: (r) => sendText(r, 200, '<h1>Grafana</h1>'), want: { problem: { outcome: 'Error', reason: 'MetricsUnavailable', detail: 'default: requests: answered 200 with something that is not JSON: Grafana; check the url of this entry' } } },
    { name: 'that never comes is an Error', reply: () => {}, timeout: '30ms', want: { problem: { outcome: 'Error', reason: 'MetricsUnavailable', detail: 'default: requests: did not answer within 30 ms' } } },
    { name: 'that breaks off is an Error', reply: (_r, _asked, request) => { request.socket.destroy() }, want: { problem: { outcome: 'Error', reason: 'MetricsUnavailable', detail: 'default: requests: could not be reached: other side closed' } } }
  ]
  for (const { name, reply, timeout = '5s', want } of rows) {
    t.test(name, async (t) => {
      const server = await startServer(t, reply)
      t.strictSame(await makeClient(t, { url: server.url, timeout }).query('up', { time: 1.5, operation: 'requests' }), want)
    })
  }
})

t.test('a query goes out as a form, at a fixed time, with tenant and auth, below the base path', async (t) => {
  const server = await startServer(t, (r) => sendJson(r, ok(vector('1'), { infos: ['hm'] })))
  const infos: string[] = []
  const client = makeClient(t, { url: `${server.url}/prometheus/`, tenant: 'a|b', auth: { bearer: { token: 'tok' } }, host: 'mimir.example' }, { onInfo: (info) => infos.push(info) })
  await client.query('up{a="b c"}', { time: 1800000000.25, operation: 'requests' })
  const [{ method, url, body, headers }] = server.asked as [typeof server.asked[number]]
  t.strictSame({ method, url, form: Object.fromEntries(new URLSearchParams(body)) }, { method: 'POST', url: '/prometheus/api/v1/query', form: { query: 'up{a="b c"}', time: '1800000000.25', timeout: '8s' } })
  t.match(headers, { 'x-scope-orgid': 'a|b', authorization: 'Bearer tok', host: 'mimir.example' })
  t.strictSame(infos, ['hm'])
})

t.test('retries', async (t) => {
  const rows = [
    { name: 'what failed in passing is asked again', status: 503, want: 3 },
    { name: 'what is wrong with the query is not', status: 400, want: 1 },
    { name: 'nor what was declined', status: 422, want: 1 }
  ]
  for (const { name, status, want } of rows) {
    t.test(name, async (t) => {
      const server = await startServer(t, (r) => sendJson(r, failed('x', 'no'), status))
      await makeClient(t, { url: server.url }, { resilience: { retries: 2, initialDelay: 1, maxDelay: 1 } }).query('up', { time: 1, operation: 'requests' })
      t.equal(server.asked.length, want)
    })
  }
})

t.test('a value', async (t) => {
  const rows: Array<[string, number]> = [['1e-7', 1e-7], ['+Inf', Infinity], ['-Inf', -Infinity], ['NaN', NaN], ['', NaN], ['x', NaN], ['0', 0]]
  for (const text of ['0x10', '0b1', ' 1 ', '1_0', '٣', '1e', '.', '+']) t.strictSame(parseValue(text), NaN, JSON.stringify(text))
  for (const [text, want] of rows) t.strictSame(parseValue(text), want, JSON.stringify(text))
})
