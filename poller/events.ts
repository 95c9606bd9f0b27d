// What happened to a model, as Events for people: a pure function of what was seen before and what is seen now.
import { predictorName } from '../hooks/core/names.ts'
import { parseInstant } from '../hooks/core/time.ts'
import type { Failure, Rollout, Status } from '../hooks/mlflow-model/schema/status.ts'
import { describeLastCheck, describeOutcome, quoteVersion, sentence } from './event-notes.ts'
import type { KeptStatus, Model } from './model.ts'
import { findNews, type ObjectEvent, type Story } from './object-event.ts'
import { registryEvents } from './registry-events.ts'

export const MLFLOW_MODEL_STORY: Story<Model> = { eventsOf, between: endedBetween }

/** The events of an MlflowModel that are news; see findNews. */
export function newEvents (before: Model | undefined, after: Model, now: number): ObjectEvent[] {
  return findNews(MLFLOW_MODEL_STORY, { before, after }, now)
}

/** All that one state of an object bears witness of. */
export function eventsOf (model: Model): ObjectEvent[] {
  return [
    ...registryEvents(model),
    ...(model.status?.failedVersions ?? []).filter(({ reason }) => reason !== 'Aborted').map((failure) => failureEvent(model, failure)),
    ...rolloutEvents(model),
    ...outcomeEvents(model),
    ...phaseEvents(model)
  ]
}

/** How the rollout of `before` ended, when it is over in `after`. Undefined otherwise, also when it never was seen. */
export function endingBetween (before: Model, after: Model): { rollout: Rollout, outcome: NonNullable<Status['lastOutcome']> } | undefined {
  const rollout = before.status?.rollout
  const outcome = after.status?.lastOutcome
  // An empty status is one that was lost, not a rollout that ended.
  if (!rollout || !outcome || after.status?.rollout?.id === rollout.id) return undefined
  return { rollout, outcome }
}

function endedBetween (before: Model, after: Model): ObjectEvent[] {
  const ending = endingBetween(before, after)
  if (!ending) return []
  const first = before.status?.stable === undefined
  return [outcomeEvent(after, { outcome: ending.outcome, n: counterOf(ending.rollout), first, canary: before.status?.canary?.version })]
}

/** The outcome is told once the canary is without traffic (Draining) or the roles have changed. */
function outcomeEvents (model: Model): ObjectEvent[] {
  const { rollout, lastOutcome, counter = 0, stable, previous } = model.status ?? {}
  if (rollout) return drainingEvents(model, rollout)
  if (!lastOutcome || !stable) return []
  return [outcomeEvent(model, { outcome: lastOutcome, n: String(counter), first: !previous && lastOutcome === 'Promoted', canary: undefined })]
}

function drainingEvents (model: Model, rollout: Rollout): ObjectEvent[] {
  if (rollout.stage !== 'Draining' || !rollout.outcome) return []
  return [outcomeEvent(model, { outcome: rollout.outcome, n: counterOf(rollout), first: false, canary: model.status?.canary?.version })]
}

type Ended = { outcome: NonNullable<Status['lastOutcome']>, n: string, first: boolean, canary: string | undefined }

function outcomeEvent (model: Model, ended: Ended): ObjectEvent {
  const { status } = model
  const failure = status?.failedVersions?.find(({ rollout }) => rollout.endsWith(`-${ended.n}`))
  const { reason, note } = describeOutcome({ ...ended, status: status ?? {}, failure })
  return {
    // The stable version is part of it because an instant return to the previous one does not count as a rollout of its own.
    key: `${ended.n}/${ended.outcome}/${status?.stable ? predictorName(status.stable) : ''}`,
    // A person who moves the alias back has what was asked for; only an abort has a failure behind it, or somebody who feared one.
    type: ended.outcome === 'Aborted' ? 'Warning' : 'Normal',
    reason,
    action: 'Rollout',
    note: sentence(note),
    at: latest(status?.traffic?.writtenAt, transitionOf(status, 'Progressing'))
  }
}

function failureEvent ({ status }: Model, failure: Failure): ObjectEvent {
  const numbers = failure.metrics ? `: ${failure.metrics}` : ''
  const serving = status?.stable ? ` Version ${status.stable.version} goes on serving.` : ''
  return {
    key: `${failure.rollout}/PromotionFailed`,
    type: 'Warning',
    reason: 'PromotionFailed',
    action: 'Analysis',
    note: `Version ${failure.version} failed, ${failure.reason}${numbers}.${serving} It gets no traffic again unless sluice.dev/retry=${failure.rollout} is set or the alias moves.`,
    at: parseInstant(failure.at)
  }
}

function rolloutEvents (model: Model): ObjectEvent[] {
  const { rollout, weight = 0 } = model.status ?? {}
  if (!rollout) return []
  const events: ObjectEvent[] = []
  if (isRising(rollout) && weight > 0) events.push(trafficEvent(model, rollout, weight))
  if (rollout.stage === 'AwaitingApproval') events.push(approvalEvent(model, rollout))
  if (rollout.losses > 0) events.push(lossEvent(model, rollout))
  return events
}

function lossEvent ({ status }: Model, rollout: Rollout): ObjectEvent {
  return {
    key: `${counterOf(rollout)}/CanaryLost/${rollout.losses}`,
    type: 'Warning',
    reason: 'CanaryLost',
    action: 'Rollout',
    note: `${sentence(quoteVersion(status?.canary))} lost all its pods while it had traffic; ${quoteVersion(status?.stable)} gets everything until it is loaded again.`,
    at: parseInstant(status?.traffic?.writtenAt)
  }
}

function isRising ({ stage }: Rollout): boolean {
  return stage === 'Stepping' || stage === 'AwaitingApproval' || stage === 'Promoting'
}

function trafficEvent (model: Model, rollout: Rollout, weight: number): ObjectEvent {
  const step = model.status?.step ? `, step ${model.status.step}` : ''
  return {
    // A canary that was lost and loaded again goes through the same weights anew.
    key: `${counterOf(rollout)}/TrafficIncrease/${rollout.losses}/${weight}`,
    type: 'Normal',
    reason: 'TrafficIncrease',
    action: 'Rollout',
    note: `${sentence(quoteVersion(model.status?.canary))} gets ${weight} % of the traffic${step}; ${quoteVersion(model.status?.stable)} gets the rest.${describeLastCheck(model, rollout.id)}`,
    at: parseInstant(rollout.stepStartedAt ?? model.status?.traffic?.writtenAt)
  }
}

function approvalEvent (model: Model, rollout: Rollout): ObjectEvent {
  return {
    key: `${counterOf(rollout)}/AwaitingApproval/${rollout.losses}`,
    type: 'Normal',
    reason: 'AwaitingApproval',
    action: 'Rollout',
    note: `${sentence(quoteVersion(model.status?.canary))} has passed its last step and waits for approval: set sluice.dev/promote=${rollout.id} or sluice.dev/abort=${rollout.id}.${describeLastCheck(model, rollout.id)}`,
    at: parseInstant(transitionOf(model.status, 'Progressing'))
  }
}

/** What stands still and needs a person, unless another Event says so: a remembered failure, a wait for approval, a URI. */
function phaseEvents (model: Model): ObjectEvent[] {
  const { phase, reason, error, failedVersions } = model.status ?? {}
  if (phase === 'Paused' && reason !== 'AwaitingApproval') return [pausedEvent(model)]
  if (phase !== 'Degraded' || !error || reason === 'UriUnresolvable' || failedVersions?.some((failure) => failure.reason === reason)) return []
  return [degradedEvent(model, error)]
}

function pausedEvent (model: Model): ObjectEvent {
  const { reason = '', error, counter = 0, rollout, canary, weight = 0 } = model.status ?? {}
  const since = transitionOf(model.status, 'Progressing')
  return {
    key: `${counter}/Paused/${reason}/${rollout?.step ?? 0}`,
    since,
    type: model.spec.rollout.paused ? 'Normal' : 'Warning',
    reason: 'Paused',
    action: 'Rollout',
    note: `${sentence(quoteVersion(canary))} stays at ${weight} % of the traffic. ${error ?? 'The rollout is paused.'}${describeLastCheck(model, rollout?.id)}`,
    at: parseInstant(since)
  }
}

function degradedEvent ({ status }: Model, error: string): ObjectEvent {
  const { counter = 0, reason = '', conditions } = status ?? {}
  // Trouble of the backend may leave Ready as it is.
  const ofBackend = conditions?.some((condition) => condition.type === 'BackendReady' && condition.reason === reason)
  const since = transitionOf(status, ofBackend ? 'BackendReady' : 'Ready')
  return { key: `${counter}/Degraded/${reason}`, since, type: 'Warning', reason: 'Degraded', action: 'Serving', note: error, at: parseInstant(since) }
}

/** The rollout's number in its id: unique for the life of an object. */
function counterOf ({ id }: Rollout): string {
  return id.slice(id.lastIndexOf('-') + 1)
}

function transitionOf (status: Partial<KeptStatus> | undefined, type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === type)?.lastTransitionTime
}

function latest (...instants: Array<string | undefined>): number | undefined {
  const known = instants.map(parseInstant).filter((at) => at !== undefined)
  return known.length > 0 ? Math.max(...known) : undefined
}
