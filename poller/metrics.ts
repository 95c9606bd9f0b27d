// All metrics of the poller: one prom-client registry, and small callbacks for the parts, which do not know prom-client.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { CallReport } from './cluster/client.ts'
import type { RequestReport } from './http/client.ts'
import type { LookOutcome } from './mlflow/references.ts'
import type { RoundReport } from './registry/observer.ts'
import type { DeliveryOutcome } from './registry/webhook.ts'
import { createRolloutMetrics, type RolloutMetrics } from './rollout-metrics.ts'
import { createServedMetrics, type ServedMetrics } from './served/metrics.ts'

export type Metrics = {
  rollouts: RolloutMetrics
  served: ServedMetrics
  onCall: (report: CallReport) => void
  onRegistryRequest: (report: RequestReport) => void
  onRegistryRound: (report: RoundReport) => void
  onDelivery: (outcome: DeliveryOutcome) => void
  onPrometheusRequest: (report: RequestReport) => void
  onReference: (outcome: LookOutcome) => void
  onRound: (report: { name: string, ok: boolean }) => void
  setLeader: (leading: boolean) => void
  /** Content type and text of /metrics. */
  contentType: string
  render: () => Promise<string>
}

export type MetricsOptions = {
  monotonic: () => number
  /** Numbers read when the metrics are: objects held, by plural. */
  objects: () => Record<string, number>
  /** Without the metrics of the Node process (for tests). */
  processMetrics?: boolean
}

const REQUEST_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const WRITES = new Set(['create', 'update', 'patch'])

/** Creates the registry and registers everything in it. */
export function createMetrics (options: MetricsOptions): Metrics {
  const register = new Registry()
  if (options.processMetrics ?? true) collectDefaultMetrics({ register })
  const registers = [register]
  const leader = new Gauge({ name: 'sluice_poller_leader', help: '1 on the poller that works, 0 on one that stands by.', registers })
  leader.set(0)
  const writes = new Counter({ name: 'sluice_api_writes_total', help: 'Writes to the API server, by verb, resource and HTTP status.', labelNames: ['verb', 'resource', 'outcome'] as const, registers })
  const calls = new Histogram({ name: 'sluice_api_request_duration_seconds', help: 'Calls to the API server; of watches, until they stand.', labelNames: ['verb', 'resource'] as const, buckets: REQUEST_BUCKETS, registers })
  registerObjects(options, register)
  return {
    rollouts: createRolloutMetrics(register),
    served: createServedMetrics(register),
    onCall ({ verb, resource, outcome, seconds }) {
      calls.observe({ verb, resource }, seconds)
      if (WRITES.has(verb)) writes.inc({ verb, resource, outcome })
    },
    onRegistryRequest: requestMetrics(options, register, { what: 'registry', whom: 'an MLflow registry' }),
    onRegistryRound: registryMetrics(options, register),
    onDelivery: deliveryMetrics(register),
    onPrometheusRequest: requestMetrics(options, register, { what: 'prometheus', whom: 'a Prometheus' }),
    onReference: referenceMetrics(register),
    onRound: roundMetrics(options, register),
    setLeader (leading) { leader.set(leading ? 1 : 0) },
    contentType: register.contentType,
    render: async () => await register.metrics()
  }
}

function registerObjects ({ objects }: MetricsOptions, register: Registry): void {
  // Registering is all that is wanted: collect() is called at every scrape.
  const gauge: Gauge<'resource'> = new Gauge({
    name: 'sluice_objects',
    help: 'Objects that the poller watches.',
    labelNames: ['resource'] as const,
    registers: [register],
    collect () { for (const [resource, count] of Object.entries(objects())) this.set({ resource }, count) }
  })
  gauge.reset()
}

function requestMetrics (options: MetricsOptions, register: Registry, { what, whom }: { what: string, whom: string }): (report: RequestReport) => void {
  const registers = [register]
  const requests = new Counter({ name: `sluice_${what}_requests_total`, help: `Requests to ${whom}, by outcome.`, labelNames: ['server', 'operation', 'outcome'] as const, registers })
  const seconds = new Histogram({ name: `sluice_${what}_request_duration_seconds`, help: `Duration of requests to ${whom}.`, labelNames: ['server', 'operation'] as const, buckets: REQUEST_BUCKETS, registers })
  const markGood = ageGauge(options, register, { name: `sluice_${what}_last_answer_age_seconds`, help: `Since ${whom} last answered.`, label: 'server' })
  return (report) => {
    const { server, operation, outcome } = report
    requests.inc({ server, operation, outcome })
    seconds.observe({ server, operation }, report.seconds)
    if (outcome === 'Answered') markGood(server)
  }
}

/** Rounds are counted for each registry; a round is good when no object was left without an answer. */
function registryMetrics (options: MetricsOptions, register: Registry): Metrics['onRegistryRound'] {
  const rounds = new Counter({ name: 'sluice_registry_rounds_total', help: 'Looks at a registry, by whether every object got an answer.', labelNames: ['server', 'kind', 'outcome'] as const, registers: [register] })
  const markGood = ageGauge(options, register, { name: 'sluice_registry_last_good_round_age_seconds', help: 'Since a registry last answered for every object that was due.', label: 'server' })
  return ({ server, kind, failed }) => {
    const ok = Object.keys(failed).length === 0
    rounds.inc({ server, kind, outcome: ok ? 'ok' : 'failed' })
    if (ok) markGood(server)
  }
}

function deliveryMetrics (register: Registry): Metrics['onDelivery'] {
  const deliveries = new Counter({ name: 'sluice_webhook_deliveries_total', help: 'Deliveries of MLflow webhooks, by what became of them.', labelNames: ['outcome'] as const, registers: [register] })
  return (outcome) => { deliveries.inc({ outcome }) }
}

function referenceMetrics (register: Registry): Metrics['onReference'] {
  const looks = new Counter({ name: 'sluice_reference_looks_total', help: 'Looks at Secrets and ConfigMaps that MLflow objects name, by what was found.', labelNames: ['outcome'] as const, registers: [register] })
  return (outcome) => { looks.inc({ outcome }) }
}

function roundMetrics (options: MetricsOptions, register: Registry): Metrics['onRound'] {
  const rounds = new Counter({ name: 'sluice_rounds_total', help: 'Rounds of the poller, by outcome.', labelNames: ['round', 'outcome'] as const, registers: [register] })
  const markGood = ageGauge(options, register, { name: 'sluice_last_good_round_age_seconds', help: 'Since the last round that ended without an error. Alert on its growth, on the leader.', label: 'round' })
  return ({ name, ok }) => {
    rounds.inc({ round: name, outcome: ok ? 'ok' : 'failed' })
    if (ok) markGood(name)
  }
}

/** A gauge of the seconds since each of its series was last marked, computed when it is scraped. */
function ageGauge ({ monotonic }: MetricsOptions, register: Registry, { name, help, label }: { name: string, help: string, label: string }): (series: string) => void {
  const marks = new Map<string, number>()
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [register],
    collect () { for (const [series, at] of marks) this.set({ [label]: series }, (monotonic() - at) / 1000) }
  })
  gauge.reset()
  return (series) => { marks.set(series, monotonic()) }
}
