// The conditions of a ModelDeployment, Ready first. Reasons are words for programs, messages sentences with the remedy, without times.
import { aspect, type Aspect } from '../core/conditions.ts'
import { conditionOf } from '../core/job-state.ts'
import type { KubeObject } from '../core/request.ts'
import { troubleSentence } from '../core/pod-trouble.ts'
import type { Memory } from './memory.ts'
import { answers, named, type Context, type Summary } from './summary.ts'

/** `autoscaler`: undefined where autoscale is off; null where it is not there yet. */
export type Input = { memory: Memory, context: Context, summary: Summary, autoscaler: KubeObject | null | undefined }

export function conditionsOf (input: Input): Aspect[] {
  return [ready(input), available(input), validated(input), progressing(input), ...scaling(input)]
}

/** What answers is trusted, whatever else is under way. */
function ready (input: Input): Aspect {
  const { status, reason, message } = available(input)
  return aspect('Ready', status === 'True' ? 'True' : 'False', reason, message)
}

function available ({ memory: { active }, context, summary }: Input): Aspect {
  if (!active) return aspect('Available', 'False', summary.reason, saidBy(summary))
  if (!context.served) return aspect('Available', 'False', 'ServiceMissing', summary.message)
  const seen = context.see(active.id)
  const { pods, podTrouble } = seen
  if (pods && answers(seen)) {
    const others = podTrouble && pods.available < pods.replicas ? ` ${troubleSentence(podTrouble)}` : ''
    return aspect('Available', 'True', 'PodsAvailable', `${pods.available} of ${pods.replicas} pods of ${named(active)} answer.${others}`)
  }
  return aspect('Available', 'False', 'PodsLost', `No pod of ${named(active)} answers. ${podTrouble ? troubleSentence(podTrouble) : 'See its Deployment and pods.'}`)
}

/** Of the newest attempt. */
function validated ({ memory: { active, candidate, failed }, summary }: Input): Aspect {
  if (failed?.stage === 'Validation') return aspect('Validated', 'False', failed.reason, saidBy(summary))
  const passed = candidate ?? failed ?? active
  if (!passed || passed === unfinished(candidate)) return aspect('Validated', 'Unknown', summary.reason, saidBy(summary))
  return aspect('Validated', 'True', 'Passed', `The last version to be tried, ${named(passed)}, has passed its validation.`)
}

function unfinished (candidate: Memory['candidate']): Memory['candidate'] {
  return candidate?.found ? undefined : candidate
}

function saidBy ({ error, message }: Summary): string {
  return error ?? message
}

function progressing ({ memory: { candidate, active, failed }, context, summary }: Input): Aspect {
  if (candidate) return aspect('Progressing', summary.phase === 'Failed' ? 'False' : 'True', summary.reason, saidBy(summary))
  const wrong = failed ?? context.problem
  if (wrong) return aspect('Progressing', 'False', wrong.reason, saidBy(summary))
  return active ? aspect('Progressing', 'False', 'Complete', `Nothing is under way: ${named(active)} is what the spec asks for.`) : aspect('Progressing', 'Unknown', summary.reason, saidBy(summary))
}

function scaling ({ autoscaler }: Input): Aspect[] {
  if (autoscaler === undefined) return []
  const failing = conditionOf(autoscaler ?? undefined, 'ScalingActive', 'False')
  if (failing) return [aspect('Scaling', 'False', failing.reason || 'Failed', `The autoscaler cannot measure (${failing.reason || 'no reason is given'}), and the number of pods stays as it is. It needs metrics-server, and resources.requests for what it aims at: see kubectl describe hpa ${autoscaler?.metadata.name}.`)]
  const active = conditionOf(autoscaler ?? undefined, 'ScalingActive')
  if (active) return [aspect('Scaling', 'True', 'Active', 'The autoscaler measures and sets the number of pods.')]
  return [aspect('Scaling', 'Unknown', 'NotYetObserved', 'The autoscaler has not reported yet.')]
}
