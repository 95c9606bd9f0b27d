// Requests over the weights that are really applied, measured as the Seldon executor measures them.
import type { Recorder } from '../prometheus/recorder.ts'
import { createRandom } from './random.ts'
import { appliedWeights, isServing, podsOf } from './world.ts'
import type { World } from './world.ts'

/** How a model version answers. Latency is log-normal. */
export interface Behaviour {
  /** Share of requests answered with 500, 0–1. */
  readonly errorShare: number
  /** Median of the latency, seconds. */
  readonly median: number
  /** Deviation of the latency's logarithm: 0 always takes the median, 0.5 has its p95 at 2.3 medians. */
  readonly spread: number
}

export interface TrafficOptions {
  readonly namespace: string
  /** Name of the SeldonDeployment. */
  readonly deployment: string
  readonly world: () => World
  readonly recorder: Recorder
  /** By MLflow version, the predictor's annotation `version`. */
  readonly behaviour: (version: string, predictor: string) => Behaviour
  /** Requests a second, arriving as a Poisson process. */
  readonly rate: number
  readonly seed: number
  /** Milliseconds between scrapes. */
  readonly scrapeInterval: number
  /** When the traffic begins, milliseconds. */
  readonly start: number
}

export interface Traffic {
  /** Sends the requests that arrive until `time` (milliseconds) and scrapes on the way. */
  advance (time: number): void
  /** Requests so far by predictor; `unreachable` had no ready pod, or no weights were applied yet. */
  readonly sent: Readonly<Record<string, number>>
  setRate (rate: number): void
}

export const EXECUTOR_METRIC = 'seldon_api_executor_server_requests_seconds'

/** A generator of requests to one SeldonDeployment. Nothing happens until it is advanced. */
export function createTraffic (options: TrafficOptions): Traffic {
  const random = createRandom(options.seed)
  const sent: Record<string, number> = {}
  const pods = new Map<string, readonly string[]>()
  let { rate } = options
  let nextRequest = options.start + gap()
  let nextScrape = options.start + options.scrapeInterval

  function gap (): number {
    return rate > 0 ? random.exponential() / rate * 1000 : Infinity
  }

  function advance (time: number): void {
    followPods(options, pods)
    while (Math.min(nextRequest, nextScrape) <= time) {
      if (nextScrape <= nextRequest) {
        options.recorder.record(nextScrape)
        nextScrape += options.scrapeInterval
      } else {
        request()
        nextRequest += gap()
      }
    }
  }

  function request (): void {
    const world = options.world()
    const predictor = choose(appliedWeights(world), random.uniform())
    const reached = predictor !== undefined && isServing(world, predictor) ? predictor : 'unreachable'
    sent[reached] = (sent[reached] ?? 0) + 1
    if (predictor === undefined || reached === 'unreachable') return
    const version = versionOf(world, predictor)
    const { errorShare, median, spread } = options.behaviour(version, predictor)
    const code = random.uniform() < errorShare ? '500' : '200'
    const seconds = median * Math.exp(spread * random.normal())
    options.recorder.observe(EXECUTOR_METRIC, labelsOf(options, predictor, version, code), seconds)
  }

  return {
    advance,
    sent,
    setRate (wanted) {
      rate = wanted
      // A pause ends with the next scrape, which is the latest instant that is known to have passed.
      nextRequest = nextScrape - options.scrapeInterval + gap()
    }
  }
}

// A predictor whose pods are gone stops being scraped; one whose pods are all new counts from 0 again.
function followPods ({ namespace, deployment, world, recorder }: TrafficOptions, known: Map<string, readonly string[]>): void {
  const now = world()
  const labels = { namespace, deployment_name: deployment }
  for (const predictor of new Set([...known.keys(), ...Object.values(now.deployments).map(found => found.predictor)])) {
    const before = known.get(predictor) ?? []
    const pods = podsOf(now, predictor)
    const after = pods.filter(({ ready }) => ready).map(({ uid }) => uid)
    if (pods.length === 0) {
      recorder.remove({ ...labels, predictor_name: predictor })
      known.delete(predictor)
    } else if (after.length > 0) {
      known.set(predictor, after)
      if (before.length > 0 && !before.some(uid => after.includes(uid))) recorder.restart({ ...labels, predictor_name: predictor })
    }
  }
}

function choose (weights: Readonly<Record<string, number>>, uniform: number): string | undefined {
  const entries = Object.entries(weights).filter(([, weight]) => weight > 0)
  let left = uniform * entries.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [predictor, weight] of entries) {
    left -= weight
    if (left < 0) return predictor
  }
  return entries.at(-1)?.[0]
}

// The executor takes predictor_version from the predictor's annotation.
function versionOf (world: World, predictor: string): string {
  const found = Object.values(world.deployments).find(deployment => deployment.predictor === predictor)
  return found?.template.annotations['version'] ?? ''
}

function labelsOf ({ namespace, deployment }: TrafficOptions, predictor: string, version: string, code: string): Record<string, string> {
  return {
    namespace,
    deployment_name: deployment,
    predictor_name: predictor,
    predictor_version: version,
    service: 'predictions',
    method: 'post',
    code
  }
}
