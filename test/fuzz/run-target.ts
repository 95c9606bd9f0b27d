// Runs a target for some runs by a seed, and says how it went in plain data, which fits between threads.
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Target } from './target.ts'
import { createTally, type Counts } from './tally.ts'

/** `path` repeats one counterexample, as fast-check told it. */
export type Batch = { target: string, seed: number, runs: number, path?: string }

/** A counterexample, shrunk; `asked` is the body of the call, where there was one. */
export type Failure = { target: string, seed: number, path: string, error: string, counterexample: string, asked?: string }

export type Outcome = { target: string, runs: number, counts: Counts, failure?: Failure }

/** Longest print of a counterexample. */
const LONGEST_PRINT = 20_000

/** Runs one batch. Never rejects for what the code under test did. */
export async function runTarget (target: Target, { seed, runs, path }: Batch): Promise<Outcome> {
  const tally = createTally()
  const { property, close } = await target.open(tally)
  try {
    const details = await fc.check(property, { seed, numRuns: runs, ...(path !== undefined && { path, endOnFailure: true }) })
    const outcome = { target: target.name, runs: details.numRuns, counts: tally.counts() }
    return details.failed ? { ...outcome, failure: failureOf(target, details) } : outcome
  } finally {
    await close()
  }
}

function failureOf ({ name }: Target, { seed, counterexamplePath, counterexample, errorInstance }: fc.RunDetails<unknown>): Failure {
  const error = errorInstance instanceof Error ? errorInstance.stack ?? errorInstance.message : String(errorInstance)
  const { asked } = (errorInstance ?? {}) as { asked?: string }
  return { ...(asked !== undefined && { asked }), target: name, seed, path: counterexamplePath ?? '', error: error.split('\n').slice(0, 12).join('\n'), counterexample: inspect(counterexample, { depth: 12, maxStringLength: 300, breakLength: 160 }).slice(0, LONGEST_PRINT) }
}
