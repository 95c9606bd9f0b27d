// The Prometheus stand-in over HTTP: envelope, parameters, switches, scraping.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import t from 'tap'
import type { Test } from 'tap'

import { HTML_500, TEXT_503 } from '../../../../playground/stand-ins/faults.ts'
import { parseExposition } from '../../../../playground/stand-ins/prometheus/exposition.ts'
import { metricLabels } from '../../../../playground/stand-ins/prometheus/series-store.ts'
import { startPrometheus } from '../../../../playground/stand-ins/prometheus/server.ts'
import type { PrometheusStandIn } from '../../../../playground/stand-ins/prometheus/server.ts'

const NOW = 1_700_000_000_000

async function start (t: Test): Promise<PrometheusStandIn> {
  const prometheus = await startPrometheus({ now: () => NOW })
  t.teardown(async () => { await prometheus.close() })
  return prometheus
}

async function query (prometheus: PrometheusStandIn, parameters: Record<string, string>): Promise<{ status: number, body: unknown }> {
  const response = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams(parameters).toString()}`)
  return { status: response.status, body: await response.json() }
}

function vector (value: string, time = NOW / 1000): object {
  return { status: 'success', data: { resultType: 'vector', result: [{ metric: { __name__: 'up', job: 'a' }, value: [time, value] }] } }
}

t.test('a query by GET and by POST form gives the same envelope', async t => {
  const prometheus = await start(t)
  prometheus.store.append(metricLabels('up', { job: 'a' }), NOW - 1000, 1)
  t.strictSame(await query(prometheus, { query: 'up' }), { status: 200, body: vector('1') })
  const posted = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: 'up', time: '1700000001.5' }) })
  t.strictSame(await posted.json(), vector('1', 1700000001.5))
  t.strictSame(prometheus.queries, ['up', 'up'])
})

t.test('parameters', async t => {
  const prometheus = await start(t)
  for (const room of ['a', 'b', 'c']) prometheus.store.append(metricLabels('heat', { room }), NOW - 60_000, 1)
  const empty = { status: 200, body: { status: 'success', data: { resultType: 'vector', result: [] } } }
  const bad = (error: string): object => ({ status: 400, body: { status: 'error', errorType: 'bad_data', error } })
  const rows: Array<[string, Record<string, string>, object]> = [
    ['time as RFC 3339', { query: 'heat{room="a"}', time: '2023-11-14T22:13:10Z' }, { status: 200, body: { data: { result: [{ value: [1699999990, '1'] }] } } }],
    ['an unreadable time is refused', { query: 'heat', time: 'soon' }, bad('invalid parameter "time": cannot parse "soon" to a valid timestamp')],
    ['an unreadable timeout is refused', { query: 'heat', timeout: 'soon' }, bad('invalid parameter "timeout": cannot parse "soon" to a valid duration')],
    ['an unreadable limit is refused', { query: 'heat', limit: '-1' }, bad('invalid parameter "limit": cannot parse "-1" to an int')],
    ['a limit truncates with a warning', { query: 'heat', limit: '2' }, { body: { warnings: ['results truncated due to limit'], data: { result: { length: 2 } } } }],
    ['lookback_delta shortens the look-back', { query: 'heat', lookback_delta: '30s' }, empty],
    ['a subquery is refused by name', { query: 'heat[5m:1m]' }, bad('invalid parameter "query": 1:1: parse error: a subquery is not in the subset of PromQL that this stand-in evaluates')],
    ['the @ modifier is refused by name', { query: 'heat @ 5' }, bad('invalid parameter "query": 1:1: parse error: the @ modifier is not in the subset of PromQL that this stand-in evaluates')],
    ['topk is refused by name', { query: 'topk(1, heat)' }, bad('invalid parameter "query": 1:1: parse error: the aggregation "topk" is not in the subset of PromQL that this stand-in evaluates')],
    ['irate is refused by name', { query: '1 + irate(heat[1m])' }, bad('invalid parameter "query": 1:5: parse error: the function "irate" is not in the subset of PromQL that this stand-in evaluates')]
  ]
  for (const [name, parameters, want] of rows) t.match(await query(prometheus, parameters), want, name)
})

t.test('readiness and build information are answered', async t => {
  const prometheus = await start(t)
  t.equal(await (await fetch(`${prometheus.url}/-/ready`)).text(), 'Prometheus Server is Ready.\n')
  t.match(await (await fetch(`${prometheus.url}/api/v1/status/buildinfo`)).json(), { status: 'success', data: { version: '3.14.0' } })
  t.equal((await fetch(`${prometheus.url}/nowhere`)).status, 404)
})

t.test('faults switch on and off while it runs', async t => {
  const prometheus = await start(t)
  prometheus.store.append(metricLabels('up', { job: 'a' }), NOW, 1)
  const outcome = async (): Promise<unknown> => await fetch(`${prometheus.url}/api/v1/query?query=up`, { signal: AbortSignal.timeout(300) }).then(
    async response => ({ status: response.status, type: response.headers.get('content-type')?.split(';')[0], text: (await response.text()).slice(0, 9) }),
    (error: Error & { cause?: { code?: string } }) => error.cause?.code ?? error.name)

  prometheus.setFault(HTML_500)
  t.strictSame(await outcome(), { status: 500, type: 'text/html', text: '<!doctype' }, 'an HTML page')
  prometheus.setFault(TEXT_503)
  t.strictSame(await outcome(), { status: 503, type: 'text/plain', text: 'Service U' }, 'text while the log is replayed')
  prometheus.setFault({ kind: 'reset' })
  t.equal(await outcome(), 'ECONNRESET', 'a cut connection')
  prometheus.setFault({ kind: 'slow', milliseconds: Infinity })
  t.equal(await outcome(), 'TimeoutError', 'never an answer')
  prometheus.setFault({ kind: 'slow', milliseconds: 5 })
  t.match(await outcome(), { status: 200 }, 'a late answer')
  prometheus.setFault({ kind: 'none' })
  await prometheus.stop()
  await outcome() // meets the kept-alive connection that was cut
  t.equal(await outcome(), 'ECONNREFUSED', 'nobody listens')
  await prometheus.start()
  t.match(await outcome(), { status: 200 }, 'back on the same port')
})

t.test('warnings and failures with an envelope can be set', async t => {
  const prometheus = await start(t)
  prometheus.store.append(metricLabels('up', { job: 'a' }), NOW, 1)
  prometheus.setWarnings(['partial data'])
  t.strictSame((await query(prometheus, { query: 'up' })).body, { ...vector('1'), warnings: ['partial data'] })
  prometheus.setFailure({ errorType: 'timeout', error: 'query timed out in expression evaluation' })
  t.strictSame(await query(prometheus, { query: 'up' }),
    { status: 503, body: { status: 'error', errorType: 'timeout', error: 'query timed out in expression evaluation' } })
})

t.test('the recorder writes what a scraped process would export', async t => {
  const { recorder, store } = await start(t)
  const read = (): unknown => store.select([]).map(({ labels, samples }) => [labels, samples.map(sample => sample.value)])
  recorder.increase('hits_total', { job: 'a' }, 3)
  recorder.set('heat', {}, 21)
  recorder.record(NOW)
  recorder.increase('hits_total', { job: 'a' })
  recorder.remove({ __name__: 'heat' })
  recorder.record(NOW + 1000)
  recorder.restart({ job: 'a' })
  recorder.record(NOW + 2000)
  t.strictSame(read(), [
    [{ job: 'a', __name__: 'hits_total' }, [3, 4, 0]],
    [{ __name__: 'heat' }, [21, null]]
  ])
})

t.test('a histogram is cumulative, with the executor\'s bounds', async t => {
  const { recorder, store } = await start(t)
  for (const value of [0.004, 0.3, 42]) recorder.observe('took_seconds', { code: '200' }, value)
  recorder.record(NOW)
  const found = store.select([]).map(({ labels, samples }) => `${labels['__name__'] ?? ''} ${labels['le'] ?? ''} ${samples[0]?.value ?? ''}`)
  t.strictSame(found, [
    ...['0.005', '0.01', '0.025', '0.05', '0.1', '0.25'].map(le => `took_seconds_bucket ${le} 1`),
    ...['0.5', '1', '2.5', '5', '10'].map(le => `took_seconds_bucket ${le} 2`),
    'took_seconds_bucket +Inf 3', 'took_seconds_sum  42.304', 'took_seconds_count  3'
  ])
})

t.test('the text format is read, and nonsense is refused', async t => {
  const text = '# HELP a b\n# TYPE a counter\na_total{x="1,}",y="q\\"\\n"} 5\nb 1e-3 1700000000000\n\nc{} NaN\nd{x="z",} +Inf'
  t.strictSame(parseExposition(text), [
    { labels: { x: '1,}', y: 'q"\n', __name__: 'a_total' }, value: 5 },
    { labels: { __name__: 'b' }, value: 0.001 },
    { labels: { __name__: 'c' }, value: NaN },
    { labels: { x: 'z', __name__: 'd' }, value: Infinity }
  ])
  t.throws(() => parseExposition('<html>'), /not a sample/)
  t.throws(() => parseExposition('a{x=1} 2'), /not a label list/)
})

t.test('a scraped target goes stale when it goes away', async t => {
  const { scraper, store } = await start(t)
  const target = createServer((_request, response) => { response.end('jobs_total{kind="x"} 7\n') })
  await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(target.address() as AddressInfo).port}`
  const scrape = scraper({ url: `http://${host}/metrics`, labels: { job: 'sluice' } })
  await scrape.scrape(NOW)
  target.closeAllConnections()
  await new Promise(resolve => target.close(resolve))
  await scrape.scrape(NOW + 1000)
  t.strictSame(store.select([]).map(({ labels, samples }) => [labels, samples.map(sample => sample.value)]), [
    [{ kind: 'x', __name__: 'jobs_total', instance: host, job: 'sluice' }, [7, null]],
    [{ __name__: 'up', instance: host, job: 'sluice' }, [1, 0]]
  ])
})
