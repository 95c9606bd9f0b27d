// Writes one annotation on many objects, none of which waits for another: an object that cannot be written is tried again after a pause of its own.
import { ExponentialBackoff, noJitterGenerator, type IBackoff } from 'cockatiel'
import { waitAskedBy } from './cluster/api-error.ts'
import type { Finding } from './model.ts'

export type ObjectWritesOptions<Fact> = {
  write: (finding: Finding<Fact>) => Promise<void>
  onWritten?: (finding: Finding<Fact>) => void
  onFailed: (finding: Finding<Fact>, error: unknown) => void
  /** A write has ended: there may be another time at which something is due. */
  onEnd?: () => void
  monotonic?: () => number
  /** [1000] The first pause in ms; it grows to a minute. */
  retryMs?: number
  /** [true] Pauses vary, so that objects refused together are not tried together. */
  jitter?: boolean
}

export type ObjectWrites<Fact> = {
  /** Writes on those that are not pausing. Resolves when all of that has ended, whatever came of it; never rejects. */
  put: (findings: Array<Finding<Fact>>) => Promise<void>
  /** Whether the object is neither being written nor pausing. */
  isFree: (uid: string) => boolean
  /** Milliseconds until a pause is over; Infinity when there is none, or the object has been tried again since. */
  nextDue: () => number
}

type Pause = { backoff: IBackoff<unknown>, until: number }

const LONGEST_PAUSE_MS = 60_000
/** How long after its pause an object is remembered that nobody wants to write any more. */
const MEMORY_MS = 10 * 60_000

/** The writes of one annotation. */
export function createObjectWrites<Fact> (options: ObjectWritesOptions<Fact>): ObjectWrites<Fact> {
  const { monotonic = () => performance.now() } = options
  const delays = { initialDelay: options.retryMs ?? 1_000, maxDelay: LONGEST_PAUSE_MS }
  const factory = options.jitter === false ? new ExponentialBackoff({ ...delays, generator: noJitterGenerator }) : new ExponentialBackoff(delays)
  const pauses = new Map<string, Pause>()
  const writing = new Map<string, number>()
  // Until when pauses have been looked at: one that is over is due once, not for ever.
  let seenUntil = -Infinity

  function isPausing (uid: string): boolean {
    return (pauses.get(uid)?.until ?? -Infinity) > monotonic()
  }

  function pause (uid: string, error: unknown): void {
    // Two who waited for one write failed once.
    if (isPausing(uid)) return
    const backoff = pauses.get(uid)?.backoff.next(undefined) ?? factory.next()
    pauses.set(uid, { backoff, until: monotonic() + Math.ceil(Math.max(backoff.duration, waitAskedBy(error))) })
  }

  async function writeOne (finding: Finding<Fact>): Promise<void> {
    const { uid } = finding
    writing.set(uid, (writing.get(uid) ?? 0) + 1)
    try {
      await options.write(finding)
      pauses.delete(uid)
      options.onWritten?.(finding)
    } catch (error) {
      pause(uid, error)
      options.onFailed(finding, error)
    } finally {
      const others = (writing.get(uid) ?? 1) - 1
      if (others > 0) writing.set(uid, others)
      else writing.delete(uid)
      options.onEnd?.()
    }
  }

  return {
    async put (findings) {
      seenUntil = monotonic()
      for (const [uid, { until }] of pauses) if (until < seenUntil - MEMORY_MS) pauses.delete(uid)
      await Promise.all(findings.filter(({ uid }) => !isPausing(uid)).map(writeOne))
    },
    isFree: (uid) => !isPausing(uid) && !writing.has(uid),
    nextDue: () => Math.min(...[...pauses.values()].filter(({ until }) => until > seenUntil).map(({ until }) => Math.max(0, until - monotonic())))
  }
}
