import t from 'tap'
import { FACTS } from '../../hooks/core/labels.ts'
import { createMetrics, type Metrics } from '../../poller/metrics.ts'
import { makeServer } from '../../poller/server.ts'
import { CHECK, model, SERVING, STEPPING, T0 } from '../helpers/poller-model.ts'

const make = (now: () => number = () => 0): Metrics => createMetrics({ monotonic: now, objects: () => ({ mlflowmodels: 3 }), processMetrics: false })

/** The series of one metric, without comments. */
async function series (metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.render()).split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
}

t.test('a rollout shows where it stands, and disappears with its object', async (t) => {
  const metrics = make()
  metrics.rollouts.observe(undefined, model(SERVING), T0)
  t.same(await series(metrics, 'sluice_rollout_info'), ['sluice_rollout_info{namespace="models",name="churn",model="churn",alias="champion",phase="Healthy",stable="7",canary="",stage=""} 1'])
  metrics.rollouts.observe(model(SERVING), model(STEPPING), T0)
  t.same(await series(metrics, 'sluice_rollout_info'), ['sluice_rollout_info{namespace="models",name="churn",model="churn",alias="champion",phase="Progressing",stable="7",canary="8",stage="Stepping"} 1'])
  t.same(await series(metrics, 'sluice_rollout_weight'), ['sluice_rollout_weight{namespace="models",name="churn"} 10'])
  metrics.rollouts.observe(model(STEPPING), undefined, T0)
  t.same([...await series(metrics, 'sluice_rollout_info'), ...await series(metrics, 'sluice_rollout_weight')], [])
})

t.test('who leads no more shows no rollouts', async (t) => {
  const metrics = make()
  metrics.rollouts.observe(undefined, model(STEPPING), T0)
  metrics.rollouts.forgetAll()
  t.same(await series(metrics, 'sluice_rollout_weight'), [])
})

t.test('an end is counted once, with its duration, and a state found at the start is none', async (t) => {
  const metrics = make()
  const ended = model({ ...SERVING, counter: 40, lastOutcome: 'Aborted' })
  const count = async () => (await series(metrics, 'sluice_rollout_outcomes_total')).filter((line) => !line.endsWith(' 0'))
  metrics.rollouts.observe(undefined, ended, T0)
  t.same(await count(), [])
  metrics.rollouts.observe(model(STEPPING), ended, T0 + 400)
  metrics.rollouts.observe(ended, model(STEPPING), T0 + 401)
  metrics.rollouts.observe(model(STEPPING), ended, T0 + 402)
  t.same(await count(), ['sluice_rollout_outcomes_total{outcome="Aborted"} 1'])
  t.same(await series(metrics, 'sluice_rollout_duration_seconds_sum'), ['sluice_rollout_duration_seconds_sum{outcome="Aborted"} 400'])
})

t.test('checks, requests, calls and rounds are counted', async (t) => {
  let now = 0
  const metrics = make(() => now)
  metrics.rollouts.countFact(FACTS.analysis, CHECK)
  metrics.onRegistryRequest({ server: 'default', operation: 'search', outcome: 'Answered', seconds: 0.2 })
  metrics.onPrometheusRequest({ server: 'default', operation: 'query', outcome: 'Unreachable', seconds: 8 })
  metrics.onCall({ verb: 'patch', resource: 'mlflowmodels', outcome: '200', seconds: 0.01 })
  metrics.onCall({ verb: 'list', resource: 'mlflowmodels', outcome: '200', seconds: 0.01 })
  metrics.onRegistryRound({ server: 'default', workspace: '', kind: 'Scan', objects: 3, failed: {}, seconds: 1 })
  metrics.onRound({ name: 'clock', ok: true })
  metrics.onRound({ name: 'analysis', ok: false })
  metrics.onDelivery('Accepted')
  metrics.setLeader(true)
  now = 90_000
  const text = await metrics.render()
  for (const line of [
    'sluice_analysis_checks_total{outcome="Passed"} 1',
    'sluice_analysis_checks_total{outcome="Failed"} 0',
    'sluice_registry_requests_total{server="default",operation="search",outcome="Answered"} 1',
    'sluice_prometheus_requests_total{server="default",operation="query",outcome="Unreachable"} 1',
    'sluice_api_writes_total{verb="patch",resource="mlflowmodels",outcome="200"} 1',
    'sluice_registry_last_good_round_age_seconds{server="default"} 90',
    'sluice_last_good_round_age_seconds{round="clock"} 90',
    'sluice_rounds_total{round="analysis",outcome="failed"} 1',
    'sluice_webhook_deliveries_total{outcome="Accepted"} 1',
    'sluice_objects{resource="mlflowmodels"} 3',
    'sluice_poller_leader 1'
  ]) t.ok(text.includes(`${line}\n`), line)
  t.notMatch(text, /sluice_api_writes_total\{verb="list"/)
  t.notMatch(text, /age_seconds\{round="analysis"/, 'what never succeeded has no age')
})

t.test('metrics and probes are served', async (t) => {
  let ready = false
  const server = makeServer({ metrics: make(), isReady: () => ready })
  t.teardown(async () => { await server.close() })
  t.match(await server.inject('/metrics'), { statusCode: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ }, body: /sluice_poller_leader 0/ })
  t.match(await server.inject('/healthz'), { statusCode: 200 })
  t.match(await server.inject('/readyz'), { statusCode: 503 })
  ready = true
  t.match(await server.inject('/readyz'), { statusCode: 200 })
})
