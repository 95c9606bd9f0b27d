// What a ModelDeployment remembers, and its text in the annotation of the Service, which is written by the same PUT as the selector that it explains.
// No templates of pods are in it: whoever may write Services must not be able to choose what runs.
import { Type, type Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { isSendable } from '../core/plain-value.ts'
import { Active, Failure, Version } from './schema/status.ts'

export const Memory = Type.Object({
  /** Number of the newest attempt; 0 before the first. */
  attempt: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
  /** The Service names it. */
  active: Type.Optional(Active),
  /** It was active before; kept to be taken back. */
  previous: Type.Optional(Version),
  /** What is wanted and not active yet: it is validated until `found` is there, and then started. */
  candidate: Type.Optional(Version),
  /** What is wanted and failed. */
  failed: Type.Optional(Failure),
  /** What was wanted and failed before, oldest first: it is not tried again when it is wanted again. */
  failures: Type.Optional(Type.Array(Failure, { maxItems: 5 })),
  /** spec.replicas (0: absent) as it was when autoscale was last on: while it is the same, the number of pods stays what it is. */
  autoscaledFrom: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 }))
})
export type Memory = Static<typeof Memory>

export const EMPTY_MEMORY: Memory = Object.freeze({ attempt: 0 })

const check = TypeCompiler.Compile(Memory)

/** Fields in a fixed order, so that equal memories are equal texts. */
export function formatMemory ({ attempt, active, previous, candidate, failed, failures, autoscaledFrom }: Memory): string {
  return JSON.stringify({ attempt, active: active && { ...ordered(active), since: active.since }, previous: previous && ordered(previous), candidate: candidate && ordered(candidate), failed: failed && orderedFailure(failed), failures: failures?.map(orderedFailure), autoscaledFrom })
}

function ordered ({ id, attempt, content, tries, version, runtime, startedAt, lostAt, found }: Version): Version {
  return { id, attempt, content, tries, version, runtime, startedAt, ...(lostAt !== undefined && { lostAt }), ...(found && { found }) }
}

function orderedFailure ({ id, attempt, content, tries, version, runtime, stage, reason, message }: Failure): Failure {
  return { id, attempt, content, tries, version, runtime, stage, reason, message }
}

/** Memory in an annotation's text; undefined when it is none of ours, or says nothing of what answers. */
export function parseMemory (text: string | undefined): Memory | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return check.Check(value) && isSendable(value) && isCoherent(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A Service is there only for an active version; and two roles are never one version. */
function isCoherent ({ active, previous, candidate }: Memory): boolean {
  const ids = [active, previous, candidate].flatMap((version) => version?.id ?? [])
  return active?.found !== undefined && new Set(ids).size === ids.length
}

/** What the newest attempt has tried, if that is still of interest. */
export function newestTried ({ attempt, candidate, failed, active }: Memory): Version | Failure | undefined {
  return [candidate, failed, active].find((version) => version?.attempt === attempt)
}

/** Versions that have, or shall have, pods: the active one first. */
export function startedVersions ({ active, previous, candidate }: Memory): Version[] {
  return [active, previous, candidate].filter((version) => version !== undefined).filter(({ found }) => found !== undefined)
}
