// When to ask again, when to wait, and when not to ask at all. One instance serves one server.
import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, DelegateBackoff, ExponentialBackoff, handleWhen, retry, type IRetryBackoffContext } from 'cockatiel'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRemoteError, RemoteError } from './errors.ts'

export type ResilienceOptions = {
  /** [2] Further attempts after the first. */
  retries?: number
  /** [200] and [2000]: milliseconds of the first and the longest wait between attempts, before jitter. */
  initialDelay?: number
  maxDelay?: number
  /** [5000] A Retry-After up to this many milliseconds is waited for; a longer one fails the request, and those after it, until it has passed. */
  patience?: number
  /** [5] Failures in a row that open the breaker. */
  breakAfter?: number
  /** [5000] and [60000]: milliseconds until the breaker lets a first request through, and the most that this grows to. */
  reopenAfter?: number
  maxReopenAfter?: number
  /** Milliseconds of a monotonic clock. */
  monotonic?: () => number
}

export type Resilience = {
  /** Repeats what failed in passing (`again`), with jittered exponential waits or the server's Retry-After. */
  retry<T> (attempt: () => Promise<T>): Promise<T>
  /** Runs one attempt, unless the server has failed too often or asked to be left alone. */
  guard<T> (attempt: () => Promise<T>): Promise<T>
}

const DEFAULTS = { retries: 2, initialDelay: 200, maxDelay: 2_000, patience: 5_000, breakAfter: 5, reopenAfter: 5_000, maxReopenAfter: 60_000, monotonic: () => performance.now() }
/** No server's Retry-After silences us for longer than this many milliseconds. */
const LONGEST_REST = 5 * 60_000

/** Retry, rest and breaker for one server. */
export function createResilience (given: ResilienceOptions = {}): Resilience {
  const options = { ...DEFAULTS, ...given }
  const breaker = circuitBreaker(handleWhen((error) => isRemoteError(error, 'Unreachable')), {
    halfOpenAfter: new ExponentialBackoff({ initialDelay: options.reopenAfter, maxDelay: options.maxReopenAfter }),
    breaker: new ConsecutiveBreaker(options.breakAfter)
  })
  const retrying = retry(handleWhen((error) => isRemoteError(error) && error.again && (error.retryAfter ?? 0) <= options.patience), {
    maxAttempts: options.retries,
    backoff: new DelegateBackoff(makeDelays(options))
  })
  let restUntil = -Infinity
  let lastFailure: RemoteError | undefined

  async function rest (): Promise<void> {
    const left = restUntil - options.monotonic()
    if (left <= 0) return
    // The time stays out of the words: they become a reason in status, which must not change from one check to the next.
    if (left > options.patience) throw new RemoteError('Unreachable', 'not asked: the server wants to be left alone for now', { retryAfter: left })
    await sleep(left)
  }

  function note (error: unknown): void {
    if (!isRemoteError(error)) return
    if (error.kind === 'Unreachable') lastFailure = error
    if (error.retryAfter === undefined) return
    restUntil = Math.max(restUntil, options.monotonic() + Math.min(error.retryAfter, LONGEST_REST))
  }

  return {
    retry: (attempt) => retrying.execute(attempt),
    async guard (attempt) {
      await rest()
      try {
        return await throughBreaker(breaker, attempt)
      } catch (error) {
        note(error)
        if (!(error instanceof BrokenCircuitError)) throw error
        throw new RemoteError('Unreachable', `not asked: the last ${options.breakAfter} requests or more failed, the last with: ${lastFailure?.message ?? 'no answer'}`, { cause: lastFailure })
      }
    }
  }
}

// Only failures that say something about the server's health reach the breaker as failures. Everything else, a 404 or a 429 too,
// is a sign of life, which cockatiel would otherwise neither count as success nor as failure.
async function throughBreaker<T> (breaker: ReturnType<typeof circuitBreaker>, attempt: () => Promise<T>): Promise<T> {
  const result = await breaker.execute(async (): Promise<{ value: T } | { alive: unknown }> => {
    try {
      return { value: await attempt() }
    } catch (error) {
      if (isRemoteError(error, 'Unreachable') && error.status !== 429) throw error
      return { alive: error }
    }
  })
  if ('alive' in result) throw result.alive
  return result.value
}

// Exponential with full spread in the upper half: attempt 1 waits 100–200 ms, attempt 2 200–400 ms (with the defaults).
function makeDelays (options: { initialDelay: number, maxDelay: number }): (context: IRetryBackoffContext<unknown>) => number {
  return ({ attempt, result }) => {
    const longest = Math.min(options.maxDelay, options.initialDelay * 2 ** (attempt - 1))
    const own = longest * (0.5 + Math.random() / 2)
    const asked = 'error' in result && isRemoteError(result.error) ? result.error.retryAfter ?? 0 : 0
    return Math.max(own, asked)
  }
}
