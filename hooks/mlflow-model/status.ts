// The status of an MlflowModel: the mirror of the memory that was observed, and what people read.
import { defined } from '../core/plain-value.ts'
import { forPeople } from '../core/safe-text.ts'
import { formatInstant } from '../core/time.ts'
import type { Memory, Status } from './schema/status.ts'
import { isReady, type RolloutFacts } from './rollout/facts.ts'
import { nextDeadline } from './rollout/settle.ts'
import { effectiveSteps } from './rollout/stages.ts'
import type { Summary } from './phase.ts'

/** What the status shows beside the memory. `heldUntil`: a decision waits, until then at the latest (whole seconds). */
type Shown = { summary: Summary, url: string, heldUntil?: number }

/** Mirrors the memory. Conditions are added by the caller. */
export function computeStatus (memory: Memory, facts: RolloutFacts, { summary, url, heldUntil }: Shown): Status {
  const deadlines = [nextDeadline(memory, facts), heldUntil].filter((deadline) => deadline !== undefined)
  return defined({
    ...memory,
    ...versionsOf(memory, facts),
    ...progressOf(memory, facts),
    phase: summary.phase,
    reason: summary.reason,
    error: summary.error === undefined ? undefined : forPeople(summary.error, 1024),
    url: memory.stable || memory.canary ? url : undefined,
    nextDeadline: deadlines.length > 0 ? formatInstant(Math.min(...deadlines)) : undefined
  } as Status)
}

function versionsOf ({ stable, canary, previous }: Memory, facts: RolloutFacts): object {
  return {
    stable: stable && { ...stable, ready: isReady(stable, facts) },
    canary: canary && { ...canary, ready: isReady(canary, facts) },
    previous: previous && { ...previous, ready: isReady(previous, facts) },
    currentModelVersion: stable?.version,
    previousModelVersion: previous?.version,
    canaryModelVersion: canary?.version
  }
}

/** Weight and step mean something only while a canary stands beside a stable version. */
function progressOf ({ stable, rollout, traffic }: Memory, { policy }: RolloutFacts): object {
  if (!rollout || !stable) return {}
  return { weight: traffic?.canaryInForce ?? 0, step: `${rollout.step}/${effectiveSteps(policy.steps).length}` }
}
