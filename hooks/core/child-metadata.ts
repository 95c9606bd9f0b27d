// What we own of a child's metadata.
import { childLabels, STATE_ANNOTATION } from './labels.ts'
import type { Child } from './request.ts'

type Parent = { kind: string, metadata: { name: string, namespace?: string } }

/** A child in the namespace of its parent. `labels`: beside or in place of those that mark it as ours; `state`: the memory that it carries. */
export function childMetadata (parent: Parent, name: string, { labels = {}, state }: { labels?: Record<string, string>, state?: string } = {}): Child['metadata'] {
  const { namespace } = parent.metadata
  return {
    name,
    ...(namespace && { namespace }),
    labels: { ...childLabels(parent), ...labels },
    ...(state !== undefined && { annotations: { [STATE_ANNOTATION]: state } })
  }
}
