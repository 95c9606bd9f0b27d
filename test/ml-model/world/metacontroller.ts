// One sync as Metacontroller does it by dynamic-apply: deletions by uid, a three-way merge with the resourceVersion of what was seen, and creations
// that are silent where something is there already.
import { isDeepStrictEqual } from 'node:util'
import { answerSync } from '../../../hooks/core/answer.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { objectMapKey, type Child, type KubeObject, type SyncRequest, type SyncResponse } from '../../../hooks/core/request.ts'
import { mlModel } from '../../../hooks/ml-model/index.ts'
import { deepFreeze } from '../../helpers/deep-freeze.ts'
import { mergeApply } from '../../helpers/rollout-world/merge.ts'
import { instantOf, keyOf, NAMESPACE, put, remove, type World } from './state.ts'

/** What is seen of the children: by kind, how many changes ago. */
export type Lag = Partial<Record<string, number>>

export function requestOf (world: World, lag: Lag = {}): SyncRequest {
  const children: SyncRequest['children'] = {}
  for (const { apiVersion, kind } of mlModel.children) {
    const view = world.history.at(-1 - (lag[kind] ?? 0)) ?? (lag[kind] ? {} : world.objects)
    const seen = Object.values(view).filter((object) => object.kind === kind)
    children[objectMapKey(apiVersion, kind)] = Object.fromEntries(seen.map((object) => [`${NAMESPACE}/${object.metadata.name}`, object]))
  }
  return {
    controller: { spec: { childResources: mlModel.children.map(({ apiVersion, resource }) => ({ apiVersion, resource })) } },
    parent: world.parent,
    children,
    related: {},
    finalizing: false
  }
}

/** Asks, and carries out the answer. Returns it, and whether anything was written. */
export function syncOnce (world: World, lag: Lag = {}): { answer: SyncResponse, wrote: boolean } {
  const request = deepFreeze(structuredClone(requestOf(world, lag)))
  const answer = answerSync(mlModel, request)
  const before = world.counter
  const seen = Object.values(request.children).flatMap((objects) => Object.values(objects))
  const wanted = new Set(answer.children.map(keyOf))
  // Only then can it have been written down.
  const knows = !lag.Deployment && !lag.Service
  if (knows) seen.filter(({ status }) => JSON.stringify(status ?? {}).includes('"Failed"')).forEach(({ metadata }) => world.failedJobs.add(metadata.name))
  for (const object of seen) if (!wanted.has(keyOf(object))) deleteSeen(world, object)
  for (const child of answer.children) applyChild(world, child, { seen: seen.find((object) => keyOf(object) === keyOf(child)), knows })
  writeParentStatus(world, answer.status)
  return { answer, wrote: world.counter !== before }
}

function deleteSeen (world: World, seen: KubeObject): void {
  const object = world.objects[keyOf(seen)]
  if (!object || object.metadata.uid !== seen.metadata.uid || object.metadata.deletionTimestamp !== undefined || seen.metadata.deletionTimestamp !== undefined) return
  deleteObject(world, object, 'the hook')
}

/** A claim that a pod uses only goes when no pod does. */
export function deleteObject (world: World, object: KubeObject, by: string): void {
  const isUsed = object.kind === 'PersistentVolumeClaim' && world.pods.some(({ claim }) => claim === object.metadata.name)
  if (isUsed && by === 'the hook') world.violations.push(`${object.metadata.name} was deleted while a pod used it`)
  if (isUsed) put(world, { ...object, metadata: { ...object.metadata, deletionTimestamp: instantOf(world.clock) } })
  else remove(world, object)
  world.counter++
}

/** `knows`: memory was seen as it is. */
function applyChild (world: World, child: Child, { seen, knows }: { seen: KubeObject | undefined, knows: boolean }): void {
  const key = keyOf(child)
  const object = world.objects[key]
  if (!seen) {
    if (!object) create(world, child, knows)
    return
  }
  const isFixed = child.kind === 'Job' || seen.metadata.deletionTimestamp !== undefined
  if (isFixed || object?.metadata.resourceVersion !== seen.metadata.resourceVersion) return
  update(world, child, seen)
}

function update (world: World, child: Child, seen: KubeObject): void {
  const key = keyOf(child)
  const { status, metadata, ...owned } = seen
  const merged = mergeApply(owned, world.applied[`${key}/${metadata.uid}`] as Record<string, unknown> ?? {}, withoutMetadata(child))
  const annotations = { ...metadata.annotations, ...child.metadata.annotations }
  const isNewSpec = !isDeepStrictEqual(merged.spec, owned.spec)
  if (!isNewSpec && isDeepStrictEqual(metadata.annotations ?? {}, annotations)) return
  if (isNewSpec && child.kind === 'PersistentVolumeClaim') world.violations.push(`the spec of ${child.metadata.name} was changed`)
  world.applied[`${key}/${metadata.uid}`] = withoutMetadata(child)
  put(world, { ...merged, apiVersion: child.apiVersion, kind: child.kind, ...(status !== undefined && { status }), metadata: { ...metadata, annotations, generation: (metadata.generation ?? 1) + (isNewSpec ? 1 : 0) } })
}

function withoutMetadata ({ metadata: _metadata, ...rest }: Child): Record<string, unknown> {
  return rest
}

function create (world: World, child: Child, knows: boolean): void {
  const uid = `uid-${world.counter + 1}`
  if (knows && child.kind === 'Job' && world.failedJobs.has(child.metadata.name)) world.violations.push(`${child.metadata.name} was made again after it had failed`)
  world.applied[`${keyOf(child)}/${uid}`] = withoutMetadata(child)
  put(world, { ...structuredClone(child), metadata: { ...child.metadata, uid, generation: 1, creationTimestamp: instantOf(world.clock) } })
}

function writeParentStatus (world: World, status: object): void {
  const next = { ...status, observedGeneration: world.parent.metadata.generation }
  if (isDeepStrictEqual(world.parent.status, next)) return
  world.counter++
  const others = (world.parent.metadata.managedFields ?? []).filter(({ subresource }) => subresource !== 'status')
  const managedFields = [...others, { manager: 'metacontroller', operation: 'Update', time: instantOf(world.clock), subresource: 'status' }]
  world.parent = { ...world.parent, status: structuredClone(next), metadata: { ...world.parent.metadata, managedFields } }
}

/** What the poller writes; nothing where it says what is there. */
export function tellPods (world: World): boolean {
  const text = JSON.stringify(world.news.slice(0, 5))
  if ((world.parent.metadata.annotations?.[FACTS.pods] ?? '[]') === text) return false
  annotate(world, FACTS.pods, text)
  return true
}

export function annotate (world: World, key: string, value: string): void {
  world.counter++
  world.parent = { ...world.parent, metadata: { ...world.parent.metadata, annotations: { ...world.parent.metadata.annotations, [key]: value } } }
}
