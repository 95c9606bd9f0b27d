// Decisions that wait for the operator to clear up. A write of ours in between can make it lose track of what it has deleted.
import type { Observation } from '../serving/backend.ts'
import type { Memory } from './schema/status.ts'
import { sameShares, wantedShares } from './rollout/memory.ts'

/** The operator has a minute: what it has not struck off its status by then stays there for good. */
const CLEARING_SECONDS = 60

/** Until when the decision waits, in whole seconds; undefined: it does not. */
export function holdFor ({ shares, clearingSince }: Observation, { before, after, now }: { before: Memory, after: Memory, now: number }): number | undefined {
  if (clearingSince === undefined || before === after) return undefined
  const until = clearingSince + CLEARING_SECONDS
  return now < until && canWait(shares, before, after) ? until : undefined
}

/**
 * A decision can wait that changes nothing for the versions that are there: another one to load beside them, or a note in memory. Where somebody
 * changed the weights, a write is needed anyway.
 */
function canWait (shares: Record<string, number>, before: Memory, after: Memory): boolean {
  const wanted = wantedShares(after)
  const unchanged = Object.entries(shares).every(([predictor, share]) => wanted[predictor] === share)
  return !after.deleting && unchanged && sameShares(shares, wantedShares(before))
}
