// The server-side-apply strategy: forced apply patches, skipped while a local memory says nothing has changed.
import { createHash } from 'node:crypto'
import equal from 'fast-deep-equal'
import type { KubeObject } from '../api-server/kube-object.ts'
import { lastAppliedAnnotation, serverSideBody, withoutLastApplied } from './apply-update.ts'
import { deleteChild } from './child-operation.ts'
import type { ChildOperation } from './child-operation.ts'
import { isKubeError } from './kube-client.ts'
import type { LoopMachine } from './loop-machine.ts'
import { sortedJson } from './sorted-json.ts'

function memoryKey (object: KubeObject): string {
  // By group and kind, without the version.
  return `${object.apiVersion.replace(/\/?[^/]*$/, '')}/${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

/** Forgets a child that was deleted. */
export function forgetApplied (machine: LoopMachine, object: KubeObject): void {
  machine.applied.delete(memoryKey(object))
}

function remember (machine: LoopMachine, desired: KubeObject, hash: string, live: KubeObject): void {
  const { generation = 0, resourceVersion = '', uid = '' } = live.metadata
  machine.applied.set(memoryKey(desired), { hash, generation, resourceVersion, uid })
}

/** True if nothing has changed since the last apply. Without metadata.generation the resourceVersion is looked at instead. */
function isUnchanged (machine: LoopMachine, desired: KubeObject, hash: string, observed: KubeObject): boolean {
  const last = machine.applied.get(memoryKey(desired))
  const generation = observed.metadata.generation ?? 0
  if (!last || last.uid !== observed.metadata.uid || last.hash !== hash) return false
  if (generation === 0 && observed.metadata.resourceVersion !== last.resourceVersion) return false
  return last.generation === generation
}

function comparable (object: KubeObject): object {
  const { apiVersion, kind, metadata, status, ...rest } = withoutLastApplied(object)
  const { labels, annotations, ownerReferences, finalizers } = metadata
  return { ...rest, labels, annotations, ownerReferences, finalizers }
}

/** Recreate: a dry run tells whether anything would change. */
async function recreate (machine: LoopMachine, operation: ChildOperation, observed: KubeObject, body: { object: KubeObject, hash: string }): Promise<void> {
  let dry: KubeObject
  try {
    dry = await operation.client.apply(body.object, { manager: machine.fieldManager, dryRun: true })
  } catch (error) {
    // Refused for good: remembered, so that it is not tried again until something changes.
    if (isKubeError(error, 400) || isKubeError(error, 403)) return remember(machine, body.object, body.hash, observed)
    throw error
  }
  if (dry.metadata.generation !== observed.metadata.generation || dry.metadata.uid !== observed.metadata.uid) {
    throw new Error('generation or UID changed during dry run for server-side apply')
  }
  if (equal(comparable(dry), comparable(observed))) return remember(machine, body.object, body.hash, observed)
  await deleteChild(operation.client, observed)
  forgetApplied(machine, body.object)
}

async function dropLastApplied (operation: ChildOperation, observed: KubeObject): Promise<boolean> {
  if (observed.metadata.annotations?.[lastAppliedAnnotation] === undefined) return true
  const path = `/metadata/annotations/${lastAppliedAnnotation.replaceAll('~', '~0').replaceAll('/', '~1')}`
  try {
    await operation.client.jsonPatch(observed, [{ op: 'remove', path }])
    return true
  } catch (error) {
    if (isKubeError(error, 404)) return false
    throw error
  }
}

/** Server-side apply of one child; the patch also creates it. A Conflict is swallowed. */
export async function applyServerSide (machine: LoopMachine, operation: ChildOperation): Promise<void> {
  const { observed, controller } = operation
  if (observed?.metadata.deletionTimestamp !== undefined) return
  const object = serverSideBody(operation.desired, operation.parent)
  const hash = createHash('sha256').update(sortedJson(object)).digest('hex')
  if (observed) {
    if (isUnchanged(machine, object, hash, observed)) return
    const method = controller.methodOf(object.apiVersion, object.kind)
    if (method === 'OnDelete') return remember(machine, object, hash, observed)
    if (method === 'Recreate') return await recreate(machine, operation, observed, { object, hash })
    if (!await dropLastApplied(operation, observed)) return
  }
  try {
    remember(machine, object, hash, await operation.client.apply(object, { manager: machine.fieldManager, dryRun: false }))
  } catch (error) {
    if (!isKubeError(error, 409)) throw error
  }
}
