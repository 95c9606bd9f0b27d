// The PromQL of each backend: what is asked about a batch of canaries, and how the answer's labels are read.
import type { MetricSource } from './config.ts'
import type { Pair } from './measurement.ts'
import { anyOf } from './promql.ts'

/** One canary as it is asked about. */
export type Target = { uid: string, namespace: string, name: string, predictors: Pair<string> }

/** The four grouped queries. Each gives one series for every (namespace, object, predictor), `buckets` one for every `le` of them. */
export type Queries = { requests: string, errors: string, sum: string, buckets: string }

/** What a backend has to offer. A new backend is one more of these, and one more case in backendOf. */
export type Backend = {
  queries: (targets: Target[], range: string) => Queries
  /** The key of the predictor that a series is about, as keyOf makes it; undefined for a series of none. */
  keyOfSeries: (labels: Record<string, string>) => string | undefined
}

/** Most names in one regular expression: 500 took Prometheus 151 ms for p95, all 10,000 at once seconds. */
export const BATCH_SIZE = 500

/** Separator that occurs in no Kubernetes name. */
export function keyOf (namespace: string, name: string, predictor: string): string {
  return `${namespace}/${name}/${predictor}`
}

/** The backend that a provider's configuration chooses. */
export function backendOf (source: MetricSource): Backend {
  switch (source.backend) {
    case 'SeldonExecutor': return makeSeldonExecutor(source.labels)
    default: return source.backend satisfies never
  }
}

const HISTOGRAM = 'seldon_api_executor_server_requests_seconds'

/**
 * Seldon Core v1's executor: one histogram by deployment, predictor, status code and `service`, of which "predictions" are requests and the rest is
 * probes, feedback and metadata. Errors are 5xx: a 4xx is the caller's mistake and counts as a request that was answered. Latency is of all requests.
 */
function makeSeldonExecutor (labels: MetricSource['labels']): Backend {
  const by = `${labels.namespace}, deployment_name, predictor_name`
  return {
    queries (targets, range) {
      const which = [
        `${labels.service}="predictions"`,
        anyOf(labels.namespace, targets.map(({ namespace }) => namespace)),
        anyOf('deployment_name', targets.map(({ name }) => name))
      ].join(',')
      return {
        requests: `sum by (${by}) (${counted(`${HISTOGRAM}_count{${which}}[${range}]`)})`,
        errors: `sum by (${by}) (${counted(`${HISTOGRAM}_count{${which},code=~"5.."}[${range}]`)})`,
        sum: `sum by (${by}) (${counted(`${HISTOGRAM}_sum{${which}}[${range}]`)})`,
        buckets: `sum by (${by}, le) (${counted(`${HISTOGRAM}_bucket{${which}}[${range}]`)})`
      }
    },
    keyOfSeries (series) {
      const { [labels.namespace]: namespace, deployment_name: name, predictor_name: predictor } = series
      return namespace === undefined || name === undefined || predictor === undefined ? undefined : keyOf(namespace, name, predictor)
    }
  }
}

/**
 * How much a counter was seen to rise. increase() extrapolates from the samples it has to the whole look-back: n samples cover n − 1 intervals and stand
 * for n, so at 30 s scrapes and 1 minute it reports twice the requests that were counted. As evidence that is wrong, and it made the judge
 * four times as likely to claim harm where there is none; (n − 1) / n takes the extrapolation back, on average exactly.
 */
function counted (series: string): string {
  return `increase(${series}) * (1 - 1 / count_over_time(${series}))`
}
