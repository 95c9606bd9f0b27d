// What the pods of a model share: labels, the volume, and the node where only one can mount it.
import { childLabels, COMPONENT_LABEL, parentLabel, SOURCE_LABEL } from '../../core/labels.ts'
import { placementOf, type Affinity, type Placement } from '../../core/placement.ts'
import type { Parent } from '../../core/request.ts'
import type { Spec } from '../schema.ts'

export type Component = 'server' | 'download'

/** What selects the pods of a component, and nothing else of the object. */
export function selectorOf (parent: Parent, component: Component): Record<string, string> {
  return { ...parentLabel(parent), [COMPONENT_LABEL]: component }
}

export function podLabels (parent: Parent, component: Component, key: string): Record<string, string> {
  return { ...childLabels(parent), [COMPONENT_LABEL]: component, [SOURCE_LABEL]: key }
}

export function volumeOf (claimName: string): Record<string, unknown> {
  return { name: 'model', persistentVolumeClaim: { claimName } }
}

/**
 * Where pods of this volume may run. One that a single node can mount keeps them together; the term matches each of them, so that the first may start
 * anywhere, and a finished Job holds nobody.
 */
export function placementWith (parent: Parent<Spec>, key: string): Placement {
  const placement = placementOf(parent.spec)
  if (parent.spec.storage.accessMode !== 'ReadWriteOnce') return placement
  const { affinity = {} } = placement
  const near = affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const together = { labelSelector: { matchLabels: { ...parentLabel(parent), [SOURCE_LABEL]: key } }, topologyKey: 'kubernetes.io/hostname' }
  const podAffinity = { ...affinity.podAffinity, requiredDuringSchedulingIgnoredDuringExecution: [...near, together] }
  return { ...placement, affinity: { ...affinity, podAffinity } as Affinity }
}
