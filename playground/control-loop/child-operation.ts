// One child to be brought to what is desired, and the delete both apply strategies share.
import type { KubeObject } from '../api-server/kube-object.ts'
import type { Controller } from './composite-controller.ts'
import { isKubeError } from './kube-client.ts'
import type { ResourceClient } from './resource-client.ts'

export interface ChildOperation {
  client: ResourceClient
  controller: Controller
  parent: KubeObject
  observed: KubeObject | undefined
  desired: KubeObject
}

/** Deletes a child in the background with its uid as precondition; one that is gone already is no error. */
export async function deleteChild (client: ResourceClient, child: KubeObject): Promise<void> {
  try {
    await client.remove(child)
  } catch (error) {
    if (!isKubeError(error, 404)) throw error
  }
}
