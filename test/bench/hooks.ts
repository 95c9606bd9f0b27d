// The bench `hooks`: how much of a bare route's throughput is left once the call is checked, decided and the answer checked again.
import { format, type Report } from './bench.ts'
import { makeCalls, type Call } from './hooks-requests.ts'
import { startServers, type Servers, type Stretch } from './hooks-servers.ts'
import { alternate, median, spread } from './rounds.ts'

export const description = 'POST /mlflowmodels/sync, 15 connections, against a bare Fastify route that parses the same body and answers the same bytes'

export async function run (report: Report): Promise<void> {
  const calls = makeCalls()
  const servers = await startServers(calls)
  try {
    for (const call of calls) await compare(report, servers, call)
  } finally {
    await servers.stop()
  }
}

async function compare (report: Report, { load }: Servers, call: Call): Promise<void> {
  const { rounds, seconds, warmUp } = report.quick ? { rounds: 2, seconds: 1, warmUp: 1 } : { rounds: 5, seconds: 3, warmUp: 8 }
  // Until V8 has compiled what is hot: tens of thousands of calls.
  await alternate(1, { bare: () => load('bare', call, warmUp), hooks: () => load('hooks', call, warmUp) })
  const { bare, hooks } = await alternate(rounds, { bare: () => load('bare', call, seconds), hooks: () => load('hooks', call, seconds) })
  /** A ratio a round, so that a slow moment of the machine weighs on both of its sides. */
  const ratios = (pick: (stretch: Stretch) => number): number[] => hooks.map((stretch, round) => pick(stretch) / pick(bare[round] as Stretch))
  const row = (title: string, pick: (stretch: Stretch) => number): string[] =>
    [title, format(median(bare.map(pick))), format(median(hooks.map(pick))), spread(ratios(pick), format)]

  const [throughput, p99] = [ratios(({ perSecond }) => perSecond), ratios((stretch) => stretch.p99)]
  report.table(`${call.name} (${Buffer.byteLength(call.body)} bytes), ${rounds} rounds of ${seconds} s each in turn`, ['median', 'bare', 'hooks', 'hooks / bare (least–most)'], [
    row('answers a second', ({ perSecond }) => perSecond),
    row('p50, ms', ({ p50 }) => p50),
    row('p99, ms', (stretch) => stretch.p99),
    row('CPU an answer, ms', ({ cpu }) => cpu),
    row('RSS, MiB', ({ rss }) => rss)
  ])
  if (call.name === '200 KB') return
  report.target(`${call.name}: throughput / bare`, median(throughput), { atLeast: 0.7 })
  report.target(`${call.name}: p99 / bare`, median(p99), { atMost: 2 })
}
