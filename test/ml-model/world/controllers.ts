// Kubernetes' controllers around the object: Jobs that download, Deployments that replace pods one by one, claims that wait for their pods. Each function is one
// step, and says whether it did anything.
import { createHash } from 'node:crypto'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { instantOf, keyOf, objectsOf, put, remove, writeStatus, type World } from './state.ts'

type Template = { metadata: { labels: Record<string, string> }, spec: { volumes: Array<{ persistentVolumeClaim: { claimName: string } }>, containers: Array<{ env: Array<{ name: string, value?: string }> }> } }

/** What a Job says that has failed: Kubernetes' reason, and the pod's. */
export type JobEnd = 'done' | { reason: string, pod?: { reason: string, exitCode?: number, message?: string } }

/** The running Job, if there is one. */
export function runningJob (world: World): KubeObject | undefined {
  return objectsOf(world, 'Job').find((job) => !(job.status as { conditions?: object[] } | undefined)?.conditions)
}

function uriOf (job: KubeObject): string {
  const { template } = job.spec as { template: Template }
  return template.spec.containers[0]?.env.find(({ name }) => name === 'MODEL_URI')?.value ?? ''
}

export function claimOf (template: Template): string {
  return template.spec.volumes[0]?.persistentVolumeClaim.claimName ?? ''
}

/** The running Job ends: by itself as its URI is, or as told. */
export function endJob (world: World, end?: JobEnd): boolean {
  const job = runningJob(world)
  if (!job) return false
  const claim = world.objects[`PersistentVolumeClaim/${claimOf((job.spec as { template: Template }).template)}`]
  if (!claim || claim.metadata.deletionTimestamp !== undefined) return false
  const uri = uriOf(job)
  const how = end ?? (world.bad.uris.has(uri) ? { reason: 'PodFailurePolicy', pod: { reason: 'NotFound', exitCode: 42, message: `${uri} answers 404; correct source.uri.` } } : 'done')
  if (how === 'done') finish(world, job, { claim, uri })
  else fail(world, job, how)
  return true
}

function finish (world: World, job: KubeObject, { claim, uri }: { claim: KubeObject, uri: string }): void {
  world.contents[claim.metadata.uid ?? ''] = uri
  const result = { uri, sha256: createHash('sha256').update(uri).digest('hex'), bytes: 1000, files: 3 }
  world.news = [{ owner: keyOf(job), uid: `pod-${job.metadata.uid}`, reason: 'Completed', exitCode: 0, result: JSON.stringify(result) }, ...world.news]
  writeStatus(world, keyOf(job), { succeeded: 1, completionTime: instantOf(world.clock), conditions: [{ type: 'Complete', status: 'True', reason: 'CompletionsReached', message: '' }] })
}

function fail (world: World, job: KubeObject, { reason, pod }: Exclude<JobEnd, 'done'>): void {
  if (pod) world.news = [{ owner: keyOf(job), uid: `pod-${job.metadata.uid}`, ...pod }, ...world.news]
  writeStatus(world, keyOf(job), { failed: 1, conditions: [{ type: 'Failed', status: 'True', reason, message: `Job has failed: ${reason}` }] })
}

type Deployment = KubeObject & { spec: { replicas: number, template: Template } }

export function deploymentOf (world: World): Deployment | undefined {
  return objectsOf(world, 'Deployment')[0] as Deployment | undefined
}

function isGood (world: World, template: Template): boolean {
  const { spec } = template
  const claim = world.objects[`PersistentVolumeClaim/${claimOf({ spec } as Template)}`]
  const holds = claim?.metadata.uid !== undefined && world.contents[claim.metadata.uid] !== undefined
  const setting = (spec.containers[0]?.env ?? []).find(({ name }) => name === 'SETTING')?.value ?? ''
  const isCrowded = world.bad.alone.has(setting) && world.pods.some((pod) => pod.ready && pod.template === JSON.stringify(template))
  return holds && !world.bad.variables.has(setting) && !isCrowded
}

/** One step of the Deployment controller and the kubelet. Progress clears what was said of the deadline. */
export function stepDeployment (world: World): boolean {
  const deployment = deploymentOf(world)
  if (!deployment) return removePods(world)
  const { replicas, template } = deployment.spec
  const text = JSON.stringify(template)
  const isSeen = statusOf(deployment).observedGeneration === deployment.metadata.generation
  const isNew = !isSeen && !world.pods.some((pod) => pod.template === text)
  const moved = isSeen && movePods(world, { replicas, template, text })
  if (moved || !isSeen || !isCounted(world, deployment, text)) {
    count(world, deployment, { text, isProgress: moved || isNew })
    return true
  }
  return false
}

/** maxSurge 1, maxUnavailable 0. */
function movePods (world: World, { replicas, template, text }: { replicas: number, template: Template, text: string }): boolean {
  const claim = world.objects[`PersistentVolumeClaim/${claimOf(template)}`]
  const waiting = world.pods.find((pod) => pod.template === text && !pod.ready)
  const ready = world.pods.filter((pod) => pod.ready)
  const isTooMany = ready.length > replicas
  const excess = world.pods.find((pod) => pod.template !== text && (!pod.ready || isTooMany)) ?? (isTooMany ? world.pods.at(-1) : undefined)
  if (excess) {
    world.pods = world.pods.filter((pod) => pod !== excess)
    return true
  }
  if (waiting) {
    waiting.ready = isGood(world, template)
    return waiting.ready
  }
  const isMissing = world.pods.filter((pod) => pod.template === text).length < replicas && world.pods.length < replicas + 1
  if (!isMissing || !claim || claim.metadata.deletionTimestamp !== undefined) return false
  world.pods = [...world.pods, { template: text, claim: claim.metadata.name, ready: false }]
  return true
}

function statusOf (deployment: KubeObject): Record<string, unknown> {
  return (deployment.status ?? {}) as Record<string, unknown>
}

function counts (world: World, text: string): Record<string, number> {
  return { replicas: world.pods.length, updatedReplicas: world.pods.filter((pod) => pod.template === text).length, availableReplicas: world.pods.filter(({ ready }) => ready).length }
}

function isCounted (world: World, deployment: Deployment, text: string): boolean {
  return Object.entries(counts(world, text)).every(([name, value]) => statusOf(deployment)[name] === value)
}

function count (world: World, deployment: Deployment, { text, isProgress }: { text: string, isProgress: boolean }): void {
  const conditions = isProgress ? [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: '' }] : statusOf(deployment).conditions
  writeStatus(world, keyOf(deployment), { ...counts(world, text), observedGeneration: deployment.metadata.generation, ...(conditions !== undefined && { conditions }) })
}

/** The deadline passes of a Deployment that does not get on. */
export function passDeadline (world: World, pod: { reason: string, exitCode?: number, message?: string } = { reason: 'CrashLoopBackOff', exitCode: 1 }): boolean {
  const deployment = deploymentOf(world)
  if (!deployment) return false
  const text = JSON.stringify(deployment.spec.template)
  const isSeen = statusOf(deployment).observedGeneration === deployment.metadata.generation
  const isDone = world.pods.every((other) => other.template === text && other.ready) && world.pods.length >= deployment.spec.replicas
  const isLate = JSON.stringify(statusOf(deployment).conditions ?? []).includes('ProgressDeadlineExceeded')
  if (!isSeen || isDone || isLate) return false
  world.news = [{ owner: keyOf(deployment), uid: `pod-${world.counter}`, ...pod }, ...world.news.filter(({ owner }) => owner !== keyOf(deployment))]
  writeStatus(world, keyOf(deployment), { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'ReplicaSet has timed out progressing.' }] })
  return true
}

function removePods (world: World): boolean {
  const had = world.pods.length > 0
  world.pods = []
  return had
}

/** Claims that were deleted go once no pod uses them. */
export function collectClaims (world: World): boolean {
  const gone = objectsOf(world, 'PersistentVolumeClaim').find(({ metadata }) => metadata.deletionTimestamp !== undefined && !world.pods.some(({ claim }) => claim === metadata.name))
  if (gone) remove(world, gone)
  return gone !== undefined
}

/** A finished Job's pod is told of as long as the Job is there; nothing is of a pod that is gone. */
export function forgetPods (world: World): boolean {
  const before = world.news.length
  world.news = world.news.filter(({ owner }) => world.objects[String(owner)] !== undefined)
  return world.news.length !== before
}

/** Somebody takes the memory off an object. */
export function loseState (world: World, kind: 'Deployment' | 'Service'): boolean {
  const object = objectsOf(world, kind)[0]
  if (!object) return false
  put(world, { ...object, metadata: { ...object.metadata, annotations: {} } })
  return true
}
