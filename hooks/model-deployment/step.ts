// One decision: from what is remembered and what is seen to what is remembered next. Nothing here knows what objects look like.
import { defined } from '../core/plain-value.ts'
import { formatInstant, parseInstant } from '../core/time.ts'
import type { Memory } from './memory.ts'
import type { Seen, Trouble } from './observe.ts'
import type { Failure, Version } from './schema/status.ts'

/** Further than anybody gets; a forged number must not leave what the status can hold. */
const LAST_ATTEMPT = 1_000_000_000

/** All that a decision may depend on, beside the memory. */
export type View = {
  /** Whole seconds. */
  now: number
  /** Identities of what the spec asks for; undefined where no version can be made of it. */
  wanted: { content: string, tries: string } | undefined
  /** That version in this attempt. */
  make: (attempt: number) => Omit<Version, 'startedAt'>
  /** What the annotation sluice.dev/retry says. */
  retry: string | undefined
  /** Seconds. */
  keepPrevious: number
  autoscale: boolean
  replicas: number | undefined
  see: (id: string) => Seen
}

/**
 * First what has come about, then what is wanted: so that a candidate that is ready is always switched to before another takes its place, and a decision
 * that is taken twice, because its write was not seen yet, is the same both times.
 */
export function step (memory: Memory, view: View): Memory {
  const after = takeBack(advance(withoutOldRetry(memory, view), view), view)
  return withAutoscale(withoutOldPrevious(follow(after, view), view), view)
}

/** A retry that was taken away may be written again, and is meant then. */
function withoutOldRetry (memory: Memory, { retry }: View): Memory {
  const { retrySeen, ...rest } = memory
  return retrySeen === retry ? memory : rest
}

/** The candidate passes, fails, or is switched to. */
function advance (memory: Memory, view: View): Memory {
  const { candidate } = memory
  if (!candidate) return memory
  const seen = view.see(candidate.id)
  if (candidate.found) return advanceStart(memory, candidate, seen, view)
  if (seen.job.state === 'Failed') {
    const { reason, message } = seen.job
    return withFailure(memory, failureOf(candidate, 'Validation', seen.jobTrouble ?? { reason: reason || 'Failed', message }))
  }
  if (seen.job.state !== 'Succeeded' || !seen.result) return memory
  const { uri, version, sha256, bytes } = seen.result
  return { ...memory, candidate: { ...candidate, found: { uri, ...(version !== undefined && { registryVersion: version }), sha256, bytes } } }
}

function advanceStart (memory: Memory, candidate: Version, seen: Seen, view: View): Memory {
  if (seen.ready) return switchTo(memory, candidate, view)
  // Where nothing else answers there is nothing to lose: it goes on trying, and its status says what is wrong.
  if (!seen.late || !memory.active) return memory
  return withFailure(memory, failureOf(asWanted(candidate, view), 'Start', seen.podTrouble ?? { reason: 'ProgressDeadlineExceeded', message: seen.pods?.stuck ?? '' }))
}

/** The one before is kept, whatever its state. */
function switchTo (memory: Memory, version: Version, { now, keepPrevious }: View): Memory {
  const { active, candidate: _candidate, failed: _failed, previous: _previous, ...rest } = memory
  return { ...rest, active: { ...version, since: formatInstant(now) }, ...(active && keepPrevious > 0 && { previous: withoutSince(active) }) }
}

function withoutSince ({ since: _since, ...version }: NonNullable<Memory['active']>): Version {
  return version
}

/** Gives up on the candidate. */
function withFailure (memory: Memory, failed: Failure): Memory {
  const { candidate: _candidate, ...rest } = memory
  return { ...rest, failed }
}

/** How tries are made may have been edited since this one passed its validation: that alone is no reason for another. */
function asWanted (version: Version, { wanted }: View): Version {
  return version.content === wanted?.content ? { ...version, tries: wanted.tries } : version
}

function failureOf ({ id, attempt, content, tries, version, runtime }: Version, stage: Failure['stage'], { reason, message }: Trouble): Failure {
  return { id, attempt, content, tries, version, runtime, stage, reason: reason.slice(0, 128), message: message.slice(0, 512) }
}

/** The active version has lost all its pods, and the one before still has some. */
function takeBack (memory: Memory, view: View): Memory {
  const { active, previous, ...rest } = memory
  if (!active || !previous) return memory
  const seen = view.see(active.id)
  if (!seen.lost || view.see(previous.id).lost) return memory
  const isWanted = active.content === view.wanted?.content && !memory.candidate
  return {
    ...rest,
    active: { ...previous, since: formatInstant(view.now) },
    ...(isWanted && { failed: failureOf(asWanted(active, view), 'Serving', seen.podTrouble ?? { reason: 'PodsLost', message: '' }) })
  }
}

/** Makes what the spec asks for the candidate, unless it runs, is under way or has failed. */
function follow (memory: Memory, view: View): Memory {
  const { wanted } = view
  if (!wanted) return withoutWish(memory)
  if (isRetried(memory, view)) return begin(memory, view)
  const { candidate, failed } = memory
  if (candidate && isSame(candidate, wanted)) return memory
  return failed && isSame(failed, wanted) ? withWords(memory, failed, view) : findOrBegin(memory, wanted, view)
}

/** It may be there already. */
function findOrBegin (memory: Memory, { content }: NonNullable<View['wanted']>, view: View): Memory {
  const { active, previous } = memory
  if (active?.content === content) return withoutWish(memory)
  return previous?.content === content ? returnTo(memory, previous) : begin(memory, view)
}

/** Whether a person asks for the current attempt to be followed by another. */
function isRetried ({ attempt, retrySeen }: Memory, { retry }: View): boolean {
  return attempt > 0 && retry === String(attempt) && retry !== retrySeen
}

/** What passed its validation is not validated again because the next would be validated otherwise. */
function isSame (version: Version | Failure, wanted: { content: string, tries: string }): boolean {
  return version.content === wanted.content && (version.tries === wanted.tries || ('found' in version && version.found !== undefined))
}

function withoutWish ({ candidate: _candidate, failed: _failed, ...memory }: Memory): Memory {
  return memory
}

function begin (memory: Memory, { make, now, retry }: View): Memory {
  const attempt = Math.min(memory.attempt + 1, LAST_ATTEMPT)
  const { retrySeen: _retrySeen, ...rest } = withoutWish(memory)
  return { ...rest, attempt, ...(retry !== undefined && retry.length <= 253 && { retrySeen: retry }), candidate: { ...make(attempt), startedAt: formatInstant(now) } }
}

/** It is still there, so it is switched to as soon as it answers, which is mostly at once. */
function returnTo (memory: Memory, version: Version): Memory {
  const { previous: _previous, ...rest } = withoutWish(memory)
  return { ...rest, candidate: version }
}

/** The poller tells why a while after a Job or pod has failed; the last that is known is kept. */
function withWords (memory: Memory, failed: Failure, { see }: View): Memory {
  const seen = see(failed.id)
  const trouble = failed.stage === 'Validation' ? seen.jobTrouble : seen.podTrouble
  return trouble ? { ...memory, failed: { ...failed, reason: trouble.reason, message: trouble.message } } : memory
}

/** The one before goes after its time, but not while the active version has no pods. */
function withoutOldPrevious (memory: Memory, { now, keepPrevious, see }: View): Memory {
  const { previous, ...rest } = memory
  if (!previous || !memory.active) return rest
  return now >= previousUntil(memory.active, keepPrevious) && !see(memory.active.id).lost ? rest : memory
}

/** When the version before goes, in whole seconds. */
export function previousUntil ({ since }: { since: string }, keepPrevious: number): number {
  return (parseInstant(since) ?? 0) + keepPrevious
}

/** The number that autoscale began with. Another one written since is meant. */
function withAutoscale (memory: Memory, { autoscale, replicas = 0 }: View): Memory {
  return defined({ ...memory, autoscaledFrom: autoscale || memory.autoscaledFrom === replicas ? replicas : undefined }) as Memory
}
