// Time for the stand-ins: the wall clock, a faster one, one that can be put forward, or one moved by hand.

export interface Clock {
  /** Milliseconds since the epoch. */
  now (): number
  /** Runs `action` once at that instant, or soon after if it has passed; the result cancels it. */
  schedule (at: number, action: () => void): () => void
}

/** The wall clock, `speed` times as fast from now on. */
export function createClock (speed = 1): Clock {
  const start = Date.now()
  const now = (): number => start + (Date.now() - start) * speed
  return {
    now,
    schedule (at, action) {
      const timer = setTimeout(action, Math.max(0, (at - now()) / speed))
      return () => { clearTimeout(timer) }
    }
  }
}

export interface SkippingClock extends Clock {
  /** Puts the clock forward: what was to happen meanwhile happens soon. */
  skip (milliseconds: number): void
}

/** The wall clock until it is put forward, for waits of minutes that nothing happens in. */
export function createSkippingClock (): SkippingClock {
  const waiting = new Set<{ at: number, action: () => void, timer: NodeJS.Timeout | undefined }>()
  let ahead = 0
  const now = (): number => Date.now() + ahead

  function arm (entry: { at: number, action: () => void, timer: NodeJS.Timeout | undefined }): void {
    clearTimeout(entry.timer)
    entry.timer = setTimeout(() => {
      waiting.delete(entry)
      entry.action()
    }, Math.max(0, entry.at - now()))
  }

  return {
    now,
    skip (milliseconds) {
      ahead += milliseconds
      waiting.forEach(arm)
    },
    schedule (at, action) {
      const entry = { at, action, timer: undefined }
      waiting.add(entry)
      arm(entry)
      return () => {
        waiting.delete(entry)
        clearTimeout(entry.timer)
      }
    }
  }
}

export interface ManualClock extends Clock {
  /** Moves time; scheduled actions run in order, each at its own instant. */
  advance (milliseconds: number): void
}

/** A clock that stands still until it is moved. */
export function createManualClock (start: number): ManualClock {
  let time = start
  const waiting = new Set<{ at: number, action: () => void }>()

  function advance (milliseconds: number): void {
    const end = time + milliseconds
    for (let next = earliest(end); next !== undefined; next = earliest(end)) {
      waiting.delete(next)
      time = Math.max(time, next.at)
      next.action()
    }
    time = end
  }

  function earliest (end: number): { at: number, action: () => void } | undefined {
    return [...waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }

  return {
    now: () => time,
    advance,
    schedule (at, action) {
      const entry = { at, action }
      waiting.add(entry)
      return () => { waiting.delete(entry) }
    }
  }
}
