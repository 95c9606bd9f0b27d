// Which objects are watched, what was last made of each, and when each is to be looked at.
import equal from 'fast-deep-equal'
import { parseFacts, type RegistryFact } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import { isAnswerTo, questionOf, type RegistryQuestion } from '../../hooks/core/registry-question.ts'
import type { Finding, Model } from '../model.ts'
import { findRefusal, minInterval, type Refusal, type RegistryConfig } from './config.ts'
import { isPlausible, sameMeaning, type Silence } from './observe.ts'
import type { Pace } from './scan-plan.ts'

export type ObjectRefusal = Refusal & { uid: string, namespace: string, name: string }
export type ObjectFact = Finding<RegistryFact>

/** One object. Times are monotonic milliseconds. */
export type Tracked = {
  uid: string
  namespace: string
  name: string
  question: RegistryQuestion
  /** What is asked together: the models of one workspace of one server. */
  group: string
  pace: Pace
  /** When it is due by its interval, and when a hint wants it. */
  nextAt: number
  hintedAt: number
  lookedAt: number
  /** What the object's annotation ought to say; absent while nothing is known. */
  fact?: RegistryFact
  silence?: Silence
  /** The annotation as it was last compared with `fact`, and whether it differed. */
  compared?: { text: string | undefined, fact: RegistryFact, differs: boolean }
}

export function dueAt (tracked: Tracked): number {
  return Math.min(tracked.nextAt, tracked.hintedAt)
}

export type Agenda = {
  /** Takes over the objects that exist now; those that are new or ask something else are due at once. */
  update (models: Model[], registries: ReadonlyMap<string, RegistryConfig>, now: { seconds: number, ms: number }): void
  tracked (): Iterable<Tracked>
  /** Objects that may not use the entry they name, as of the last update. */
  refusals (): ObjectRefusal[]
}

export function createAgenda (): Agenda {
  let entries = new Map<string, Tracked>()
  let refused: ObjectRefusal[] = []

  return {
    update (models, registries, now) {
      const next = new Map<string, Tracked>()
      refused = []
      for (const model of models) {
        const { uid, name, namespace = '' } = model.metadata
        if (uid === undefined || model.metadata.deletionTimestamp !== undefined) continue
        const { registry, workspace } = model.spec
        const config = registries.get(registry)
        const refusal = findRefusal(config, { registry, namespace, workspace })
        if (refusal || !config) {
          if (refusal) refused.push({ uid, namespace, name, ...refusal })
          continue
        }
        next.set(uid, track(entries.get(uid), { uid, namespace, name, model, config, now }))
      }
      entries = next
    },
    tracked: () => entries.values(),
    refusals: () => refused
  }
}

type Sighting = { uid: string, namespace: string, name: string, model: Model, config: RegistryConfig, now: { seconds: number, ms: number } }

function track (last: Tracked | undefined, { uid, namespace, name, model, config, now }: Sighting): Tracked {
  const { spec } = model
  const question = questionOf(spec)
  const pace = { monitoringInterval: spec.monitoringInterval, minInterval: minInterval(config) }
  if (last && equal(last.question, question)) {
    // A shorter interval counts at once, a longer one from the next look on.
    if (pace.monitoringInterval < last.pace.monitoringInterval) last.nextAt = Math.min(last.nextAt, last.lookedAt + Math.max(pace.monitoringInterval, pace.minInterval) * 1000)
    last.pace = pace
    return last
  }
  const carried = parseFacts(model.metadata.annotations).registry
  const usable = isAnswerTo(carried, question) && isPlausible(carried, now.seconds)
  return { uid, namespace, name, question, group: JSON.stringify([question.server, question.workspace]), pace, nextAt: now.ms, hintedAt: Infinity, lookedAt: -Infinity, ...(usable ? { fact: carried } : {}) }
}

/** The fact that the object should carry and does not: missing, unreadable, of another meaning, or of an instant that is not ours. */
export function factToWrite (tracked: Tracked, model: Model, now: number): ObjectFact | undefined {
  const { uid, namespace, name, fact } = tracked
  if (!fact) return undefined
  const text = model.metadata.annotations?.[FACTS.registry]
  // Ten thousand annotations are compared in each pass, and nearly none has changed: parse only those that have.
  const same = tracked.compared !== undefined && tracked.compared.text === text && tracked.compared.fact === fact
  if (!same) tracked.compared = { text, fact, differs: isDifferent(text, fact, now) }
  return tracked.compared?.differs ? { uid, namespace, name, fact } : undefined
}

function isDifferent (text: string | undefined, fact: RegistryFact, now: number): boolean {
  const carried = text === undefined ? undefined : parseFacts({ [FACTS.registry]: text }).registry
  return !carried || !sameMeaning(carried, fact) || !isPlausible(carried, now)
}
