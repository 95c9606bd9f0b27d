// Where an object lives: what belongs to it (pods, Secrets, ConfigMaps) is there, and nowhere else.
import type { KubeObject } from '../hooks/core/request.ts'

/** The object's namespace; of one that has none the namespace that its status names. Undefined while that is not known. */
export function homeOf ({ metadata, status }: KubeObject): string | undefined {
  return metadata.namespace ?? (status as { namespace?: string } | undefined)?.namespace
}
