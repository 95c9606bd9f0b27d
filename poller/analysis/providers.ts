// The Prometheus servers of the configuration, with their connections, and a warning when one of them knows nothing of any canary.
import type { AnalystOptions, Judged } from './analyst.ts'
import { createClockGap } from './clock-gap.ts'
import type { PrometheusConfig } from './config.ts'
import { createPrometheusClient, type PrometheusClient } from './prometheus-client.ts'
import { backendOf, type Backend } from './queries.ts'

/** Queries that objects bring have a client, and so a breaker, of their own: a bad one must not cut off everybody else's measurements. */
export type Provider = { config: PrometheusConfig, backend: Backend, grouped: PrometheusClient, custom: PrometheusClient }

export type Providers = {
  find (name: string): Provider | undefined
  /** Warns once when the queries of a provider work and not one of its canaries has any series; and again after it had. */
  watchForSilence (judged: Judged[]): void
  close (): Promise<void>
}

type Options = Pick<AnalystOptions, 'providers' | 'now' | 'logger' | 'metrics' | 'resilience'>

export function createProviders (options: Options): Providers {
  const silent = new Set<string>()
  const remarks = new Set<string>()

  function onInfo (server: string, info: string): void {
    // Remarks name the position in the query; the first few are enough to see what is meant.
    if (remarks.size >= 100 || remarks.has(`${server} ${info}`)) return
    remarks.add(`${server} ${info}`)
    options.logger.debug({ server, info }, 'prometheus remarked on a query')
  }

  function makeProvider (server: string, config: PrometheusConfig): Provider {
    const { metrics, resilience } = options
    const shared = { server, config, gap: createClockGap(options.now), onInfo: (info: string) => { onInfo(server, info) }, ...(metrics?.onRequest && { onRequest: metrics.onRequest }), ...(resilience && { resilience }) }
    return { config, backend: backendOf(config.source), grouped: createPrometheusClient(shared), custom: createPrometheusClient(shared) }
  }

  const providers = new Map(Object.entries(options.providers).map(([name, config]) => [name, makeProvider(name, config)]))
  return {
    find: (name) => providers.get(name),
    watchForSilence (judged) {
      const groups = Map.groupBy(judged.filter(({ measurement }) => measurement !== undefined), ({ task }) => task.model.spec.analysis.provider)
      for (const [provider, members] of groups) {
        if (members.some(hasSeries)) silent.delete(provider)
        else if (members.every(isAnswered) && !silent.has(provider)) {
          silent.add(provider)
          options.logger.warn({ provider, canaries: members.length }, 'prometheus answers and knows no request of any canary: check that the serving pods are scraped, and source.labels of this entry')
        }
      }
    },
    async close () {
      await Promise.all([...providers.values()].map(closeProvider))
    }
  }
}

async function closeProvider ({ grouped, custom }: Provider): Promise<void> {
  await Promise.all([grouped.close(), custom.close()])
}

function hasSeries ({ measurement }: Judged): boolean {
  if (measurement === undefined || 'problem' in measurement.requests) return false
  const { stable, canary } = measurement.requests.value
  return stable !== null || canary !== null
}

function isAnswered ({ measurement }: Judged): boolean {
  return measurement !== undefined && !('problem' in measurement.requests)
}
