// Requests for every SeldonDeployment there is, as long as there is one.
import type { Recorder } from '../stand-ins/prometheus/recorder.ts'
import type { SeldonOperator } from '../stand-ins/seldon/operator.ts'
import { createTraffic, type Behaviour, type Traffic } from '../stand-ins/seldon/traffic.ts'

export interface TrafficPlan {
  apiUrl: string
  /** For an API server that asks who calls [the global fetch]. */
  fetch?: typeof fetch
  seldon: Pick<SeldonOperator, 'world'>
  recorder: Recorder
  behaviour: (version: string) => Behaviour
  /** Requests a second for each SeldonDeployment. */
  rate: number
  /** Milliseconds between scrapes. */
  scrapeInterval: number
  /** Milliseconds since the epoch [the wall clock]. */
  now?: () => number
}

export interface RunningTraffic {
  /** Requests sent so far to one SeldonDeployment, by predictor. */
  sent: (namespace: string, name: string) => Readonly<Record<string, number>>
  setRate: (rate: number) => void
  stop: () => void
}

const TICK_MS = 100
const LOOK_MS = 1000

/** Sends traffic until stopped. */
export function startTraffic (plan: TrafficPlan): RunningTraffic {
  const streams = new Map<string, Traffic>()
  const { now = Date.now, fetch: ask = fetch } = plan
  const recorder = scrapedOnce(plan.recorder, plan.scrapeInterval)
  let { rate } = plan
  const look = setInterval(() => { follow().catch(() => { /* The API server is being restarted; the next look finds it again. */ }) }, LOOK_MS)
  const tick = setInterval(() => { for (const stream of streams.values()) stream.advance(now()) }, TICK_MS)

  async function follow (): Promise<void> {
    const answer = await ask(`${plan.apiUrl}/apis/machinelearning.seldon.io/v1/seldondeployments`)
    const { items = [] } = await answer.json() as { items?: Array<{ metadata: { namespace: string, name: string } }> }
    for (const { metadata: { namespace, name } } of items) {
      const key = `${namespace}/${name}`
      if (!streams.has(key)) streams.set(key, createTraffic({ ...plan, recorder, namespace, deployment: name, rate, seed: streams.size + 1, start: now(), world: () => plan.seldon.world(namespace, name) }))
    }
  }

  return {
    sent: (namespace, name) => streams.get(`${namespace}/${name}`)?.sent ?? {},
    setRate (wanted) {
      rate = wanted
      for (const stream of streams.values()) stream.setRate(wanted)
    },
    stop () {
      clearInterval(look)
      clearInterval(tick)
    }
  }
}

/** Every stream asks for a scrape at its own pace, and one scrape takes in all series: the first of each interval is enough. */
function scrapedOnce (recorder: Recorder, interval: number): Recorder {
  let last = -Infinity
  return {
    ...recorder,
    record (time) {
      if (time < last + interval) return
      last = time
      recorder.record(time)
    }
  }
}
