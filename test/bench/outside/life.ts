// What happens to objects in a day: aliases move, hooks roll out and roll back by what the poller writes, people edit, delete and create. It plays hooks,
// Metacontroller and Seldon as far as the poller can see them: by the status.
import { parseFacts, type AnalysisFact, type RegistryFact } from '../../../hooks/core/facts.ts'
import { predictorName, rolloutId } from '../../../hooks/core/names.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { formatInstant, parseInstant } from '../../../hooks/core/time.ts'
import type { Failure, Rollout, Status, Version } from '../../../hooks/mlflow-model/schema/status.ts'
import type { ApiServer } from './api-server.ts'
import { statusAtRest } from './objects.ts'
import type { Canary } from './prometheus.ts'

/** Short rollouts, many of them: three steps of three checks. */
export const SPEC = { rollout: { steps: [10, 40, 70] }, analysis: { checks: 3, initialDelay: '10s', failureLimit: 1 } }
const WEIGHTS = SPEC.rollout.steps
const LOADING_SECONDS = 20
const KEPT_SECONDS = 600
/** One canary in so many is bad. */
const BAD = 8

export type Life = {
  /** Does what is due by now (s). */
  step: (now: number) => void
  canaries: () => Iterable<Canary>
  counters: { rollouts: number, promoted: number, rolledBack: number, statusWrites: number }
}

type Under = Canary & { uid: string }
type Stored = KubeObject & { status: Partial<Status> }

/** The life of all objects of this API server. */
export function createLife (api: ApiServer): Life {
  const under = new Map<string, Under>()
  const counters = { rollouts: 0, promoted: 0, rolledBack: 0, statusWrites: 0 }

  function write (object: Stored, status: Partial<Status>): void {
    counters.statusWrites += 1
    api.put({ ...object, status })
  }

  function start (object: Stored, fact: RegistryFact, now: number): void {
    const { stable } = object.status
    const { version, createdAt, uri = '' } = fact
    if (!stable || version === undefined || createdAt === undefined) return
    counters.rollouts += 1
    const canary = { version, createdAt, uri }
    const rollout: Rollout = { id: rolloutId(canary, now), stage: 'Loading', step: 0, startedAt: formatInstant(now), present: true, raised: false, commanded: false, losses: 0 }
    const { namespace = '', name, uid = '' } = object.metadata
    under.set(uid, { uid, namespace, name, stable: predictorName(stable), canary: predictorName(canary), bad: counters.rollouts % BAD === 0 })
    write(object, { ...object.status, canary, canaryModelVersion: version, counter: now, rollout, weight: 0, phase: 'Progressing', reason: 'Loading', conditions: conditionsOf(object, 'Loading', now), nextDeadline: formatInstant(now + LOADING_SECONDS) })
  }

  function goTo (object: Stored, step: number, now: number): void {
    const { rollout } = object.status
    if (!rollout) return
    const next: Rollout = { ...rollout, stage: 'Stepping', step, stepStartedAt: formatInstant(now), trafficSince: rollout.trafficSince ?? formatInstant(now), raised: true }
    const weight = WEIGHTS[step - 1] ?? 100
    const { nextDeadline: _, ...status } = object.status
    write(object, { ...status, rollout: next, weight, step: `${step}/${WEIGHTS.length}`, reason: 'Stepping', traffic: { stable: 100 - weight, canary: weight, writtenAt: formatInstant(now), routerTransition: '', inForce: true, canaryInForce: weight } })
  }

  function finish (object: Stored, outcome: 'Promoted' | 'Aborted', now: number): void {
    const { stable, canary, rollout, failedVersions = [] } = object.status
    if (!stable || !canary || !rollout) return
    under.delete(object.metadata.uid ?? '')
    const left: Version = outcome === 'Promoted' ? canary : stable
    const failure: Failure = { version: canary.version, createdAt: canary.createdAt, rollout: rollout.id, at: formatInstant(now), reason: 'AnalysisFailed', metrics: 'error-rate 20 vs 0.17 (limit +2 points)' }
    const rest = { ...statusAtRest(left, { name: object.metadata.name, now: now + 86_400 }), counter: now, lastOutcome: outcome }
    if (outcome === 'Promoted') {
      counters.promoted += 1
      const { version, createdAt, uri } = stable
      return write(object, { ...rest, previous: { version, createdAt, uri, keepUntil: formatInstant(now + KEPT_SECONDS), fastReturn: true }, previousModelVersion: version, failedVersions: [], nextDeadline: formatInstant(now + KEPT_SECONDS) })
    }
    counters.rolledBack += 1
    write(object, { ...rest, phase: 'Degraded', reason: 'AnalysisFailed', error: `Version ${canary.version} failed.`, failedVersions: [failure, ...failedVersions].slice(0, 10) })
  }

  /** Hooks have no clock of their own: what waits, waits for the poller's. */
  function isDue ({ metadata, status: { nextDeadline } }: Stored): boolean {
    return nextDeadline !== undefined && (parseFacts(metadata.annotations).clock ?? 0) >= (parseInstant(nextDeadline) ?? Infinity)
  }

  function unload (object: Stored): void {
    const { previous: _, previousModelVersion: __, nextDeadline: ___, ...status } = object.status
    write(object, status)
  }

  function judge (object: Stored, rollout: Rollout, now: number): void {
    const { analysis } = parseFacts(object.metadata.annotations)
    if (!analysis || !isAbout(analysis, rollout)) return
    const isPassed = analysis.passed >= SPEC.analysis.checks
    if (analysis.failed > SPEC.analysis.failureLimit) finish(object, 'Aborted', now)
    else if (isPassed && rollout.step >= WEIGHTS.length) finish(object, 'Promoted', now)
    else if (isPassed) goTo(object, rollout.step + 1, now)
  }

  function proceed (object: Stored, now: number): void {
    const { rollout, previous } = object.status
    if (rollout?.stage === 'Stepping') judge(object, rollout, now)
    else if (rollout && isDue(object)) goTo(object, 1, now)
    else if (previous && isDue(object)) unload(object)
  }

  function look (object: Stored, now: number): void {
    const { registry } = parseFacts(object.metadata.annotations)
    if (registry && !object.status.rollout && isNews(registry, object)) start(object, registry, now)
    else proceed(object, now)
  }

  return {
    counters,
    canaries: () => under.values(),
    step (now) {
      for (const object of api.changed()) look(object as Stored, now)
      for (const uid of under.keys()) if (!api.has(uid)) under.delete(uid)
    }
  }
}

function isAbout (analysis: AnalysisFact, { id, step, stepStartedAt }: Rollout): boolean {
  return analysis.rollout === id && analysis.step === step && analysis.stepStartedAt === stepStartedAt
}

/** Whether it names a version that neither serves nor has failed. */
function isNews ({ state, version }: RegistryFact, { status: { stable, failedVersions = [] } }: Stored): boolean {
  return state === 'Found' && version !== stable?.version && !failedVersions.some((failure) => failure.version === version)
}

function conditionsOf (object: Stored, reason: string, now: number): NonNullable<Status['conditions']> {
  return (object.status.conditions ?? []).map((condition) => condition.type === 'Progressing' ? { ...condition, status: 'True', reason, lastTransitionTime: formatInstant(now) } : condition)
}
