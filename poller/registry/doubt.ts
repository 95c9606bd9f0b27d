// Whether an answer that leads back is a person's command or that of a replica which lags behind. Pure.
// Nothing in MLflow's answers orders them: moving an alias changes no timestamp of the model or of a version (tried with 3.17.2), and a server may read
// from replicas of its database (--read-replica-backend-store-uri). So what leads back has to be said again, and not soon after the alias moved.
import type { RegistryFact } from '../../hooks/core/facts.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import type { Observation } from './observe.ts'

/** What was heard of one alias. Times are monotonic milliseconds, but for those that the registry itself tells. */
export type Heard = {
  /** When the answer in force was heard first. */
  since: number
  /** The newest version that the alias has named, and the newest change of its model in ms by the registry's clock. */
  newest: Creation
  updated: number
  /** The answer that is not believed yet, and since when every look has said it. */
  doubt?: { answer: Observation, since: number }
  /** How often the registry has taken such an answer back since it was last believed. */
  refuted: number
}

/** When a version was created, in ms, and its number, for several may be created at once. */
type Creation = { at: number, number: number }

/** An answer, and what the model itself said of its last change. */
export type Told = { answer: Observation, updated: number | undefined }

export type Weighed = {
  believed: boolean
  heard: Heard
  /** When to look again (monotonic ms) if it is not believed. */
  lookAt: number
}

/** What is not believed yet is asked for again after so many ms: longer than an idle connection is kept, so that another replica may answer. */
const AGAIN_MS = 5_000
/** A registry that contradicts itself must say it for 1, 2, 4, 8, at most 16 times its lag. */
const LONGEST_SHIFT = 4

/** What is known when a poller begins: the object's own annotation. `seconds` is the API server's time, `ms` monotonic. */
export function beginHearing (fact: RegistryFact | undefined, { seconds, ms }: { seconds: number, ms: number }): Heard {
  const age = Math.max(0, seconds - (parseInstant(fact?.observedAt) ?? seconds))
  return { since: ms - age * 1000, newest: creationOf(fact), updated: -Infinity, refuted: 0 }
}

/**
 * Whether to believe an answer. What does not lead back is believed at once. What does is believed when, for 5 s at least, every look has said so, and
 * the answer in force is older than `lag` (ms), for within that a replica may still show what was before. A registry that has taken such an answer back
 * has to say the next one for `lag` itself, and for longer each time. With a lag of 0 everything is believed at once.
 */
export function weigh (heard: Heard, last: RegistryFact | undefined, told: Told, { ms, lag }: { ms: number, lag: number }): Weighed {
  const newer = newestOf(heard, told)
  if (last !== undefined && isSame(last, told.answer)) {
    return believe({ ...newer, since: heard.since, refuted: heard.refuted + (heard.doubt ? 1 : 0) })
  }
  if (lag === 0 || !leadsBack(heard, last, told)) return believe({ ...newer, since: ms, refuted: 0 })
  const doubt = heard.doubt && isSame(heard.doubt.answer, told.answer) ? heard.doubt : { answer: told.answer, since: ms }
  const from = believedFrom(heard, doubt.since, lag)
  if (ms >= from) return believe({ ...newer, since: ms, refuted: 0 })
  return { believed: false, heard: { ...heard, doubt }, lookAt: Math.min(from, ms + AGAIN_MS) }
}

function newestOf (heard: Heard, { answer, updated = -Infinity }: Told): Pick<Heard, 'newest' | 'updated'> {
  const creation = creationOf(answer)
  return { newest: isNewer(creation, heard.newest) ? creation : heard.newest, updated: Math.max(heard.updated, updated) }
}

function believe (heard: Heard): Weighed {
  return { believed: true, heard, lookAt: Infinity }
}

function believedFrom ({ since, refuted }: Heard, doubtedSince: number, lag: number): number {
  const hold = refuted === 0 ? since + lag : doubtedSince + lag * 2 ** Math.min(refuted - 1, LONGEST_SHIFT)
  return Math.max(doubtedSince + AGAIN_MS, hold)
}

/** Whether a replica that lags behind could say so: not when there is nothing to go back from, nor when the answer shows what nobody has seen before. */
function leadsBack (heard: Heard, last: RegistryFact | undefined, { answer, updated = -Infinity }: Told): boolean {
  if (!last || last.state === 'Unreachable' || last.state === 'Refused') return false
  if (heard.updated > -Infinity && updated > heard.updated) return false
  // Of one version, getting ready leads on.
  if (answer.version === last.version && answer.createdAt === last.createdAt) return last.state === 'Found' && answer.state !== 'Found'
  return !isNewer(creationOf(answer), heard.newest)
}

function isSame (a: Observation, b: Observation): boolean {
  return a.state === b.state && a.version === b.version && a.createdAt === b.createdAt
}

/** Older than anything when the answer names no version, or one that is not there. */
function creationOf (answer: Observation | undefined): Creation {
  const at = Date.parse(answer?.createdAt ?? '')
  return Number.isNaN(at) ? { at: -Infinity, number: -Infinity } : { at, number: Number(answer?.version) }
}

function isNewer (a: Creation, b: Creation): boolean {
  return a.at > b.at || (a.at === b.at && a.number > b.number)
}
