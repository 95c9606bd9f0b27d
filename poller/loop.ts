// The poller at work, on the leader only: three rounds that do not wait for each other (registry, analysis, clock), and what is told of
// each change (Events, metrics). Everything is handed in, so that tests can replace any part.
import type { Logger } from 'pino'
import type { AnalysisFact, RegistryFact } from '../hooks/core/facts.ts'
import { formatFact } from '../hooks/core/facts.ts'
import { FACTS } from '../hooks/core/labels.ts'
import type { KubeObject } from '../hooks/core/request.ts'
import type { Analyst } from './analysis/analyst.ts'
import { dueClocks, nextClock } from './clock.ts'
import type { EventRecorder } from './cluster/event-recorder.ts'
import type { AnnotationWriter } from './cluster/patch.ts'
import type { Reflector } from './cluster/reflector.ts'
import type { Change } from './cluster/store.ts'
import { PRIORITY, type Priority } from './cluster/write-queue.ts'
import { newEvents, type Model } from './events.ts'
import { createRefusalTeller } from './refusals.ts'
import type { RegistryObserver } from './registry/observer.ts'
import type { RolloutMetrics } from './rollout-metrics.ts'
import { startRound, type Round } from './round.ts'

export type WatchedKind = { plural: string, reflector: Reflector, writer: AnnotationWriter<KubeObject> }

export type LoopParts = {
  kinds: WatchedKind[]
  models: { reflector: Reflector<KubeObject & Model>, writer: AnnotationWriter<KubeObject & Model> }
  registry: Pick<RegistryObserver, 'observe' | 'refusals' | 'hint' | 'nextDue'>
  analyst: Pick<Analyst, 'check' | 'nextDue'>
  recorder: EventRecorder
  metrics: RolloutMetrics
  /** The API server's time in ms, undefined before its first answer. */
  serverTime: () => number | undefined
  onRound?: (report: { name: string, ok: boolean }) => void
  logger: Logger
  /** Shortest time between two runs of one round, in ms. */
  shortestMs?: number
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

/** A fact about one object that is to be written on it. */
type Finding = { uid: string, namespace: string, name: string, fact: AnalysisFact | RegistryFact }

type Rounds = { registry: Round, analysis: Round, clock: Round }

function startRounds (parts: LoopParts, signal: AbortSignal): Rounds {
  const { registry, analyst, models: { writer }, logger, onRound, shortestMs } = parts
  const tellRefusals = createRefusalTeller({ recorder: parts.recorder, find: (uid) => parts.models.reflector.store.get(uid), logger })
  const shared = { signal, logger, ...(onRound && { onRun: onRound }), ...(shortestMs !== undefined && { shortestMs }) }
  return {
    registry: startRound({
      ...shared,
      name: 'registry',
      nextDue: () => registry.nextDue(),
      async run () {
        const findings = await registry.observe(living(writer))
        // Thousands of writes take minutes, and the next look must not wait for them: a fact that fails to be written is found again.
        writeAll(parts, FACTS.registry, PRIORITY.registry, findings).catch(() => undefined)
        tellRefusals(registry.refusals())
      }
    }),
    analysis: startRound({
      ...shared,
      name: 'analysis',
      nextDue: () => analyst.nextDue(living(writer)),
      run: async () => { await writeAll(parts, FACTS.analysis, PRIORITY.analysis, await analyst.check(living(writer))) }
    }),
    clock: startRound({
      ...shared,
      name: 'clock',
      nextDue: () => Math.min(...parts.kinds.map((kind) => nextClock(kind.writer.objects(), parts.serverTime() ?? -Infinity))),
      run: async () => { await tellTime(parts) }
    })
  }
}

/** Objects that are being deleted are not looked at any more. */
function living (writer: AnnotationWriter<KubeObject & Model>): Model[] {
  return writer.objects().filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

async function writeAll (parts: LoopParts, key: string, priority: Priority, findings: Finding[]): Promise<void> {
  await settleAll(findings.map(async ({ uid, namespace, name, fact }) => {
    try {
      await parts.models.writer.write(uid, { [key]: formatFact(fact) }, priority)
      parts.metrics.countFact(key, fact)
    } catch (error) {
      parts.logger.warn({ namespace, name, annotation: key, err: error }, 'annotation not written')
      throw error
    }
  }))
}

async function tellTime ({ kinds, serverTime }: LoopParts): Promise<void> {
  const now = serverTime()
  if (now === undefined) return
  await settleAll(kinds.flatMap(({ writer }) => dueClocks(writer.objects(), now).map(async ({ uid, clock }) => {
    await writer.write(uid, { [FACTS.clock]: clock }, PRIORITY.clock)
  })))
}

/** Waits for all, then fails with the first failure: one object that cannot be written must not hold up the others. */
async function settleAll (writes: Array<Promise<void>>): Promise<void> {
  const failed = (await Promise.allSettled(writes)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
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
