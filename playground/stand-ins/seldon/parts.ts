// What a SeldonDeployment consists of besides itself: where the operator finds it, and how it changes it.
import { advanceCluster, nextInstant } from './cluster.ts'
import type { StoredSeldonDeployment } from './api-client.ts'
import type { Surroundings } from './reconcile.ts'
import type { World } from './world.ts'

export interface Parts {
  /** What is there now, given what was there when the last reconcile was through. */
  observe (object: StoredSeldonDeployment, last: World, now: number): Promise<World>
  /** Makes what a reconcile has changed between the two. Throws when it was refused; the reconcile is then tried again. */
  carryOut (object: StoredSeldonDeployment, before: World, after: World): Promise<void>
  /** The next instant at which something changes that no event tells of, or undefined. */
  nextInstant (world: World, now: number): number | undefined
  /** Calls `seen` with the SeldonDeployment whose parts have changed, until the signal aborts. */
  follow (seen: (namespace: string, name: string) => void, signal: AbortSignal): Promise<void>
}

/** Parts that exist as values only: the Deployment controller and the kubelets are played here, by the clock. */
export function createImaginaryParts (surroundings: Surroundings): Parts {
  return {
    observe: async (_object, last, now) => advanceCluster(last, now, surroundings),
    carryOut: async () => {},
    nextInstant: (world, now) => nextInstant(world, now, surroundings),
    follow: async () => {}
  }
}
