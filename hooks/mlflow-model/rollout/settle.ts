// What follows from a decision without another one: whether checks count now, and which deadline runs.
import { formatInstant, parseInstant } from '../../core/time.ts'
import type { Memory, Rollout } from '../schema/status.ts'
import { after, flipVisibleAt, inForce, isAvailable, isReady, type RolloutFacts } from './facts.ts'
import { FLIP_LOST_SECONDS, flipLostAt } from './observe.ts'
import { withRollout } from './memory.ts'

/** Brings measuring and deadlines in line with where the rollout stands now. */
export function settle (memory: Memory, facts: RolloutFacts): Memory {
  return settleDeadline(settleMeasuring(memory, facts), facts)
}

/**
 * Checks count while the step's weight is in force and nothing holds the rollout. Their start is renewed by every change of the weight,
 * a resume, or the recovery of a stable that had no pod; without a start nothing is measured.
 */
function settleMeasuring (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout } = memory
  if (!rollout) return memory
  const measuring = isMeasuring(memory, facts)
  if (measuring === (rollout.stepStartedAt !== undefined)) return memory
  return withRollout(memory, { stepStartedAt: measuring ? formatInstant(facts.now) : undefined })
}

function isMeasuring (memory: Memory, facts: RolloutFacts): boolean {
  const { rollout, stable, traffic } = memory
  const judged = rollout?.stage === 'Stepping' || rollout?.stage === 'AwaitingApproval'
  if (!judged || !traffic?.inForce || traffic.canary === 0) return false
  return !facts.policy.paused && isAvailable(stable, facts)
}

/** Stops a deadline that does not run any more, before anything is decided by it. */
export function stopDeadline (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout } = memory
  if (!rollout || rollout.stage === 'Draining' || waitOf(memory, facts) !== 'held') return memory
  return hold(memory, facts)
}

/** A deadline that does not run keeps the seconds it has left, so that pauses are excluded from it. */
function settleDeadline (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout } = memory
  if (!rollout || rollout.stage === 'Draining') return memory
  const wait = waitOf(memory, facts)
  switch (wait) {
    case 'none':
      return clear(memory)
    case 'held':
      return hold(memory, facts)
    case 'runs':
      return rollout.deadline ? memory : withRollout(memory, { deadline: after(facts, rollout.deadlineLeft ?? wholeDeadline(memory, facts)), deadlineLeft: undefined })
    default:
      return wait satisfies never
  }
}

function clear (memory: Memory): Memory {
  const { deadline, deadlineLeft } = memory.rollout ?? {}
  return deadline === undefined && deadlineLeft === undefined ? memory : withRollout(memory, { deadline: undefined, deadlineLeft: undefined })
}

function hold (memory: Memory, facts: RolloutFacts): Memory {
  const deadline = parseInstant(memory.rollout?.deadline)
  if (deadline === undefined) return memory
  return withRollout(memory, { deadline: undefined, deadlineLeft: Math.max(leastLeft(facts), deadline - facts.now) })
}

/** A router that shows no flip is believed only after FLIP_LOST_SECONDS: a shorter deadline would blame a good version for it. */
function wholeDeadline (memory: Memory, facts: RolloutFacts): number {
  const { progressDeadline } = facts.policy
  const awaitsRouter = !inForce(memory) && isReady(memory.canary, facts)
  return awaitsRouter ? Math.max(progressDeadline, 2 * FLIP_LOST_SECONDS) : progressDeadline
}

/** A deadline that goes on leaves the router at least the time it may need, even if it had passed unseen while it was held. */
function leastLeft ({ policy }: RolloutFacts): number {
  return Math.min(policy.progressDeadline, FLIP_LOST_SECONDS)
}

type Wait = 'none' | 'held' | 'runs'

/** What the rollout waits for that may take too long: a canary to become ready, or weights to come into force. */
function waitOf (memory: Memory, facts: RolloutFacts): Wait {
  const { rollout, stable } = memory
  if (!rollout) return 'none'
  if (!stable) return rollout.reason === undefined ? 'runs' : 'none'
  return rollout.stage === 'Unwinding' ? waitForRouter(memory, facts) : waitForCanary(memory, rollout, facts)
}

function waitForCanary (memory: Memory, rollout: Rollout, facts: RolloutFacts): Wait {
  const ready = rollout.present && isReady(memory.canary, facts)
  if (ready && inForce(memory)) return 'none'
  if (facts.policy.paused) return 'held'
  const loading = rollout.stage === 'Loading' && rollout.present && !ready
  return loading || isReady(memory.stable, facts) ? 'runs' : 'held'
}

/** A router cannot apply anything while a stable pod is down, so that time does not count. */
function waitForRouter (memory: Memory, facts: RolloutFacts): Wait {
  if (inForce(memory)) return 'none'
  return isReady(memory.stable, facts) ? 'runs' : 'held'
}

/** The earliest instant later than now at which a decision may be due, in whole seconds. */
export function nextDeadline (memory: Memory, facts: RolloutFacts): number | undefined {
  const { rollout, previous, traffic } = memory
  const deadlines = [
    parseInstant(rollout?.deadline),
    parseInstant(previous?.keepUntil),
    traffic && !traffic.inForce ? flipLostAt(traffic.writtenAt) : undefined,
    rollout?.stage === 'Loading' && isReady(memory.canary, facts) ? flipVisibleAt(facts) : undefined
  ]
  const ahead = deadlines.filter((deadline) => deadline !== undefined).filter((deadline) => deadline > facts.now)
  return ahead.length > 0 ? Math.min(...ahead) : undefined
}
