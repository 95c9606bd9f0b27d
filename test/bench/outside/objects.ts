// MlflowModels as they are found in a cluster after some weeks: defaults filled in, a status, managedFields of three writers, all at rest.
import type { KubeObject } from '../../../hooks/core/request.ts'
import { formatFact } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { predictorName } from '../../../hooks/core/names.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import type { Status } from '../../../hooks/mlflow-model/schema/status.ts'
import { specOf } from '../../helpers/poller-model.ts'
import { aliasOf, creationOf, modelName, uriOf } from './registered-models.ts'

/** Objects in one namespace: as many as a team may have. */
const PER_NAMESPACE = 50

export type ObjectOptions = { index: number, now: number, spec?: object }

/** One MlflowModel that serves what its alias names. `now` in seconds; `index` says which registered model it follows. */
export function makeObject ({ index, now, spec: changes = {} }: ObjectOptions): KubeObject {
  const name = modelName(index)
  const wished = { modelName: name, modelAlias: 'champion', minioSecret: 'minio-rclone', ...changes }
  const version = aliasOf(index, 'champion')
  const identity = { version, createdAt: new Date(creationOf(index, version)).toISOString() }
  const fact = { server: 'default', workspace: '', model: name, alias: 'champion', state: 'Found' as const, ...identity, uri: uriOf(index, version), runId: runOf(index, version), observedAt: formatInstant(now - 86_400) }
  const status = statusAtRest({ ...identity, uri: fact.uri }, { name, now })
  const spec = specOf(wished)
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'MlflowModel',
    metadata: {
      name,
      namespace: `team-${Math.floor(index / PER_NAMESPACE)}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      generation: 3,
      creationTimestamp: formatInstant(now - 30 * 86_400),
      labels: { 'app.kubernetes.io/managed-by': 'argocd', 'app.kubernetes.io/part-of': `team-${Math.floor(index / PER_NAMESPACE)}`, stage: 'production' },
      annotations: {
        [FACTS.registry]: formatFact(fact),
        [FACTS.clock]: formatInstant(now - 86_000),
        'argocd.argoproj.io/tracking-id': `models:sluice.dev/MlflowModel:team-${Math.floor(index / PER_NAMESPACE)}/${name}`,
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel', metadata: { name }, spec: wished })
      },
      managedFields: managedFieldsOf({ spec, status }, now)
    },
    spec,
    status
  }
}

function runOf (index: number, version: string): string {
  return `${String(index).padStart(8, '0')}${version.padStart(24, 'a')}`
}

type Serving = { version: string, createdAt: string, uri: string }

/** The status of an object whose last promotion was a day ago. */
export function statusAtRest (stable: Serving, { name, now }: { name: string, now: number }): Partial<Status> {
  const since = formatInstant(now - 86_400)
  const condition = (type: string, reason: string, message: string) => ({ type, status: 'True' as const, reason, message, lastTransitionTime: since, observedGeneration: 3 })
  return {
    phase: 'Healthy',
    reason: 'Promoted',
    currentModelVersion: stable.version,
    stable: { ...stable, ready: true },
    weight: 0,
    counter: now - 90_000,
    sequence: 42,
    lastOutcome: 'Promoted',
    observedGeneration: 3,
    url: `http://istio-ingressgateway.istio-system/seldon/models/${name}`,
    traffic: { stable: 100, canary: 0, writtenAt: since, routerTransition: since, inForce: true, canaryInForce: 0 },
    failedVersions: [],
    conditions: [
      condition('Ready', 'StableServing', `Version ${stable.version} answers requests.`),
      { ...condition('Progressing', 'Promoted', 'No rollout is under way.'), status: 'False' },
      condition('RegistryFound', 'Found', `Alias champion of model ${name} names version ${stable.version}.`),
      condition('AnalysisPassing', 'Passed', `The last check of ${predictorName(stable)} passed: latency-p95 0.118 vs 0.117 (limit +5%), latency-mean 0.061 vs 0.06 (limit +5%), error-rate 0.1 vs 0.1 (limit +2 points).`),
      condition('BackendReady', 'Available', 'The SeldonDeployment is available and its traffic is routed by Istio.'),
      condition('SpecAccepted', 'Accepted', 'All fields of the spec are valid.')
    ]
  }
}

/** Who owns which field, as the API server keeps it: it is half of an object. */
function managedFieldsOf ({ spec, status }: { spec: object, status: object }, now: number): object[] {
  const time = formatInstant(now - 86_400)
  const entry = (manager: string, fields: object, more: object = {}) => ({ manager, operation: 'Update', apiVersion: 'sluice.dev/v1alpha1', time, fieldsType: 'FieldsV1', fieldsV1: fields, ...more })
  return [
    entry('argocd-controller', { 'f:metadata': { 'f:annotations': { '.': {}, 'f:argocd.argoproj.io/tracking-id': {}, 'f:kubectl.kubernetes.io/last-applied-configuration': {} }, 'f:labels': { '.': {}, 'f:app.kubernetes.io/managed-by': {}, 'f:app.kubernetes.io/part-of': {}, 'f:stage': {} } }, 'f:spec': fieldsOf(spec) }),
    entry('sluice-poller', { 'f:metadata': { 'f:annotations': { [`f:${FACTS.registry}`]: {}, [`f:${FACTS.clock}`]: {} } } }),
    entry('metacontroller', { 'f:status': fieldsOf(status) }, { subresource: 'status' })
  ]
}

function fieldsOf (value: unknown): object {
  if (Array.isArray(value)) {
    return Object.fromEntries([['.', {}], ...value.map((item: { type?: string, name?: string }) => [`k:${JSON.stringify(item.type === undefined ? { name: item.name } : { type: item.type })}`, { '.': {}, ...fieldsOf(item) }])])
  }
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries([['.', {}], ...Object.entries(value).map(([key, inner]) => [`f:${key}`, fieldsOf(inner)])])
}
