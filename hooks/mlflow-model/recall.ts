// Which memory counts: the one in the annotation of the serving object, or the one in the status. Either may be stale or lost.
import { UnprocessableError } from '../core/kind.ts'
import type { Observation, Served } from '../serving/backend.ts'
import { clearedMemory, EMPTY_MEMORY, parseMemory, parseMemoryText } from './rollout/memory.ts'
import type { Memory } from './schema/status.ts'

/**
 * `decide`: memory is certain, a decision may be made.
 * `repeat`: it is not (a stale read, a lost status); the same answer again brings it in line, and nothing is decided.
 * `rewrite`: the annotation is gone; it is written again, and its weights have to come into force again: it may be older than what was in force.
 * `restore`: the serving object is gone and is made again from memory, without a decision.
 * `delete`: a mark in the annotation is carried out.
 * `reported` is what the status goes on to say, where that is not `memory`.
 */
export type Recall = { action: 'decide' | 'repeat' | 'rewrite' | 'restore' | 'delete', memory: Memory, reported?: Memory }

/** Compares what the observed object and the status remember. The higher sequence knows more. */
export function recall (observation: Observation | undefined, status: unknown): Recall {
  const inStatus = parseMemory(status)
  if (!observation) return recallWithoutObject(inStatus)
  const inObject = parseMemoryText(observation.state)
  // Memory in an object always serves something, or is a mark: anything else was not written by us, and would take away what serves.
  if (!inObject || !(inObject.deleting ?? servesAnything(inObject))) return { action: 'rewrite', memory: servesAnything(inStatus) ? inStatus : reconstruct(observation, inStatus) }
  return compare(inObject, inStatus)
}

function compare (inObject: Memory, inStatus: Memory | undefined): Recall {
  const ahead = inStatus !== undefined && inStatus.sequence > inObject.sequence
  if (inObject.deleting) return { action: 'delete', memory: inObject, reported: ahead ? inStatus : inObject }
  if (!ahead) return { action: inStatus?.sequence === inObject.sequence ? 'decide' : 'repeat', memory: inObject }
  if (servesAnything(inStatus)) return { action: 'repeat', memory: inStatus }
  return outrank(inObject, inStatus)
}

/**
 * A status that serves nothing never takes an object away: only a mark in the object does. The object's memory goes on above the status.
 * If the object is a stale sight of one that is gone, the write fails and the status has stayed as it is.
 */
function outrank (inObject: Memory, inStatus: Memory): Recall {
  return { action: 'repeat', memory: { ...inObject, sequence: inStatus.sequence + 1 }, reported: inStatus }
}

/** Without the object, memory is in the status alone. An object that was deleted on purpose stays away. */
function recallWithoutObject (inStatus: Memory | undefined): Recall {
  if (!inStatus) return { action: 'decide', memory: EMPTY_MEMORY }
  if (inStatus.deleting) return { action: 'decide', memory: clearedMemory(inStatus) }
  return { action: servesAnything(inStatus) ? 'restore' : 'decide', memory: inStatus }
}

/** A status from before the first version says nothing about an object that exists. */
function servesAnything (memory: Memory | undefined): memory is Memory {
  return memory !== undefined && (memory.stable ?? memory.canary) !== undefined
}

/**
 * Annotation and status are both lost: of the versions that are ready, the one with most traffic is stable, and the others leave. Where something has
 * traffic and nothing says what it is, throws UnprocessableError: no answer takes it away.
 */
function reconstruct (observation: Observation, left: Memory = EMPTY_MEMORY): Memory {
  const { versions, readiness } = observation
  const isReady = (served: Served): number => Number(readiness(served).ready)
  const [most] = versions.toSorted((a, b) => isReady(b) - isReady(a) || b.share - a.share)
  if (!most && observation.unidentified !== undefined) throw new UnprocessableError(observation.unidentified)
  if (!most) return left
  const { version, createdAt, uri } = most
  // Without shares: they are written anew, and have to come into force again.
  return { ...clearedMemory(left), sequence: left.sequence, stable: { version, createdAt, uri } }
}
