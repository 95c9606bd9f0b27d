// The bench `hooks`: how much of a bare route's throughput is left once the call is checked, decided and the answer checked again.
import { format, type Report } from './bench.ts'
import { makeCalls, type Call } from './hooks-requests.ts'
import { startServers, type Mode, type Servers, type Stretch } from './hooks-servers.ts'
import { alternate, median, spread } from './rounds.ts'

export const description = 'POST /mlflowmodels/sync, 15 connections, against a bare Fastify route that parses the same body and answers the same bytes'

/** Calls that must be computed, and calls that came before with the same bytes. */
const MODES: Mode[] = ['fresh', 'repeated']

export async function run (report: Report): Promise<void> {
  const calls = makeCalls()
  const servers = await startServers(calls)
  const first = calls[0] as Call
  try {
    // Until V8 has compiled what is hot, which takes tens of thousands of calls.
    await warmUp(servers, first, report.quick ? 1 : 15)
    // The short look need not wait for calls that are slow anyway.
    const compared = report.quick ? calls.filter(({ name }) => name !== '200 KB') : calls
    for (const mode of MODES) for (const call of compared) await compare(report, servers, { call, mode })
  } finally {
    await servers.stop()
  }
}

async function warmUp ({ load }: Servers, call: Call, seconds: number): Promise<void> {
  await load('hooks', { call, mode: 'fresh', seconds })
  await load('bare', { call, mode: 'fresh', seconds: seconds / 3 })
}

async function compare (report: Report, { load }: Servers, { call, mode }: { call: Call, mode: Mode }): Promise<void> {
  const { rounds, seconds } = report.quick ? { rounds: 2, seconds: 0.5 } : { rounds: 5, seconds: 1.5 }
  if (!report.quick) await alternate(1, { bare: () => load('bare', { call, mode, seconds: 2 }), hooks: () => load('hooks', { call, mode, seconds: 2 }) })
  const { bare, hooks } = await alternate(rounds, { bare: () => load('bare', { call, mode, seconds }), hooks: () => load('hooks', { call, mode, seconds }) })
  /** A ratio a round, so that a slow moment of the machine weighs on both of its sides. */
  const ratios = (pick: (stretch: Stretch) => number): number[] => hooks.map((stretch, round) => pick(stretch) / pick(bare[round] as Stretch))
  const row = (title: string, pick: (stretch: Stretch) => number): string[] =>
    [title, format(median(bare.map(pick))), format(median(hooks.map(pick))), spread(ratios(pick), format)]

  const [throughput, p99] = [ratios(({ perSecond }) => perSecond), ratios((stretch) => stretch.p99)]
  report.table(`${call.name} (${Buffer.byteLength(call.body)} bytes), ${mode}, ${rounds} rounds of ${seconds} s each in turn`, ['median', 'bare', 'hooks', 'hooks / bare (least–most)'], [
    row('answers a second', ({ perSecond }) => perSecond),
    row('p50, ms', ({ p50 }) => p50),
    row('p99, ms', (stretch) => stretch.p99),
    row('CPU an answer, ms', ({ cpu }) => cpu),
    row('RSS, MiB', ({ rss }) => rss)
  ])
  const title = `${call.name}, ${mode}`
  // That each mode measures what it says.
  if (mode === 'fresh') report.count(`${title}: answers that were given again`, hooks.reduce((sum, { givenAgain }) => sum + givenAgain, 0), { atMost: 0 })
  else report.count(`${title}: answers that were computed`, hooks.reduce((sum, { computed }) => sum + computed, 0), { atMost: 1 })
  if (call.name === '200 KB') return
  report.target(`${title}: throughput / bare`, median(throughput), { atLeast: 0.7 })
  report.target(`${title}: p99 / bare`, median(p99), { atMost: 2 })
}
