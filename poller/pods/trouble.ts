// What a pod tells: what keeps it from working, in which words, or what it has left when it was done. Pure; what depends on time comes as two instants.
import { parseInstant } from '../../hooks/core/time.ts'
import { endOf, isAboutToStart, troubleOfContainer, type Trouble } from './containers.ts'
import type { ContainerStatus, PodStatus } from './pod-status.ts'
import { findResult, wordsOf } from './words.ts'

/** An entry of PodsFact without the pod's identity. It is told from `from` on and no longer than until `until`, in whole seconds. */
export type Told = { reason: string, exitCode?: number, message?: string, result?: string, from?: number, until?: number }

/** Nodes may be on their way, or pods about to leave: for that long, in seconds, a pod without a place is no news. */
const GRACE_SECONDS = 30
/** Volumes are attached, networks set up: for that long, in seconds, a pod with a place of which no container has begun is no news. */
const START_SECONDS = 120

/** What the pod tells; undefined while there is nothing. `restarts`: its containers are started again when they end. */
export function findTrouble (status: PodStatus, { restarts }: { restarts: boolean }): Told | undefined {
  const { initContainerStatuses: first = [], containerStatuses: then = [] } = status
  const result = findResult([...first, ...then].map(endOf), { restarts })
  // One that is done and leaves nothing is no news: a CronJob has many.
  if (status.phase === 'Succeeded' && result === undefined) return undefined
  const trouble = status.phase === 'Succeeded' ? { reason: 'Completed', exitCode: 0 } : whatIsWrong(status, restarts)
  return trouble && { ...trouble, ...(result !== undefined && { result }) }
}

function whatIsWrong (status: PodStatus, restarts: boolean): Told | undefined {
  // What Kubernetes did to the whole pod is the cause of what became of its containers.
  if (status.phase === 'Failed' && status.reason) return { reason: status.reason, ...exitCodeOf(status), ...wordsOf(status.message) }
  const trouble = firstTrouble(status, restarts)
  if (trouble) return trouble
  if (status.phase === 'Failed') return { reason: 'Failed', ...wordsOf(status.message) }
  return unschedulable(status) ?? unprepared(status)
}

/** Init containers run first, so theirs comes first. */
function firstTrouble ({ initContainerStatuses = [], containerStatuses = [] }: PodStatus, restarts: boolean): Trouble | undefined {
  const find = (containers: ContainerStatus[], isInit: boolean) => containers.map((container) => troubleOfContainer(container, { restarts, isInit })).find((trouble) => trouble !== undefined)
  return find(initContainerStatuses, true) ?? find(containerStatuses, false)
}

function exitCodeOf ({ initContainerStatuses = [], containerStatuses = [] }: PodStatus): { exitCode?: number } {
  const exitCode = [...initContainerStatuses, ...containerStatuses].map((container) => endOf(container)?.exitCode).find((code) => code !== undefined && code !== 0)
  return exitCode === undefined ? {} : { exitCode }
}

/** A pod that is held back by a gate waits for somebody on purpose. */
function unschedulable ({ conditions = [] }: PodStatus): Told | undefined {
  const condition = conditions.find(({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable')
  if (!condition) return undefined
  return { reason: 'Unschedulable', ...wordsOf(condition.message), from: (parseInstant(condition.lastTransitionTime) ?? 0) + GRACE_SECONDS }
}

/**
 * A pod of which nothing begins: what it mounts is missing (a ConfigMap, a Secret, a volume), or its network is. Kubernetes says so in Events alone. Once a
 * pod is prepared, only its images are waited for, which may take long and tell of themselves when they cannot be had.
 */
function unprepared ({ conditions = [], initContainerStatuses = [], containerStatuses = [] }: PodStatus): Told | undefined {
  const containers = [...initContainerStatuses, ...containerStatuses]
  const placed = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'True')
  const isPrepared = conditions.some(({ type, status }) => type === 'PodReadyToStartContainers' && status === 'True')
  if (!placed || isPrepared || containers.length === 0 || !containers.every(isAboutToStart)) return undefined
  return { reason: 'ContainerCreating', from: (parseInstant(placed.lastTransitionTime) ?? 0) + START_SECONDS }
}
