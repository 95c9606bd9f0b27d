// By how much a Prometheus's clock differs from the API server's: instants of objects are by the one, samples by the other.
import { createServerClock } from '../cluster/server-clock.ts'

/** Less than this is no difference: it is shorter than a scrape interval, and a Date header is cut to seconds. */
const TOLERANCE_S = 5

export type ClockGap = {
  /** Takes the Date header of an answer that has just arrived. */
  observe: (date: string | string[] | undefined) => void
  /** Whole seconds to add to an instant of the API server's to have one of Prometheus; 0 before its first answer. */
  seconds: () => number
}

/** `now`: seconds, by the API server. */
export function createClockGap (now: () => number): ClockGap {
  const clock = createServerClock(() => performance.now())
  let gap = 0
  return {
    observe: clock.observe,
    seconds () {
      const theirs = clock.now()
      const seen = theirs === undefined ? gap : Math.round(theirs / 1000 - now())
      // It stays while it is about right: the queries of one look are of one instant.
      if (Math.abs(seen - gap) > TOLERANCE_S) gap = seen
      return gap
    }
  }
}
