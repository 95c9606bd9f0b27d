// Trying again what may pass: waits that double, what the source asks for in Retry-After, and no end while there is progress.
import { setTimeout as sleep } from 'node:timers/promises'
import { ConstantBackoff, handleWhen, retry } from 'cockatiel'
import type { Logger } from 'pino'
import { isPassing, type ProgramError } from './failure.ts'

export type Patience = {
  /** How often what brings nothing further is repeated. */
  retries: number
  /** Milliseconds before the first repetition. */
  firstDelay: number
  signal: AbortSignal
  onRetry?: (error: ProgramError, delay: number) => void
}

/** Tells each repetition to the log. */
export function logRetries (logger: Logger): NonNullable<Patience['onRetry']> {
  return (error, delay) => { logger.warn({ reason: error.reason, error: error.message, delaySeconds: Math.round(delay / 100) / 10 }, 'asking again') }
}

/** Doubling ends here, in first delays. */
const LONGEST = 30
/** Who asks for a longer wait is not waited for: the Job is tried again later. */
const LONGEST_RETRY_AFTER_MS = 5 * 60_000

/**
 * Performs `attempt` until it succeeds, fails for good, or has failed so often without getting further. `reached` tells how far it got, in bytes:
 * a large file over a bad line takes as many tries as it takes. Throws the last error, or AbortError.
 */
export async function persist<T> (attempt: () => Promise<T>, patience: Patience, reached: () => number = () => 0): Promise<T> {
  let furthest = reached()
  for (;;) {
    const outcome = await series(async () => {
      try {
        return { value: await attempt() }
      } catch (error) {
        patience.signal.throwIfAborted()
        if (!isPassing(error) || reached() <= furthest) throw error
        furthest = reached()
        return { further: error }
      }
    }, patience)
    if ('value' in outcome) return outcome.value
    await wait(outcome.further, 1, patience)
  }
}

/** One series of tries that bring nothing further. Waiting is part of a try, so that a signal ends it. */
async function series<T> (attempt: () => Promise<T>, patience: Patience): Promise<T> {
  let last: ProgramError | undefined
  const policy = retry(handleWhen((error) => isPassing(error) && delayOf(error, 1, patience) !== undefined), { maxAttempts: patience.retries, backoff: new ConstantBackoff(0) })
  return await policy.execute(async ({ attempt: number }) => {
    if (last) await wait(last, number, patience)
    try {
      return await attempt()
    } catch (error) {
      last = isPassing(error) ? error : undefined
      throw error
    }
  }, patience.signal)
}

async function wait (error: ProgramError, number: number, patience: Patience): Promise<void> {
  const delay = delayOf(error, number, patience) ?? 0
  patience.onRetry?.(error, delay)
  await sleep(delay, undefined, { signal: patience.signal })
}

/**
 * Milliseconds before repetition `number` (from 1): firstDelay · 2^(number - 1), at most thirty of it, less up to a quarter by chance so that many pods do not
 * come at once; at least what Retry-After says. Undefined: longer than anybody waits.
 */
export function delayOf (error: ProgramError, number: number, { firstDelay }: { firstDelay: number }, chance = Math.random()): number | undefined {
  const { retryAfter = 0 } = error
  if (retryAfter > LONGEST_RETRY_AFTER_MS) return undefined
  return Math.max(retryAfter, firstDelay * Math.min(LONGEST, 2 ** (number - 1)) * (1 - chance / 4))
}
