// MlflowModels in the states that events, metrics and rounds are about.
import { Value } from '@sinclair/typebox/value'
import type { AnalysisFact, RegistryFact } from '../../hooks/core/facts.ts'
import { formatFact } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import { Spec } from '../../hooks/mlflow-model/schema.ts'
import type { Rollout, Status } from '../../hooks/mlflow-model/schema/status.ts'
import type { Model } from '../../poller/model.ts'

export const T0 = Date.UTC(2026, 10, 21, 4) / 1000
export const at = (seconds: number): string => new Date((T0 + seconds) * 1000).toISOString().replace('.000Z', 'Z')

const created = (version: number) => ({ version: String(version), createdAt: `2026-11-0${version}T00:00:00.000Z`, uri: `s3://models/${version}` })
export const V7 = created(7)
export const V8 = created(8)

/** A spec with its defaults, as the API server fills them in. */
export function specOf (changes: object = {}): Spec {
  return Value.Default(Spec, { modelName: 'churn', modelAlias: 'champion', ...changes }) as Spec
}

export const ROLLOUT: Rollout = { id: 'v8-aaaaaa-40', stage: 'Stepping', step: 1, startedAt: at(0), stepStartedAt: at(10), trafficSince: at(10), present: true, raised: true, commanded: false, losses: 0 }
export const TRAFFIC = { stable: 90, canary: 10, writtenAt: at(5), routerTransition: '', inForce: true, canaryInForce: 10 }
const progressing = (status: 'True' | 'False', reason: string, when: string) => ({ type: 'Progressing', status, reason, message: '', lastTransitionTime: when })

/** Version 7 serves, nothing is under way. */
export const SERVING: Partial<Status> = { stable: V7, currentModelVersion: '7', counter: 30, phase: 'Healthy', lastOutcome: 'Promoted', traffic: { ...TRAFFIC, stable: 100, canary: 0, writtenAt: at(-9000) }, conditions: [progressing('False', 'Promoted', at(-9000))] }

/** Version 8 is being tried at 10 %. */
export const STEPPING: Partial<Status> = { ...SERVING, canary: V8, canaryModelVersion: '8', counter: 40, rollout: ROLLOUT, traffic: TRAFFIC, weight: 10, step: '1/3', phase: 'Progressing', conditions: [progressing('True', 'Stepping', at(0))] }

export const FAILURE = { ...V8, rollout: ROLLOUT.id, at: at(70), reason: 'AnalysisFailed', metrics: 'error-rate 6.1 vs 0.9 (limit +2 points)' }

export function model (status: Partial<Status> = SERVING, { spec = {}, registry, analysis }: { spec?: object, registry?: Partial<RegistryFact>, analysis?: Partial<AnalysisFact> } = {}): Model {
  const annotations: Record<string, string> = {}
  if (registry) annotations[FACTS.registry] = formatFact({ server: 'default', workspace: '', model: 'churn', alias: 'champion', state: 'Found', observedAt: at(0), ...registry })
  if (analysis) annotations[FACTS.analysis] = formatFact({ ...CHECK, ...analysis })
  return { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel', metadata: { name: 'churn', namespace: 'models', uid: 'u-1', generation: 1, annotations }, spec: specOf(spec), status }
}

export const CHECK: AnalysisFact = {
  rollout: ROLLOUT.id,
  step: 1,
  stepStartedAt: at(10),
  passed: 1,
  failed: 0,
  inconclusive: 0,
  errors: 0,
  streak: { outcome: 'Passed', count: 1 },
  last: { at: at(60), outcome: 'Passed', reason: '', metrics: [{ name: 'latency-p95', stable: 0.118, canary: 0.12, limit: '+5%', requests: 300, outcome: 'Passed' }] }
}
