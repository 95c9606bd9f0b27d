// The status of an MlflowModel: the mirror of the memory that was observed, and what people read.
import { formatInstant } from '../core/time.ts'
import type { Memory, Status } from './schema/status.ts'
import { isReady, type RolloutFacts } from './rollout/facts.ts'
import { nextDeadline } from './rollout/settle.ts'
import { effectiveSteps } from './rollout/stages.ts'
import { defined } from './rollout/memory.ts'
import type { Summary } from './phase.ts'

/** Mirrors the memory. Conditions are added by the caller. */
export function computeStatus (memory: Memory, facts: RolloutFacts, summary: Summary, url: string): Status {
  const { stable, canary, previous, rollout } = memory
  const deadline = nextDeadline(memory, facts.now)
  return defined({
    ...memory,
    stable: stable && { ...stable, ready: isReady(stable, facts) },
    canary: canary && { ...canary, ready: isReady(canary, facts) },
    previous: previous && { ...previous, ready: isReady(previous, facts) },
    phase: summary.phase,
    reason: summary.reason,
    error: summary.error?.slice(0, 1024),
    currentModelVersion: stable?.version,
    previousModelVersion: previous?.version,
    canaryModelVersion: canary?.version,
    weight: rollout && stable ? memory.traffic?.canaryInForce ?? 0 : undefined,
    step: rollout && stable ? stepText(memory, facts) : undefined,
    url: stable || canary ? url : undefined,
    nextDeadline: deadline === undefined ? undefined : formatInstant(deadline)
  } as Status)
}

function stepText ({ rollout }: Memory, { policy }: RolloutFacts): string {
  return `${rollout?.step ?? 0}/${effectiveSteps(policy.steps).length}`
}
