// One decision: from what is remembered and what is seen to what is remembered next. Nothing here knows what objects look like.
import { defined } from '../core/plain-value.ts'
import { isOutsideTheSpec } from '../core/pod-trouble.ts'
import { formatInstant, parseInstant } from '../core/time.ts'
import type { Memory } from './memory.ts'
import type { Seen, Trouble } from './observe.ts'
import type { Failure, Version } from './schema/status.ts'

/** Further than anybody gets; a forged number must not leave what the status can hold. */
const LAST_ATTEMPT = 1_000_000_000

/** Failures of specs before, at most. */
const FAILURES_KEPT = 5

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
  /** Pods that a version must have before it takes the place of the one that answers. */
  needed: number
  see: (id: string) => Seen
}

/**
 * First what has come about, then what is wanted: so that a candidate that is ready is always switched to before another takes its place, and a decision
 * that is taken twice, because its write was not seen yet, is the same both times.
 */
export function step (memory: Memory, view: View): Memory {
  const after = takeBack(advance(memory, view), view)
  return withAutoscale(withoutOldPrevious(follow(after, view), view), view)
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
  const { podTrouble } = seen
  // It has answered before: a moment in which it does again says nothing while its pods fail by themselves.
  if (candidate.lostAt !== undefined && podTrouble && !isOutsideTheSpec(podTrouble.reason)) return withFailure(memory, failureOf(asWanted(candidate, view), 'Serving', podTrouble))
  if (mayAnswer(memory, seen, view)) return switchTo(memory, candidate, view)
  // Where nothing else answers there is nothing to lose: it goes on trying, and its status says what is wrong.
  if (!seen.late || !memory.active) return memory
  return withFailure(memory, failureOf(asWanted(candidate, view), 'Start', podTrouble ?? { reason: 'ProgressDeadlineExceeded', message: seen.pods?.stuck ?? '' }))
}

/** Whoever answers hands over to as many pods as it has itself; where nobody does, one is better than none. */
function mayAnswer ({ active }: Memory, { ready, pods }: Seen, { needed }: View): boolean {
  if (!pods) return false
  return active ? ready && pods.replicas >= needed : pods.available > 0
}

/** The one before is kept, whatever its state. What failed of this one before has gone well now. */
function switchTo (memory: Memory, { lostAt: _lostAt, ...version }: Version, { now, keepPrevious }: View): Memory {
  const { active, candidate: _candidate, failed: _failed, previous: _previous, failures = [], ...rest } = memory
  return {
    ...withFailures(rest, failures.filter(({ content }) => content !== version.content)),
    active: { ...version, since: formatInstant(now) },
    ...(active && keepPrevious > 0 && { previous: withoutSince(active) })
  }
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

function withFailures (memory: Memory, failures: Failure[]): Memory {
  return failures.length > 0 ? { ...memory, failures: failures.slice(-FAILURES_KEPT) } : memory
}

/** The active version has lost all its pods, and the one before still has some. */
function takeBack (memory: Memory, view: View): Memory {
  const { active, previous, ...rest } = memory
  if (!active || !previous) return memory
  const seen = view.see(active.id)
  const { pods } = view.see(previous.id)
  if (!seen.lost || !pods || pods.available === 0) return memory
  const isWanted = active.content === view.wanted?.content && !memory.candidate
  return {
    ...rest,
    active: { ...previous, since: formatInstant(view.now) },
    ...(isWanted && afterLoss(active, seen, view))
  }
}

/** Pods that fail by themselves speak against the version; that they were evicted or deleted does not, and it is switched to again as soon as it is ready. */
function afterLoss (active: NonNullable<Memory['active']>, { podTrouble }: Seen, view: View): Pick<Memory, 'failed' | 'candidate'> {
  if (podTrouble && !isOutsideTheSpec(podTrouble.reason)) return { failed: failureOf(asWanted(active, view), 'Serving', podTrouble) }
  return { candidate: { ...withoutSince(active), lostAt: formatInstant(view.now) } }
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

/** It may be there already, or have failed before. */
function findOrBegin (memory: Memory, wanted: NonNullable<View['wanted']>, view: View): Memory {
  const { active, previous, failures } = memory
  if (active?.content === wanted.content) return withoutWish(memory)
  if (previous?.content === wanted.content) return returnTo(memory, previous)
  const known = failures?.find((failure) => isSame(failure, wanted))
  return known ? { ...withoutFailure(withoutWish(memory), known), failed: known } : begin(memory, view)
}

/** Whether a person asks for the current attempt to be followed by another. No attempt begins with the number that stands there: it was written since. */
function isRetried ({ attempt }: Memory, { retry }: View): boolean {
  return attempt > 0 && attempt < LAST_ATTEMPT && retry === String(attempt)
}

/** What passed its validation is not validated again because the next would be validated otherwise. */
function isSame (version: Version | Failure, wanted: { content: string, tries: string }): boolean {
  return version.content === wanted.content && (version.tries === wanted.tries || ('found' in version && version.found !== undefined))
}

/** What is not wanted any more may come back, and is not tried again then, unless what it failed by may be gone. */
function withoutWish ({ candidate: _candidate, failed, ...memory }: Memory): Memory {
  if (!failed || isOutsideTheSpec(failed.reason)) return memory
  const others = withoutFailure(memory, failed)
  return withFailures(others, [...others.failures ?? [], failed])
}

function withoutFailure ({ failures = [], ...memory }: Memory, tried: { content: string, tries: string }): Memory {
  return withFailures(memory, failures.filter((failure) => !isSame(failure, tried)))
}

function begin (memory: Memory, { make, now, retry }: View): Memory {
  const next = memory.attempt + 1
  // What stands there was not meant for an attempt that nobody had seen. With that number, the same text could not ask for another; with the one after it, this
  // one would look asked for.
  const attempt = Math.min(retry === String(next) ? next + 2 : next, LAST_ATTEMPT)
  const version = make(attempt)
  return { ...withoutFailure(withoutWish(memory), version), attempt, candidate: { ...version, startedAt: formatInstant(now) } }
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
