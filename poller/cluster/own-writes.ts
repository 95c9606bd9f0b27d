// Objects as they are once our own writes are seen: a slow watch must not make us count from an older fact.
import type { KubeObject } from '../../hooks/core/request.ts'
import type { Store } from './store.ts'

/** For how long our own write is preferred to what the watch shows, in ms: by then it shows the write or something newer. */
export const OVERLAY_MS = 60_000
/** How long, in ms, a watch may show nothing at all of an object that we have written before it counts as dead. */
const DOUBT_MS = 10_000

/** `version` is the resourceVersion that the store showed when we wrote, and has shown since `silentSince`. */
type Overlay = { values: Record<string, string>, since: number, version: string | undefined, silentSince: number }

export type OwnWrites<T extends KubeObject> = {
  /** Annotations that were written on the object with this uid. */
  add: (uid: string, annotations: Record<string, string>) => void
  laidOver: (object: T) => T
}

/**
 * Remembers what was written until the store shows it. `onSilence` is called when it shows nothing for long: the connection of the watch may be
 * half-open, which nobody else would notice before its time is over.
 */
export function rememberOwnWrites<T extends KubeObject> (store: Store<T>, monotonic: () => number, onSilence: () => void = () => {}): OwnWrites<T> {
  const overlays = new Map<string, Overlay>()

  function listen (overlay: Overlay, { metadata }: T): void {
    if (metadata.resourceVersion !== overlay.version || monotonic() - overlay.silentSince <= DOUBT_MS) return
    overlay.silentSince = monotonic()
    onSilence()
  }

  store.subscribe(({ before, after }) => {
    if (!after) overlays.delete(before?.metadata.uid ?? '')
  })
  return {
    add (uid, annotations) {
      const [last, since, version] = [overlays.get(uid), monotonic(), store.get(uid)?.metadata.resourceVersion]
      overlays.set(uid, { values: { ...last?.values, ...annotations }, since, version, silentSince: last?.version === version ? last?.silentSince ?? since : since })
    },
    laidOver (object) {
      const overlay = overlays.get(object.metadata.uid ?? '')
      if (!overlay) return object
      const unseen = Object.entries(overlay.values).filter(([key, value]) => object.metadata.annotations?.[key] !== value)
      if (unseen.length === 0 || monotonic() - overlay.since > OVERLAY_MS) {
        overlays.delete(object.metadata.uid ?? '')
        return object
      }
      listen(overlay, object)
      return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...Object.fromEntries(unseen) } } }
    }
  }
}
