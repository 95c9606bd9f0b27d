// How a rollout ends: by promotion, by going back to stable, or by the canary taking over from a stable that is dead.
import { sameVersion } from '../../core/names.ts'
import { defined } from '../../core/plain-value.ts'
import { formatInstant } from '../../core/time.ts'
import type { Memory, Rollout } from '../schema/status.ts'
import { after, inForce, isAvailable, isReady, type RolloutFacts } from './facts.ts'
import { ALL_STABLE, withFailure, withRollout, withTraffic, withoutFailure } from './memory.ts'
import { describeMetrics } from './verdict.ts'
import { ABORTED } from './reasons.ts'

export type Ending = { outcome: NonNullable<Memory['lastOutcome']>, reason: string }

/** Starts the way back to stable. A canary that never was to have traffic, or is not there, is gone at once. */
export function unwind (memory: Memory, facts: RolloutFacts, ending: Ending): Memory {
  const { rollout } = memory
  if (!rollout) return memory
  if (!rollout.raised || !rollout.present) return removeCanary(withRollout(memory, ending), facts)
  const unwinding = withRollout(memory, { ...ending, stage: 'Unwinding', commanded: false, deadline: undefined, deadlineLeft: undefined })
  return withTraffic(unwinding, facts, ALL_STABLE)
}

/** Ends the rollout for a fault of the canary: remembered with its numbers, so that it gets no traffic again before a retry. */
export function fail (memory: Memory, facts: RolloutFacts, reason: string): Memory {
  return unwind(rememberFailure(memory, facts, reason), facts, { outcome: 'Aborted', reason })
}

/** A person's abort. What is on its way back already is only remembered as a failure, unless it is one. */
export function abort (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout } = memory
  if (rollout?.stage !== 'Unwinding' && rollout?.stage !== 'Draining') return fail(memory, facts, ABORTED)
  if (rollout.outcome === 'Aborted') return memory
  return withRollout(rememberFailure(memory, facts, ABORTED), { outcome: 'Aborted', reason: ABORTED })
}

export function rememberFailure (memory: Memory, facts: RolloutFacts, reason: string): Memory {
  const { canary, rollout } = memory
  if (!canary || !rollout) return memory
  const { version, createdAt } = canary
  const metrics = describeMetrics(rollout, facts)
  return withFailure(memory, { version, createdAt, rollout: rollout.id, at: formatInstant(facts.now), reason, ...(metrics && { metrics }) })
}

/** Takes the canary out of the object and ends the rollout. */
export function removeCanary (memory: Memory, facts: RolloutFacts): Memory {
  const { canary: _canary, rollout, ...rest } = memory
  return withTraffic(defined({ ...rest, lastOutcome: rollout?.outcome }) as Memory, facts, ALL_STABLE)
}

/** Weight 100 is in force: the roles swap, and the old stable stays loaded for a while. */
export function swapRoles (memory: Memory, facts: RolloutFacts): Memory {
  const { stable, canary, rollout, traffic, ...rest } = memory
  if (!stable || !canary || !rollout || !traffic) return memory
  return withoutFailure({
    ...rest,
    stable: canary,
    previous: { ...stable, keepUntil: after(facts, facts.policy.keepStable), fastReturn: true },
    traffic: { ...traffic, ...ALL_STABLE, canaryInForce: 0 },
    lastOutcome: promotedAs(rollout)
  }, canary)
}

/**
 * The canary becomes stable and the old stable leaves the object in the same sync. For a stable with a pod down:
 * Seldon applies no weight while one is, so taking it out is the only way to move its traffic.
 */
export function takeOver (memory: Memory, facts: RolloutFacts, outcome: Ending['outcome']): Memory {
  const { canary, rollout: _rollout, previous: _previous, stable: _stable, traffic: _traffic, ...rest } = memory
  if (!canary) return memory
  return withTraffic(withoutFailure({ ...rest, stable: canary, lastOutcome: outcome }, canary), facts, ALL_STABLE)
}

/** How a rollout that reaches 100 ends. */
export function promotedAs (rollout: Rollout): Ending['outcome'] {
  return rollout.commanded ? 'FastPromoted' : 'Promoted'
}

/** Unwinding: weight 0 is wanted for the canary. Never held by a pause. */
export function stepUnwinding (memory: Memory, facts: RolloutFacts, deadlinePassed: boolean): Memory {
  const { canary, stable, rollout } = memory
  if (!rollout) return memory
  const stableReady = isReady(stable, facts)
  const blocking = stableReady && !isReady(canary, facts)
  const neverApplied = stableReady && deadlinePassed
  if (blocking || neverApplied) return removeCanary(memory, facts)
  if (!inForce(memory)) return memory
  return withRollout(memory, { stage: 'Draining', deadline: after(facts, facts.policy.keepFailed), deadlineLeft: undefined })
}

/** Draining: a healthy canary stays loaded at weight 0 for a look at it, unless something else waits for its place. */
export function stepDraining (memory: Memory, facts: RolloutFacts, deadlinePassed: boolean): Memory {
  const { canary, stable, rollout } = memory
  if (!rollout) return memory
  // In an object that was made again nothing is in force, and a canary that never loads would keep it so.
  if (!inForce(memory)) return isReady(stable, facts) && !isReady(canary, facts) ? removeCanary(memory, facts) : memory
  const awaited = rollout.outcome !== 'Aborted' || isAnotherWanted(memory, facts)
  if (awaited || deadlinePassed || !isReady(canary, facts)) return removeCanary(memory, facts)
  return memory
}

function isAnotherWanted ({ canary }: Memory, { target }: RolloutFacts): boolean {
  return target.kind === 'Version' && !sameVersion(target.version, canary)
}

/** The canary lost all its pods while it had traffic: it leaves at once, which is the only way to give stable everything at once. */
export function loseCanary (memory: Memory, facts: RolloutFacts, maxLosses: number, reason: string): Memory {
  const { rollout, canary, stable } = memory
  if (!rollout || !canary || isAvailable(canary, facts) || !isAvailable(stable, facts)) return memory
  const losses = rollout.losses + 1
  if (losses >= maxLosses) {
    const failed = rememberFailure(withRollout(memory, { losses }), facts, reason)
    return removeCanary(withRollout(failed, { outcome: 'Aborted', reason }), facts)
  }
  const reloading = withRollout(memory, {
    losses, stage: 'Loading', step: 0, present: false, commanded: false, stepStartedAt: undefined, trafficSince: undefined, progress: undefined, deadline: undefined, deadlineLeft: undefined
  })
  return withTraffic(reloading, facts, ALL_STABLE)
}
