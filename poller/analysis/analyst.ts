// Checks canaries: finds those that are due, measures them with few queries, has them judged, and counts. It reports; it decides nothing.
import { parseFacts, type AnalysisFact } from '../../hooks/core/facts.ts'
import { parseInstant, secondsOf } from '../../hooks/core/time.ts'
import type { RequestReport } from '../http/client.ts'
import type { ResilienceOptions } from '../http/resilience.ts'
import type { Finding, Model } from '../model.ts'
import { findRefusal, type PrometheusConfig } from './config.ts'
import { countCheck, fitFact, verdictsOf } from './counters.ts'
import { dueAt } from './due.ts'
import { judge, unmeasured, type Verdict } from './judge.ts'
import { lookBackOf } from './look-back.ts'
import { measure, type Measurable } from './measure.ts'
import type { Measurement } from './measurement.ts'
import { policyOf, type Policy } from './policy.ts'
import { createProviders, type Provider, type Providers } from './providers.ts'
import { refuseQueries } from './query-rules.ts'
import { createRounds } from './rounds.ts'
import { subjectOf, type Subject } from './subject.ts'

/** The part of a logger that is used: fields first, then a message that is always the same. */
export type Logger = Record<'debug' | 'warn', (fields: object, message: string) => void>

export type AnalystOptions = {
  providers: Record<string, PrometheusConfig>
  /** Seconds, by the API server; with fractions, so that nothing waits for a second that has begun. */
  now: () => number
  logger: Logger
  metrics?: { onRequest?: (report: RequestReport) => void }
  /** The object as it is now, by uid: a check whose step has passed meanwhile is then dropped here already. */
  latest?: (uid: string) => Model | undefined
  resilience?: ResilienceOptions
  /** [1000] Milliseconds that one check waits for slow providers; what they answer later comes with a later check. */
  patience?: number
}

export type ObjectFact = Finding<AnalysisFact>

export type Analyst = {
  /** Does every check that is due, and gives the facts to be written, those of slow providers at a later call. Never throws for what a Prometheus or an object did. */
  check (models: Model[]): Promise<ObjectFact[]>
  /** Milliseconds until the next check is due, or a late one may have ended; Infinity when no canary is under way. */
  nextDue (models: Model[]): number
  close (): Promise<void>
}

/** One check that is due. */
type Task = { model: Model, uid: string, namespace: string, subject: Subject, last: AnalysisFact | undefined, policy: Policy }

export function createAnalyst (options: AnalystOptions): Analyst {
  const { now, logger, latest, patience = 1_000 } = options
  const providers = createProviders(options)
  const rounds = createRounds<ObjectFact>()
  // What was counted last, by uid: the annotation that we are shown may be older than the one we wrote.
  const counted = new Map<string, AnalysisFact>()

  function lastOf (model: Model): AnalysisFact | undefined {
    return newest(parseFacts(model.metadata.annotations).analysis, counted.get(model.metadata.uid ?? ''))
  }

  function count ({ task, verdict }: Judged & { task: Task }, at: number): ObjectFact[] {
    const { model, uid, namespace, subject, last } = task
    logger.debug({ namespace, name: model.metadata.name, rollout: subject.key, ...verdict }, 'checked')
    const current = latest === undefined ? subject : subjectOf(latest(uid) ?? model)
    const fact = current && countCheck(last, current.key, { key: subject.key, at, verdict }, secondsOf(model.spec.analysis.interval))
    if (fact === undefined) return []
    const fitting = fitFact(fact)
    counted.set(uid, fitting)
    return [{ uid, namespace, name: model.metadata.name, fact: fitting }]
  }

  function isUnderWay (model: Model): boolean {
    return rounds.isBusy(roundOf(model), model.metadata.uid ?? '')
  }

  function nextCheckOf (model: Model): number {
    const subject = subjectOf(model)
    return subject === undefined || isUnderWay(model) ? Infinity : dueAt(subject, model.spec.analysis, lastOf(model))
  }

  return {
    async check (models) {
      // Objects name instants in whole seconds, and an interval counts from what they name.
      const time = Math.floor(now())
      forget(counted, models)
      const tasks = models.filter((model) => !isUnderWay(model)).flatMap((model) => taskOf(model, lastOf, time) ?? [])
      for (const [round, members] of Map.groupBy(tasks, ({ model }) => roundOf(model))) {
        rounds.start(round, members.map(({ uid }) => uid), async () => (await judgeAll(members, time, providers)).flatMap((judged) => count(judged, time)))
      }
      return await rounds.collect(patience)
    },
    nextDue (models) {
      const time = now()
      // Before the API server's first answer there is no time to go by.
      if (!Number.isFinite(time)) return 1_000
      const next = models.reduce((earliest, model) => Math.min(earliest, nextCheckOf(model)), Infinity)
      // The second in which it is due, for a check counts whole ones.
      return Math.min(rounds.nextDue(), Math.max(0, Math.ceil(next) - time) * 1000)
    },
    async close () {
      await providers.close()
      await rounds.ended()
    }
  }
}

/** The check of a canary, if it is due; `lastOf` gives what was counted before, which only a canary is asked for. */
function taskOf (model: Model, lastOf: (model: Model) => AnalysisFact | undefined, time: number): Task | undefined {
  const subject = subjectOf(model)
  const { uid, namespace } = model.metadata
  if (subject === undefined || uid === undefined || namespace === undefined) return undefined
  const last = lastOf(model)
  if (!(time >= dueAt(subject, model.spec.analysis, last))) return undefined
  return { model, uid, namespace, subject, last, policy: policyOf(model.spec, verdictsOf(last, subject.key)) }
}

/** Whose answers a check waits for: its provider's, or nobody's. */
function roundOf ({ spec: { analysis: { enabled, provider } } }: Model): string {
  return enabled ? `of ${provider}` : 'unmeasured'
}

/** One check with its result. `measurement` is absent when nothing was asked. */
export type Judged = { task: { model: Model }, verdict: Verdict, measurement?: Measurement }

/** The checks of one round: those that look back equally far share their queries. */
async function judgeAll (tasks: Task[], time: number, providers: Providers): Promise<Array<Judged & { task: Task }>> {
  const provider = providers.find(tasks[0]?.model.spec.analysis.provider ?? '')
  const groups = Map.groupBy(tasks, (task) => lookBackOfTask(task, time))
  const judged = await Promise.all([...groups.values()].map((group) => judgeGroup(group, time, provider)))
  providers.watchForSilence(judged.flat())
  return judged.flat()
}

async function judgeGroup (tasks: Task[], time: number, provider: Provider | undefined): Promise<Array<Judged & { task: Task }>> {
  const settled = tasks.map((task) => ({ task, verdict: settle(task, provider) }))
  const open = settled.flatMap(({ task, verdict }) => verdict === undefined ? [task] : [])
  const first = open[0]
  const measured = first === undefined || provider === undefined
    ? new Map<string, Measurement>()
    : await measure(provider, open.map((task) => measurableOf(task, provider.config)), { time, range: lookBackOfTask(first, time) })
  return settled.flatMap(({ task, verdict }) => {
    if (verdict !== undefined) return [{ task, verdict }]
    const measurement = measured.get(task.uid)
    if (measurement === undefined) return []
    const complete = provider === undefined ? measurement : { ...measurement, queries: { ...measurement.queries, ...refuseQueries(task.policy.metrics, provider.config) } }
    return [{ task, verdict: judge(complete, task.policy), measurement: complete }]
  })
}

/** The verdict of a check that needs no measurement, or that may not have one. */
function settle ({ model, namespace, policy }: Task, provider: Provider | undefined): Verdict | undefined {
  const { enabled, provider: name } = model.spec.analysis
  if (!enabled) return { outcome: 'Passed', reason: 'AnalysisDisabled: spec.analysis.enabled is false', metrics: [] }
  const refusal = findRefusal(provider?.config, { provider: name, namespace })
  return refusal && unmeasured(refusal, policy)
}

function measurableOf ({ model, uid, namespace, subject, policy }: Task, config: PrometheusConfig): Measurable {
  const refused = refuseQueries(policy.metrics, config)
  // What is refused is not asked.
  const metrics = policy.metrics.filter(({ name }) => !Object.hasOwn(refused, name))
  return { uid, namespace, name: model.metadata.name, predictors: subject.predictors, versions: subject.versions, metrics }
}

function lookBackOfTask ({ model, subject }: Task, time: number): number {
  return lookBackOf({ trafficSince: subject.trafficSince, now: time, window: secondsOf(model.spec.analysis.window) })
}

function newest (a: AnalysisFact | undefined, b: AnalysisFact | undefined): AnalysisFact | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return (parseInstant(b.last.at) ?? 0) > (parseInstant(a.last.at) ?? 0) ? b : a
}

function forget (counted: Map<string, AnalysisFact>, models: Model[]): void {
  const alive = new Set(models.map(({ metadata }) => metadata.uid))
  for (const uid of counted.keys()) if (!alive.has(uid)) counted.delete(uid)
}
