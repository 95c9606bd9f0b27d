// Splits the runs over the targets and into batches that workers take one after the other.
import type { Batch } from './run-target.ts'
import type { Target } from './target.ts'

/** Batches end often enough that the workers finish together. */
const BATCHES_A_TARGET = 16
const LARGEST_BATCH = 10_000

/** At least one run a target, so that none is ever left out. Each batch has a seed of its own, which the first one determines. */
export function planBatches (targets: Target[], { runs, seed }: { runs: number, seed: number }): Batch[] {
  const whole = targets.reduce((sum, { share }) => sum + share, 0)
  const batches = targets.map(({ name, share, atLeast = 1 }) => cut(name, Math.max(atLeast, Math.round(runs * share / whole))))
  // Seeds are 32 bits; a prime apart, so that neighbouring batches have nothing in common.
  return interleave(batches).map((batch, index) => ({ ...batch, seed: (seed + index * 7919) % 2 ** 31 }))
}

function cut (target: string, runs: number): Array<Omit<Batch, 'seed'>> {
  const size = Math.min(LARGEST_BATCH, Math.ceil(runs / BATCHES_A_TARGET))
  return Array.from({ length: Math.ceil(runs / size) }, (_, index) => ({ target, runs: Math.min(size, runs - index * size) }))
}

/** The first batch of each target, then the second, so that every target has had some runs early. */
function interleave<T> (lists: T[][]): T[] {
  const longest = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat()
}
