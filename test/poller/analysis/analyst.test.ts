import t, { type Test } from 'tap'
import { formatInstant } from '../../../hooks/core/time.ts'
import { startPrometheus, type PrometheusStandIn } from '../../../playground/stand-ins/prometheus/server.ts'
import { createAnalyst, type AnalystOptions, type ObjectFact } from '../../../poller/analysis/analyst.ts'
import { parsePrometheusConfig } from '../../../poller/analysis/config.ts'
import { subjectOf } from '../../../poller/analysis/subject.ts'
import type { Model } from '../../../poller/model.ts'
import { sendJson, startServer } from '../../helpers/local-server.ts'
import { T0, makeModel } from './models.ts'

type Warnings = Array<[object, string]>

/** An analyst whose clock stands at T0 + 120 until it is moved. */
function makeAnalyst (t: Test, entries: Record<string, object>, options: Partial<AnalystOptions> = {}) {
  const clock = { seconds: T0 + 120 }
  const warnings: Warnings = []
  const providers = Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, parsePrometheusConfig(entry, `prometheus.${name}`)]))
  const analyst = createAnalyst({
    providers,
    now: () => clock.seconds,
    logger: { debug: () => {}, warn: (fields, message) => { warnings.push([fields, message]) } },
    resilience: { retries: 0 },
    // Whoever does not wait is tested by name.
    patience: 60_000,
    ...options
  })
  t.teardown(() => analyst.close())
  return { analyst, clock, warnings }
}

/** Its clock is `gap` seconds ahead. */
async function startStandIn (t: Test, gap = 0): Promise<PrometheusStandIn> {
  const prometheus = await startPrometheus({ now: () => (T0 + 120 + gap) * 1000 })
  t.teardown(() => prometheus.close())
  return prometheus
}

type Load = { stable: number, canary: number, gap?: number, stableErrors?: number, canaryErrors?: number, canarySeconds?: number }

/** Two minutes of requests a scrape (15 s) on both versions of these models. */
function serve ({ recorder }: PrometheusStandIn, models: Model[], { stable, canary, stableErrors = 0, canaryErrors = 0, canarySeconds = 0.04, gap = 0 }: Load): void {
  const observe = (labels: object, code: string, count: number, seconds: number) => {
    for (let i = 0; i < count; i++) recorder.observe('seldon_api_executor_server_requests_seconds', { ...labels, service: 'predictions', method: 'post', code }, seconds)
  }
  // The series exist from the start, so that no first sample is lost.
  for (let scrape = 0; scrape <= 8; scrape++) {
    for (const { metadata: { name, namespace = '' }, ...model } of models) {
      const { predictors } = subjectOf({ metadata: { name, namespace }, ...model })!
      const on = (predictor: string) => ({ namespace, deployment_name: name, predictor_name: predictor })
      observe(on(predictors.stable), '200', stable, 0.04)
      observe(on(predictors.stable), '500', stableErrors, 0.04)
      observe(on(predictors.canary), '200', canary, canarySeconds)
      observe(on(predictors.canary), '500', canaryErrors, canarySeconds)
    }
    recorder.record((T0 + gap + scrape * 15) * 1000)
  }
}

const outcomes = (facts: ObjectFact[]) => facts.map(({ name, fact }) => [name, fact.last.outcome, fact.last.reason])

t.test('versions alike pass, with the numbers that were counted', async (t) => {
  // Eight scrapes lie within the two minutes: seven intervals of ten requests were seen, which increase() alone would call 80.
  const prometheus = await startStandIn(t)
  const model = makeModel()
  serve(prometheus, [model], { stable: 90, canary: 10 })
  const { analyst } = makeAnalyst(t, { default: { url: prometheus.url } })
  const metric = (name: string, value: number, limit: string) => ({ name, stable: value, canary: value, limit, requests: 70, outcome: 'Passed' })
  t.strictSame(await analyst.check([model]), [{
    uid: 'uid-models-bank-churn',
    namespace: 'models',
    name: 'bank-churn',
    fact: {
      rollout: 'v8-abc123-1',
      step: 1,
      stepStartedAt: formatInstant(T0),
      passed: 1,
      failed: 0,
      inconclusive: 0,
      errors: 0,
      undecided: 0,
      streak: { outcome: 'Passed', count: 1 },
      last: {
        at: formatInstant(T0 + 120),
        outcome: 'Passed',
        reason: 'WithinLimits: no metric is beyond its limit',
        metrics: [metric('latency-p95', 0.04875, '+5%'), metric('latency-mean', 0.04, '+5%'), metric('error-rate', 0, '+2 points')]
      }
    }
  }])
  t.equal(prometheus.queries.length, 4)
})

t.test('many canaries share four queries, and each gets its own verdict', async (t) => {
  const prometheus = await startStandIn(t)
  const [good, bad, slow, idle, elsewhere] = ['good', 'bad', 'slow', 'idle'].map((name) => makeModel({ name })).concat(makeModel({ name: 'good', namespace: 'other' })) as [Model, Model, Model, Model, Model]
  serve(prometheus, [good], { stable: 90, canary: 10 })
  serve(prometheus, [bad], { stable: 90, canary: 5, canaryErrors: 5 })
  serve(prometheus, [slow], { stable: 90, canary: 10, canarySeconds: 0.2 })
  serve(prometheus, [elsewhere], { stable: 90, canary: 1 })
  const { analyst, warnings } = makeAnalyst(t, { default: { url: prometheus.url } })
  t.strictSame(outcomes(await analyst.check([good, bad, slow, idle, elsewhere])), [
    ['good', 'Passed', 'WithinLimits: no metric is beyond its limit'],
    ['bad', 'Failed', 'MetricBeyondLimit: error-rate'],
    ['slow', 'Failed', 'MetricBeyondLimit: latency-p95, latency-mean'],
    ['idle', 'Inconclusive', 'NotEnoughTraffic: latency-p95, latency-mean, error-rate: the canary version has had fewer than 20 requests within the look-back'],
    ['good', 'Inconclusive', 'NotEnoughTraffic: latency-p95, latency-mean, error-rate: the canary version has had fewer than 20 requests within the look-back']
  ])
  t.equal(prometheus.queries.length, 4)
  t.strictSame(warnings, [])
})

t.test('a Prometheus whose clock is wrong by ten minutes is asked in its own time, and by the second query at the latest', async (t) => {
  for (const gap of [-600, 600]) {
    const prometheus = await startStandIn(t, gap)
    const model = makeModel()
    serve(prometheus, [model], { stable: 90, canary: 10, gap })
    const { analyst, clock } = makeAnalyst(t, { default: { url: prometheus.url } })
    const [found] = await analyst.check([model])
    t.match(found?.fact, { passed: 1, last: { at: formatInstant(T0 + 120), outcome: 'Passed', metrics: [{ requests: 70 }] } }, `${gap} s: what is told is by the API server`)
    const asked = prometheus.queries.length
    clock.seconds += 1
    await analyst.check([makeModel({ name: 'another' })])
    t.equal(prometheus.queries.length - asked, 4, 'and then every query is asked once')
  }
})

t.test('a canary that has answered nothing but errors fails', async (t) => {
  const prometheus = await startStandIn(t)
  const model = makeModel()
  serve(prometheus, [model], { stable: 90, canary: 0, canaryErrors: 10 })
  const { analyst } = makeAnalyst(t, { default: { url: prometheus.url } })
  const [found] = await analyst.check([model])
  t.strictSame(found?.fact.last.metrics.find(({ name }) => name === 'error-rate'), { name: 'error-rate', stable: 0, canary: 100, limit: '+2 points', requests: 70, outcome: 'Failed' })
})

t.test('more than 500 canaries are asked about in batches', async (t) => {
  const asked: string[] = []
  const server = await startServer(t, (r, { body }) => {
    asked.push(new URLSearchParams(body).get('query') ?? '')
    r.setHeader('date', new Date((T0 + 120) * 1000).toUTCString())
    sendJson(r, { status: 'success', data: { resultType: 'vector', result: [] } })
  })
  const models = Array.from({ length: 501 }, (_, i) => makeModel({ name: `m${i}`, analysis: { metrics: [{ name: 'error-rate', maxIncrease: '2%' }] } }))
  const { analyst } = makeAnalyst(t, { default: { url: server.url } })
  const facts = await analyst.check(models)
  t.equal(facts.length, 501)
  t.strictSame(asked.map((query) => /deployment_name=~"([^"]*)"/.exec(query)?.[1]?.split('|').length).sort(), [1, 1, 500, 500], 'two queries a batch: nobody judges latency')
})

t.test('a failing Prometheus is an Error for all, never a zero', async (t) => {
  const prometheus = await startStandIn(t)
  const models = [makeModel({ name: 'a' }), makeModel({ name: 'b' })]
  serve(prometheus, models, { stable: 90, canary: 10 })
  const { analyst, warnings } = makeAnalyst(t, { default: { url: prometheus.url } })
  prometheus.setFailure({ errorType: 'timeout', error: 'query timed out' } as never)
  const facts = await analyst.check(models)
  t.strictSame(facts.map(({ name, fact }) => [name, fact.last.outcome, fact.errors, fact.last.metrics.every(({ stable, canary }) => stable === null && canary === null)]), [['a', 'Error', 1, true], ['b', 'Error', 1, true]])
  t.match(facts[0]?.fact.last.reason, /^MetricsUnavailable: .*query timed out/)
  t.strictSame(warnings, [])
})

t.test('a Prometheus that hangs holds up nobody\'s checks but its own', async (t) => {
  const prometheus = await startStandIn(t)
  const good = makeModel({ name: 'good' })
  serve(prometheus, [good], { stable: 90, canary: 10 })
  const held: Array<() => void> = []
  const hanging = await startServer(t, (r) => { held.push(() => { sendJson(r, { status: 'success', data: { resultType: 'vector', result: [] } }) }) })
  const slow = makeModel({ name: 'slow', analysis: { provider: 'hanging' } })
  const unmeasured = makeModel({ name: 'unmeasured', analysis: { provider: 'hanging', enabled: false } })
  const { analyst, clock } = makeAnalyst(t, { default: { url: prometheus.url }, hanging: { url: hanging.url, timeout: '1h' } }, { patience: 100 })

  const found: string[] = []
  const look = async (...models: Model[]) => { found.push(...(await analyst.check(models)).map(({ name, fact }) => `${name} ${fact.last.outcome}`)) }
  // On a machine with other work the good answers may come with a later look.
  while (found.length < 2) await look(good, slow, unmeasured)
  t.strictSame(found.splice(0).sort(), ['good Passed', 'unmeasured Passed'])
  t.ok(analyst.nextDue([good, slow]) <= 1000, 'comes back for what is late')

  clock.seconds = T0 + 130
  // A wish for another provider does not bring a second check of the same object beside the first.
  const moved = makeModel({ name: 'slow' })
  const asked = held.length
  while (found.length < 1) await look(good, moved)
  t.strictSame(found.splice(0), ['good Passed'])
  t.equal(held.length, asked, 'and the one that hangs is not asked again meanwhile')

  while (found.length < 1) {
    for (const answer of held.splice(0)) answer()
    await look(slow)
  }
  t.strictSame(found, ['slow Inconclusive'], 'its results come when they come')
})

t.test('one query that fails spoils only the metrics that need it', async (t) => {
  const server = await startServer(t, (r, { body }) => {
    const query = new URLSearchParams(body).get('query') ?? ''
    const { predictors } = subjectOf(makeModel())!
    const series = (predictor: string, value: number) => ({ metric: { namespace: 'models', deployment_name: 'bank-churn', predictor_name: predictor }, value: [1, String(value)] })
    if (query.includes('_bucket')) return sendJson(r, { status: 'error', errorType: 'execution', error: 'too many samples' }, 422)
    sendJson(r, { status: 'success', data: { resultType: 'vector', result: query.includes('5..') ? [series(predictors.canary, 400)] : [series(predictors.stable, 900), series(predictors.canary, 500)] } })
  })
  const { analyst } = makeAnalyst(t, { default: { url: server.url } })
  const [found] = await analyst.check([makeModel()])
  t.strictSame(found?.fact.last.metrics.map(({ name, outcome }) => [name, outcome]), [['latency-p95', 'Error'], ['latency-mean', 'Error'], ['error-rate', 'Failed']])
  t.equal(found?.fact.last.outcome, 'Failed')
})

t.test('warnings make a check Inconclusive', async (t) => {
  const prometheus = await startStandIn(t)
  const model = makeModel()
  serve(prometheus, [model], { stable: 90, canary: 10 })
  prometheus.setWarnings(['store s1 is down'])
  const { analyst } = makeAnalyst(t, { default: { url: prometheus.url } })
  t.strictSame(outcomes(await analyst.check([model])), [['bank-churn', 'Inconclusive', 'PartialData: latency-p95, latency-mean, error-rate: store s1 is down']])
})

t.test('a Prometheus that knows no canary at all is warned of once', async (t) => {
  const prometheus = await startStandIn(t)
  const model = makeModel()
  const { analyst, clock, warnings } = makeAnalyst(t, { default: { url: prometheus.url } })
  for (const seconds of [120, 130, 140]) {
    clock.seconds = T0 + seconds
    t.equal((await analyst.check([model]))[0]?.fact.last.outcome, 'Inconclusive')
  }
  t.match(warnings, [[{ provider: 'default', canaries: 1 }, /check that the serving pods are scraped/]])
  t.equal(warnings.length, 1)
})

t.test('an object is checked without a measurement', async (t) => {
  const entry = { url: 'http://127.0.0.1:1', namespaces: ['models'] }
  const rows: Array<{ name: string, model: Model, want: RegExp, outcome: string }> = [
    { name: 'and passes when analysis is off', model: makeModel({ analysis: { enabled: false } }), outcome: 'Passed', want: /^AnalysisDisabled/ },
    { name: 'and is refused outside of the namespaces of the provider', model: makeModel({ namespace: 'other' }), outcome: 'Error', want: /^ProviderRefused: objects in namespace other may not use Prometheus default/ },
    { name: 'and is refused without such a provider', model: makeModel({ analysis: { provider: 'nope' } }), outcome: 'Error', want: /^ProviderUnknown: there is no Prometheus nope/ }
  ]
  for (const { name, model, outcome, want } of rows) {
    const { analyst } = makeAnalyst(t, { default: entry })
    const [found] = await analyst.check([model])
    t.ok(found?.fact.last.outcome === outcome && want.test(found.fact.last.reason), `${name}: ${found?.fact.last.reason}`)
  }
})

t.test('queries of their own', async (t) => {
  const custom = (query: string, limits: object = { max: '0.2' }) => makeModel({ analysis: { metrics: [{ name: 'drift', query, ...limits }] } })
  const drift = 'avg(drift{predictor="{predictor}",namespace="{namespace}"})'
  const rows: Array<{ name: string, model: Model, customQueries?: boolean, values?: Array<[object, number]>, want: RegExp, outcome: string }> = [
    { name: 'are judged by their number', model: custom(drift), values: [[{}, 0.1]], outcome: 'Passed', want: /^WithinLimits/ },
    { name: 'fail beyond their maximum', model: custom(drift), values: [[{}, 0.3]], outcome: 'Failed', want: /^MetricBeyondLimit: drift/ },
    { name: 'are refused unless the provider allows them', model: custom(drift), customQueries: false, outcome: 'Error', want: /^QueriesNotAllowed: drift/ },
    { name: 'are refused without {namespace}', model: custom('avg(drift)'), outcome: 'Error', want: /^QueryWithoutNamespace: drift/ },
    { name: 'must give one series', model: custom('drift{predictor="{predictor}",namespace="{namespace}"}'), values: [[{ pod: 'a' }, 0.1], [{ pod: 'b' }, 0.1]], outcome: 'Error', want: /^SeveralSeries: drift/ },
    { name: 'without a value are Inconclusive', model: custom(drift), outcome: 'Inconclusive', want: /^NoData: drift: the query has no value for the stable version/ },
    { name: 'that divide by nothing are Inconclusive', model: custom(`${drift} / 0`), values: [[{}, 0.1]], outcome: 'Inconclusive', want: /^NotANumber: drift/ },
    { name: 'with a mistake are an Error at once', model: custom('avg(drift{namespace="{namespace}"}'), outcome: 'Error', want: /^QueryInvalid: drift: default: custom: answered 400: / }
  ]
  for (const { name, model, customQueries = true, values = [], outcome, want } of rows) {
    t.test(name, async (t) => {
      const prometheus = await startStandIn(t)
      for (const predictor of Object.values(subjectOf(model)!.predictors)) for (const [labels, value] of values) prometheus.recorder.set('drift', { predictor, namespace: 'models', ...labels }, value)
      serve(prometheus, [model], { stable: 90, canary: 10 })
      const { analyst } = makeAnalyst(t, { default: { url: prometheus.url, customQueries } })
      const [found] = await analyst.check([model])
      t.ok(found?.fact.last.outcome === outcome && want.test(found.fact.last.reason), String(found?.fact.last.reason))
    })
  }
})

t.test('checks over time', async (t) => {
  const disabled = (options = {}) => makeModel({ analysis: { enabled: false }, ...options })

  t.test('are done once an interval, even when the object is shown as it was before', async (t) => {
    const { analyst, clock } = makeAnalyst(t, {})
    const passed: number[] = []
    for (const seconds of [120, 121, 129, 130, 131, 140]) {
      clock.seconds = T0 + seconds
      passed.push(...(await analyst.check([disabled()])).map(({ fact }) => fact.passed))
    }
    t.strictSame(passed, [1, 2, 3])
  })

  t.test('go on from the annotation after a restart', async (t) => {
    const first = makeAnalyst(t, {})
    const [found] = await first.analyst.check([disabled()])
    const second = makeAnalyst(t, {})
    second.clock.seconds = T0 + 130
    const [next] = await second.analyst.check([disabled({ fact: found!.fact })])
    t.strictSame([next?.fact.passed, next?.fact.streak], [2, { outcome: 'Passed', count: 2 }])
  })

  t.test('wait for the initial delay', async (t) => {
    const { analyst, clock } = makeAnalyst(t, {})
    clock.seconds = T0 + 59
    t.strictSame(await analyst.check([disabled()]), [])
    t.equal(analyst.nextDue([disabled()]), 1000)
  })

  t.test('tell when the next is due', async (t) => {
    const { analyst, clock } = makeAnalyst(t, {})
    t.equal(analyst.nextDue([]), Infinity)
    t.equal(analyst.nextDue([makeModel({ rolloutStatus: { stage: 'Loading' } })]), Infinity)
    t.equal(analyst.nextDue([disabled()]), 0)
    await analyst.check([disabled()])
    clock.seconds = T0 + 124
    t.equal(analyst.nextDue([disabled()]), 6000)
  })

  t.test('come with the second that they are due in, not up to one later', async (t) => {
    const { analyst, clock } = makeAnalyst(t, {})
    clock.seconds = T0 + 120.75
    const [found] = await analyst.check([disabled()])
    t.equal(found?.fact.last.at, formatInstant(T0 + 120))
    t.equal(analyst.nextDue([disabled()]), 9250)
    clock.seconds = T0 + 130.25
    t.strictSame((await analyst.check([disabled()])).map(({ fact }) => fact.passed), [2])
    const odd = disabled({ name: 'odd', analysis: { enabled: false, interval: '1500ms' } })
    await analyst.check([odd])
    t.equal(analyst.nextDue([odd]), 1750, 'a check in the middle of a second waits for the next, for it counts whole ones')
  })

  t.test('that outlast their step do not count', async (t) => {
    const model = disabled()
    const { analyst } = makeAnalyst(t, {}, { latest: () => disabled({ rolloutStatus: { step: 2 } }) })
    t.strictSame(await analyst.check([model]), [])
  })

  t.test('that outlast their rollout do not count', async (t) => {
    const { analyst } = makeAnalyst(t, {}, { latest: () => disabled({ rolloutStatus: { stage: 'Unwinding' } }) })
    t.strictSame(await analyst.check([disabled()]), [])
  })

  t.test('do not happen before the time is known', async (t) => {
    const { analyst, clock } = makeAnalyst(t, {})
    clock.seconds = NaN
    t.strictSame(await analyst.check([disabled()]), [])
    t.equal(analyst.nextDue([disabled()]), 1000)
  })
})
