// What a check is about: one step of one rollout, and the two predictors that it compares.
import { predictorName } from '../../hooks/core/names.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import type { Status } from '../../hooks/mlflow-model/schema.ts'
import type { Model } from '../model.ts'
import type { Pair } from './measurement.ts'

/** Counters belong to this triple and restart when any part of it changes. */
export type StepKey = { rollout: string, step: number, stepStartedAt: string }

export type Subject = {
  key: StepKey
  /** Instants in seconds. */
  stepStartedAt: number
  trafficSince: number
  predictors: Pair<string>
  versions: Pair<string>
}

/** The subject of the next check, or undefined while this object is not to be checked. */
export function subjectOf ({ spec, status = {} }: Model): Subject | undefined {
  const { rollout, stable, canary } = status
  if (spec.rollout.paused || !rollout || !stable || !canary || !isJudged(rollout)) return undefined
  const { id, step, stepStartedAt, trafficSince } = rollout
  const startedAt = parseInstant(stepStartedAt)
  if (stepStartedAt === undefined || startedAt === undefined) return undefined
  return {
    key: { rollout: id, step, stepStartedAt },
    stepStartedAt: startedAt,
    trafficSince: parseInstant(trafficSince) ?? startedAt,
    predictors: { stable: predictorName(stable), canary: predictorName(canary) },
    versions: { stable: stable.version, canary: canary.version }
  }
}

function isJudged ({ stage }: NonNullable<Status['rollout']>): boolean {
  return stage === 'Stepping' || stage === 'AwaitingApproval'
}

export function sameStep (a: StepKey, b: StepKey): boolean {
  return a.rollout === b.rollout && a.step === b.step && a.stepStartedAt === b.stepStartedAt
}
