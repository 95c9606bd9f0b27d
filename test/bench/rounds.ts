// Figures that can be compared: two ways of doing one thing, in turn, in the same run.

/**
 * Runs each way once a round, one after the other, and gives what each returned, a value a round. In turn, so that whatever slows the machine down
 * for a while slows all of them down.
 */
export async function alternate<Name extends string, T> (rounds: number, ways: Record<Name, (round: number) => Promise<T>>): Promise<Record<Name, T[]>> {
  const names = Object.keys(ways) as Name[]
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results[name].push(await ways[name](round))
  }
  return results
}

/** The middle value; between the two middle ones of an even number. NaN of none. */
export function median (values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2
}

/** The value that a share `q` (0 to 1) of all values does not exceed. NaN of none. */
export function quantile (values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? NaN
}

/** `2.1 (1.9–2.4)`: the median with the smallest and the largest value, the spread that a ratio stands on. */
export function spread (values: number[], format: (value: number) => string): string {
  return `${format(median(values))} (${format(Math.min(...values))}–${format(Math.max(...values))})`
}
