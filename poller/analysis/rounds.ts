// Rounds of checks, at most one of a name at a time: one for each provider, so that a Prometheus which hangs holds up nobody's checks but its own.
import { withPatience } from '../patience.ts'

export type Rounds<Result> = {
  /** Starts a round about these objects. None of this name, and none about one of them, may be under way. */
  start (name: string, uids: string[], run: () => Promise<Result[]>): void
  /** Whether a round of this name, or about this object (which may have belonged to another one when it began), is under way. */
  isBusy (name: string, uid: string): boolean
  /** What rounds have found since the last call, once one has ended (and those that end with it), or this many milliseconds have passed. Throws what a round threw: a mistake of ours. */
  collect (patience: number): Promise<Result[]>
  /** Milliseconds until there may be something to collect; Infinity when no round is under way. */
  nextDue (): number
  /** Resolves when no round is under way. */
  ended (): Promise<void>
}

/** How soon to come back for a round that outlasted the patience, in ms. */
const LATE_ROUND_WAIT = 1_000

/** How long results wait for those of other rounds, in ms. */
const GRACE = 50

export function createRounds<Result> (): Rounds<Result> {
  const running = new Map<string, { uids: Set<string>, done: Promise<void> }>()
  let found: Result[] = []
  let mistakes: unknown[] = []

  async function carryOut (name: string, run: () => Promise<Result[]>): Promise<void> {
    try {
      // Not in one expression: `found` may be another array by the time that this one ends.
      const results = await run()
      found.push(...results)
    } catch (error) {
      mistakes.push(error)
    } finally {
      running.delete(name)
    }
  }

  const all = () => [...running.values()].map(({ done }) => done)
  return {
    start (name, uids, run) {
      // Entered before it begins: one that ends at once must not be left behind.
      const { promise, resolve } = Promise.withResolvers<void>()
      running.set(name, { uids: new Set(uids), done: promise })
      carryOut(name, run).then(resolve)
    },
    isBusy: (name, uid) => running.has(name) || [...running.values()].some(({ uids }) => uids.has(uid)),
    async collect (patience) {
      if (running.size > 0) await withPatience([Promise.race(all())], patience)
      await withPatience(all(), Math.min(patience, GRACE))
      const [mistake] = mistakes
      mistakes = []
      if (mistake !== undefined) throw mistake
      const results = found
      found = []
      return results
    },
    nextDue () {
      if (found.length > 0 || mistakes.length > 0) return 0
      return running.size > 0 ? LATE_ROUND_WAIT : Infinity
    },
    async ended () { await Promise.all(all()) }
  }
}
