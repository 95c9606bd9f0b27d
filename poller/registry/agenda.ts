// Which objects are watched, what was last made of each, and when each is to be looked at.
import equal from 'fast-deep-equal'
import { parseFacts, type RegistryFact } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import { findRefusal, type Refusal } from '../../hooks/core/registry-access.ts'
import { isAnswerTo, questionOf, type RegistryQuestion } from '../../hooks/core/registry-question.ts'
import type { Finding, Model } from '../model.ts'
import { minInterval, placeOf, type Entries, type Entry } from './config.ts'
import type { Heard } from './doubt.ts'
import { afterAnswer, isPlausible, sameMeaning } from './observe.ts'
import type { Pace } from './scan-plan.ts'
import type { Silence } from './silence.ts'

export type ObjectFact = Finding<RegistryFact>

/** One object, and what its annotation ought to say; nothing while nothing is known. */
type Carrier = {
  uid: string
  namespace: string
  name: string
  fact?: RegistryFact
  /** The annotation as it was last compared with `fact`, and whether it differed. */
  compared?: { text: string | undefined, fact: RegistryFact, differs: boolean }
}

/** An object that may not use the entry it names. */
export type ObjectRefusal = Refusal & Carrier

/** An object that is looked at. Times are monotonic milliseconds. */
export type Tracked = Carrier & {
  question: RegistryQuestion
  /** The entry that was meant when it was last tracked. */
  config: Entry
  /** What is asked together: the models of one workspace of one server. */
  group: string
  pace: Pace
  /** From when on it is taken along with others, when it is due by its interval, and when a hint wants it. */
  readyAt: number
  nextAt: number
  hintedAt: number
  lookedAt: number
  silence?: Silence
  /** What was heard of its alias before, absent before the first look. */
  heard?: Heard
}

export function dueAt (tracked: Tracked): number {
  return Math.min(tracked.nextAt, tracked.hintedAt)
}

export type Agenda = {
  /** Takes over the objects that exist now; those that are new or ask something else are due at once. */
  update (models: Model[], registries: Entries, now: { seconds: number, ms: number }): void
  tracked (): Iterable<Tracked>
  /** Objects that may not use the entry they name, as of the last update. */
  refusals (): ObjectRefusal[]
}

export function createAgenda (): Agenda {
  let entries = new Map<string, Tracked>()
  let refused = new Map<string, ObjectRefusal>()

  return {
    update (models, registries, now) {
      const next = new Map<string, Tracked>()
      const barred = new Map<string, ObjectRefusal>()
      for (const model of models) {
        const { uid, name, namespace = '' } = model.metadata
        if (uid === undefined || model.metadata.deletionTimestamp !== undefined) continue
        const { registry, workspace } = model.spec
        const config = registries.get(registry)
        const refusal = findRefusal(config, { registry, namespace, workspace }, config && placeOf(config, registry))
        if (refusal || !config) {
          if (refusal) barred.set(uid, bar(refused.get(uid), { uid, namespace, name, model, refusal, now }))
          continue
        }
        next.set(uid, track(entries.get(uid), { uid, namespace, name, model, config, now }))
      }
      entries = next
      refused = barred
    },
    tracked: () => entries.values(),
    refusals: () => [...refused.values()]
  }
}

type Sighting = { uid: string, namespace: string, name: string, model: Model, now: { seconds: number, ms: number } }

function track (last: Tracked | undefined, { uid, namespace, name, model, config, now }: Sighting & { config: Entry }): Tracked {
  const { spec } = model
  const question = questionOf(spec)
  const pace = { monitoringInterval: spec.monitoringInterval, minInterval: minInterval(config) }
  if (last && equal(last.question, question)) {
    // A shorter interval counts at once, a longer one from the next look on.
    if (pace.monitoringInterval < last.pace.monitoringInterval) hurry(last, last.lookedAt + Math.max(pace.monitoringInterval, pace.minInterval) * 1000)
    last.pace = pace
    if (last.config !== config) changeEntry(last, config, now.ms)
    return last
  }
  const carried = carriedBy(model, question, now.seconds)
  // What was refused once is allowed now.
  const usable = carried !== undefined && carried.state !== 'Refused'
  return { uid, namespace, name, question, config, group: JSON.stringify([question.server, question.workspace]), pace, readyAt: now.ms, nextAt: now.ms, hintedAt: Infinity, lookedAt: -Infinity, ...(usable ? { fact: carried } : {}) }
}

/** What kept the entry from being asked may be mended. */
function changeEntry (tracked: Tracked, config: Entry, now: number): void {
  tracked.config = config
  delete tracked.silence
  hurry(tracked, now)
}

function hurry (tracked: Tracked, at: number): void {
  tracked.readyAt = Math.min(tracked.readyAt, at)
  tracked.nextAt = Math.min(tracked.nextAt, at)
}

// The refusal takes the place of an answer that may be there: whose entry it is no longer, or who wrote it by hand, gets nothing rolled out by it.
function bar (last: ObjectRefusal | undefined, { uid, namespace, name, model, refusal, now }: Sighting & { refusal: Refusal }): ObjectRefusal {
  const question = questionOf(model.spec)
  const known = last?.fact ?? carriedBy(model, question, now.seconds)
  const fact = afterAnswer(known, { ...question, state: 'Refused', problem: refusal.message.slice(0, 300) }, now.seconds)
  return last && last.fact === fact ? last : { uid, namespace, name, ...refusal, fact }
}

/** What the object carries, if it is about what it asks now and its instant can be ours. */
function carriedBy (model: Model, question: RegistryQuestion, now: number): RegistryFact | undefined {
  const carried = parseFacts(model.metadata.annotations).registry
  return isAnswerTo(carried, question) && isPlausible(carried, now) ? carried : undefined
}

/** The fact that the object should carry and does not: missing, unreadable, of another meaning, or of an instant that is not ours. */
export function factToWrite (carrier: Carrier, model: Model, now: number): ObjectFact | undefined {
  const { uid, namespace, name, fact } = carrier
  if (!fact) return undefined
  const text = model.metadata.annotations?.[FACTS.registry]
  // Ten thousand annotations are compared in each pass, and nearly none has changed: parse only those that have.
  const same = carrier.compared !== undefined && carrier.compared.text === text && carrier.compared.fact === fact
  if (!same) carrier.compared = { text, fact, differs: isDifferent(text, fact, now) }
  return carrier.compared?.differs ? { uid, namespace, name, fact } : undefined
}

function isDifferent (text: string | undefined, fact: RegistryFact, now: number): boolean {
  const carried = text === undefined ? undefined : parseFacts({ [FACTS.registry]: text }).registry
  return !carried || !sameMeaning(carried, fact) || !isPlausible(carried, now)
}
