// From the pods of one parent to the fact that is written on it. Pure; `now` is the API server's time in whole seconds.
import { FACT_LIMIT, factText, type PodsFact } from '../../hooks/core/facts.ts'
import type { KnownPod } from './pod.ts'

/** Entries at most. */
const ENTRIES = 5

type Entry = PodsFact[number]

/** The fact, and when it changes without a change of a pod (in whole seconds; Infinity: never). */
export type Finding = { fact: PodsFact, next: number }

/**
 * Newest first: the newest of each owner, and as many more as there is room for. Listed are pods that have failed, cannot start, or have left a result; not those
 * that are well or on their way out, and not a server's pod that has ended and has a ready successor.
 */
export function findPodsFact (pods: KnownPod[], now: number): Finding {
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const telling = staying.filter((pod) => isToldAt(pod, now) && !isReplaced(pod, staying)).toSorted(newestFirst)
  const changes = staying.flatMap(({ told }) => [told?.from, told?.until]).filter((at) => at !== undefined && at > now) as number[]
  return { fact: toldInTime(choose(telling)), next: Math.min(...changes) }
}

function isToldAt ({ told }: KnownPod, now: number): boolean {
  return told !== undefined && (told.from ?? -Infinity) <= now && now < (told.until ?? Infinity)
}

function isReplaced ({ owner, over, createdAt }: KnownPod, pods: KnownPod[]): boolean {
  return over && !owner.startsWith('Job/') && pods.some((other) => other.owner === owner && other.ready && other.createdAt >= createdAt)
}

/** Ties are told apart by uid, so that the order does not depend on who was listed first. */
function newestFirst (a: KnownPod, b: KnownPod): number {
  return b.createdAt - a.createdAt || ((a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1)
}

/** What the Jobs of one CronJob have in common: their names end with the minute of their run. */
const MINUTE = /^(Job\/.*)-[0-9]{8}$/

/** By what they are worth: no owner is crowded out by the many pods of another, or a CronJob's many Jobs. */
function choose (pods: KnownPod[]): KnownPod[] {
  const seen = new Set<string>()
  const isFirst = (owner: string) => !seen.has(owner) && seen.add(owner)
  const first = pods.filter(({ owner }) => isFirst(owner.replace(MINUTE, '$1')))
  return [...first, ...pods.filter((pod) => !first.includes(pod))].slice(0, ENTRIES)
}

/** In order of time; as many of those that are worth most as fit into an annotation. */
function toldInTime (chosen: KnownPod[]): PodsFact {
  const fact = chosen.toSorted(newestFirst).map(entryOf)
  if (fits(fact)) return fact
  if (chosen.length > 1) return toldInTime(chosen.slice(0, -1))
  return fact.map(({ message: _, ...entry }) => entry)
}

function fits (fact: PodsFact): boolean {
  return factText(fact).length <= FACT_LIMIT
}

function entryOf ({ owner, metadata, told }: KnownPod): Entry {
  const { from: _, until: __, ...words } = told ?? { reason: '' }
  return { owner: owner.slice(0, 300), uid: metadata.uid ?? '', ...words, reason: words.reason.slice(0, 128) }
}

/** Waiting for the next try, Kubernetes may only say that it waits. */
const WITHOUT_CAUSE = /^Back-off pulling image "[^"]*"$/
/** What differs from one run of the same program to the next: times, addresses, counts. */
const NUMBERS = /0x[0-9a-f]+|\d+/gi

/**
 * The fact in the words in which it was told before, where it means the same: the same pod in the same trouble, and a message that differs in
 * numbers at most. So a container that fails again and again is told once.
 */
export function inWordsBefore (before: PodsFact | undefined, fact: PodsFact): PodsFact {
  return fact.map((entry) => {
    const last = before?.find(({ uid }) => uid === entry.uid)
    return last && meansTheSame(last, entry) && last.message !== undefined ? { ...entry, message: last.message } : entry
  })
}

function meansTheSame (last: Entry, entry: Entry): boolean {
  if (last.reason !== entry.reason || last.exitCode !== entry.exitCode) return false
  const message = entry.message ?? ''
  return WITHOUT_CAUSE.test(message) || withoutNumbers(last.message ?? '') === withoutNumbers(message)
}

function withoutNumbers (text: string): string {
  return text.replace(NUMBERS, '0')
}
