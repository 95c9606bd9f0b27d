// One sync pass over one parent, in Metacontroller's order: finalizer, claim, related, hook, labels, children, status.
import equal from 'fast-deep-equal'
import type { KubeObject } from '../api-server/kube-object.ts'
import { atomicUpdate } from './atomic-update.ts'
import { adopted, claimOf, labelled, parentSelector, released } from './claim.ts'
import type { Claim, Selector } from './claim.ts'
import type { Controller, Watched } from './composite-controller.ts'
import { decodeSync, syncBody, withNamespaces } from './hook-messages.ts'
import type { SyncResponse } from './hook-messages.ts'
import { isKubeError } from './kube-client.ts'
import type { LoopMachine } from './loop-machine.ts'
import { manageChildren } from './manage-children.ts'
import { ensureGroup, groupObjects, nameKey } from './object-map.ts'
import type { ObjectMap } from './object-map.ts'

export interface Pass {
  /** False if the parent is none of this controller's. */
  called: boolean
  resyncAfterSeconds: number
}

const ignored: Pass = { called: false, resyncAfterSeconds: 0 }

function hasFinalizer (object: KubeObject, name: string): boolean {
  return (object.metadata.finalizers ?? []).includes(name)
}

/** True if the controller has to look at this parent at all. */
export function isOurs (controller: Controller, parent: KubeObject): boolean {
  return hasFinalizer(parent, controller.finalizer) || controller.selectsParent(parent.metadata.labels ?? {})
}

function withFinalizer (object: KubeObject, name: string): KubeObject | undefined {
  if (hasFinalizer(object, name)) return undefined
  return { ...object, metadata: { ...object.metadata, finalizers: [...object.metadata.finalizers ?? [], name] } }
}

function withoutFinalizer (object: KubeObject, name: string): KubeObject | undefined {
  if (!hasFinalizer(object, name)) return undefined
  return { ...object, metadata: { ...object.metadata, finalizers: object.metadata.finalizers!.filter((other) => other !== name) } }
}

/** Adds our finalizer when a finalize hook is configured, takes it away when none is. */
async function syncFinalizer (machine: LoopMachine, controller: Controller, parent: KubeObject): Promise<KubeObject> {
  const wanted = controller.spec.hooks?.finalize !== undefined
  if (hasFinalizer(parent, controller.finalizer) === wanted) return parent
  if (wanted && parent.metadata.deletionTimestamp !== undefined) return parent
  const change = wanted ? withFinalizer : withoutFinalizer
  return await atomicUpdate(controller.parents.client, parent, (live) => change(live, controller.finalizer), machine)
}

/** Adoption looks at the live parent once for each child kind: one that is being deleted or replaced must not adopt. */
function adoptionGate (controller: Controller, parent: KubeObject): () => Promise<void> {
  let checked: Promise<void> | undefined
  const check = async (): Promise<void> => {
    const { namespace, name, uid } = parent.metadata
    const fresh = await controller.parents.client.get(namespace, name)
    if (fresh.metadata.uid !== uid) throw new Error(`original ${parent.kind} ${name} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`)
    if (fresh.metadata.deletionTimestamp) throw new Error(`${namespace ?? ''}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`)
  }
  return () => (checked ??= check())
}

interface Claimant { machine: LoopMachine, kind: Watched, parent: KubeObject, selector: Selector, canAdopt: () => Promise<void> }

/** True if the child is the parent's afterwards. */
async function act ({ machine, kind, parent, canAdopt }: Claimant, child: KubeObject, claim: Claim): Promise<boolean> {
  switch (claim) {
    case 'keep': return true
    case 'ignore': return false
    case 'adopt':
      await canAdopt()
      await atomicUpdate(kind.client, child, (live) => adopted(live, parent), machine)
      return true
    case 'release':
      await atomicUpdate(kind.client, child, (live) => released(live, parent), machine)
      return false
    default: return claim satisfies never
  }
}

async function claimKind (claimant: Claimant): Promise<KubeObject[]> {
  const { kind, parent, selector } = claimant
  const claimed: KubeObject[] = []
  const errors: string[] = []
  for (const child of kind.cache.list(parent.metadata.namespace)) {
    try {
      if (await act(claimant, child, claimOf(child, parent, selector))) claimed.push(child)
    } catch (error) {
      // Gone in the meantime: nothing to claim.
      if (!isKubeError(error, 404)) errors.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (errors.length > 0) throw new Error(`can't claim ${kind.client.resource.kind} children: ${errors.join(', ')}`)
  return claimed
}

/** The children of a parent by kind; every declared kind has a group even if it is empty. */
async function claimChildren (machine: LoopMachine, controller: Controller, parent: KubeObject): Promise<ObjectMap> {
  const selector = parentSelector(parent, controller.spec.generateSelector === true)
  const map: ObjectMap = new Map()
  for (const kind of controller.children) {
    const claimant = { machine, kind, parent, selector, canAdopt: adoptionGate(controller, parent) }
    const group = ensureGroup(map, kind.client.resource)
    for (const child of await claimKind(claimant)) group.objects.set(nameKey(child), child)
  }
  return map
}

/** Calls finalize for a parent that is being deleted or no longer selected (if there is such a hook), else sync. */
async function callHook (controller: Controller, parent: KubeObject, children: ObjectMap, related: ObjectMap): Promise<SyncResponse> {
  const leaving = parent.metadata.deletionTimestamp !== undefined || !controller.selectsParent(parent.metadata.labels ?? {})
  const finalizing = controller.hooks.finalize !== undefined && leaving
  const hook = finalizing ? controller.hooks.finalize : controller.hooks.sync
  if (!hook) throw new Error(`sync hook not defined for ${parent.kind} ${nameKey(parent)}`)
  const body = syncBody({ controller: controller.object, parent, children, related, finalizing }, hook.version)
  return decodeSync(await hook.call(body, parent), hook.strict)
}

function labelChildren (controller: Controller, parent: KubeObject, children: readonly KubeObject[]): ObjectMap {
  const generate = controller.spec.generateSelector === true
  const selector = parentSelector(parent, generate)
  const desired = [...groupObjects(children).values()].flatMap((group) => [...group.objects.values()])
  return groupObjects(desired.map((child) => labelled(child, parent, generate, selector)))
}

/** Children are managed while the parent lives, or while our finalizer holds it and no garbage collector's does. */
function managesChildren (controller: Controller, parent: KubeObject): boolean {
  if (parent.metadata.deletionTimestamp === undefined) return true
  const finalizers = parent.metadata.finalizers ?? []
  if (finalizers.includes('foregroundDeletion') || finalizers.includes('orphan')) return false
  return finalizers.includes(controller.finalizer) && controller.spec.hooks?.finalize !== undefined
}

/** Replaces the status if it differs from the live one. A parent that is gone, or that keeps changing, is no error; false then. */
async function writeStatus (machine: LoopMachine, controller: Controller, parent: KubeObject, given: Record<string, unknown>): Promise<boolean> {
  const status = { ...given, observedGeneration: parent.metadata.generation ?? 0 }
  try {
    await atomicUpdate(controller.parents.client, parent, (live) => (equal(live.status, status) ? undefined : { ...live, status }), { subresource: 'status', timeScale: machine.timeScale })
    return true
  } catch (error) {
    if (isKubeError(error, 404) || isKubeError(error, 409)) return false
    throw new Error(`can't update status for ${parent.kind} ${nameKey(parent)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/**
 * Syncs one parent as the cache shows it. Throws what Metacontroller would report as SyncError; an error before the children
 * are managed leaves children and status alone, errors of children do not stop the status.
 */
export async function syncParent (machine: LoopMachine, controller: Controller, cached: KubeObject, schedule: (seconds: number) => void): Promise<Pass> {
  if (!isOurs(controller, cached)) return ignored
  let parent = await syncFinalizer(machine, controller, cached)
  if (!isOurs(controller, parent)) return ignored

  const observed = await claimChildren(machine, controller, parent)
  const related = await controller.customizer.related(parent)
  const response = await callHook(controller, parent, observed, related)
  if (response.resyncAfterSeconds > 0) schedule(response.resyncAfterSeconds)
  if (response.finalized) {
    parent = await atomicUpdate(controller.parents.client, parent, (live) => withoutFinalizer(live, controller.finalizer), machine)
  }

  const desired = labelChildren(controller, parent, withNamespaces(response.children, parent))
  const errors = managesChildren(controller, parent) ? await manageChildren(machine, controller, parent, { observed, desired }) : []
  const written = await writeStatus(machine, controller, parent, response.status)
  // When the status write was in vain the errors of the children go with it, as in the real thing.
  if (errors.length > 0 && written) throw new Error(`can't reconcile children for ${parent.kind} ${nameKey(parent)}: ${errors.join(', ')}`)
  return { called: true, resyncAfterSeconds: response.resyncAfterSeconds }
}
