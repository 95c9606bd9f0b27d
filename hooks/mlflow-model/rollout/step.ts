// One decision about the rollout: stepRollout(memory, facts) → memory. Pure; the same arguments always give the same answer.
// Precedence: deletion > abort > target = stable > other target > canary unavailable > paused > promote > verdict > time.
import deepEqual from 'fast-deep-equal'
import { sameVersion } from '../../core/names.ts'
import type { Memory } from '../schema/status.ts'
import { isAvailable, isDue, isReady, type RolloutFacts } from './facts.ts'
import { abort, loseCanary, stepDraining, stepUnwinding, takeOver, unwind } from './endings.ts'
import { isCommanded, obeyRetry, spend } from './commands.ts'
import { startFirst, stepFirst, stepIdle } from './idle.ts'
import { observe } from './observe.ts'
import { settle, stopDeadline } from './settle.ts'
import { settlePresence, stepAwaitingApproval, stepCommanded, stepLoading, stepPromoting, stepStepping } from './stages.ts'
import { judgeStep } from './verdict.ts'
import { nextSequence, withRollout } from './memory.ts'
import { ALIAS_MOVED_BACK, ALIAS_MOVED_ON, CANDIDATE_UNAVAILABLE, METRICS_UNAVAILABLE, NOT_ENOUGH_TRAFFIC } from './reasons.ts'

/** The second loss of all pods ends a rollout. */
const MAX_LOSSES = 2

/**
 * Takes the memory one decision further. Every change raises `sequence` by one; no change returns the very same object.
 * Memory that carries the mark `deleting` is never touched: a mark is always carried out.
 */
export function stepRollout (memory: Memory, facts: RolloutFacts): Memory {
  if (memory.deleting) return memory
  const observed = stopDeadline(observe(memory, facts), facts)
  const decided = spendCommands(memory, decide(obeyRetry(observed, facts), facts), facts)
  const next = settle(decided, facts)
  return deepEqual(next, memory) ? memory : { ...next, sequence: nextSequence(memory, facts) }
}

function decide (memory: Memory, facts: RolloutFacts): Memory {
  if (mustDelete(memory, facts)) return { ...memory, deleting: true }
  if (memory.rollout && memory.stable) return stepOngoing(memory, facts)
  if (memory.rollout) return stepFirst(memory, facts)
  return memory.stable ? stepIdle(memory, facts) : startFirst(memory, facts)
}

/** Only an answer that says the alias or the model is gone deletes anything; an unreachable registry never does. */
function mustDelete (memory: Memory, { target, policy }: RolloutFacts): boolean {
  const serving = memory.stable !== undefined || memory.canary !== undefined
  return serving && target.kind === 'Missing' && policy.whenAliasMissing === 'Delete'
}

function stepOngoing (memory: Memory, facts: RolloutFacts): Memory {
  if (isCommanded(memory, facts, 'abort')) return stepEnding(abort(memory, facts), facts)
  if (isEnding(memory)) return stepEnding(memory, facts)
  const left = leaveForTarget(memory, facts)
  if (left !== memory) return stepEnding(left, facts)
  const lost = hasTraffic(memory) ? loseCanary(memory, facts, MAX_LOSSES, CANDIDATE_UNAVAILABLE) : memory
  if (lost !== memory) return lost
  if (facts.policy.paused) return stepPaused(memory, facts)
  return stepEnding(stepUp(memory, facts), facts)
}

/** A pause holds weights. What it cannot hold: 100 that is in force already, and a loading predictor that freezes the router. */
function stepPaused (memory: Memory, facts: RolloutFacts): Memory {
  if (memory.rollout?.stage === 'Loading') return settlePresence(memory, facts)
  return isWeightReached(memory) ? stepStage(memory, facts) : memory
}

function isEnding ({ rollout }: Memory): boolean {
  return rollout?.stage === 'Unwinding' || rollout?.stage === 'Draining'
}

function hasTraffic ({ rollout, traffic }: Memory): boolean {
  return rollout?.stage !== 'Loading' && (traffic?.canary ?? 0) > 0
}

function isWeightReached ({ rollout, traffic }: Memory): boolean {
  return rollout?.stage === 'Promoting' && traffic?.inForce === true
}

/** The alias moved: back to stable, or on to another version (which may have to queue). No answer leaves things as they are. */
function leaveForTarget (memory: Memory, facts: RolloutFacts): Memory {
  const { target } = facts
  if (target.kind !== 'Version' || sameVersion(target.version, memory.canary)) return memory
  if (sameVersion(target.version, memory.stable)) return unwind(memory, facts, { outcome: 'RolledBack', reason: ALIAS_MOVED_BACK })
  if (facts.policy.newVersion === 'Queue' && !isHeld(memory, facts)) return memory
  return unwind(memory, facts, { outcome: 'Superseded', reason: ALIAS_MOVED_ON })
}

/** Whether the rollout stands still until a person, or better measurements, let it go on. */
function isHeld ({ rollout }: Memory, facts: RolloutFacts): boolean {
  if (facts.policy.paused || rollout?.stage === 'AwaitingApproval') return true
  const verdict = rollout ? judgeStep(rollout, facts) : 'Pending'
  return verdict === NOT_ENOUGH_TRAFFIC || verdict === METRICS_UNAVAILABLE
}

function stepUp (memory: Memory, facts: RolloutFacts): Memory {
  const asked = isCommanded(memory, facts, 'promote') && memory.rollout?.stage !== 'Promoting'
  const commanded = asked && memory.rollout?.stage !== 'AwaitingApproval' ? withRollout(memory, { commanded: true }) : memory
  if (asked || isCommandPending(commanded)) {
    const promoted = stepCommanded(commanded, facts)
    if (promoted !== commanded) return promoted
  }
  return stepStage(commanded, facts)
}

function isCommandPending ({ rollout }: Memory): boolean {
  return rollout?.commanded === true && rollout.stage !== 'Promoting'
}

/** What the stage itself does, once nothing of higher precedence has spoken. */
function stepStage (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout } = memory
  if (!rollout) return memory
  const deadlinePassed = isDue(rollout.deadline, facts.now)
  switch (rollout.stage) {
    case 'Loading':
      return stepLoading(memory, facts, deadlinePassed)
    case 'Stepping':
      return stepStepping(memory, facts, deadlinePassed)
    case 'AwaitingApproval':
      return stepAwaitingApproval(memory, facts, deadlinePassed)
    case 'Promoting':
      return stepPromoting(memory, facts, deadlinePassed)
    case 'Unwinding':
    case 'Draining':
      return memory
    default:
      return rollout.stage satisfies never
  }
}

/** The way down goes on at once, also in the sync that began it: a canary with a pod down must not wait for another one. */
function stepEnding (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout, canary } = memory
  if (!rollout || !canary || !isEnding(memory)) return memory
  const deadlinePassed = isDue(rollout.deadline, facts.now)
  if (rollout.stage === 'Draining') return stepDraining(memory, facts, deadlinePassed)
  const rescuing = isCommanded(memory, facts, 'promote') && !isAvailable(memory.stable, facts) && isReady(canary, facts)
  if (rescuing) return takeOver(memory, facts, 'FastPromoted')
  const stepped = stepUnwinding(memory, facts, deadlinePassed)
  return stepped.rollout?.stage === 'Draining' ? stepDraining(stepped, facts, false) : stepped
}

/** A command that names the rollout under way is spent when acted on, or when there is nothing to act on. What a pause or an unready canary holds back waits. */
function spendCommands (before: Memory, after: Memory, facts: RolloutFacts): Memory {
  const abortSpent = isCommanded(before, facts, 'abort') ? spend(after, facts, 'abort') : after
  const paused = facts.policy.paused && before.stable !== undefined && after.rollout !== undefined && !isEnding(after)
  const held = paused || after.rollout?.stage === 'AwaitingApproval'
  return isCommanded(before, facts, 'promote') && !held ? spend(abortSpent, facts, 'promote') : abortSpent
}
