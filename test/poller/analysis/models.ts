// MlflowModels in the middle of a rollout, for the tests of the analysis.
import { Value } from '@sinclair/typebox/value'
import { formatFact, type AnalysisFact } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { Spec, type Status } from '../../../hooks/mlflow-model/schema.ts'
import type { Model } from '../../../poller/model.ts'

/** An arbitrary instant in seconds; everything in the tests is told relative to it. */
export const T0 = 1_800_000_000

type Overrides = { rollout?: object, analysis?: object }

/** A spec with the API server's defaults. */
export function makeSpec (overrides: Overrides = {}): Spec {
  return Value.Default(Spec, { modelName: 'm', modelAlias: 'champion', ...overrides }) as Spec
}

export type ModelOptions = Overrides & { name?: string, namespace?: string, status?: Partial<Status>, rolloutStatus?: object, fact?: AnalysisFact }

/** Version 8 against 7, at step 1 since T0; predictors are v7-… and v8-…. */
export function makeModel ({ name = 'bank-churn', namespace = 'models', status = {}, rolloutStatus = {}, fact, ...overrides }: ModelOptions = {}): Model {
  const version = (number: string, createdAt: string) => ({ version: number, createdAt, uri: `s3://models/${number}` })
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'MlflowModel',
    metadata: { name, namespace, uid: `uid-${namespace}-${name}`, ...(fact && { annotations: { [FACTS.analysis]: formatFact(fact) } }) },
    spec: makeSpec(overrides),
    status: {
      stable: version('7', '2026-01-01T00:00:00.000Z'),
      canary: version('8', '2026-02-01T00:00:00.000Z'),
      rollout: {
        id: 'v8-abc123-1', stage: 'Stepping', step: 1, startedAt: formatInstant(T0 - 60), stepStartedAt: formatInstant(T0), trafficSince: formatInstant(T0), losses: 0, commanded: false, present: true, raised: true,
        ...rolloutStatus
      },
      ...status
    }
  }
}
