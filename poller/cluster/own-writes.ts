// Objects as they are once our own writes are seen: a slow watch must not make us count from an older fact.
import type { KubeObject } from '../../hooks/core/request.ts'
import type { Store } from './store.ts'

/** For how long our own write is preferred to what the watch shows, in ms: by then it shows the write or something newer. */
const OVERLAY_MS = 60_000

type Overlay = { values: Record<string, string>, since: number }

export type OwnWrites<T extends KubeObject> = {
  /** Annotations that were written on the object with this uid. */
  add: (uid: string, annotations: Record<string, string>) => void
  laidOver: (object: T) => T
}

/** Remembers what was written until the store shows it. */
export function rememberOwnWrites<T extends KubeObject> (store: Store<T>, monotonic: () => number): OwnWrites<T> {
  const overlays = new Map<string, Overlay>()
  store.subscribe(({ before, after }) => {
    if (!after) overlays.delete(before?.metadata.uid ?? '')
  })
  return {
    add (uid, annotations) { overlays.set(uid, { values: { ...overlays.get(uid)?.values, ...annotations }, since: monotonic() }) },
    laidOver (object) {
      const overlay = overlays.get(object.metadata.uid ?? '')
      if (!overlay) return object
      const unseen = Object.entries(overlay.values).filter(([key, value]) => object.metadata.annotations?.[key] !== value)
      if (unseen.length === 0 || monotonic() - overlay.since > OVERLAY_MS) {
        overlays.delete(object.metadata.uid ?? '')
        return object
      }
      return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...Object.fromEntries(unseen) } } }
    }
  }
}
