// Which of the metrics' own queries may be asked of a provider.
import type { Metric } from '../../hooks/mlflow-model/schema/analysis.ts'
import type { PrometheusConfig } from './config.ts'
import { problemOf, type Reading } from './measurement.ts'

/**
 * The metrics whose query is refused, with the reason as their reading. {namespace} must occur, so that a query copied from one namespace to another
 * does not go on reading the first one's series. It is no wall: who must be kept from other namespaces' series needs a provider that enforces it.
 */
export function refuseQueries (metrics: Metric[], { customQueries }: Pick<PrometheusConfig, 'customQueries'>): Record<string, Reading<never>> {
  const refused: Record<string, Reading<never>> = {}
  for (const { name, query } of metrics) {
    if (query === undefined) continue
    if (!customQueries) refused[name] = problemOf('Error', 'QueriesNotAllowed', 'the provider does not allow queries of your own; ask its owner to set customQueries')
    else if (!query.includes('{namespace}')) refused[name] = problemOf('Error', 'QueryWithoutNamespace', 'the query must contain {namespace}')
  }
  return refused
}
