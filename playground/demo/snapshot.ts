// What the demo shows of an MlflowModel at one moment: a small record, read from the object.
import { parseFacts, type MetricResult } from '../../hooks/core/facts.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import type { Status } from '../../hooks/mlflow-model/schema.ts'

export interface Snapshot {
  phase: string
  reason: string
  stable?: string
  canary?: string
  /** The canary's share that is in force. */
  weight: number
  step?: string
  stage?: string
  outcome?: string
  error?: string
  /** The last check of this rollout. */
  check?: { at: string, step: number, outcome: string, reason: string, metrics: MetricResult[] }
  rolloutId?: string
}

/** Reads the object as the API server returned it. */
export function snapshotOf (object: KubeObject): Snapshot {
  const status = (object.status ?? {}) as Status
  return {
    phase: status.phase ?? 'Pending',
    reason: status.reason ?? '',
    weight: status.weight ?? 0,
    ...given({ stable: status.currentModelVersion, canary: status.canaryModelVersion, step: status.step, stage: status.rollout?.stage }),
    ...given({ rolloutId: status.rollout?.id, outcome: status.lastOutcome, error: status.error }),
    ...checkOf(object, status.rollout?.id)
  }
}

/** The last check, if it is of this rollout. */
function checkOf (object: KubeObject, rollout: string | undefined): Pick<Snapshot, 'check'> {
  const { analysis } = parseFacts(object.metadata.annotations)
  if (analysis === undefined || analysis.rollout !== rollout) return {}
  const { step, last: { at, outcome, reason, metrics } } = analysis
  return { check: { at, step, outcome, reason, metrics } }
}

function given (fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
