// The series that both the stand-in and a real Prometheus were asked about; see README.md here.
import type { Labels } from '../../../../playground/stand-ins/prometheus/labels.ts'
import { metricLabels } from '../../../../playground/stand-ins/prometheus/series-store.ts'

/** Start of all series, milliseconds; samples lie at START + k × 15 s unless said otherwise. */
export const START = 1_700_000_000_000
const STEP = 15_000
const LAST = 60

export interface Recorded {
  readonly labels: Labels
  /** [milliseconds since START, value]; null is a staleness marker. */
  readonly samples: ReadonlyArray<readonly [number, number | null]>
}

function every (labels: Labels, value: (k: number) => number | null, from = 0, to = LAST): Recorded {
  const samples: Array<readonly [number, number | null]> = []
  for (let k = from; k <= to; k++) samples.push([k * STEP, value(k)])
  return { labels, samples }
}

const EXECUTOR = 'seldon_api_executor_server_requests_seconds'
const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf']

function predictor (name: string): Labels {
  return { namespace: 'models', deployment_name: 'churn', predictor_name: name, service: 'predictions', method: 'post' }
}

// `share[i]` of the requests fall into bucket i or one below it.
function histogram (name: string, rate: number, share: readonly number[], from = 0): Recorded[] {
  const labels = { ...predictor(name), code: '200' }
  const total = (k: number): number => rate * (k - from)
  return [
    ...BOUNDS.map((le, i) => every(metricLabels(`${EXECUTOR}_bucket`, { ...labels, le }), k => Math.floor(total(k) * (share[i] ?? 1)), from)),
    every(metricLabels(`${EXECUTOR}_count`, labels), total, from),
    every(metricLabels(`${EXECUTOR}_sum`, labels), k => total(k) * 0.0625, from)
  ]
}

const RESETS = [5, 12, 30, 3, 9, 9, 0, 14]

/** Every recorded series. */
export const SERIES: readonly Recorded[] = [
  ...histogram('stable', 40, [0, 0.1, 0.4, 0.7, 0.9, 0.96, 0.99, 0.995, 1]),
  ...histogram('canary', 7, [0, 0, 0.1, 0.3, 0.6, 0.85, 0.9, 0.93, 0.97, 0.98, 0.99], 20),
  ...histogram('idle', 0, []),
  every(metricLabels(`${EXECUTOR}_count`, { ...predictor('stable'), code: '500' }), k => Math.floor(k / 7)),
  every(metricLabels(`${EXECUTOR}_count`, { ...predictor('broken'), code: '503' }), k => k * 3, 30),
  every(metricLabels(`${EXECUTOR}_count`, { ...predictor('stable'), service: 'status', code: '200' }), k => k * 2),
  every(metricLabels('resets_total', { job: 'a' }), k => RESETS[k % RESETS.length] as number),
  every(metricLabels('born_total', { job: 'late' }), k => 100 + k, 50),
  every(metricLabels('born_total', { job: 'zero' }), k => k - 50, 50),
  every(metricLabels('young_total', { job: 'a' }), k => 0.8 + (k - 50), 50),
  every(metricLabels('lonely_total', { job: 'one' }), () => 5, LAST, LAST),
  every(metricLabels('stale_total', { job: 'marked' }), k => k === 40 ? null : k * 4, 0, 40),
  every(metricLabels('stale_total', { job: 'back' }), k => k >= 30 && k < 36 ? null : k * 4),
  every(metricLabels('vanished_total', { job: 'unmarked' }), k => k * 2, 0, 44),
  { labels: metricLabels('uneven_total', { job: 'a' }), samples: [[1_000, 2], [48_500, 11], [61_000, 13], [200_000, 30], [340_700, 31], [780_000, 90]] },
  every(metricLabels('temperature', { room: 'a', floor: '1' }), k => 20 + (k % 5)),
  every(metricLabels('temperature', { room: 'b', floor: '1' }), k => 25 - (k % 3)),
  every(metricLabels('temperature', { room: 'c', floor: '2' }), () => NaN),
  every(metricLabels('temperature', { room: 'd', floor: '2' }), () => -4.5),
  every(metricLabels('capacity', { floor: '1' }), () => 10),
  every(metricLabels('capacity', { floor: '2' }), () => 0),
  every(metricLabels('extreme', { kind: 'plus' }), () => Infinity),
  every(metricLabels('extreme', { kind: 'minus' }), () => -Infinity),
  every(metricLabels('extreme', { kind: 'large' }), () => 1.5e21),
  every(metricLabels('extreme', { kind: 'small' }), () => 2.5e-7),
  every(metricLabels('extreme', { kind: 'zero' }), () => 0),
  ...['0.1', '0.5', '2'].map((le, i) => every(metricLabels('headless_bucket', { le }), k => k * (i + 1))),
  ...['0.1', '0.2', '0.5', '+Inf'].map((le, i) => every(metricLabels('crooked_bucket', { le }), k => k * ([3, 2, 6, 8][i] as number))),
  ...['-1', '0', '1', '+Inf'].map((le, i) => every(metricLabels('negative_bucket', { le }), k => k * ([3, 4, 6, 8][i] as number)))
]
