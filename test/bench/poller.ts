// Bench `poller`: what ten thousand objects at rest cost the poller, its registry and the API server, and how that grows.
import { setTimeout as sleep } from 'node:timers/promises'
import { format, type Bound, type Report } from './bench.ts'
import { POD, startOutside, startPoller, usageOf, type Outside, type PollerProcess } from './outside/processes.ts'
import type { Answer } from './outside/main.ts'
import { median, spread } from './rounds.ts'

export const description = 'MlflowModels at rest, against a registry of 10,000 models: requests, bytes, writes, CPU and memory a round'

const REGISTERED = 10_000
/** Seconds from a round to the next: as short as a spec may ask for, so that many rounds fit into the bench. A round costs the same at any interval. */
const INTERVAL = 5
/** The first looks read every version once; code is compiled, and memory finds its size. */
const WARM_UP = 4

type Size = { objects: number, rounds: Round[], startUp: StartUp, moved: Moved }
type StartUp = { seconds: number, pages: number, listMegabytes: number, peak: number, firstRequests: number }
type Round = { requests: number, megabytes: number, writes: number, cpu: number, rss: number }
type Moved = { aliases: number, writes: number, requests: number }

export async function run (report: Report): Promise<void> {
  const sizes: Size[] = []
  for (const objects of report.quick ? [100, 1_000] : [100, 1_000, 10_000]) sizes.push(await measure(objects, report.quick ? 3 : 8))
  report.note(`A round each ${INTERVAL} s; the poller as its pod runs it (${POD.options.join(' ')}), in a heap of ${POD.heap} MB as a limit of ${POD.limit} MiB gives it. CPU counts all threads and all that happens between two rounds, the lease included.`)
  report.table('At rest', ['objects', 'requests a round', 'MB a round', 'API writes', 'CPU ms a round', 'RSS MB', 'of it most'], sizes.map(({ objects, rounds, startUp }) => [
    objects.toLocaleString('en'),
    spread(rounds.map(({ requests }) => requests), format),
    median(rounds.map(({ megabytes }) => megabytes)),
    total(rounds.map(({ writes }) => writes)),
    spread(rounds.map(({ cpu }) => cpu * 1000), format),
    spread(rounds.map(({ rss }) => rss), format),
    startUp.peak
  ]))
  report.table('Start-up, and a round in which 1 % of the aliases moved', ['objects', 'ready after s', 'pages', 'MB listed', 'first registry requests', 'aliases moved', 'writes', 'requests'], sizes.map(({ objects, startUp, moved }) => [
    objects.toLocaleString('en'), startUp.seconds, startUp.pages, startUp.listMegabytes, startUp.firstRequests, moved.aliases, moved.writes, moved.requests
  ]))
  judge(report, sizes)
}

function judge (report: Report, sizes: Size[]): void {
  const largest = sizes.at(-1)
  if (!largest) return
  const { objects, rounds } = largest
  const of = `with ${objects.toLocaleString('en')} objects`
  report.count('API writes at rest, all sizes', total(sizes.flatMap((size) => size.rounds.map(({ writes }) => writes))), { atMost: 0 })
  report.count(`registry requests a round ${of}`, median(rounds.map(({ requests }) => requests)), { atMost: 25 })
  for (const { moved } of sizes) report.count(`writes after ${moved.aliases} aliases moved`, moved.writes, exactly(moved.aliases))
  report.target(`RSS ${of}, MB`, Math.max(...rounds.map(({ rss }) => rss)), { atMost: 180 })
  report.target('growth of the CPU a round: its exponent', exponent(sizes), { atMost: 1 })
}

function exactly (value: number): Bound {
  return { atLeast: value, atMost: value }
}

/** Slope of log CPU over log objects, from the smallest size to the largest; the smallest is mostly what costs nothing by object. */
function exponent (sizes: Size[]): number {
  const points = sizes.map(({ objects, rounds }) => ({ x: Math.log(objects), y: Math.log(median(rounds.map(({ cpu }) => cpu))) }))
  const slopes = points.slice(1).map((point, i) => (point.y - (points[i]?.y ?? NaN)) / (point.x - (points[i]?.x ?? NaN)))
  return Math.max(...slopes)
}

async function measure (objects: number, count: number): Promise<Size> {
  const outside = await startOutside()
  try {
    const { api, registry } = await outside.ask({ do: 'start', objects, registered: REGISTERED, spec: { monitoringInterval: INTERVAL } })
    const began = performance.now()
    const poller = await startPoller({ api, registry, minInterval: `${INTERVAL}s` })
    try {
      const seconds = (performance.now() - began) / 1000
      return await watch(outside, poller, { objects, count, seconds })
    } finally {
      await poller.stop()
    }
  } finally {
    await outside.stop()
  }
}

async function watch (outside: Outside, poller: PollerProcess, { objects, count, seconds }: { objects: number, count: number, seconds: number }): Promise<Size> {
  const { counters } = await outside.ask({ do: 'count' })
  const listed = { pages: counters.pages, listMegabytes: counters.listBytes / 1e6, peak: (await usageOf(poller.pid)).peak }
  for (let i = 0; i < WARM_UP; i++) await nextRound(outside, poller)
  const warm = await outside.ask({ do: 'count' })
  const startUp = { seconds, ...listed, firstRequests: requestsOf(warm, (name) => name.startsWith('model-versions/')) }
  const rounds: Round[] = []
  while (rounds.length < count) rounds.push(await nextRound(outside, poller))
  const peak = (await usageOf(poller.pid)).peak
  const moved = await move(outside, poller, Math.ceil(objects / 100))
  if (poller.complaints.length > 0) throw new Error(`the poller complains: ${poller.complaints.slice(0, 5).join('\n')}`)
  return { objects, rounds, startUp: { ...startUp, peak }, moved }
}

/** From one round to the next, with one scrape of the metrics, as a Prometheus would. */
async function nextRound (outside: Outside, poller: PollerProcess): Promise<Round> {
  const [before, used] = [await outside.ask({ do: 'count' }), await usageOf(poller.pid)]
  await (await fetch(`${poller.metricsUrl}/metrics`)).text()
  const after = await untilQuiet(outside, before)
  const use = await usageOf(poller.pid)
  return {
    requests: requestsOf(after) - requestsOf(before),
    megabytes: (after.registryBytes - before.registryBytes) / 1e6,
    writes: writesOf(after) - writesOf(before),
    cpu: use.cpu - used.cpu,
    rss: use.rss
  }
}

/** Waits until the registry has been asked, and then for two seconds nothing more. What follows a round (writes, collections of garbage) belongs to it. */
async function untilQuiet (outside: Outside, before: Answer): Promise<Answer> {
  let [last, since] = [before, performance.now()]
  while (requestsOf(last) === requestsOf(before) || performance.now() - since < 2_000) {
    await sleep(100)
    const now = await outside.ask({ do: 'count' })
    if (requestsOf(now) !== requestsOf(last)) since = performance.now()
    last = now
  }
  return last
}

/** Moves these aliases, and counts what comes of it. */
async function move (outside: Outside, poller: PollerProcess, aliases: number): Promise<Moved> {
  const before = await outside.ask({ do: 'moveAliases', many: aliases })
  await nextRound(outside, poller)
  let after = await outside.ask({ do: 'count' })
  // The poller writes at most 50 times a second; what comes after the last one would be one too many.
  for (let last = -1; last !== after.counters.patches;) {
    last = after.counters.patches
    await sleep(1_500)
    after = await outside.ask({ do: 'count' })
  }
  return { aliases, writes: after.counters.patches - before.counters.patches, requests: requestsOf(after) - requestsOf(before) }
}

function requestsOf ({ registryRequests }: Answer, which: (name: string) => boolean = () => true): number {
  return Object.entries(registryRequests).reduce((sum, [name, count]) => which(name) ? sum + count : sum, 0)
}

/** All but the lease, which its holder renews every 2 s whatever happens. */
function writesOf ({ counters }: Answer): number {
  return counters.patches + counters.events + counters.repeatedEvents
}

function total (values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
