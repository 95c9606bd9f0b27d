// What a person reads: how many runs each target had, what was answered, and for a failure the command that repeats it.
import Table from 'cli-table3'
import type { Failure, Outcome } from './run-target.ts'
import { addCounts, type Counts } from './tally.ts'
import type { Target } from './target.ts'

export type Sum = { runs: number, counts: Counts }

/** Adds the outcomes of batches up by target. */
export function sumUp (outcomes: Outcome[]): Map<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const { target, runs, counts } of outcomes) {
    const sum = sums.get(target) ?? { runs: 0, counts: {} }
    sum.runs += runs
    addCounts(sum.counts, counts)
    sums.set(target, sum)
  }
  return sums
}

export function table (targets: Target[], outcomes: Outcome[]): string {
  const sums = sumUp(outcomes)
  const rows = new Table({ head: ['target', 'runs', 'what came of them'], style: { head: [], border: [] }, colWidths: [22, 10, 110], wordWrap: true })
  for (const { name } of targets) {
    const { runs, counts } = sums.get(name) ?? { runs: 0, counts: {} }
    rows.push([name, format(runs), Object.entries(counts).sort(([, a], [, b]) => b - a).map(([what, count]) => `${what}: ${format(count)}`).join(', ')])
  }
  return rows.toString()
}

export function describeFailure ({ target, seed, path, error, counterexample, asked }: Failure): string {
  const again = `npm run fuzz -- --target ${target} --seed ${seed}${path ? ` --path ${path}` : ''}`
  return `FAILED: ${target}\n\n${error}\n\ncounterexample, shrunk:\n${counterexample}\n\n${asked === undefined ? '' : `the call:\n${asked}\n\n`}again: ${again}`
}

/** Digits in threes. */
function format (count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
