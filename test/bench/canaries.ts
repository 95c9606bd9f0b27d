// What many canaries at once cost: queries of Prometheus, writes of the API server, CPU of the poller, and whether checks come when they are due.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from './bench.ts'
import { format } from './bench.ts'
import { INTERVAL, SCRAPE, startCanaryScene, type CanaryScene } from './canaries-scene.ts'
import { median, quantile } from './rounds.ts'

export const description = 'the analysis of up to 500 canaries in progress at once, against one query for each metric and version of each of them'

/** What somebody would ask who judges each canary by itself: latency-p95, latency-mean and error-rate, of two versions. */
const NAIVE = 6

interface Plan { count: number, spread: 'evenly' | 'at once', seconds: number }

/** The last is as many as the poller's limit of writes lets be checked in an interval. */
const PLANS: Plan[] = [
  { count: 50, spread: 'evenly', seconds: 2 * INTERVAL },
  { count: 200, spread: 'evenly', seconds: 2 * INTERVAL },
  { count: 200, spread: 'at once', seconds: 2 * INTERVAL },
  { count: 500, spread: 'evenly', seconds: 2 * INTERVAL }
]
const QUICK: Plan[] = [{ count: 200, spread: 'evenly', seconds: INTERVAL }]

export async function run (report: Report): Promise<void> {
  const plans = report.quick ? QUICK : PLANS
  const scene = await startCanaryScene(Math.max(...plans.map(({ count }) => count)))
  try {
    report.note(`a check every ${INTERVAL} s, three built-in metrics, canaries up to a quarter of an hour old; ${scene.prometheus}, with scrapes every ${SCRAPE} s`)
    // So that there is something to look back at.
    await sleep(report.quick ? 6_000 : 20_000)
    const idle = await measureIdle(scene, 6)
    const found: Figures[] = []
    for (const plan of plans) found.push(await measure(scene, plan, idle))
    tell(report, found)
  } finally {
    await scene.close()
  }
}

/** What was seen in one plan. Times in seconds; CPU in seconds a second. */
interface Figures {
  plan: Plan
  checks: number
  outcomes: Set<string>
  counts: ReturnType<CanaryScene['front']['take']>
  requests: Record<string, number>
  twice: number
  late: number[]
  pollerCpu: number
  prometheusCpu: number
}

interface Idle { poller: number, prometheus: number }

async function measureIdle (scene: CanaryScene, seconds: number): Promise<Idle> {
  const before = await readCpu(scene)
  await sleep(seconds * 1000)
  const after = await readCpu(scene)
  return { poller: (after.poller - before.poller) / seconds, prometheus: (after.prometheus - before.prometheus) / seconds }
}

async function readCpu (scene: CanaryScene): Promise<Idle> {
  const [poller, prometheus] = await Promise.all([scene.pollerMetrics(), scene.prometheusMetrics()])
  const cpu = 'process_cpu_seconds_total'
  return { poller: poller.get(cpu) ?? NaN, prometheus: prometheus.get(cpu) ?? NaN }
}

async function measure (scene: CanaryScene, plan: Plan, idle: Idle): Promise<Figures> {
  scene.begin(plan.count, plan.spread)
  // A first interval is not counted: everything begins at once there.
  await sleep(INTERVAL * 1000)
  scene.takeWrites()
  scene.takeRequests()
  scene.front.take()
  const before = await readCpu(scene)
  await sleep(plan.seconds * 1000)
  const after = await readCpu(scene)
  const writes = scene.takeWrites()
  return {
    plan,
    checks: writes.length,
    outcomes: new Set(writes.map(({ outcome }) => outcome)),
    counts: scene.front.take(),
    requests: scene.takeRequests(),
    twice: writes.length - new Set(writes.map(({ name, at }) => `${name} ${at}`)).size,
    late: writes.map(({ lateSeconds }) => lateSeconds),
    pollerCpu: (after.poller - before.poller) / plan.seconds - idle.poller,
    prometheusCpu: (after.prometheus - before.prometheus) / plan.seconds - idle.prometheus
  }
}

function tell (report: Report, found: Figures[]): void {
  const titles = found.map(({ plan: { count, spread } }) => `${count}, due ${spread}`)
  const row = (what: string, value: (figures: Figures) => number | string): Array<string | number> => [what, ...found.map(value)]
  const perSecond = ({ plan }: Figures, count: number) => count / plan.seconds
  report.table('Canaries at once', ['', ...titles], [
    row('checks a second', (f) => perSecond(f, f.checks)),
    row('… of those due in the time', (f) => percent(f.checks / (f.plan.count * f.plan.seconds / INTERVAL))),
    row('… outcomes', ({ outcomes }) => [...outcomes].join(', ')),
    row('queries a second', (f) => perSecond(f, f.counts.queries)),
    row('queries a check', (f) => f.counts.queries / f.checks),
    row(`… of one for each metric and version (${NAIVE})`, (f) => percent(f.counts.queries / f.checks / NAIVE)),
    row('queries in flight at once, at most', ({ counts }) => counts.mostInFlight),
    row('query, median / p99, ms', ({ counts }) => `${format(median(counts.seconds) * 1000)} / ${format(quantile(counts.seconds, 0.99) * 1000)}`),
    row('KB asked / answered a check', (f) => `${format(f.counts.sent / f.checks / 1000)} / ${format(f.counts.received / f.checks / 1000)}`),
    row('samples read a check', (f) => f.counts.samples / f.checks),
    row('CPU of Prometheus by it, cores', ({ prometheusCpu }) => prometheusCpu),
    row('CPU of the poller by it, cores', ({ pollerCpu }) => pollerCpu),
    row('API writes a second', (f) => perSecond(f, sum(f.requests))),
    row('API writes a check', (f) => annotated(f) / f.checks),
    row('other writes (Events)', (f) => sum(f.requests) - annotated(f)),
    row('annotation later than due, median, s', ({ late }) => median(late)),
    row('… p99, s', ({ late }) => quantile(late, 0.99)),
    row('… p99 in parts of the interval', ({ late }) => quantile(late, 0.99) / INTERVAL)
  ])
  for (const f of found) bound(report, f)
}

function bound (report: Report, f: Figures): void {
  const { plan: { count, spread, seconds }, counts } = f
  const what = `${count} canaries, due ${spread}`
  report.count(`${what}: checks written twice`, f.twice, { atMost: 0 })
  report.count(`${what}: API writes a check`, annotated(f) / f.checks, { atMost: 1 })
  report.count(`${what}: queries in flight at once`, counts.mostInFlight, { atMost: 4 })
  report.target(`${what}: queries a second`, counts.queries / seconds, { atMost: 15 })
  if (count !== 200) return
  report.target(`${what}: queries, of the naive count`, counts.queries / f.checks / NAIVE, { atMost: 0.25 })
  report.target(`${what}: intervals by which an annotation is late, p99`, quantile(f.late, 0.99) / INTERVAL, { atMost: 0.5 })
}

function annotated ({ requests }: Figures): number {
  return requests['patch mlflowmodels'] ?? 0
}

function sum (counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

function percent (share: number): string {
  return `${format(share * 100)} %`
}
