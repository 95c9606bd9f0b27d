// Sync calls of the sizes that are measured: what Metacontroller sends of an MlflowModel in the middle of a rollout, with the bookkeeping of a real
// API server.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { answerSync } from '../../hooks/core/answer.ts'
import type { SyncRequest } from '../../hooks/core/request.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { leavesOf } from '../../playground/api-server/field-set.ts'
import type { KubeObject } from '../../playground/api-server/kube-object.ts'
import { makeEntry } from '../../playground/api-server/managed-fields.ts'
import { ownershipOf, untypedOwnership, type Ownership, type SchemaNode } from '../../playground/api-server/structural-schema.ts'
import { creationOf, withOwner } from '../../playground/control-loop/apply-update.ts'
import { sortedJson } from '../../playground/control-loop/sorted-json.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const CHILDREN = 'SeldonDeployment.machinelearning.seldon.io/v1'
const KEY = 'models/bank-churn'

/** Which lists of an MlflowModel have owners item by item. In a SeldonDeployment the list of predictors has one owner as a whole. */
const PARENT_FIELDS = ownershipOf((readYaml('manifests/crds/mlflowmodels.yaml') as { spec: { versions: Array<{ schema: { openAPIV3Schema: SchemaNode } }> } }).spec.versions[0]?.schema.openAPIV3Schema)

/** The parent's resourceVersion in every call: what to replace for another call that is as long, and has the same answer. */
export const STAMP = '1000000000000000'

/** A call by the size that it is known by. */
export interface Call { name: string, body: string }

type Predictor = { name: string, traffic?: number, componentSpecs: Array<{ spec: { containers: Array<Record<string, unknown>> } }> }
type SeldonDeployment = KubeObject & { spec: { predictors: Predictor[] }, status: { deploymentStatus: Record<string, object> } }
type Model = KubeObject & { spec: { serving: Record<string, unknown> }, status: object }
type Rollout = { controller: KubeObject, parent: Model, child: SeldonDeployment }

/**
 * 8 KB: two versions side by side, the last check has passed, nothing is to be decided; a few environment variables. 12 KB: with more of them, and with
 * managedFields in full. 200 KB: somebody has added shadow predictors to the SeldonDeployment; Sluice leaves them
 * alone, but they are sent with every call, as is what was applied last (dynamic-apply).
 */
export function makeCalls (): Call[] {
  return [
    { name: '8 KB', body: grown(8_000, (count) => withEnvironment(readRollout(), count)) },
    { name: '12 KB', body: grown(12_000, (count) => withManagedFields(withEnvironment(readRollout(), count))) },
    { name: '200 KB', body: grown(200_000, (count) => withManagedFields(withLastApplied(withShadows(readRollout(), count)))) }
  ]
}

/** The call with as many additions as make it this long (bytes) at least. */
function grown (bytes: number, grow: (count: number) => Rollout): string {
  for (let count = 1; ; count++) {
    const body = textOf(grow(count))
    if (Buffer.byteLength(body) >= bytes) return body
  }
}

/** The golden file in which one check of two has passed. */
function readRollout (): Rollout {
  const { parent, children } = readYaml('test/fixtures/mlflow-model/12-check-passed/input.yaml') as { parent: Model, children: Record<string, Record<string, SeldonDeployment>> }
  const controller = readYaml('metacontroller/mlflowmodels.yaml') as KubeObject
  const child = children[CHILDREN]?.[KEY]
  if (!child) throw new Error('the golden file has no SeldonDeployment')
  return { controller, parent, child }
}

/** Environment variables of the model: in the spec, and in both predictors. */
function withEnvironment ({ parent, child, ...rest }: Rollout, count: number): Rollout {
  const env = Array.from({ length: count }, (_, i) => ({ name: `FEATURE_STORE_${i}`, value: `postgres-${i}.feature-store.svc.cluster.local` }))
  const predictors = child.spec.predictors.map((predictor: Predictor) => ({ ...predictor, componentSpecs: withEnv(predictor, env) }))
  return { ...rest, parent: { ...parent, spec: { ...parent.spec, serving: { ...parent.spec.serving, env } } }, child: { ...child, spec: { ...child.spec, predictors } } }
}

function withEnv ({ componentSpecs }: Predictor, env: object[]): Predictor['componentSpecs'] {
  return componentSpecs.map(({ spec }) => ({ spec: { containers: spec.containers.map((container) => ({ ...container, env })) } }))
}

/** Shadows that somebody else added, each with status and 40 environment variables. */
function withShadows ({ child, ...rest }: Rollout, count: number): Rollout {
  const env = Array.from({ length: 40 }, (_, i) => ({ name: `EXPERIMENT_${i}`, valueFrom: { configMapKeyRef: { name: 'experiments', key: `setting-${i}` } } }))
  const [model] = child.spec.predictors
  if (!model) throw new Error('the golden file has no predictor')
  const shadows = Array.from({ length: count }, (_, i) => ({ name: `shadow-${i}`, shadow: true, replicas: 1, graph: { name: 'model', implementation: 'MLFLOW_SERVER', modelUri: `s3://models/shadow/${i}` }, componentSpecs: withEnv(model, env) }))
  const deploymentStatus = { ...child.status.deploymentStatus, ...Object.fromEntries(shadows.map(({ name }) => [`bank-churn-${name}-0-model`, { replicas: 1, availableReplicas: 1 }])) }
  return { ...rest, child: { ...child, spec: { ...child.spec, predictors: [...child.spec.predictors, ...shadows] }, status: { ...child.status, deploymentStatus } } }
}

/** The child as it was created: annotated with what the hook answered. */
function withLastApplied (rollout: Rollout): Rollout {
  const { parent, child } = rollout
  const [desired] = answerSync(mlflowModel, requestOf(rollout) as unknown as SyncRequest).children
  const { annotations = {} } = creationOf(desired as KubeObject, parent).metadata
  return { ...rollout, child: { ...child, metadata: { ...child.metadata, annotations } } }
}

function withManagedFields ({ controller, parent, child }: Rollout): Rollout {
  return { controller, parent: withFields(parent, PARENT_FIELDS), child: withFields(child, untypedOwnership) }
}

/** The writers that the golden file names, each with its fields: the status, annotations of the poller, all the rest. */
function withFields<T extends KubeObject> (object: T, ownership: Ownership): T {
  const paths = [...leavesOf(object, ownership).keys()]
  const isStatus = (path: string): boolean => path.startsWith('["f:status"')
  const isFact = (path: string): boolean => path.startsWith('["f:metadata","f:annotations","f:sluice.dev/')
  const writers = object.metadata.managedFields ?? []
  const managedFields = writers.map(({ manager, time, subresource }) => {
    const owned = paths.filter((path) => subresource === 'status' ? isStatus(path) : manager === 'sluice-poller' ? isFact(path) : !isStatus(path))
    return makeEntry('Update', object.apiVersion, { manager, now: time, ...(subresource !== undefined && { subresource }) }, owned)
  })
  return { ...object, metadata: { ...object.metadata, managedFields } }
}

/** The body as Metacontroller writes it: the child has its owner, keys are sorted. */
function textOf (rollout: Rollout): string {
  return sortedJson(requestOf(rollout))
}

function requestOf ({ controller, parent: { metadata, ...rest }, child }: Rollout): object {
  const parent = { ...rest, metadata: { ...metadata, resourceVersion: STAMP } } as Model
  return { controller, parent, children: { [CHILDREN]: { [KEY]: withOwner(child, parent) } }, related: {}, finalizing: false }
}

function readYaml (file: string): unknown {
  return parse(readFileSync(path.join(ROOT, file), 'utf8'))
}
