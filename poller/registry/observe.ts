// What the answers of a registry mean for one object. Pure: answers, memory and time come in, a fact comes out.
import equal from 'fast-deep-equal'
import type { RegistryFact } from '../../hooks/core/facts.ts'
import { findOutside } from '../../hooks/core/registry-access.ts'
import type { RegistryQuestion } from '../../hooks/core/registry-question.ts'
import { formatInstant, parseInstant } from '../../hooks/core/time.ts'
import type { RegisteredModel } from './client.ts'
import { placeOf, type Entry } from './config.ts'
import { resolveUri, type Resolution } from './resolve-uri.ts'

/** A fact before it is known whether it says anything new. */
export type Observation = Omit<RegistryFact, 'observedAt' | 'stale'>

/** A version as far as it never changes once it is READY. */
export type VersionRecord = { createdAt: string, downloadUri: string, runId?: string }

/** What became of the version that the alias names. */
export type VersionAnswer = { kind: 'Ready', record: VersionRecord } | { kind: 'NotReady', createdAt: string, status: string } | { kind: 'Gone' }

/** The version that the alias names, by exact spelling, as MLflow compares. */
export function findAlias (model: RegisteredModel, alias: string): string | undefined {
  return model.aliases?.find((pair) => pair.alias === alias)?.version
}

/** Whether there is an alias that differs in case only: some databases would give it as an answer to a direct question. */
export function hasOtherCase (model: RegisteredModel, alias: string): boolean {
  return model.aliases?.some((pair) => pair.alias !== alias && pair.alias.toLowerCase() === alias.toLowerCase()) ?? false
}

/** The registry has no such model, or the model no such alias. */
export function missing (question: RegistryQuestion, state: 'ModelMissing' | 'AliasMissing'): Observation {
  return { ...question, state }
}

/** The alias names a version that is no version of MLflow: nothing is asked about it, and nothing made of its name. */
export function unnumbered (question: RegistryQuestion): Observation {
  return { ...question, state: 'NotReady', problem: 'the version that the alias names is not a number; only versions as MLflow numbers them can be served' }
}

/** What an entry says of where artifacts lie. */
type Storage = Pick<Entry, 'artifactsDestination' | 'artifactRoots' | 'derived'>

/** The artifacts of an MLflow object are on a disk of its own, where no other pod can read them. */
const OBJECT_REMEDY = 'set spec.artifactsDestination of the MLflow object to storage that others can read, such as s3://bucket/path'

/** The alias names `version`, which is in this condition. */
export function found (question: RegistryQuestion, version: string, answer: VersionAnswer, storage: Storage = {}): Observation {
  switch (answer.kind) {
    case 'Gone':
      return { ...question, state: 'NotReady', version, problem: `version ${version} does not exist any more; move the alias to one that does` }
    case 'NotReady':
      return { ...question, state: 'NotReady', version, createdAt: answer.createdAt, problem: `version ${version} is ${answer.status.slice(0, 64)}; wait, or move the alias to a version that is READY` }
    case 'Ready': {
      const { createdAt, downloadUri, runId } = answer.record
      const place = within(storage, question, resolveUri({ downloadUri, artifactsDestination: storage.artifactsDestination, workspace: question.workspace, ...(storage.derived && { remedy: OBJECT_REMEDY }) }))
      return { ...question, state: 'Found', version, createdAt, ...place, ...(runId ? { runId } : {}) }
    }
    default:
      return answer satisfies never
  }
}

/** Nobody is handed a URI that the entry does not allow: whoever registers a version names its source as he likes. */
function within (storage: Storage, { server }: RegistryQuestion, place: Resolution): Resolution {
  const outside = 'uri' in place ? findOutside(storage, placeOf(storage, server), place.uri) : undefined
  return outside === undefined ? place : { problem: outside }
}

/** Whether two facts say the same; when it was seen is not part of it. */
export function sameMeaning (a: RegistryFact, b: RegistryFact): boolean {
  return equal({ ...a, observedAt: '' }, { ...b, observedAt: '' })
}

/** How far, in seconds, an instant may lie ahead of our clock before it counts as forged. */
const FUTURE = 60

/** Whether a fact's instant is one that we can have written: anyone who may edit the object can write another, and hooks read it as time. */
export function isPlausible (fact: RegistryFact, now: number): boolean {
  return (parseInstant(fact.observedAt) ?? Infinity) <= now + FUTURE
}

/** The fact after an answer: the last one if it says the same, so that observedAt moves with the meaning only. `now` in seconds. */
export function afterAnswer (last: RegistryFact | undefined, observation: Observation, now: number): RegistryFact {
  const next: RegistryFact = { ...observation, observedAt: formatInstant(now) }
  return last && sameMeaning(last, next) ? last : next
}

/** How new a model's state is. Both in milliseconds, by the registry's clock. */
export type Age = { created: number, updated: number, ignored: number }

/** Older-looking answers in a row that are ignored; then they are taken for the truth (a database that was restored). */
const IGNORED_AT_MOST = 3

/**
 * Compares an answer with the newest one known of the same model. A replica that lags behind, or a process with an old cache, shows a model with an
 * earlier creation (of its life before it was deleted) or an earlier last update: MLflow raises the update time whenever a version is
 * created, changed or deleted. It does not when an alias moves, so an answer that is older by nothing but aliases cannot be told.
 */
export function judgeAge (known: Age | undefined, model: RegisteredModel): { older: boolean, age: Age } {
  const created = model.creation_timestamp ?? 0
  const updated = model.last_updated_timestamp ?? 0
  const older = known !== undefined && (created < known.created || (created === known.created && updated < known.updated))
  if (older && known.ignored < IGNORED_AT_MOST) return { older, age: { ...known, ignored: known.ignored + 1 } }
  return { older: false, age: { created, updated, ignored: 0 } }
}
