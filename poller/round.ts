// One thing that the poller does again and again: it runs when something is due, when it is woken, and never in a tight circle.
import { ExponentialBackoff, type IBackoff } from 'cockatiel'
import type { Logger } from 'pino'

/** Between two runs at least, in ms: many changes at once make one run. */
const SHORTEST_MS = 200
/** A look at least so often, whatever nextDue says. */
const LONGEST_MS = 60_000

export type RoundOptions = {
  name: string
  /** Milliseconds until something is due; Infinity when nothing is known to be. */
  nextDue: () => number
  /** Must not outlive the signal by much. */
  run: (signal: AbortSignal) => Promise<void>
  signal: AbortSignal
  logger: Logger
  shortestMs?: number
  /** After each run, for metrics. */
  onRun?: (report: { name: string, ok: boolean }) => void
}

export type Round = {
  /** Look again at what is due, and run now if `now` is true. Cheap to call. */
  wake: (now?: boolean) => void
  /** Resolves when the signal is aborted and no run is under way. */
  ended: Promise<void>
}

/** Starts a round. Runs never overlap; a run that fails is repeated after a growing pause. */
export function startRound (options: RoundOptions): Round {
  const bell = createBell(options.signal)
  return {
    wake: bell.ring,
    ended: runOften(options, bell).catch((error: unknown) => { options.logger.error({ round: options.name, err: error }, 'round ended by a bug') })
  }
}

async function runOften (options: RoundOptions, bell: Bell): Promise<void> {
  const { signal, shortestMs = SHORTEST_MS } = options
  const factory = new ExponentialBackoff({ initialDelay: 1_000, maxDelay: 60_000 })
  let backoff: IBackoff<unknown> | undefined
  while (!signal.aborted) {
    await untilDue(options, bell)
    if (signal.aborted) return
    backoff = await runOnce(options) ? undefined : backoff?.next(undefined) ?? factory.next()
    // A pause after a failure is not cut short: what failed is what would be done again.
    await bell.sleep(backoff?.duration ?? shortestMs)
  }
}

async function runOnce ({ name, run, signal, logger, onRun }: RoundOptions): Promise<boolean> {
  try {
    await run(signal)
    onRun?.({ name, ok: true })
    return true
  } catch (error) {
    if (signal.aborted) return true
    logger.error({ round: name, err: error }, 'round failed, trying again')
    onRun?.({ name, ok: false })
    return false
  }
}

/** Waits for what nextDue says, which is asked again after every ring. */
async function untilDue ({ nextDue, signal, shortestMs = SHORTEST_MS }: RoundOptions, bell: Bell): Promise<void> {
  while (!signal.aborted) {
    const due = nextDue()
    if (due <= 0) return
    const rung = await bell.wait(Math.min(due, LONGEST_MS))
    if (rung !== 'look') return
    await bell.sleep(shortestMs)
  }
}

type Ring = 'look' | 'now'

type Bell = {
  ring: (now?: boolean) => void
  /** Waits that long, or until rung; says which. A ring that came before counts. */
  wait: (ms: number) => Promise<Ring | undefined>
  /** Waits that long, deaf to the bell. */
  sleep: (ms: number) => Promise<void>
}

function createBell (signal: AbortSignal): Bell {
  let rung: Ring | undefined
  let wakeUp: (() => void) | undefined
  let isDeaf = false

  async function rest (ms: number): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    wakeUp = resolve
    await promise
    clearTimeout(timer)
    wakeUp = undefined
  }

  signal.addEventListener('abort', () => { wakeUp?.() })
  return {
    ring (now = false) {
      if (now || rung === undefined) rung = now ? 'now' : 'look'
      if (!isDeaf) wakeUp?.()
    },
    async wait (ms) {
      if (rung === undefined) await rest(ms)
      const heard = rung
      rung = undefined
      return heard
    },
    async sleep (ms) {
      isDeaf = true
      await rest(ms)
      isDeaf = false
    }
  }
}
