// Memory that has to begin again with a serving object that has not applied anything yet.
import type { Memory } from '../schema/status.ts'
import type { RolloutFacts } from './facts.ts'
import { ALL_STABLE, freshTraffic, nextSequence, withRollout } from './memory.ts'

/** The object is gone: it is made again as it was, and its weights have to come into force again. No stage changes. */
export function restoreMemory (memory: Memory, facts: RolloutFacts): Memory {
  const restored = { ...memory, sequence: nextSequence(memory, facts), traffic: freshTraffic(memory.traffic ?? ALL_STABLE, facts, memory.traffic?.canaryInForce) }
  return memory.rollout ? withRollout(restored, { stepStartedAt: undefined }) : restored
}
