// Read-modify-write against the live object, retried on conflicts, as client-go does it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeObject } from '../api-server/kube-object.ts'
import { isKubeError, kubeError } from './kube-client.ts'
import type { ResourceClient } from './resource-client.ts'

// client-go's retry.DefaultBackoff: four tries, 10 ms × 5 each (its jitter is left out: it only matters among many clients).
const tries = 4
const firstDelay = 10
const factor = 5

export interface UpdateOptions { subresource?: 'status', timeScale: number }

/**
 * GETs the object, changes it by `update` (undefined: nothing to do) and PUTs it. Only the identity of `original` is used.
 * Throws NotFound if the object is gone or another one has taken its name, Conflict when four tries were not enough.
 */
export async function atomicUpdate (client: ResourceClient, original: KubeObject, update: (live: KubeObject) => KubeObject | undefined, options: UpdateOptions): Promise<KubeObject> {
  const { namespace, name, uid } = original.metadata
  for (let attempt = 1; ; attempt++) {
    const live = await client.get(namespace, name)
    if (live.metadata.uid !== uid) throw kubeError(404, 'NotFound', `${client.resource.name} "${name}" not found`)
    const next = update(live)
    if (!next) return live
    try {
      return await client.replace(next, options.subresource)
    } catch (error) {
      if (!isKubeError(error, 409) || attempt === tries) throw error
      await sleep(firstDelay * factor ** (attempt - 1) * options.timeScale)
    }
  }
}
