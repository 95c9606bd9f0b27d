// The status of a ModelDeployment: the mirror of what is remembered, and what people and the poller read.
import { defined, isMap } from '../core/plain-value.ts'
import type { KubeObject } from '../core/request.ts'
import { forPeople } from '../core/safe-text.ts'
import { formatInstant, parseInstant } from '../core/time.ts'
import type { Memory } from './memory.ts'
import type { Seen } from './observe.ts'
import type { Status, Version } from './schema/status.ts'
import { previousUntil } from './step.ts'
import type { Summary } from './summary.ts'

/** `job`: that of the newest attempt. `before`: the status that was reported last. */
export type Shown = { summary: Summary, url: string | undefined, see: (id: string) => Seen, job: KubeObject | undefined, before: Partial<Status>, keepPrevious: number, now: number }

/** All but the conditions. */
export function computeStatus (memory: Memory, shown: Shown): Status {
  const { attempt, active, candidate, previous, failed } = memory
  const { summary, url, keepPrevious, now } = shown
  const until = active && previous ? previousUntil(active, keepPrevious) : 0
  return defined({
    phase: summary.phase,
    reason: forPeople(summary.reason, 128),
    message: forPeople(summary.message, 1024),
    error: summary.error === undefined ? undefined : forPeople(summary.error, 1024),
    attempt: attempt > 0 ? attempt : undefined,
    version: nameOf(active),
    activeVersion: nameOf(active),
    candidateVersion: nameOf(candidate),
    previousVersion: nameOf(previous),
    active,
    candidate,
    previous,
    failure: failed,
    validation: validationOf(memory, shown),
    url,
    ...servingOf(active, shown),
    nextDeadline: until > now ? formatInstant(until) : undefined
  } as Status)
}

function servingOf (active: Version | undefined, { see }: Shown): Pick<Status, 'replicas' | 'sha256'> {
  return active ? defined({ replicas: see(active.id).pods?.available ?? 0, sha256: active.found?.sha256 } as Status) : {}
}

/** The id, where people gave no name. */
function nameOf (version: Version | undefined): string | undefined {
  return version && (version.version || version.id)
}

type Validation = NonNullable<Status['validation']>

/** From the Job's own times, which are of one clock; when the Job is gone, what was said of it before. */
function validationOf (memory: Memory, { job, before }: Shown): Validation | undefined {
  const { attempt, failed } = memory
  const told = before.validation?.attempt === attempt ? before.validation : undefined
  if (!job || attempt === 0) return told
  const outcome = outcomeOf(memory)
  return defined({ attempt, outcome, reason: outcome === 'Failed' ? failed?.reason : undefined, ...timesOf(job, outcome === 'Running') } as Validation)
}

function outcomeOf ({ attempt, candidate, failed }: Memory): Validation['outcome'] {
  if (failed?.attempt === attempt && failed.stage === 'Validation') return 'Failed'
  return candidate?.attempt === attempt && !candidate.found ? 'Running' : 'Passed'
}

/** A Job that fails has no completion time, only a condition that tells when. */
function timesOf ({ status, metadata }: KubeObject, isRunning: boolean): Pick<Validation, 'startedAt' | 'finishedAt'> {
  const { startTime, completionTime, conditions } = isMap(status) ? status : {}
  const ended = Array.isArray(conditions) ? conditions.filter(isMap).find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True') : undefined
  const startedAt = instantOf(startTime) ?? instantOf(metadata.creationTimestamp)
  const finishedAt = isRunning ? undefined : instantOf(completionTime) ?? instantOf(ended?.lastTransitionTime)
  return { ...(startedAt !== undefined && { startedAt }), ...(finishedAt !== undefined && { finishedAt }) }
}

function instantOf (value: unknown): string | undefined {
  const seconds = parseInstant(value)
  return seconds === undefined ? undefined : formatInstant(seconds)
}
