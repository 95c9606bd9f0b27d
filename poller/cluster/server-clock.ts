// The API server's time, kept as an offset to the local monotonic clock, so that the local wall clock never takes part in a decision.

/** Beyond this a lower estimate is no longer latency or rounding: the server's clock was set back. */
const STEP_BACK_MS = 2_000

export type ServerClock = {
  /** Takes the Date header of an answer that has just arrived. */
  observe: (date: string | string[] | undefined) => void
  /** Milliseconds since 1970 by the API server, or undefined before its first answer. Never ahead of the server. */
  now: () => number | undefined
}

/**
 * A clock that follows Date headers. A header is cut to whole seconds and as old as the answer's way here, so each one bounds the server's
 * time from below and the highest bound is the best: after headers …:05 (arriving at 5.9 s) and …:06 (at 6.1 s) the offset comes from the latter.
 */
export function createServerClock (monotonic: () => number): ServerClock {
  let offset: number | undefined
  return {
    observe (date) {
      const stamped = typeof date === 'string' ? Date.parse(date) : Number.NaN
      if (Number.isNaN(stamped)) return
      const seen = stamped - monotonic()
      if (offset === undefined || seen > offset || seen < offset - STEP_BACK_MS) offset = seen
    },
    now: () => offset === undefined ? undefined : offset + monotonic()
  }
}
