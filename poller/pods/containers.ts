// What is wrong with one container. A container that fails, starts again and fails again goes through the same states for ever: whatever of it is seen,
// the same is told, or its parent's annotation would be written at every turn.
import { parseInstant } from '../../hooks/core/time.ts'
import type { ContainerState, ContainerStatus, Terminated } from './pod-status.ts'
import { lastWords, ownWords, wordsOf } from './words.ts'

/** `until`: when it counts as over, in whole seconds, if nothing happens until then. */
export type Trouble = { reason: string, exitCode?: number, message?: string, until?: number }

/** On its way to run; whatever else it may wait for is trouble. */
const STARTING = new Set([undefined, '', 'ContainerCreating', 'PodInitializing'])
/** A container that runs again after a failure is well when it is ready and has run for that long, in seconds: one that is ready for a moment between two crashes is not. */
const CALM_SECONDS = 60

export type Circumstances = { restarts: boolean, isInit: boolean }

/** How the run that ended last has ended. */
export function endOf ({ state, lastState }: ContainerStatus): Terminated | undefined {
  return state?.terminated ?? lastState?.terminated
}

/** Whether it has never run, and nothing keeps it from it. */
export function isAboutToStart (container: ContainerStatus): boolean {
  const { waiting } = container.state ?? {}
  return waiting !== undefined && STARTING.has(waiting.reason) && !endOf(container)
}

/** Undefined for one that runs, is about to, or has done its work. */
export function troubleOfContainer (container: ContainerStatus, circumstances: Circumstances): Trouble | undefined {
  const { state = {}, lastState = {}, ready = false } = container
  if (state.terminated) return troubleOfEnd(container, state.terminated, circumstances)
  if (state.waiting && !STARTING.has(state.waiting.reason)) return troubleOfWait(container, state.waiting, circumstances)
  const trouble = lastState.terminated && troubleOfEnd(container, lastState.terminated, circumstances)
  return trouble && { ...trouble, ...(ready && calmAfter(state)) }
}

function troubleOfWait (container: ContainerStatus, { reason = '', message }: NonNullable<ContainerState['waiting']>, circumstances: Circumstances): Trouble {
  const end = endOf(container)
  // That it waits says nothing; how it ended before does.
  if (reason === 'CrashLoopBackOff') return (end && troubleOfEnd(container, end, circumstances, true)) ?? { reason }
  // Kubernetes tries and waits in turn, and calls it by turns.
  return { reason: reason === 'ErrImagePull' ? 'ImagePullBackOff' : reason, ...wordsOf(message) }
}

function troubleOfEnd (container: ContainerStatus, end: Terminated, { restarts, isInit }: Circumstances, isLooping = (container.restartCount ?? 0) > 0): Trouble | undefined {
  const { exitCode } = end
  // A server has no end of its own; whether it is one shows when it is started again.
  if (exitCode === 0) return isInit || !restarts || !isLooping ? undefined : { reason: 'CrashLoopBackOff', exitCode, ...wordsOf(lastWords(end.message)) }
  const own = ownWords(end.message)
  if (own) return { ...own, exitCode }
  return { reason: kubernetesWord(end.reason, isLooping), exitCode, ...wordsOf(lastWords(end.message)) }
}

/** OOMKilled and the like say why, Error does not; then it is worth more that it has happened before. */
function kubernetesWord (reason: string | undefined, isLooping: boolean): string {
  if (reason && reason !== 'Error') return reason
  return isLooping ? 'CrashLoopBackOff' : 'Error'
}

function calmAfter ({ running }: ContainerState): { until?: number } {
  const started = parseInstant(running?.startedAt)
  return started === undefined ? {} : { until: started + CALM_SECONDS }
}
