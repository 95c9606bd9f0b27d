// Looks at the registries for all objects and says which of them should carry another fact. It reports; it decides nothing.
import type { RequestReport } from '../http/client.ts'
import type { Model } from '../model.ts'
import { withPatience } from '../patience.ts'
import { createAgenda, dueAt, factToWrite, type Agenda, type ObjectFact, type ObjectRefusal, type Tracked } from './agenda.ts'
import type { Entries, RegistryConfig } from './config.ts'
import { runRound, type RoundReport } from './round.ts'
import { createSources, type SourcesOptions } from './sources.ts'

/** The part of a logger that is used: fields first, then a message that is always the same. */
export type Logger = Record<'debug' | 'info' | 'warn', (fields: object, message: string) => void>

export type RegistryObserverOptions = Pick<SourcesOptions, 'requestToken' | 'readCaSecret' | 'resilience'> & {
  /** Entries of the configuration file. */
  registries: Record<string, RegistryConfig>
  /** Further entries, which may come and go; those of the file win. */
  servers?: Entries
  /** Seconds, by the API server. */
  now: () => number
  /** Milliseconds that never go back. */
  monotonic: () => number
  logger: Logger
  metrics?: { onRequest?: (report: RequestReport) => void, onRound?: (report: RoundReport) => void }
  /** In [0, 1), for the spread of intervals. */
  random?: () => number
  /** [5000] Milliseconds that one observe waits for slow registries; what they answer later comes with a later observe. */
  patience?: number
}

export type { ObjectFact, ObjectRefusal } from './agenda.ts'
export type { RoundReport } from './round.ts'

export type RegistryObserver = {
  /** Looks at what is due and gives the facts that objects should carry and do not. */
  observe (models: Model[]): Promise<ObjectFact[]>
  /** Objects of the last observe that may not use the entry they name. Their facts say so. */
  refusals (): ObjectRefusal[]
  /** Something may have changed: look at this model, or at all, soon, but not twice within a second. */
  hint (name?: string): void
  /** Milliseconds until something is due; at most a minute. */
  nextDue (): number
  close (): Promise<void>
}

/** Hints come in bursts (a webhook for every tag and alias of a new version), so they wait this many milliseconds for each other. */
const HINT_DELAY = 100
/** A longer burst has a model looked at once in this many milliseconds. */
const HINT_INTERVAL = 1_000
const LONGEST_WAIT = 60_000
/** How soon to come back for a round that outlasted `patience`. */
const LATE_ROUND_WAIT = 1_000

export function createRegistryObserver (options: RegistryObserverOptions): RegistryObserver {
  const { now, monotonic, patience = 5_000 } = options
  const agenda = createAgenda()
  const registries = new Map(Object.entries(options.registries))
  const entries: Entries = { get: (name) => registries.get(name) ?? options.servers?.get(name) }
  const rounds = createRounds(entries, options)

  return {
    async observe (models) {
      agenda.update(models, entries, { seconds: now(), ms: monotonic() })
      rounds.start(agenda.tracked())
      await withPatience(rounds.running(), patience)
      rounds.forgetFinished()
      return factsToWrite(agenda, models, now())
    },
    refusals: () => agenda.refusals(),
    hint (name) {
      const soon = monotonic() + HINT_DELAY
      for (const tracked of agenda.tracked()) {
        if (name === undefined || tracked.question.model === name) tracked.hintedAt = Math.min(tracked.hintedAt, Math.max(soon, tracked.lookedAt + HINT_INTERVAL))
      }
    },
    nextDue () {
      // A round that ended after its observe had returned has news that nobody has fetched.
      if (rounds.hasFinished()) return 0
      let wait = rounds.running().length > 0 ? LATE_ROUND_WAIT : LONGEST_WAIT
      for (const tracked of agenda.tracked()) {
        if (!rounds.isRunning(tracked.group)) wait = Math.min(wait, dueAt(tracked) - monotonic())
      }
      return Math.max(0, wait)
    },
    close: () => rounds.close()
  }
}

function factsToWrite (agenda: Agenda, models: Model[], seconds: number): ObjectFact[] {
  const byUid = new Map(models.map((model) => [model.metadata.uid, model]))
  return [...agenda.tracked(), ...agenda.refusals()].flatMap((carrier) => {
    const model = byUid.get(carrier.uid)
    return (model && factToWrite(carrier, model, seconds)) ?? []
  })
}

// The rounds under way, at most one a group, and the registries that they ask.
function createRounds (entries: Entries, options: RegistryObserverOptions) {
  const { monotonic, logger, metrics } = options
  const round = { now: options.now, monotonic, random: options.random ?? Math.random }
  const sources = createSources(entries, { ...options, onRequest: metrics?.onRequest })
  const running = new Map<string, Promise<void>>()
  const silent = new Set<string>()
  let finished = 0

  async function run (group: string, members: Tracked[]): Promise<void> {
    try {
      const report = await runRound(sources.get(members[0]!.question.server), members, round)
      metrics?.onRound?.(report)
      noteSilence(group, report)
      if (report.doubted !== undefined) logger.info(report, 'answers that lead back wait for a second look')
    } catch (error) {
      // Not what a server did (that is in the report) but a mistake of ours: it must not end the process, nor stay unseen.
      logger.warn({ group, err: error }, 'registry round broke off')
    } finally {
      running.delete(group)
      finished++
    }
  }

  // One line when a registry falls silent and one when it speaks again, not one a round.
  function noteSilence (group: string, report: RoundReport): void {
    const isSilent = Object.keys(report.failed).length > 0
    if (isSilent === silent.has(group)) return
    if (isSilent) silent.add(group)
    else silent.delete(group)
    if (isSilent) logger.warn(report, 'registry left objects without an answer')
    else logger.info({ server: report.server, workspace: report.workspace }, 'registry answers again')
  }

  return {
    start (all: Iterable<Tracked>): void {
      const ms = monotonic()
      sources.retire([...running.values()])
      for (const [group, members] of Map.groupBy(all, ({ group }) => group)) {
        if (!running.has(group) && members.some((tracked) => dueAt(tracked) <= ms)) running.set(group, run(group, members))
      }
    },
    running: () => [...running.values()],
    isRunning: (group: string) => running.has(group),
    hasFinished: () => finished > 0,
    forgetFinished (): void { finished = 0 },
    async close (): Promise<void> {
      await sources.close()
      await Promise.all(running.values())
    }
  }
}
