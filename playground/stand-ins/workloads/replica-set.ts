// One sync of the ReplicaSet controller, pure: as many pods as are asked for, and what its status says of them.
import { timestamp } from '../../api-server/operations.ts'
import { findCondition, isActive, isOver, isReady, type Pod, type ReplicaSet, type ReplicaSetStatus } from './objects.ts'

export interface ReplicaSetSync {
  status: ReplicaSetStatus
  create: number
  remove: Pod[]
}

/** One sync. `pods` are all that the ReplicaSet controls, those that are over among them. */
export function syncReplicaSet (set: ReplicaSet, pods: readonly Pod[]): ReplicaSetSync {
  const active = pods.filter(isActive)
  const { replicas } = set.spec
  const ready = active.filter(isReady).length
  const terminating = pods.filter(({ metadata, status }) => metadata.deletionTimestamp !== undefined && !isOver(status)).length
  const status = { terminatingReplicas: terminating, replicas: active.length, fullyLabeledReplicas: active.length, readyReplicas: ready, availableReplicas: ready, observedGeneration: set.metadata.generation ?? 1 }
  return { status, create: Math.max(0, replicas - active.length), remove: active.toSorted(leastWorthFirst).slice(0, Math.max(0, active.length - replicas)) }
}

/** Without a node before with one, pending before running, not ready before ready, the younger before the older. */
function leastWorthFirst (a: Pod, b: Pod): number {
  const [one, other] = [worth(a), worth(b)]
  const index = one.findIndex((value, at) => value !== other[at])
  return index < 0 ? 0 : Number(one[index]) - Number(other[index])
}

function worth (pod: Pod): number[] {
  const readySince = findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime ?? timestamp(0)
  return [Number(pod.spec.nodeName !== undefined), Number(pod.status?.phase === 'Running'), Number(isReady(pod)), -Date.parse(readySince), -Date.parse(pod.metadata.creationTimestamp ?? '')]
}
