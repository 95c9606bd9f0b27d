// What the executors of many canaries would show to a scrape: two predictors each, with requests that come evenly and errors now and then.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DEFAULT_BUCKETS } from '../../playground/stand-ins/prometheus/recorder.ts'
import { EXECUTOR_METRIC } from '../../playground/stand-ins/seldon/traffic.ts'

export interface Predictor { namespace: string, deployment: string, predictor: string, version: string }

export interface Target {
  /** host:port, as a scrape configuration names it. */
  address: string
  close: () => Promise<void>
}

/** Requests a second of each predictor, and how many of them fail. */
const RATE = 50
const ERROR_SHARE = 0.005
/** Share of requests answered within each bound: a median of 60 ms. */
const WITHIN = [0, 0, 0.006, 0.3, 0.93, 0.99995, 1, 1, 1, 1, 1]
const MEAN = 0.064

/** Serves /metrics on 127.0.0.1; the counters stand where they would after traffic since the call. */
export async function exposeTraffic (predictors: Predictor[]): Promise<Target> {
  const began = Date.now()
  const makers = predictors.flatMap((predictor) => [seriesOf(predictor, '200', 1 - ERROR_SHARE), seriesOf(predictor, '500', ERROR_SHARE)])
  const server = createServer((_request, response) => {
    const seconds = (Date.now() - began) / 1000
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(makers.map((make) => make(seconds)).join(''))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => { server.closeAllConnections(); await new Promise((resolve) => { server.close(resolve) }) }
  }
}

/** The lines of one histogram after so many seconds. */
function seriesOf ({ namespace, deployment, predictor, version }: Predictor, code: string, share: number): (seconds: number) => string {
  const labels = Object.entries({ namespace, deployment_name: deployment, predictor_name: predictor, predictor_version: version, service: 'predictions', method: 'post', code, model_image: 'seldonio/mlserver', model_name: 'model', model_version: '1.6.0' })
    .map(([name, value]) => `${name}="${value}"`).join(',')
  const bounds = DEFAULT_BUCKETS.map((bound, i) => ({ line: `${EXECUTOR_METRIC}_bucket{${labels},le="${bound}"} `, within: WITHIN[i] ?? 1 }))
  return (seconds) => {
    const count = Math.floor(seconds * RATE * share)
    const buckets = bounds.map(({ line, within }) => `${line}${Math.floor(count * within)}\n`).join('')
    return `${buckets}${EXECUTOR_METRIC}_bucket{${labels},le="+Inf"} ${count}\n${EXECUTOR_METRIC}_sum{${labels}} ${(count * MEAN).toFixed(4)}\n${EXECUTOR_METRIC}_count{${labels}} ${count}\n`
  }
}
