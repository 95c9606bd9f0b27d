// A queue of keys as client-go has it: no key is worked on twice at once, delays, exponential backoff by key, a rate for all.

export type Outcome = { kind: 'done' } | { kind: 'retry' } | { kind: 'after', seconds: number }

export interface WorkQueue {
  add (key: string): void
  /** Adds later; of several pending times of a key the earliest wins, and an earlier plain add does not cancel it. */
  addAfter (key: string, seconds: number): void
  /** Resolves when nothing is queued or worked on; pending delays do not count. */
  idle (): Promise<void>
  /** Stops taking work and resolves when what is under way is finished. */
  stop (): Promise<void>
}

export interface QueueOptions {
  workers: number
  /** Factor on all delays. */
  timeScale: number
  process: (key: string) => Promise<Outcome>
}

const firstBackoff = 0.005
const longestBackoff = 1000
const rate = 10
const burst = 100

/** Seconds of backoff after so many failures in a row: 5 ms × 2^n, at most 1000 s. */
export function backoffSeconds (failures: number): number {
  return Math.min(firstBackoff * 2 ** failures, longestBackoff)
}

/** Reservations of 10 a second after a burst of 100: seconds to wait. Times are in seconds. */
export function createBucket (): (now: number) => number {
  let tokens = burst
  let at: number | undefined
  return (now) => {
    tokens = Math.min(burst, tokens + (now - (at ?? now)) * rate) - 1
    at = now
    return tokens >= 0 ? 0 : -tokens / rate
  }
}

/** client-go's default limiter: the longer of a key's own backoff and the wait for the common rate. */
function createLimiter (timeScale: number): { delay: (key: string) => number, forget: (key: string) => void } {
  const failures = new Map<string, number>()
  const bucket = createBucket()
  return {
    delay (key) {
      const count = failures.get(key) ?? 0
      failures.set(key, count + 1)
      return Math.max(backoffSeconds(count), bucket(performance.now() / 1000 / timeScale))
    },
    forget: (key) => { failures.delete(key) }
  }
}

/** Pending delays by key, the earliest of each. */
function createDelays (fire: (key: string) => void): { after: (key: string, milliseconds: number) => void, clear: () => void } {
  const pending = new Map<string, { due: number, timer: NodeJS.Timeout }>()
  return {
    after (key, milliseconds) {
      const due = performance.now() + milliseconds
      const known = pending.get(key)
      if (known && known.due <= due) return
      if (known) clearTimeout(known.timer)
      const timer = setTimeout(() => {
        pending.delete(key)
        fire(key)
      }, milliseconds)
      pending.set(key, { due, timer })
    },
    clear () {
      for (const { timer } of pending.values()) clearTimeout(timer)
      pending.clear()
    }
  }
}

/** Makes a queue and starts working. */
export function createWorkQueue (options: QueueOptions): WorkQueue {
  const waiting: string[] = []
  const dirty = new Set<string>()
  const busy = new Set<string>()
  const limiter = createLimiter(options.timeScale)
  let stopped = false
  let watchers: (() => void)[] = []

  const add = (key: string): void => {
    if (stopped || dirty.has(key)) return
    dirty.add(key)
    if (!busy.has(key)) waiting.push(key)
    pump()
  }
  const delays = createDelays(add)
  const addAfter = (key: string, seconds: number): void => {
    if (stopped) return
    if (seconds <= 0) add(key)
    else delays.after(key, seconds * 1000 * options.timeScale)
  }
  const settle = (key: string, outcome: Outcome): void => {
    if (outcome.kind === 'done') limiter.forget(key)
    if (outcome.kind === 'after') addAfter(key, outcome.seconds)
    if (outcome.kind === 'retry') addAfter(key, limiter.delay(key))
  }
  const next = (): string | undefined => (stopped || busy.size >= options.workers ? undefined : waiting.shift())
  const work = async (key: string): Promise<void> => {
    dirty.delete(key)
    busy.add(key)
    const outcome = await options.process(key).catch((): Outcome => ({ kind: 'retry' }))
    busy.delete(key)
    // What came in meanwhile is worked on now.
    if (dirty.has(key)) waiting.push(key)
    settle(key, outcome)
    pump()
  }
  function pump (): void {
    for (let key = next(); key !== undefined; key = next()) work(key).catch(() => {})
    if (busy.size > 0 || (waiting.length > 0 && !stopped)) return
    const done = watchers
    watchers = []
    for (const resolve of done) resolve()
  }
  const idle = (): Promise<void> => new Promise((resolve) => {
    watchers.push(resolve)
    pump()
  })
  return {
    add,
    addAfter,
    idle,
    stop () {
      stopped = true
      delays.clear()
      return idle()
    }
  }
}
