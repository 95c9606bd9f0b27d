// What the hook of kind MLflow asks for once a server has settled: its databases were looked at, were right, and all that it asked for is there.
import { isDeepStrictEqual } from 'node:util'
import { answerSync } from '../../../hooks/core/answer.ts'
import type { PlatformSetting } from '../../../hooks/core/platform.ts'
import type { Child, KubeObject, ObjectMap, SyncRequest } from '../../../hooks/core/request.ts'
import { readSpec } from '../../../hooks/core/spec.ts'
import { mlflow } from '../../../hooks/mlflow/index.ts'
import { makeMigrationJob } from '../../../hooks/mlflow/migration/jobs.ts'
import type { Request } from '../../../hooks/mlflow/place.ts'
import { serverPod } from '../../../hooks/mlflow/resources/server-pod.ts'
import { feedBack } from '../../helpers/feed-back.ts'

export type Wish = {
  name: string
  namespace: string
  spec: Record<string, unknown>
  platform?: PlatformSetting
  /** Capabilities that the cluster has. */
  has?: string[]
  /** Of the MLflow in the image, as its preflight tells. */
  version?: string
}

const BORN = '2026-01-01T00:00:00Z'

/** More syncs than a server takes from nothing to settled. */
const ROUNDS = 20

/** All children of the last of the syncs that change nothing any more. Throws where the object does not settle as Available. */
export function settledChildren (wish: Wish): Child[] {
  let request = firstRequest(wish)
  for (let round = 0; round < ROUNDS; round++) {
    const answer = answerSync(mlflow, request)
    const next = withReports(feedBack(request, answer), wish.version)
    if (isDeepStrictEqual(next, request)) return settled(answer.status, answer.children)
    request = next
  }
  throw new Error(`${wish.name} does not come to rest`)
}

/** The Job that would migrate its databases. */
export function migrationJob (wish: Wish): Child {
  const { parent, ...rest } = firstRequest(wish)
  const request = { ...rest, parent: { ...parent, spec: readSpec(mlflow, parent.spec).spec } } as Request
  return makeMigrationJob(request, serverPod(request), { kind: 'migrate', name: 'migration', attempt: 1, try: 1, state: '' })
}

function settled (status: object, children: Child[]): Child[] {
  const { conditions = [] } = status as { conditions?: Array<{ type: string, status: string, message: string }> }
  const available = conditions.find(({ type }) => type === 'Available')
  if (available?.status !== 'True') throw new Error(`is not Available: ${available?.message ?? 'nothing is said'}`)
  const wrong = conditions.find(({ type }) => type === 'SpecAccepted')
  if (wrong) throw new Error(wrong.message)
  return children
}

function firstRequest ({ name, namespace, spec, platform = {}, has = [] }: Wish): SyncRequest {
  const childResources = mlflow.children.filter(({ capability }) => capability === undefined || has.includes(capability)).map(({ apiVersion, resource }) => ({ apiVersion, resource }))
  return {
    controller: { spec: { childResources } },
    parent: { apiVersion: 'sluice.dev/v1alpha1', kind: 'MLflow', metadata: { name, uid: 'one', generation: 1, creationTimestamp: BORN }, spec: structuredClone(spec) },
    children: Object.fromEntries(mlflow.children.map(({ apiVersion, kind }) => [`${kind}.${apiVersion}`, {}])),
    related: {},
    finalizing: false,
    platform: { ...platform, namespace }
  }
}

/** The cluster does at once what it is asked for: Jobs succeed, and pods answer. */
function withReports (request: SyncRequest, version = '3.17.0'): SyncRequest {
  const children: ObjectMap = Object.fromEntries(Object.entries(request.children).map(([key, objects]) =>
    [key, Object.fromEntries(Object.entries(objects).map(([name, object]) => [name, reported(object)]))]))
  const jobs = Object.values(children['Job.batch/v1'] ?? {}).map(({ metadata }) => metadata.name)
  const result = JSON.stringify({ version, stores: [{ store: 'backend', dialect: 'postgresql', before: 'a', after: 'a', head: 'a' }] })
  const pods = jobs.map((name) => ({ owner: `Job/${name}`, uid: name, reason: 'Completed', exitCode: 0, result }))
  const annotations = { ...request.parent.metadata.annotations, ...(pods.length > 0 && { 'sluice.dev/pods': JSON.stringify(pods) }) }
  return { ...request, children, parent: { ...request.parent, metadata: { ...request.parent.metadata, annotations } } }
}

function reported (object: KubeObject): KubeObject {
  const metadata = { ...object.metadata, generation: 1 }
  if (object.kind === 'Job') return { ...object, metadata, status: { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] } }
  if (object.kind !== 'Deployment') return { ...object, metadata }
  const { replicas = 1 } = object['spec'] as { replicas?: number }
  return { ...object, metadata, status: { observedGeneration: 1, replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas } }
}
