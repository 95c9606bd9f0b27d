// What the world did since the last decision: weights that came into force or were changed by hand, a canary that gets on loading.
import { formatInstant, parseInstant } from '../../core/time.ts'
import type { Memory } from '../schema/status.ts'
import { after, type RolloutFacts } from './facts.ts'
import { freshTraffic, sameShares, wantedShares, withRollout } from './memory.ts'

/** A lost flip of the router's condition costs this many seconds at most. */
export const FLIP_LOST_SECONDS = 60

/** Takes note of what the world did. Nothing is decided here. */
export function observe (memory: Memory, facts: RolloutFacts): Memory {
  return observeProgress(observeTraffic(memory, facts), facts)
}

/**
 * Weights count as in force once the router, asked for exactly them, says that they are applied and has said something else in between
 * (its transition time differs from the one noted when they were written), or when it still says so 60 s after the write: a flip can be lost.
 * Weights changed by somebody else are written again, and have to come into force again.
 */
function observeTraffic (memory: Memory, facts: RolloutFacts): Memory {
  const { traffic } = memory
  const { router, now } = facts
  if (!traffic || !router.shares) return memory
  if (!sameShares(router.shares, wantedShares(memory))) return { ...memory, traffic: freshTraffic(traffic, facts, traffic.canaryInForce) }
  if (traffic.inForce || !router.applied) return memory
  const flipped = router.transition !== traffic.routerTransition
  if (!flipped && now < flipLostAt(traffic.writtenAt)) return memory
  return noteFirstTraffic({ ...memory, traffic: { ...traffic, inForce: true, canaryInForce: traffic.canary } }, facts)
}

/** When weights count as in force although no flip was seen, in whole seconds. */
export function flipLostAt (writtenAt: string): number {
  return (parseInstant(writtenAt) ?? 0) + FLIP_LOST_SECONDS
}

function noteFirstTraffic (memory: Memory, facts: RolloutFacts): Memory {
  if (!memory.rollout || memory.rollout.trafficSince || memory.traffic?.canary === 0) return memory
  return withRollout(memory, { trafficSince: formatInstant(facts.now) })
}

/**
 * A canary that gets on loading has its whole deadline before it again: one with more pods ready than ever before. Pods that come and go are no
 * progress, or one that crashes again and again would load for ever.
 */
function observeProgress (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout, canary } = memory
  if (!canary || !rollout?.present || rollout.stage !== 'Loading') return memory
  const { progress } = facts.readiness(canary)
  if (rollout.progress !== undefined && podsOf(progress) <= podsOf(rollout.progress)) return memory
  const running = rollout.deadline !== undefined
  return withRollout(memory, {
    progress,
    deadline: running ? after(facts, facts.policy.progressDeadline) : undefined,
    deadlineLeft: undefined
  })
}

/** The pods ready of `1/2`; none is less than `0/2`: then there is nothing yet to become ready. */
function podsOf (progress: string): number {
  return progress === '' ? -1 : Number.parseInt(progress, 10)
}
