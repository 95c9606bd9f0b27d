// What the draining of nodes may take of an MLflow server.
import type { Child } from '../../core/request.ts'
import { DISRUPTION_BUDGET } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, type Request } from '../place.ts'

/** Undefined where the spec asks for none, or does not say how many pods. */
export function makeDisruptionBudget (request: Request): Child | undefined {
  const { metadata, spec: { podDisruptionBudget } } = request.parent
  const { minAvailable, maxUnavailable } = podDisruptionBudget ?? {}
  if (minAvailable === undefined && maxUnavailable === undefined) return undefined
  const { server } = namesOf(metadata.name)
  const { apiVersion, kind } = DISRUPTION_BUDGET
  return {
    apiVersion,
    kind,
    metadata: namespacedMetadata(request, server),
    spec: {
      // The API server takes one of them only.
      ...(minAvailable === undefined ? { maxUnavailable } : { minAvailable }),
      selector: { matchLabels: { app: server } }
    }
  }
}
