// Counts of what happened in the runs of a target, by word: they show whether the fuzz reaches the code or is turned away at the door.

export type Counts = Record<string, number>
export type Tally = { count: (what: string) => void, counts: () => Counts }

export function createTally (): Tally {
  const counts = new Map<string, number>()
  return {
    count (what) { counts.set(what, (counts.get(what) ?? 0) + 1) },
    counts: () => Object.fromEntries(counts)
  }
}

/** Adds the second to the first. */
export function addCounts (into: Counts, counts: Counts): void {
  for (const [what, count] of Object.entries(counts)) into[what] = (into[what] ?? 0) + count
}
