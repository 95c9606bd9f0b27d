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
  const told = { owner: `Job/${name}`, uid: `pod-of-${name}`.slice(0, 64), ...wordsOf(name, passes) }
  const before = Array.isArray(annotations[FACTS.pods]) ? annotations[FACTS.pods] as unknown[] : []
  annotations[FACTS.pods] = [told, ...before.filter((entry) => !isObject(entry) || entry.uid !== told.uid)].slice(0, 5)
}

/** What the program of such a Job leaves: a download its result, a look at databases their revisions, of which half are not where the image wants them. */
function wordsOf (name: string, passes: boolean): Json {
  const [, kind, digit = '0'] = /-(pf|mg)-[0-9a-f]*([0-9a-f])$/.exec(name) ?? []
  if (kind === undefined) {
    const result = JSON.stringify({ uri: 'https://models.example.com/found', sha256: 'c'.repeat(64), bytes: 1000, files: 1 })
    return passes ? { reason: 'Completed', exitCode: 0, result } : { reason: 'HashMismatch', exitCode: 42, message: 'The bytes are others than they should be; correct the hash.' }
  }
  const isOdd = Number.parseInt(digit, 16) % 2 === 1
  const stores = (after: string) => JSON.stringify({ version: '3.17.2', stores: [{ store: 'backend', dialect: 'postgresql', before: 'a1', after, head: 'b2' }] })
  if (passes) return { reason: 'Completed', exitCode: 0, result: stores(kind === 'mg' || isOdd ? 'b2' : 'a1') }
  return { reason: 'NotAtHead', exitCode: isOdd ? 13 : 15, message: 'The database is not where it should be.', result: stores('a1') }
}

/** As the API server counts: another spec is another generation. */
export function withGeneration (child: Json, before: Json | undefined): Json {
  if (!before || !isObject(child.metadata) || JSON.stringify(child.spec) === JSON.stringify(before.spec)) return child
  const { generation } = child.metadata
  return { ...child, metadata: { ...child.metadata, generation: typeof generation === 'number' && generation < Number.MAX_SAFE_INTEGER ? generation + 1 : generation } }
}
