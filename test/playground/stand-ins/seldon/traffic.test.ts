// The traffic generator: who gets requests, and what Prometheus then answers about them.
import t from 'tap'

import { answerQuery } from '../../../../playground/stand-ins/prometheus/query.ts'
import { createRecorder } from '../../../../playground/stand-ins/prometheus/recorder.ts'
import { createSeriesStore } from '../../../../playground/stand-ins/prometheus/series-store.ts'
import { createRandom } from '../../../../playground/stand-ins/seldon/random.ts'
import { createTraffic } from '../../../../playground/stand-ins/seldon/traffic.ts'
import type { Behaviour, Traffic } from '../../../../playground/stand-ins/seldon/traffic.ts'
import { predictor, startLife } from './life.ts'
import type { Life } from './life.ts'

const MODELS: Record<string, Behaviour> = {
  1: { errorShare: 0, median: 0.08, spread: 0.3 },
  2: { errorShare: 0.2, median: 0.3, spread: 0.3 }
}

interface Bench {
  life: Life
  traffic: Traffic
  run (seconds: number): void
  ask (query: string): Record<string, number>
  labels (query: string): Array<Record<string, string>>
}

function setUp (rate: number, seed = 7): Bench {
  const life = startLife([predictor('v1', 75), predictor('v2', 25)])
  life.settle()
  const store = createSeriesStore()
  const traffic = createTraffic({
    namespace: 'models',
    deployment: 'bank',
    world: () => life.world,
    recorder: createRecorder(store),
    behaviour: version => MODELS[version] as Behaviour,
    rate,
    seed,
    scrapeInterval: 5000,
    start: life.now
  })
  function query (query: string): Array<{ metric: Record<string, string>, value: [number, string] }> {
    const { body } = answerQuery({ query }, { store, release: 3, now: () => life.now, warnings: [], failure: undefined })
    return (body.data as { result: Array<{ metric: Record<string, string>, value: [number, string] }> }).result
  }

  return {
    life,
    traffic,
    labels: text => query(text).map(({ metric }) => metric),
    run (seconds) {
      for (let i = 0; i < seconds; i++) { life.wait(1000); traffic.advance(life.now) }
    },
    ask: text => Object.fromEntries(query(text).map(({ metric, value }) => [metric['predictor_name'] ?? '', Number(Number(value[1]).toPrecision(3))]))
  }
}

const X = 'seldon_api_executor_server_requests_seconds'

t.test('the same seed gives the same requests', async t => {
  const [first, second, other] = [setUp(20), setUp(20), setUp(20, 8)]
  for (const bench of [first, second, other]) bench.run(60)
  t.strictSame(first.traffic.sent, second.traffic.sent)
  t.notSame(first.traffic.sent, other.traffic.sent)
})

t.test('requests follow the applied weights, not the wanted ones', async t => {
  const bench = setUp(50)
  bench.run(100)
  const { v1 = 0, v2 = 0 } = bench.traffic.sent
  t.ok(Math.abs(v2 / (v1 + v2) - 0.25) < 0.03, `${v2} of ${v1 + v2}`)
  bench.life.kill('v2', 'all')
  bench.life.set(predictor('v1', 100), predictor('v2', 0))
  bench.run(10)
  t.ok((bench.traffic.sent['unreachable'] ?? 0) > 80, 'a quarter still goes to the dead pods')
})

t.test('Prometheus sees count, errors and latency of each version', async t => {
  const bench = setUp(50)
  bench.run(300)
  const count = bench.ask(`sum by (predictor_name) (increase(${X}_count{service="predictions",namespace="models",deployment_name="bank"}[2m]))`)
  t.ok(Math.abs((count['v1'] ?? 0) - 4500) < 300, String(count['v1']))
  const errors = bench.ask(`sum by (predictor_name) (rate(${X}_count{code=~"5.."}[2m])) / sum by (predictor_name) (rate(${X}_count[2m]))`)
  t.ok(Math.abs((errors['v2'] ?? 0) - 0.2) < 0.05, String(errors['v2']))
  t.equal(errors['v1'], undefined)
  const mean = bench.ask(`sum by (predictor_name) (rate(${X}_sum[2m])) / sum by (predictor_name) (rate(${X}_count[2m]))`)
  t.ok(Math.abs((mean['v1'] ?? 0) - 0.0837) < 0.004, String(mean['v1']))
  const p95 = bench.ask(`histogram_quantile(0.95, sum by (predictor_name, le) (rate(${X}_bucket[2m])))`)
  t.ok((p95['v1'] ?? 0) > 0.1 && (p95['v1'] ?? 1) < 0.25, String(p95['v1']))
  t.ok((p95['v2'] ?? 0) > 0.45 && (p95['v2'] ?? 1) < 0.55, String(p95['v2']))
})

t.test('series carry the executor\'s labels and no more', async t => {
  const bench = setUp(50)
  bench.run(10)
  t.strictSame(bench.labels(`${X}_count{predictor_name="v1"}`), [{
    __name__: `${X}_count`, namespace: 'models', deployment_name: 'bank', predictor_name: 'v1', predictor_version: '1', service: 'predictions', method: 'post', code: '200'
  }])
  t.strictSame(bench.labels(`${X}_bucket{predictor_name="v1"}`).map(labels => labels['le']),
    ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'])
})

t.test('a removed predictor goes stale at the next scrape', async t => {
  const bench = setUp(50)
  bench.run(30)
  bench.life.set(predictor('v1', 100))
  bench.run(11)
  t.strictSame(Object.keys(bench.ask(`sum by (predictor_name) (${X}_count)`)), ['v1'])
})

t.test('new pods count from 0, which rate takes for a reset', async t => {
  const bench = setUp(50)
  bench.run(60)
  bench.life.set(predictor('v1', 75, { graph: { name: 'model', implementation: 'MLFLOW_SERVER', modelUri: 's3://models/other' } }), predictor('v2', 25))
  const before = bench.ask(`sum by (predictor_name) (${X}_count)`)['v1'] ?? 0
  bench.run(20)
  t.ok((bench.ask(`sum by (predictor_name) (${X}_count)`)['v1'] ?? Infinity) < before)
  t.ok((bench.ask(`sum by (predictor_name) (increase(${X}_count[30s]))`)['v1'] ?? 0) > 500)
})

t.test('the rate can be changed, and 0 is silence', async t => {
  const bench = setUp(50)
  bench.run(10)
  bench.traffic.setRate(0)
  const before = { ...bench.traffic.sent }
  bench.run(60)
  t.strictSame(bench.traffic.sent, before)
  bench.traffic.setRate(50)
  bench.run(10)
  t.notSame(bench.traffic.sent, before)
})

t.test('random numbers have the moments they should have', async t => {
  const random = createRandom(1)
  const mean = (next: () => number): number => Array.from({ length: 20_000 }, next).reduce((sum, value) => sum + value, 0) / 20_000
  t.ok(Math.abs(mean(random.uniform) - 0.5) < 0.01)
  t.ok(Math.abs(mean(random.exponential) - 1) < 0.03)
  t.ok(Math.abs(mean(random.normal)) < 0.03)
  t.ok(Math.abs(mean(() => random.normal() ** 2) - 1) < 0.05)
})
