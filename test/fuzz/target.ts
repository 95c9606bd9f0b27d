// What can be fuzzed: a name, its share of the runs, and a property over generated inputs.
import type fc from 'fast-check'
import type { Tally } from './tally.ts'

/** A target that is ready to run. */
export type Session = { property: fc.IRawProperty<unknown>, close: () => Promise<void> }

export type Target = {
  name: string
  /** One sentence for the report. */
  what: string
  /** Of a million runs, about so many; rare ones are the expensive ones. */
  share: number
  /** Runs however few there are in all [1]. */
  atLeast?: number
  /** Runs in `npm test`; 0: it starts processes or sends megabytes, and runs in `npm run fuzz` only. */
  quick: number
  /** Starts what the target needs. What was answered is counted in `tally`. */
  open: (tally: Tally) => Promise<Session>
}

/** A session that holds nothing open. */
export function session (property: fc.IRawProperty<never> | fc.IRawProperty<unknown>, close: () => Promise<void> = async () => {}): Session {
  return { property: property as fc.IRawProperty<unknown>, close }
}
