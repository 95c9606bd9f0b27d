// The kinds that the poller watches. Deadlines are served for all of them; what else is done for a kind stands in loop.ts.
import { API_VERSION } from '../hooks/core/kind.ts'
import type { Metadata } from '../hooks/core/request.ts'

/** `hasPods`: pods of its children carry the label sluice.dev/parent, and it is told of them. */
export type Watched = { plural: string, scope: 'Namespaced' | 'Cluster', hasPods?: boolean }

export const MLFLOW_MODELS: Watched = { plural: 'mlflowmodels', scope: 'Namespaced' }

/** All of them. A kind is watched by adding it here. */
export const WATCHED: Watched[] = [MLFLOW_MODELS]

/** Path of all objects, or of those in one namespace. */
export function collectionPath ({ plural, scope }: Watched, namespace?: string): string {
  return namespace && scope === 'Namespaced' ? `/apis/${API_VERSION}/namespaces/${namespace}/${plural}` : `/apis/${API_VERSION}/${plural}`
}

/** Path of one object. */
export function objectPath (watched: Watched, { namespace, name }: Metadata): string {
  return `${collectionPath(watched, namespace)}/${name}`
}
