// Memory that is written again without a decision: what it knew of weights in force holds only for the object that had them.
import type { Memory } from '../schema/status.ts'
import type { RolloutFacts } from './facts.ts'
import { ALL_STABLE, freshTraffic, nextSequence, sameShares, wantedShares, withRollout } from './memory.ts'

/** The object is gone: it is made again as it was, and its weights have to come into force again. No stage changes. */
export function restoreMemory (memory: Memory, facts: RolloutFacts): Memory {
  const restored = { ...memory, sequence: nextSequence(memory, facts), traffic: freshTraffic(memory.traffic ?? ALL_STABLE, facts, memory.traffic?.canaryInForce) }
  return memory.rollout ? withRollout(restored, { stepStartedAt: undefined }) : restored
}

/**
 * The same answer again. Where the object has other weights than memory wants (or memory knows of none), they have to come into force again; so
 * they have where no router has reported yet: the object was made anew, from an older memory than this one.
 */
export function repeatMemory (memory: Memory, facts: RolloutFacts): Memory {
  const { traffic } = memory
  const asWanted = traffic !== undefined && sameShares(facts.router.shares, wantedShares(memory))
  return asWanted && (facts.router.present || !traffic.inForce) ? memory : restoreMemory(memory, facts)
}
