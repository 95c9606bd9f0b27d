// A whole walk: moves, the calm after them, and what must be true at rest.
import { STARTS, type Walk } from './arbitraries.ts'
import { calmDown, checkRest } from './calm.ts'
import type { Sync } from './metacontroller.ts'
import { applyMove } from './moves.ts'
import { makeWorld } from './state.ts'

/** Walks, calms down and checks; returns how many passes of the hook that took. Throws a Violation. */
export function walk ({ options, start, moves, failing }: Walk, sync: Sync): number {
  const world = makeWorld(options)
  let passes = 0
  for (const move of [...STARTS[start] ?? [], ...moves]) passes += applyMove(world, sync, move).length
  passes += calmDown(world, sync, failing ? ['2a', '1b'] : [])
  checkRest(world)
  return passes
}
