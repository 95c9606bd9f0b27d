// One Prometheus (or anything that answers its query API) in the poller's configuration file. Objects name an entry, never a URL.
import { Type, type Static } from '@sinclair/typebox'
import { duration, oneOf, section } from '../../hooks/core/schema.ts'
import { secondsOf } from '../../hooks/core/time.ts'
import { endpointProblems, endpointProperties, parseConfig } from '../http/config.ts'
import type { Problem } from './measurement.ts'

const LabelName = (name: string, description: string) => Type.String({ default: name, pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$', maxLength: 128, description })

/** Where the numbers come from. Each backend has its queries in queries.ts. */
export const MetricSource = section({
  backend: oneOf(['SeldonExecutor'], { default: 'SeldonExecutor', description: 'Whose metrics these are: SeldonExecutor is the histogram of Seldon Core v1\'s executor.' }),
  labels: section({
    namespace: LabelName('namespace', 'Label with the namespace of the pod; exported_namespace under some scrape configurations.'),
    service: LabelName('service', 'Label that tells predictions from probes; exported_service when scraped through a ServiceMonitor.')
  }, { additionalProperties: false, description: 'Names that the scrape configuration gives to labels.' })
}, { additionalProperties: false, description: 'The metrics to measure by.' })
export type MetricSource = Static<typeof MetricSource>

export const PrometheusConfig = Type.Object({
  ...endpointProperties,
  tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 512, pattern: '^[\\x21-\\x7e]+$', description: 'Sent as X-Scope-OrgID, for Mimir and Cortex.' })),
  namespaces: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 63 }), { description: 'Namespaces whose objects may use this entry; absent means all.' })),
  customQueries: Type.Boolean({ default: false, description: 'Whether objects may bring queries of their own. Whoever may write such an object can then read every series of this server.' }),
  timeout: duration({ default: '8s', description: 'For one query.' }),
  source: MetricSource
}, { additionalProperties: false, description: 'A Prometheus, Thanos or Mimir.' })
export type PrometheusConfig = Static<typeof PrometheusConfig>

/** An entry with its defaults. `at` is its place in the file, such as `prometheus.default`. Throws ConfigError with a line for every wrong field. */
export function parsePrometheusConfig (value: unknown, at: string): PrometheusConfig {
  return parseConfig(PrometheusConfig, value, at, (config) => [...endpointProblems(config), ...ownProblems(config)])
}

function ownProblems ({ tenant, headers = {}, timeout }: PrometheusConfig): string[] {
  const problems: string[] = []
  if (tenant !== undefined && Object.keys(headers).some((name) => name.toLowerCase() === 'x-scope-orgid')) problems.push('tenant: is also set in headers as X-Scope-OrgID; keep one')
  if (secondsOf(timeout) <= 0) problems.push('timeout: must be more than nothing, such as 8s')
  return problems
}

/** Why objects of this namespace cannot be checked by this entry; undefined means they can. */
export function findRefusal (config: PrometheusConfig | undefined, { provider, namespace }: { provider: string, namespace: string }): Problem | undefined {
  if (config === undefined) {
    return { outcome: 'Error', reason: 'ProviderUnknown', detail: `there is no Prometheus ${provider}; name one of the poller's configuration in spec.analysis.provider` }
  }
  if (config.namespaces === undefined || config.namespaces.includes(namespace)) return undefined
  return { outcome: 'Error', reason: 'ProviderRefused', detail: `objects in namespace ${namespace} may not use Prometheus ${provider}; ask its owner to add the namespace to prometheus.${provider}.namespaces` }
}
