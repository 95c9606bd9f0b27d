// What the poller tells of itself.
import type { ServerProcess } from '../helpers/servers/server-process.ts'

/** The sum of a metric of the poller over all its series. */
export async function metricOf ({ url }: Pick<ServerProcess, 'url'>, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

export async function isLeading (poller: Pick<ServerProcess, 'url'>): Promise<boolean> {
  return await metricOf(poller, 'sluice_poller_leader') === 1
}
