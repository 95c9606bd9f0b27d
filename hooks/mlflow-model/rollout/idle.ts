// No rollout is under way: the first version, the instant return to the version before, and the start of a rollout.
import { rolloutId, sameVersion } from '../../core/names.ts'
import { formatInstant } from '../../core/time.ts'
import type { Memory, Rollout, Version } from '../schema/status.ts'
import { after, inForce, isAvailable, isDue, isLingering, isReady, type RolloutFacts } from './facts.ts'
import { ALL_STABLE, findFailure, freshTraffic, withRollout } from './memory.ts'
import { ABORTED, PROGRESS_DEADLINE_EXCEEDED } from './reasons.ts'
import { isCommanded } from './commands.ts'

/** The version that the alias asks for, if it can be loaded and has not failed. */
function eligibleTarget (memory: Memory, { target }: RolloutFacts): Version | undefined {
  if (target.kind !== 'Version' || target.version.uri === undefined) return undefined
  if (findFailure(memory, target.version)) return undefined
  return { version: target.version.version, createdAt: target.version.createdAt, uri: target.version.uri }
}

/** With a stable version and no rollout. */
export function stepIdle (memory: Memory, facts: RolloutFacts): Memory {
  const housekept = dropPrevious(memory, facts)
  if (housekept !== memory) return housekept
  if (facts.target.kind !== 'Version' || sameVersion(facts.target.version, memory.stable)) return memory
  if (canReturnFast(memory, facts)) return returnFast(memory, facts)
  const target = eligibleTarget(memory, facts)
  if (!target || !facts.router.present) return memory
  return startRollout(memory, facts, target)
}

/** Nothing is deployed yet: the first version takes everything, unjudged. */
export function startFirst (memory: Memory, facts: RolloutFacts): Memory {
  const target = eligibleTarget(memory, facts)
  return target ? deployFirst(memory, facts, target) : memory
}

/** The first version loads. It is never given up: there is nothing else to serve. Another target takes its place. */
export function stepFirst (memory: Memory, facts: RolloutFacts): Memory {
  const { canary, rollout } = memory
  if (!canary || !rollout) return memory
  const target = eligibleTarget(memory, facts)
  if (target && !sameVersion(target, canary)) {
    return deployFirst({ ...memory, lastOutcome: 'Superseded' }, facts, target)
  }
  if (isReady(canary, facts)) {
    const { canary: _canary, rollout: _rollout, ...rest } = memory
    return { ...rest, stable: canary, lastOutcome: 'Promoted', traffic: { ...(rest.traffic ?? freshTraffic(ALL_STABLE, facts)), ...ALL_STABLE, canaryInForce: 0 } }
  }
  if (isCommanded(memory, facts, 'abort')) return withRollout(memory, { reason: ABORTED })
  if (isDue(rollout.deadline, facts.now)) return withRollout(memory, { reason: PROGRESS_DEADLINE_EXCEEDED, deadline: undefined })
  return memory
}

function deployFirst (memory: Memory, facts: RolloutFacts, version: Version): Memory {
  return {
    ...newRollout(memory, facts, version),
    traffic: freshTraffic({ stable: 0, canary: 100 }, facts)
  }
}

/** The previous version is still warm and the alias is back on it: everything goes to it at once, as it was trusted before. */
function canReturnFast ({ previous }: Memory, facts: RolloutFacts): boolean {
  if (facts.target.kind !== 'Version' || !previous?.fastReturn) return false
  return sameVersion(facts.target.version, previous) && isReady(previous, facts)
}

/** The version left behind is not trusted enough for an instant return to it, and leaves at once if a pod of it is down: it would block the weights. */
function returnFast (memory: Memory, facts: RolloutFacts): Memory {
  const { stable, previous, ...rest } = memory
  if (!stable || !previous) return memory
  const { version, createdAt, uri } = previous
  const left = isReady(stable, facts) ? { previous: { ...stable, keepUntil: after(facts, facts.policy.keepStable), fastReturn: false } } : {}
  return { ...rest, ...left, stable: { version, createdAt, uri }, lastOutcome: 'FastRolledBack', traffic: freshTraffic(ALL_STABLE, facts) }
}

/**
 * The previous version leaves when its time is over, when another version is to be loaded, or when a pod of it is down and blocks weights.
 * It never leaves before weight 0 is in force for it, or while it is all that answers.
 */
function dropPrevious (memory: Memory, facts: RolloutFacts): Memory {
  const { previous, ...rest } = memory
  if (!previous) return memory
  if (isBlocking(memory, facts)) return rest
  const over = isDue(previous.keepUntil, facts.now) || isInTheWay(memory, facts)
  const lastResort = !isAvailable(memory.stable, facts)
  return over && !lastResort && inForce(memory) ? rest : memory
}

function isBlocking (memory: Memory, facts: RolloutFacts): boolean {
  if (!isAvailable(memory.stable, facts)) return false
  return !isAvailable(memory.previous, facts) || (!inForce(memory) && !isReady(memory.previous, facts))
}

/** Whether a third version is to be loaded. */
function isInTheWay (memory: Memory, facts: RolloutFacts): boolean {
  const target = eligibleTarget(memory, facts)
  if (!target || !facts.router.present) return false
  return !sameVersion(target, memory.stable) && !sameVersion(target, memory.previous)
}

function startRollout (memory: Memory, facts: RolloutFacts, target: Version): Memory {
  const { previous, ...rest } = memory
  if (!previous) return newRollout(rest, facts, target, (inForce(memory) || !isReady(memory.stable, facts)) && !isLingering(target, facts))
  // The target is still loaded as the previous version, and goes through the whole rollout from where it is.
  if (!sameVersion(previous, target)) return memory
  // Until weight 0 is in force for it, it may still have traffic, and must not be taken out like one that never had any.
  return withRollout(newRollout(rest, facts, { ...target, uri: previous.uri }), { raised: !inForce(memory) })
}

function newRollout (memory: Memory, facts: RolloutFacts, version: Version, present = true): Memory {
  // Time is part of the counter, so that an id is not used again even when all memory of it is lost.
  const counter = Math.max(memory.counter, facts.now - 1, facts.highestSeenCounter) + 1
  const rollout: Rollout = {
    id: rolloutId(version, counter),
    stage: 'Loading',
    step: 0,
    startedAt: formatInstant(facts.now),
    present,
    raised: false,
    commanded: false,
    losses: 0
  }
  return { ...memory, counter, canary: version, rollout }
}
