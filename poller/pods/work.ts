// The round that tells parents of their pods: whose pods have changed is looked at, at most once a second, and written only where it means something else.
import { factText, parseFacts } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import type { Reflector } from '../cluster/reflector.ts'
import { OVERLAY_MS } from '../cluster/own-writes.ts'
import { PRIORITY } from '../cluster/write-queue.ts'
import type { Finding } from '../model.ts'
import type { ObjectWrites } from '../object-writes.ts'
import { findPodsFact, inWordsBefore } from './fact.ts'
import { keepFamilies, type ParentKind } from './families.ts'
import type { KnownPod } from './pod.ts'

/** Between two writes on one object at least, in ms: the pods of a Deployment fail together. */
const PAUSE_MS = 1_000

/** What an object should carry, by the key of its family. */
export type Wanted = { key: string, text: string }

export type PodsParts = {
  pods: Pick<Reflector<KnownPod>, 'store' | 'subscribe' | 'hasSynced' | 'synced'>
  kinds: ParentKind[]
  /** The API server's time in ms, undefined before its first answer. */
  serverTime: () => number | undefined
  monotonic?: () => number
  /** [1000] Between two writes on one object, in ms. */
  pauseMs?: number
  /** The writes, given how one is done and what follows. */
  makeWrites: (writing: { write: (finding: Finding<Wanted>) => Promise<void>, onWritten: (finding: Finding<Wanted>) => void }) => ObjectWrites<Wanted>
  /** Ends the term of office. */
  signal: AbortSignal
  /** There is something to look at. */
  onNews: () => void
}

export type PodsWork = {
  nextDue: () => number
  run: () => Promise<void>
}

/** The work of one term of office. */
export function createPodsWork (parts: PodsParts): PodsWork {
  const { pods, kinds, serverTime, monotonic = () => performance.now(), pauseMs = PAUSE_MS } = parts
  const agenda = createAgenda(monotonic, parts.onNews)
  const told = new Map<string, number>()
  const unwritten = new Map<string, Finding<Wanted>>()
  const families = keepFamilies({ pods, kinds, annotation: FACTS.pods, onChange: (key) => { agenda.plan(key, (told.get(key) ?? -Infinity) + pauseMs) } })
  const writes = parts.makeWrites({
    write: async ({ uid, fact: { key, text } }) => await families.parentOf(key)?.kind.writer.write(uid, { [FACTS.pods]: text }, PRIORITY.pods, parts.signal),
    onWritten (finding) {
      if (unwritten.get(finding.fact.key) === finding) unwritten.delete(finding.fact.key)
    }
  })
  parts.signal.addEventListener('abort', families.end)
  pods.synced.then(parts.onNews)

  /** Those whose time has come, and those that could not be written before. */
  function takeDue (): string[] {
    const due = agenda.takeDue()
    for (const [key, at] of told) if (at <= monotonic() - pauseMs) told.delete(key)
    return [...new Set([...due, ...[...unwritten].filter(([, { uid }]) => writes.isFree(uid)).map(([key]) => key)])]
  }

  function look (key: string, now: number): Array<Finding<Wanted>> {
    unwritten.delete(key)
    const parent = families.parentOf(key)
    const object = parent?.kind.writer.object(parent.uid)
    if (!object || object.metadata.deletionTimestamp !== undefined) return []
    // Our own write may hide what somebody else has put there since.
    if (carried(object) !== carried(parent?.kind.reflector.store.get(parent.uid))) agenda.plan(key, monotonic() + OVERLAY_MS)
    const { wanted, next } = wantedOn(object, families.podsOf(key), now)
    // An instant that has passed in whole seconds, and not a moment before.
    if (next !== Infinity) agenda.plan(key, monotonic() + (next - now) * 1000 + 1)
    if (wanted === undefined) return []
    const { uid = '', namespace = '', name } = object.metadata
    const finding = { uid, namespace, name, fact: { key, text: wanted } }
    unwritten.set(key, finding)
    told.set(key, monotonic())
    return [finding]
  }

  return {
    nextDue: () => pods.hasSynced() ? Math.min(writes.nextDue(), agenda.nextDue()) : Infinity,
    async run () {
      const now = serverTime()
      // A list that is not complete would look as if pods had gone.
      if (now === undefined || !pods.hasSynced()) return
      // Nobody waits for the writes: a fact that is not written is found again.
      writes.put(takeDue().flatMap((key) => look(key, now / 1000)))
    }
  }
}

/** Whom to look at, and when: by monotonic milliseconds, of several times the earliest. */
function createAgenda (monotonic: () => number, onNews: () => void): { plan: (key: string, at: number) => void, takeDue: () => string[], nextDue: () => number } {
  const times = new Map<string, number>()
  return {
    plan (key, at) {
      times.set(key, Math.min(times.get(key) ?? Infinity, Math.max(at, monotonic())))
      onNews()
    },
    takeDue () {
      const now = monotonic()
      const due = [...times].filter(([, at]) => at <= now).map(([key]) => key)
      for (const key of due) times.delete(key)
      return due
    },
    nextDue () {
      const now = monotonic()
      return Math.min(...[...times.values()].map((at) => Math.max(0, at - now)))
    }
  }
}

function carried (object: KubeObject | undefined): string | undefined {
  return object?.metadata.annotations?.[FACTS.pods]
}

/** The annotation that the object should carry; undefined when it does, or when there is nothing to tell and never was. `next`: when that may change by itself. */
function wantedOn (object: KubeObject, pods: KnownPod[], now: number): { wanted?: string, next: number } {
  const text = carried(object)
  // Pods of a namesake that was deleted are not this one's.
  const born = parseInstant(object.metadata.creationTimestamp) ?? 0
  const { fact, next } = findPodsFact(pods.filter(({ createdAt }) => createdAt >= born), now)
  const wanted = factText(inWordsBefore(parseFacts(object.metadata.annotations).pods, fact))
  return wanted === text || (text === undefined && fact.length === 0) ? { next } : { wanted, next }
}
