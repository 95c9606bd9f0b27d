// What controllers do to the children of a ModelDeployment: Jobs end, pods come and go, an autoscaler scales.
import type { PodsFact } from '../../../hooks/core/facts.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { change } from './store.ts'
import { all, KEYS, ownerOf, type World } from './world.ts'

type Json = Record<string, unknown>

const JOBS = { manager: 'kube-controller-manager', subresource: 'status' }
const DEPLOYMENTS = JOBS
const SCALER = { manager: 'kube-controller-manager', subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }

/** The hash of what was downloaded; each Job finds its own. */
export const HASHES = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64))

export function isRunning (job: KubeObject): boolean {
  return ((job['status'] as Json | undefined)?.['conditions'] ?? []) instanceof Array && ((job['status'] as { conditions?: unknown[] } | undefined)?.conditions ?? []).length === 0
}

/** The Job's pod ends well; what it left is told by the poller when it looks. */
export function passJob (world: World, job: KubeObject, uri = 'https://models.example.com/churn.pt'): void {
  const sha256 = HASHES[all(world, KEYS.job).length % HASHES.length] ?? ''
  endJob(world, job, { type: 'Complete', status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' })
  tell(world, { owner: ownerOf(job), uid: `pod-of-${job.metadata.uid}`, reason: 'Completed', exitCode: 0, result: JSON.stringify({ uri, sha256, bytes: 1048576, files: 1 }) })
}

/** The Job's pod fails for good. */
export function failJob (world: World, job: KubeObject, { reason = 'Error', message = 'AssertionError: accuracy 0.71 is below 0.8', exitCode = 1 } = {}): void {
  endJob(world, job, { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' })
  tell(world, { owner: ownerOf(job), uid: `pod-of-${job.metadata.uid}`, reason, exitCode, message })
}

function endJob (world: World, job: KubeObject, condition: Json): void {
  const at = formatInstant(world.now)
  const status = { startTime: job.metadata.creationTimestamp, conditions: [{ ...condition, lastTransitionTime: at }], ...(condition['type'] === 'Complete' && { completionTime: at, succeeded: 1 }) }
  change(world.store, KEYS.job, job.metadata.name, { now: world.now, edit: (object) => ({ ...object, status }), writer: JOBS })
}

/** What is told of a pod replaces what was told of it before. */
export function tell (world: World, entry: PodsFact[number]): void {
  world.pods = [entry, ...world.pods.filter(({ uid }) => uid !== entry.uid)].slice(0, 5)
}

function replicasOf (deployment: KubeObject): number {
  return Number((deployment['spec'] as Json)['replicas'] ?? 1)
}

/** So many pods of the newest template answer. `late`: without progress for too long. */
export function setPods (world: World, deployment: KubeObject, available: number, late = false): void {
  const replicas = replicasOf(deployment)
  const progressing = late && !isComplete(deployment)
    ? { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: `ReplicaSet "${deployment.metadata.name}-5d8f" has timed out progressing.` }
    : { type: 'Progressing', status: 'True', reason: available >= replicas || isComplete(deployment) ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated', message: 'ReplicaSet progresses.' }
  const status = { observedGeneration: deployment.metadata.generation, replicas, updatedReplicas: replicas, ...(available > 0 && { availableReplicas: Math.min(available, replicas), readyReplicas: Math.min(available, replicas) }), conditions: [progressing] }
  change(world.store, KEYS.deployment, deployment.metadata.name, { now: world.now, edit: (object) => ({ ...object, status }), writer: DEPLOYMENTS })
  forget(world, deployment)
}

/** A change that has come to its end once stays so: pods that are lost later are not late. */
function isComplete ({ status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: Array<{ reason: string }> }
  return conditions.some(({ reason }) => reason === 'NewReplicaSetAvailable')
}

export function makeReady (world: World, deployment: KubeObject): void {
  setPods(world, deployment, replicasOf(deployment))
}

/** Pods fail; the poller can tell why. */
export function crash (world: World, deployment: KubeObject, late: boolean, { reason = 'CrashLoopBackOff', message = 'RuntimeError: model.pt is no TorchScript', exitCode = 1 } = {}): void {
  setPods(world, deployment, 0, late)
  tell(world, { owner: ownerOf(deployment), uid: `pod-of-${deployment.metadata.uid}`, reason, exitCode, message })
}

function forget (world: World, deployment: KubeObject): void {
  world.pods = world.pods.filter(({ owner }) => owner !== ownerOf(deployment))
}

/** The autoscaler, or a person by kubectl scale, through the subresource. */
export function scale (world: World, deployment: KubeObject, replicas: number): void {
  change(world.store, KEYS.deployment, deployment.metadata.name, {
    now: world.now,
    edit: (object) => withoutOwnership({ ...object, spec: { ...object['spec'] as Json, replicas } }),
    writer: world.store.mode === 'server-side-apply' ? SCALER : { manager: SCALER.manager, subresource: SCALER.subresource }
  })
}

/** Who writes a field by Update takes it from whoever applied it. */
function withoutOwnership (object: Json): Json {
  const metadata = object['metadata'] as KubeObject['metadata']
  const managedFields = (metadata.managedFields ?? []).map((entry) => entry.operation === 'Apply' ? { ...entry, fieldsV1: { 'f:spec': { 'f:selector': {} } } } : entry)
  return { ...object, metadata: { ...metadata, managedFields } }
}
