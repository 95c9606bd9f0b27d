// Bench `day`: whether the poller's memory grows in a day with 1,000 objects, in which everything happens that usually does.
import type { Report } from './bench.ts'
import { startOutside, startPoller, type Outside, type PollerProcess } from './outside/processes.ts'
import type { Answer } from './outside/main.ts'

export const description = 'A simulated day at 1,000 MlflowModels: memory from hour to hour'

const OBJECTS = 1_000
/** Left out of the slope: code is compiled, and memories of bounded size (versions, Events told, ages of models) fill. */
const WARM_UP_HOURS = 4

type Sample = { hour: number, rss: number, afterGc: number, heap: number, external: number, done: boolean }

export async function run (report: Report): Promise<void> {
  const hours = report.quick ? 2 : 24
  const outside = await startOutside()
  try {
    const { api, registry, day } = await outside.ask({ do: 'startDay', objects: OBJECTS })
    const samples: Sample[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const poller = await startPoller({
      api,
      registry,
      prometheus: day?.prometheus ?? '',
      nodeOptions: ['--expose-gc', '--import', new URL('outside/fast-clock.ts', import.meta.url).href],
      environment: { BENCH_CONTROL: day?.control ?? '', BENCH_HOURS: String(hours), LOG_LEVEL: 'warn' },
      onMessage (message) {
        const sample = message as Sample
        samples.push(sample)
        // It takes minutes, so it shows that it goes on.
        if (sample.hour % 6 === 0) report.note(`hour ${sample.hour}: RSS ${sample.rss.toFixed(0)} MB, heap ${sample.heap.toFixed(1)} MB`)
        if (sample.done) resolve()
      }
    })
    try {
      await Promise.race([promise, poller.ended.then(() => { throw new Error(`the poller has ended: ${poller.complaints.slice(-5).join('\n')}`) })])
      await tell(report, { samples, outside, poller })
    } finally {
      await poller.stop()
    }
  } finally {
    await outside.stop()
  }
}

async function tell (report: Report, { samples, outside, poller }: { samples: Sample[], outside: Outside, poller: PollerProcess }): Promise<void> {
  const answer = await outside.ask({ do: 'count' })
  const shown = samples.filter(({ hour }) => hour % 4 === 0 || hour <= 2 || samples.length < 6)
  report.table('Memory, MB', ['hour', 'RSS', 'RSS after a collection', 'heap in use', 'outside of the heap'], shown.map(({ hour, rss, afterGc, heap, external }) => [String(hour), rss, afterGc, heap, external]))
  const bugs = poller.complaints.filter((line) => /bug|broke off|listener of the store failed|Unhandled|MaxListeners/i.test(line))
  if (bugs.length > 0) throw new Error(`the poller complains: ${bugs.slice(0, 3).join('\n')}`)
  tellHappenings(report, answer, samples.at(-1)?.hour ?? NaN)
  const settled = samples.filter(({ hour }) => hour >= WARM_UP_HOURS)
  if (settled.length === 0) return
  report.note(`RSS at the start ${samples[0]?.rss.toFixed(0)} MB, after ${WARM_UP_HOURS} hours ${settled[0]?.rss.toFixed(0)} MB, at the end ${samples.at(-1)?.rss.toFixed(0)} MB`)
  report.target('growth of the heap in use after a collection, MB a day', slope(settled.map(({ hour, heap }) => ({ x: hour / 24, y: heap }))), { atMost: 3 })
  report.target('growth of RSS after a collection, MB a day', slope(settled.map(({ hour, afterGc }) => ({ x: hour / 24, y: afterGc }))), { atMost: 5 })
}

function tellHappenings (report: Report, { counters, registryRequests, day }: Answer, hours: number): void {
  if (!day) return
  const requests = Object.values(registryRequests).reduce((sum, count) => sum + count, 0)
  report.table(`What happened in ${hours} hours`, ['what', 'how often'], [
    ['aliases moved', day.aliasMoves],
    ['rollouts begun', day.rollouts],
    ['promoted', day.promoted],
    ['rolled back on measurements', day.rolledBack],
    ['statuses written by hooks', day.statusWrites],
    ['queries of Prometheus', day.queries],
    ['registry requests', requests],
    ['of them pages of scans', registryRequests['registered-models/search'] ?? 0],
    ['times that the registry was in trouble for 6 minutes', day.troubles],
    ['annotations written', counters.patches],
    ['Events created', counters.events],
    ['Events that were there already', counters.repeatedEvents],
    ['renewals of the lease', counters.leaseWrites],
    ['watches opened', counters.watches],
    ['of them cut in the middle', day.cuts],
    ['lists after 410', day.relists],
    ['objects deleted and created anew', day.recreated],
    ['specs edited', day.edits]
  ])
  report.count('rollouts that ended, of those begun', (day.promoted + day.rolledBack) / day.rollouts, { atLeast: 0.9 })
}

/** By least squares. */
function slope (points: Array<{ x: number, y: number }>): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))]
  return points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0)
}
