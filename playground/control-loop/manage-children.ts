// Making observed children equal to the desired ones: deletes first, then creates and updates, each error collected.
import equal from 'fast-deep-equal'
import type { KubeObject } from '../api-server/kube-object.ts'
import { creationOf, updateOf } from './apply-update.ts'
import { deleteChild } from './child-operation.ts'
import type { ChildOperation } from './child-operation.ts'
import type { Controller } from './composite-controller.ts'
import { isKubeError } from './kube-client.ts'
import type { LoopMachine } from './loop-machine.ts'
import { sortedGroups } from './object-map.ts'
import type { Group, ObjectMap } from './object-map.ts'
import { createResourceClient } from './resource-client.ts'
import type { ResourceClient } from './resource-client.ts'
import { applyServerSide, forgetApplied } from './server-side-apply.ts'

async function clientFor (machine: LoopMachine, group: Group): Promise<ResourceClient> {
  const resource = await machine.discovery.findKind(group.apiVersion, group.kind)
  if (!resource) throw new Error(`discovery: can't find kind ${group.kind} in apiVersion ${group.apiVersion}`)
  return createResourceClient(machine.client, resource, machine.writes)
}

async function updateChild (operation: ChildOperation, observed: KubeObject): Promise<void> {
  const next = updateOf(observed, operation.desired)
  if (equal(next, observed) || observed.metadata.deletionTimestamp !== undefined) return
  const method = operation.controller.methodOf(operation.desired.apiVersion, operation.desired.kind)
  switch (method) {
    case 'OnDelete': return
    case 'Recreate': return await deleteChild(operation.client, observed)
    case 'InPlace':
      try {
        await operation.client.replace(next)
      } catch (error) {
        // Changed or gone since it was read: the event of that brings the next sync.
        if (!isKubeError(error, 404) && !isKubeError(error, 409)) throw error
      }
      return
    default: return method satisfies never
  }
}

/** dynamic-apply of one child. */
async function applyDynamic (operation: ChildOperation): Promise<void> {
  if (operation.observed) {
    await updateChild(operation, operation.observed)
    return
  }
  try {
    await operation.client.create(creationOf(operation.desired, operation.parent))
  } catch (error) {
    // The name is taken by an object that is not ours, or by ours that the cache has not seen: silent either way.
    if (!isKubeError(error, 409)) throw error
  }
}

async function collect (errors: string[], action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    errors.push(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Deletes observed children that are not desired (unless in deletion), then applies the desired ones, kind by kind in sorted order.
 * Returns the errors; one failed object never stops the others.
 */
export async function manageChildren (machine: LoopMachine, controller: Controller, parent: KubeObject, children: { observed: ObjectMap, desired: ObjectMap }): Promise<string[]> {
  const errors: string[] = []
  const { observed, desired } = children
  for (const group of sortedGroups(observed)) {
    await collect(errors, async () => {
      const client = await clientFor(machine, group)
      const wanted = desired.get(`${group.kind}.${group.apiVersion}`)?.objects
      for (const [key, child] of group.objects) {
        if (wanted?.has(key) === true || child.metadata.deletionTimestamp !== undefined) continue
        await collect(errors, async () => {
          await deleteChild(client, child)
          forgetApplied(machine, child)
        })
      }
    })
  }
  for (const group of sortedGroups(desired)) {
    await collect(errors, async () => {
      const client = await clientFor(machine, group)
      const known = observed.get(`${group.kind}.${group.apiVersion}`)?.objects
      for (const [key, child] of group.objects) {
        const operation: ChildOperation = { client, controller, parent, observed: known?.get(key), desired: child }
        await collect(errors, () => (machine.applyStrategy === 'dynamic-apply' ? applyDynamic(operation) : applyServerSide(machine, operation)))
      }
    })
  }
  return errors
}
