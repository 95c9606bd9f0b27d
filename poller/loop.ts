// The poller at work, on the leader only: rounds that do not wait for each other (registry, analysis, clock, pods, references), and what is told of
// each change (Events, metrics). Everything is handed in, so that tests can replace any part.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { AnalysisFact, ReferencesFact, RegistryFact } from '../hooks/core/facts.ts'
import { formatFact } from '../hooks/core/facts.ts'
import { FACTS } from '../hooks/core/labels.ts'
import type { KubeObject } from '../hooks/core/request.ts'
import type { Analyst } from './analysis/analyst.ts'
import { dueClocks, nextClock } from './clock.ts'
import type { EventRecorder } from './cluster/event-recorder.ts'
import type { AnnotationWriter } from './cluster/patch.ts'
import type { Reflector } from './cluster/reflector.ts'
import type { Change } from './cluster/store.ts'
import { PRIORITY } from './cluster/write-queue.ts'
import { newEvents } from './events.ts'
import type { ServerEntries } from './mlflow/entries.ts'
import { tellForbidden } from './mlflow/forbidden.ts'
import { createReferencesWork, type ReferencesParts } from './mlflow/references.ts'
import type { Finding, Model } from './model.ts'
import { createObjectWrites, type ObjectWrites } from './object-writes.ts'
import type { KnownPod } from './pods/pod.ts'
import { createPodsWork, type Wanted } from './pods/work.ts'
import { createRefusalTeller } from './refusals.ts'
import type { RegistryObserver } from './registry/observer.ts'
import type { RolloutMetrics } from './rollout-metrics.ts'
import { startRound, type Round, type RoundOptions } from './round.ts'
import type { ServedMetrics } from './served/metrics.ts'
import { tellStories } from './served/tell.ts'
import type { Watched } from './watched.ts'

export type WatchedKind = { watched: Watched, reflector: Reflector, writer: AnnotationWriter<KubeObject> }

export type LoopParts = {
  kinds: WatchedKind[]
  models: { reflector: Reflector<KubeObject & Model>, writer: AnnotationWriter<KubeObject & Model> }
  /** Pods of the kinds that have pods; absent when none has. */
  pods?: Reflector<KnownPod> | undefined
  /** MLflow objects as registries; absent: they are none. */
  servers?: Pick<ServerEntries, 'subscribe'> | undefined
  /** Whom to tell when what he names has changed, and how to ask; absent: nobody. */
  references?: Pick<ReferencesParts, 'servers' | 'writer' | 'client' | 'onLook'> & { writer: AnnotationWriter<KubeObject> } | undefined
  registry: Pick<RegistryObserver, 'observe' | 'refusals' | 'hint' | 'nextDue'>
  analyst: Pick<Analyst, 'check' | 'nextDue'>
  recorder: EventRecorder
  metrics: RolloutMetrics
  /** Of the kinds that have a story. */
  served: ServedMetrics
  /** The API server's time in ms, undefined before its first answer. */
  serverTime: () => number | undefined
  onRound?: (report: { name: string, ok: boolean }) => void
  logger: Logger
  /** Shortest time between two runs of one round, in ms. */
  shortestMs?: number
  /** The first pause of an object that could not be written, in ms. */
  retryMs?: number
  /** Between two writes of pods on one object, in ms. */
  podsPauseMs?: number
}

export type Loop = {
  /** Works until the signal is aborted; resolves when nothing is under way any more. */
  lead: (signal: AbortSignal) => Promise<void>
  /** A hint that the registry changed. Without effect on a follower. */
  hint: (name?: string) => void
}

/** The work of a leader. */
export function createLoop (parts: LoopParts): Loop {
  let registryRound: Round | undefined
  return {
    async lead (signal) {
      await untilSynced(parts.kinds, signal)
      if (signal.aborted) return
      const rounds = startRounds(parts, signal)
      registryRound = rounds.registry
      const stopListening = listen(parts, rounds)
      await Promise.all(Object.values(rounds).map(({ ended }) => ended))
      registryRound = undefined
      stopListening()
    },
    hint (name) {
      if (!registryRound) return
      parts.registry.hint(name)
      registryRound.wake()
    }
  }
}

async function untilSynced (kinds: WatchedKind[], signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => { signal.addEventListener('abort', () => { resolve() }) })
  await Promise.race([aborted, Promise.all(kinds.map(({ reflector }) => reflector.synced))])
}

type Rounds = { registry: Round, analysis: Round, clock: Round, pods?: Round, references?: Round }

/** For how long a round of checks waits for its writes, in ms: they are soon done, or hold up nobody. */
const PATIENCE_MS = 1_000

function startRounds (parts: LoopParts, signal: AbortSignal): Rounds {
  const { logger, onRound, shortestMs } = parts
  const shared = { signal, logger, ...(onRound && { onRun: onRound }), ...(shortestMs !== undefined && { shortestMs }) }
  const rounds: Rounds = {
    registry: startRound({ ...shared, name: 'registry', ...registryWork(parts, { signal, onEnd: () => { rounds.registry.wake() } }) }),
    analysis: startRound({ ...shared, name: 'analysis', ...analysisWork(parts, { signal, onEnd: () => { rounds.analysis.wake() } }) }),
    clock: startRound({ ...shared, name: 'clock', ...clockWork(parts, { signal, onEnd: () => { rounds.clock.wake() } }) })
  }
  const pods = podsWork(parts, { signal, onEnd: () => { rounds.pods?.wake() } })
  if (pods) rounds.pods = startRound({ ...shared, name: 'pods', ...pods })
  const references = referencesWork(parts, { signal, onEnd: () => { rounds.references?.wake() } })
  if (references) rounds.references = startRound({ ...shared, name: 'references', ...references })
  return rounds
}

type Work = Pick<RoundOptions, 'nextDue' | 'run'>
type Term = { signal: AbortSignal, onEnd: () => void }

function registryWork (parts: LoopParts, term: Term): Work {
  const { registry, models: { writer } } = parts
  const writes = writesOf<RegistryFact>(parts, term, {
    key: FACTS.registry,
    write: async ({ uid, fact }) => { await writer.write(uid, { [FACTS.registry]: formatFact(fact) }, PRIORITY.registry, term.signal) },
    onWritten: ({ fact }) => { parts.metrics.countFact(FACTS.registry, fact) }
  })
  const tellRefusals = createRefusalTeller({ recorder: parts.recorder, find: (uid) => parts.models.reflector.store.get(uid), logger: parts.logger })
  return {
    nextDue: () => Math.min(registry.nextDue(), writes.nextDue()),
    async run () {
      const findings = await registry.observe(living(writer))
      // Thousands of writes take minutes, and the next look must not wait for them: a fact that is not written is found again.
      writes.put(findings)
      tellRefusals(registry.refusals())
    }
  }
}

function analysisWork (parts: LoopParts, term: Term): Work {
  const { analyst, models: { writer } } = parts
  // A check is not done again because its result could not be written.
  const unwritten = new Map<string, Finding<AnalysisFact>>()
  const writes = writesOf<AnalysisFact>(parts, term, {
    key: FACTS.analysis,
    write: async ({ uid, fact }) => { await writer.write(uid, { [FACTS.analysis]: formatFact(fact) }, PRIORITY.analysis, term.signal) },
    onWritten (finding) {
      if (unwritten.get(finding.uid) !== finding) return
      unwritten.delete(finding.uid)
      parts.metrics.countFact(FACTS.analysis, finding.fact)
    }
  })
  return {
    nextDue: () => Math.min(analyst.nextDue(living(writer)), writes.nextDue()),
    async run () {
      for (const finding of await analyst.check(living(writer))) unwritten.set(finding.uid, finding)
      await Promise.race([writes.put([...unwritten.values()]), sleep(PATIENCE_MS, undefined, { ref: false })])
    }
  }
}

function clockWork (parts: LoopParts, term: Term): Work {
  const { kinds, serverTime } = parts
  const all = kinds.map(({ writer }) => ({
    writer,
    writes: writesOf<string>(parts, term, { key: FACTS.clock, write: async ({ uid, fact }) => { await writer.write(uid, { [FACTS.clock]: fact }, PRIORITY.clock, term.signal) } })
  }))
  // An object that is being told the time, or could not be told it, is not what the round waits for.
  const free = ({ writer, writes }: typeof all[number]) => writer.objects().filter(({ metadata }) => writes.isFree(metadata.uid ?? ''))
  return {
    nextDue: () => Math.min(...all.map((kind) => Math.min(nextClock(free(kind), serverTime() ?? -Infinity), kind.writes.nextDue()))),
    async run () {
      const now = serverTime()
      if (now === undefined) return
      for (const kind of all) kind.writes.put(dueClocks(free(kind), now))
    }
  }
}

function podsWork (parts: LoopParts, term: Term): Work | undefined {
  const { pods, kinds, serverTime, podsPauseMs } = parts
  if (!pods) return undefined
  return createPodsWork({
    pods,
    kinds: kinds.filter(({ watched }) => watched.hasPods),
    serverTime,
    signal: term.signal,
    ...(podsPauseMs !== undefined && { pauseMs: podsPauseMs }),
    makeWrites: (writing) => writesOf<Wanted>(parts, term, { key: FACTS.pods, ...writing }),
    onNews: term.onEnd
  })
}

function referencesWork (parts: LoopParts, term: Term): Work | undefined {
  const { references, recorder, logger } = parts
  if (!references) return undefined
  return createReferencesWork({
    ...references,
    writes: writesOf<ReferencesFact>(parts, term, { key: FACTS.references, write: async ({ uid, fact }) => { await references.writer.write(uid, { [FACTS.references]: formatFact(fact) }, PRIORITY.references, term.signal) } }),
    onForbidden: tellForbidden(recorder, logger),
    onNews: term.onEnd,
    signal: term.signal
  })
}

type Writing<Fact> = { key: string, write: (finding: Finding<Fact>) => Promise<void>, onWritten?: (finding: Finding<Fact>) => void }

function writesOf<Fact> ({ logger, metrics, retryMs }: LoopParts, { signal, onEnd }: Term, { key, ...writing }: Writing<Fact>): ObjectWrites<Fact> {
  return createObjectWrites<Fact>({
    ...writing,
    onEnd,
    ...(retryMs !== undefined && { retryMs }),
    onFailed ({ namespace, name }, error) {
      // Who no longer leads does not try again.
      if (signal.aborted) return
      metrics.countUnwritten(key)
      logger.warn({ namespace, name, annotation: key, err: error }, 'annotation not written, trying again')
    }
  })
}

/** Objects that are being deleted are not looked at any more. */
function living (writer: AnnotationWriter<KubeObject & Model>): Model[] {
  return writer.objects().filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

/** Hears of every change: wakes the rounds that it concerns, and tells of it. Begins with what is there. Returns the function that ends it. */
function listen (parts: LoopParts, rounds: Rounds): () => void {
  const { models, kinds } = parts
  const endings = [
    models.reflector.subscribe((change) => {
      wakeFor(change, rounds)
      tell(parts, change)
    }),
    ...kinds.map(({ reflector }) => reflector.subscribe(() => { rounds.clock.wake() })),
    // What could not be asked may be by now.
    parts.servers?.subscribe(() => { rounds.registry.wake(true) }) ?? (() => {}),
    ...kinds.map(({ watched: { story }, reflector }) => story ? tellStories(parts, story, reflector) : () => {}),
    () => { parts.metrics.forgetAll() }
  ]
  for (const after of models.reflector.store.all()) tell(parts, { after })
  rounds.registry.wake(true)
  return () => { for (const end of endings) end() }
}

function wakeFor ({ before, after }: Change<Model>, rounds: Rounds): void {
  // The observer knows only the models that it was last given: a new one, or a new wish, is shown to it at once.
  if (before?.metadata.generation !== after?.metadata.generation) rounds.registry.wake(true)
  rounds.analysis.wake()
}

function tell ({ recorder, metrics, serverTime }: LoopParts, { before, after }: Change<Model>): void {
  const now = (serverTime() ?? 0) / 1000
  metrics.observe(before, after, now)
  if (after === undefined || after.metadata.deletionTimestamp !== undefined) return
  for (const event of newEvents(before, after, now)) recorder.record(after, event)
}
