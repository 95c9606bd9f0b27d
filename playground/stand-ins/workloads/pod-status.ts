// From what a kubelet knows of a pod's containers to the pod's status, pure: states, phase and conditions as Kubernetes derives them.
import { timestamp } from '../../api-server/operations.ts'
import { withCondition, type Condition, type Container, type ContainerState, type ContainerStatus, type Pod, type PodStatus } from './objects.ts'

/** What became of one container so far. One that is not here has not been begun with. */
export interface Progress {
  state: ContainerState
  lastState?: ContainerState
  /** A server answers; an init container has done its work. */
  ready?: boolean
  restarts?: number
}

export interface Knowledge {
  /** By the container's name. */
  containers: Readonly<Record<string, Progress>>
  /** In milliseconds, when the kubelet took the pod. */
  startedAt: number
}

/** The status at this instant; times of conditions that stay as they are are kept. */
export function podStatus (pod: Pod, { containers, startedAt }: Knowledge, now: number): PodStatus {
  const { initContainers = [], containers: main, restartPolicy } = pod.spec
  const waitsForInit = initContainers.length > 0
  const first = initContainers.map((container) => statusOf(container, containers[container.name], waitsForInit))
  const then = main.map((container) => statusOf(container, containers[container.name], waitsForInit))
  const initialized = first.every(({ ready }) => ready)
  const phase = phaseOf({ first, then, initialized, neverAgain: restartPolicy === 'Never' })
  const ready = phase === 'Running' && then.every((status) => status.ready)
  return {
    phase,
    conditions: conditionsOf(pod.status?.conditions, { initialized: initialized || phase === 'Succeeded', ready, phase, now, names: { first, then } }),
    startTime: timestamp(startedAt),
    ...(first.length > 0 && { initContainerStatuses: first }),
    containerStatuses: then
  }
}

function statusOf ({ name, image }: Container, progress: Progress | undefined, waitsForInit: boolean): ContainerStatus {
  const { state = { waiting: { reason: waitsForInit ? 'PodInitializing' : 'ContainerCreating' } }, lastState = {}, ready = false, restarts = 0 } = progress ?? {}
  return { name, image, imageID: '', state, lastState, ready, started: state.running !== undefined, restartCount: restarts }
}

interface Phases { first: ContainerStatus[], then: ContainerStatus[], initialized: boolean, neverAgain: boolean }

function phaseOf ({ first, then, initialized, neverAgain }: Phases): PodStatus['phase'] {
  const failed = ({ state }: ContainerStatus): boolean => (state.terminated?.exitCode ?? 0) !== 0
  if (!initialized) return neverAgain && first.some(failed) ? 'Failed' : 'Pending'
  if (then.every(({ state }) => state.terminated) && neverAgain) return then.some(failed) ? 'Failed' : 'Succeeded'
  // One that waits for another try has run before; one that never ran holds the pod back.
  return then.every(({ state, lastState }) => state.running ?? state.terminated ?? lastState.terminated) ? 'Running' : 'Pending'
}

interface Facts { initialized: boolean, ready: boolean, phase: PodStatus['phase'], now: number, names: Pick<Phases, 'first' | 'then'> }

function conditionsOf (before: readonly Condition[] = [], { initialized, ready, phase, now, names }: Facts): Condition[] {
  const at = { lastTransitionTime: timestamp(now) }
  const unready = (statuses: ContainerStatus[]): string => `[${statuses.filter((status) => !status.ready).map(({ name }) => name).join(' ')}]`
  const why = whyNotReady(phase, unready(names.then))
  const all: Condition[] = [
    initialized ? { type: 'Initialized', status: 'True', ...at } : { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: ${unready(names.first)}`, ...at },
    ready ? { type: 'Ready', status: 'True', ...at } : { type: 'Ready', status: 'False', ...why, ...at },
    ready ? { type: 'ContainersReady', status: 'True', ...at } : { type: 'ContainersReady', status: 'False', ...why, ...at }
  ]
  return all.reduce<Condition[]>(withCondition, withCondition(before, { type: 'PodScheduled', status: 'True', ...at }))
}

function whyNotReady (phase: PodStatus['phase'], unready: string): Pick<Condition, 'reason' | 'message'> {
  if (phase === 'Succeeded') return { reason: 'PodCompleted' }
  if (phase === 'Failed') return { reason: 'PodFailed' }
  return { reason: 'ContainersNotReady', message: `containers with unready status: ${unready}` }
}
