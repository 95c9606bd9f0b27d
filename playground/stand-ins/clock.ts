// Time for the stand-ins: the wall clock, a faster one, or one moved by hand.

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
