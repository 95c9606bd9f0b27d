// What Kubernetes' own controllers do to Deployments and Jobs, and what the poller tells of it.
import { FACTS } from '../../../hooks/core/labels.ts'
import { isObject, textOf, type Json } from '../inputs/tree.ts'
import { mapOf } from '../properties/children.ts'
import type { Turn } from './world.ts'

/** `isLast`: the pods of the last Deployment of a request and those of the others may fare differently. */
type Where = { time: string, isLast: boolean }

/** What the Deployment controller would report of such pods. Of one that is half done the new ones do not answer yet, and all of the old ones do. */
export function letDeployment (child: Json, pods: Turn['pods'], { time, isLast }: Where): void {
  const before = mapOf(child.status)
  const { generation: observedGeneration = 1 } = mapOf(child.metadata)
  const { replicas: given } = mapOf(child.spec)
  const replicas = typeof given === 'number' ? given : 1
  const whole = { observedGeneration, replicas, updatedReplicas: replicas }
  const halves = { replicas: replicas + 1, updatedReplicas: 1, ...(before.availableReplicas !== undefined && { availableReplicas: replicas }) }
  const states: Record<string, Json> = {
    late: { ...before, observedGeneration, conditions: [progressing('False', 'ProgressDeadlineExceeded', time)] },
    gone: { ...whole, conditions: [progressing('True', 'NewReplicaSetAvailable', time)] },
    half: { ...whole, ...halves, conditions: [progressing('True', 'ReplicaSetUpdated', time)] },
    ready: { ...whole, ...(replicas > 0 && { availableReplicas: replicas }), conditions: [progressing('True', 'NewReplicaSetAvailable', time)] }
  }
  child.status = states[stateAfter(pods, isLast)] ?? {}
  stamp(child, { manager: 'kube-controller-manager', subresource: 'status', time })
}

function stateAfter (pods: Turn['pods'], isLast: boolean): string {
  if (pods === 'too late') return 'late'
  if (pods === 'all gone' || pods === (isLast ? 'the last gone' : 'the first gone')) return 'gone'
  return pods === 'half of the last' && isLast ? 'half' : 'ready'
}

function progressing (status: string, reason: string, time: string): Json {
  return { type: 'Progressing', status, reason, message: 'The ReplicaSet says so.', lastTransitionTime: time }
}

/** An autoscaler, or a person with kubectl scale. */
export function scale (child: Json, to: number, time: string): void {
  if (!isObject(child.spec) || !isObject(child.metadata) || child.spec.replicas === to) return
  child.spec.replicas = to
  if (typeof child.metadata.generation === 'number') child.metadata.generation += 1
  stamp(child, { manager: 'kube-controller-manager', subresource: 'scale', time, fieldsV1: { 'f:spec': { 'f:replicas': {} } } })
}

function stamp ({ metadata }: Json, write: { manager: string, subresource: string, time: string, fieldsV1?: Json }): void {
  if (!isObject(metadata)) return
  const writes = Array.isArray(metadata.managedFields) ? metadata.managedFields.filter(isObject) : []
  metadata.managedFields = [...writes.filter(({ manager, subresource }) => manager !== write.manager || subresource !== write.subresource), { operation: 'Update', ...write }]
}

/** A Job that runs ends, and the poller tells what its pod has left. */
export function endJob (child: Json, annotations: Json, { passes, time }: { passes: boolean, time: string }): void {
  const { conditions } = isObject(child.status) ? child.status : {}
  if (Array.isArray(conditions) && conditions.length > 0) return
  const condition = passes ? { type: 'Complete', status: 'True', reason: 'CompletionsReached' } : { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  child.status = { startTime: time, conditions: [{ ...condition, lastTransitionTime: time }], ...(passes && { completionTime: time, succeeded: 1 }) }
  stamp(child, { manager: 'kube-controller-manager', subresource: 'status', time })
  const name = isObject(child.metadata) ? textOf(child.metadata.name) : ''
  const result = JSON.stringify({ uri: 'https://models.example.com/found', sha256: 'c'.repeat(64), bytes: 1000, files: 1 })
  const told = { owner: `Job/${name}`, uid: `pod-of-${name}`.slice(0, 64), ...(passes ? { reason: 'Completed', exitCode: 0, result } : { reason: 'HashMismatch', exitCode: 42, message: 'The bytes are others than they should be; correct the hash.' }) }
  const before = Array.isArray(annotations[FACTS.pods]) ? annotations[FACTS.pods] as unknown[] : []
  annotations[FACTS.pods] = [told, ...before.filter((entry) => !isObject(entry) || entry.uid !== told.uid)].slice(0, 5)
}

/** As the API server counts: another spec is another generation. */
export function withGeneration (child: Json, before: Json | undefined): Json {
  if (!before || !isObject(child.metadata) || JSON.stringify(child.spec) === JSON.stringify(before.spec)) return child
  const { generation } = child.metadata
  return { ...child, metadata: { ...child.metadata, generation: typeof generation === 'number' && generation < Number.MAX_SAFE_INTEGER ? generation + 1 : generation } }
}
