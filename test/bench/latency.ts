// How long the way is from a moved alias to the first request, and from a canary that turns bad to a router without it.
import { setTimeout as sleep } from 'node:timers/promises'
import { FACTS } from '../../hooks/core/labels.ts'
import { createAnalyst } from '../../poller/analysis/analyst.ts'
import { parsePrometheusConfig } from '../../poller/analysis/config.ts'
import type { Model } from '../../poller/model.ts'
import { ALIAS } from '../helpers/loop/models.ts'
import type { Report } from './bench.ts'
import { LAG_MS, LOAD_MS, startScene, type Moment, type Scene } from './latency-scene.ts'
import { median } from './rounds.ts'

export const description = 'from a moved alias to the first request at the canary, and from a canary that turns bad to weight 0 in the router: seconds and parts of what is configured'

/** monitoringInterval and analysis.interval, in seconds. */
const POLL = 5
const CHECK = 5
/** Between two scrapes of the playground's traffic, in seconds. */
const SCRAPE = 1

/** One way: a name and the seconds that each object took from one moment to the next. */
type Way = Array<{ stage: string, seconds: number[], configured?: { what: string, seconds: number } }>

export async function run (report: Report): Promise<void> {
  const { quick } = report
  const names = Array.from({ length: quick ? 3 : 8 }, (_, i) => `way-${i + 1}`)
  const scene = await startScene(names, {
    spec: { monitoringInterval: POLL },
    // One step that lasts: the canary is to be there when it turns bad.
    rollout: { steps: [50] },
    analysis: { interval: `${CHECK}s`, checks: 60, minRequests: 20, confidence: 0.95, metrics: [{ name: 'error-rate', maxIncrease: '1%' }] }
  })
  try {
    await Promise.all(names.map((name) => scene.when(name, '1', 'reached')))
    report.note(`${names.length} models, registry looked at every ${POLL} s and up to a tenth more, a check every ${CHECK} s, scrapes every ${SCRAPE} s, pods ready after ${LOAD_MS} ms, an operator that is ${LAG_MS} ms late`)
    const polled = await moveAliases(scene, names, { version: '2', quick })
    tell(report, 'Alias moved, found by polling', polled)
    tell(report, 'Canary turned bad (8 points more errors)', await spoilAll(scene, names, { version: '2', quick }))
    await scene.switchWebhookOn()
    const told = await moveAliases(scene, names, { version: '3', quick })
    tell(report, "Alias moved, told by MLflow's webhook", told)
    compare(report, polled, told)
  } finally {
    await scene.close()
  }
}

const UP: Moment[] = ['noticed', 'loading', 'ready', 'raised', 'routed', 'reached']

/** Moves the alias of one model after the other, spread over whole intervals, so that each meets another moment between two looks. */
async function moveAliases ({ system, when }: Scene, names: string[], { version, quick }: { version: string, quick: boolean }): Promise<Way> {
  const over = (quick ? 1 : 2) * POLL * 1000
  const registry = system.mlflow.registry()
  const ways = await Promise.all(names.map(async (name, i) => {
    await sleep((i + 0.5) / names.length * over)
    const moved = Date.now()
    registry.setAlias(name, ALIAS, version)
    return [moved, ...await Promise.all(UP.map((moment) => when(name, version, moment)))]
  }))
  return wayOf(ways, [
    { stage: 'alias moved → annotation', configured: { what: 'polls', seconds: POLL } },
    { stage: '→ canary in the SeldonDeployment' },
    { stage: '→ its pods ready', configured: { what: 'load time', seconds: LOAD_MS / 1000 } },
    // The hooks wait until a change of the router's condition can be told from the last one, and conditions tell time in whole seconds.
    { stage: '→ weight wanted', configured: { what: 'whole seconds', seconds: 1 } },
    { stage: '→ weight in the router' },
    { stage: '→ first request' }
  ])
}

/** Lets the canaries be measured for a while, has all of them answer badly, and follows what comes of it. */
async function spoilAll (scene: Scene, names: string[], { version, quick }: { version: string, quick: boolean }): Promise<Way> {
  await sleep(quick ? 4_000 : 20_000)
  const judged = names.map((name) => scene.modelOf(name) as unknown as Model)
  const spoilt = Date.now()
  scene.spoil(version)
  const over = new AbortController()
  const proofs = proveEachSecond(scene, judged, over.signal)
  const ways = await Promise.all(names.map(async (name) => {
    const seen = await Promise.all((['failed', 'lowered', 'withdrawn'] as const).map((moment) => scene.when(name, version, moment)))
    return { name, seen }
  }))
  over.abort()
  const proven = await proofs
  await Promise.all(names.map((name) => untilOver(scene, name)))
  // A check of the poller that is due in the very second of the proof may come before ours.
  const moments = ways.map(({ name, seen: [failed = NaN, ...rest] }) => [spoilt, Math.min(proven.get(name) ?? Infinity, failed), failed, ...rest])
  return wayOf(moments, [
    { stage: 'turned bad → proven by what is scraped', configured: { what: 'scrapes', seconds: SCRAPE } },
    { stage: '→ annotation with the failed check', configured: { what: 'check intervals', seconds: CHECK } },
    { stage: '→ weight 0 wanted' },
    { stage: '→ weight 0 in the router' }
  ])
}

/**
 * A judge of our own beside the poller's, that checks every second as if each check were the first: when the first of them failed, in ms since 1970, by name.
 * What is left from there until the check that counts is waiting for that one to be due.
 */
async function proveEachSecond ({ system }: Scene, models: Model[], over: AbortSignal): Promise<Map<string, number>> {
  const proven = new Map<string, number>()
  const unchecked = models.map((model) => {
    const { [FACTS.analysis]: _counted, ...annotations } = model.metadata.annotations ?? {}
    return { ...model, metadata: { ...model.metadata, annotations } }
  })
  while (!over.aborted && proven.size < models.length) {
    await sleep(1000 - Date.now() % 1000)
    const analyst = createAnalyst({
      providers: { default: parsePrometheusConfig({ url: system.prometheusUrl }, 'prometheus.default') },
      now: () => Date.now() / 1000,
      logger: { debug () {}, warn () {} },
      patience: 10_000
    })
    for (const { name, fact } of await analyst.check(unchecked)) {
      if (fact.last.outcome === 'Failed' && !proven.has(name)) proven.set(name, Date.now())
    }
    await analyst.close()
  }
  return proven
}

async function untilOver ({ statusOf }: Scene, name: string): Promise<void> {
  const giveUp = Date.now() + 60_000
  while (statusOf(name)['rollout'] !== undefined) {
    if (Date.now() > giveUp) throw new Error(`the rollout of ${name} does not end`)
    await sleep(50)
  }
}

function wayOf (ways: number[][], stages: Array<Omit<Way[number], 'seconds'>>): Way {
  return stages.map((stage, i) => ({ ...stage, seconds: ways.map((moments) => ((moments[i + 1] ?? NaN) - (moments[i] ?? NaN)) / 1000) }))
}

const seconds = (value: number): string => `${value.toFixed(2)} s`

function totals (way: Way): number[] {
  return (way[0]?.seconds ?? []).map((_value, i) => way.reduce((sum, stage) => sum + (stage.seconds[i] ?? NaN), 0))
}

function tell (report: Report, title: string, way: Way): void {
  const row = ({ stage, seconds: taken, configured }: Way[number]): string[] => [
    stage, seconds(median(taken)), seconds(Math.max(...taken)),
    configured ? `${(median(taken) / configured.seconds).toFixed(2)}, at worst ${(Math.max(...taken) / configured.seconds).toFixed(2)} ${configured.what}` : ''
  ]
  report.table(title, ['stage', 'median', 'worst', 'of what is configured'], [...way.map(row), row({ stage: 'all of it', seconds: totals(way) })])
}

function compare (report: Report, polled: Way, told: Way): void {
  const [poll, webhook] = [polled, told].map((way) => way[0]?.seconds ?? []) as [number[], number[]]
  report.note(`with the webhook the annotation comes ${(median(poll) / median(webhook)).toFixed(0)} times as soon (median), and at worst after ${(Math.max(...webhook) / POLL).toFixed(2)} polls`)
  report.target('polls until the annotation is written, at worst', Math.max(...poll) / POLL, { atMost: 1.3 })
  report.target('seconds from the annotation to the first request beyond the load time, at worst', Math.max(...totals(polled.slice(1))) - LOAD_MS / 1000, { atMost: 2 })
}
