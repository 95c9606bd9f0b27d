// What holds objects until somebody has done his part.
import type { KubeObject } from '../../api-server/kube-object.ts'

/** Held by every claim, so that none goes while a pod has it mounted. */
export const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection'

/** In place of the period of grace: held by pods of servers until these have stopped. */
export const STOPPING_FINALIZER = 'playground.sluice.dev/stopping'

/** The object without it. */
export function withoutFinalizer (name: string): (object: KubeObject) => KubeObject {
  return (object) => ({ ...object, metadata: { ...object.metadata, finalizers: (object.metadata.finalizers ?? []).filter((held) => held !== name) } })
}
