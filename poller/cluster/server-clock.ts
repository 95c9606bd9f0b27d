// The API server's time, kept as an offset to the local monotonic clock, so that the local wall clock never takes part in a decision.

/** Beyond this a lower estimate is no longer latency or rounding: the server's clock was set back. */
const STEP_BACK_MS = 2_000
/** How long a bound counts at least; at most twice as long. A local clock that runs fast makes it too high in time: by 12 ms at 100 ppm. */
const WINDOW_MS = 60_000

export type ServerClock = {
  /** Takes the Date header of an answer that has just arrived. */
  observe: (date: string | string[] | undefined) => void
  /** Milliseconds since 1970 by the API server, or undefined before its first answer. Ahead of the server by no more than the local clock gains in two minutes. */
  now: () => number | undefined
}

/**
 * A clock that follows Date headers. A header is cut to whole seconds and as old as the answer's way here, so each one bounds the server's
 * time from below and the highest bound of the last minute or two is the best: after headers …:05 (arriving at 5.9 s) and …:06 (at 6.1 s) the offset
 * comes from the latter.
 */
export function createServerClock (monotonic: () => number): ServerClock {
  // The highest bounds of this window and of the one before it.
  let current: number | undefined
  let before = -Infinity
  let began = -Infinity

  function begin (bound: number, at: number, last = -Infinity): void {
    current = bound
    before = last
    began = at
  }

  return {
    observe (date) {
      const stamped = typeof date === 'string' ? Date.parse(date) : Number.NaN
      if (Number.isNaN(stamped)) return
      const at = monotonic()
      const bound = stamped - at
      if (current === undefined || bound < Math.max(current, before) - STEP_BACK_MS) begin(bound, at)
      else if (at - began >= WINDOW_MS) begin(bound, at, at - began < 2 * WINDOW_MS ? current : undefined)
      else current = Math.max(current, bound)
    },
    now: () => current === undefined ? undefined : Math.max(current, before) + monotonic()
  }
}
