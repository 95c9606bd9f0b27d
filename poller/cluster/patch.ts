// Writes our annotations on parents: only own keys, only changes, only on the very object that was seen, and never faster than the queue allows.
import type { Logger } from 'pino'
import type { KubeObject, Metadata } from '../../hooks/core/request.ts'
import { isApiError } from './api-error.ts'
import type { ClusterClient } from './client.ts'
import type { Store } from './store.ts'
import type { Priority, WriteQueue } from './write-queue.ts'

/** For how long our own write is preferred to what the watch shows, in ms: by then it shows the write or something newer. */
const OVERLAY_MS = 60_000

export type WriterOptions<T extends KubeObject> = {
  client: Pick<ClusterClient, 'patch'>
  queue: WriteQueue
  store: Store<T>
  /** Path of one object. */
  pathOf: (metadata: Metadata) => string
  monotonic: () => number
  logger: Logger
}

export type AnnotationWriter<T extends KubeObject> = {
  /**
   * Wants an annotation to have this value. Values wanted for one object before its turn comes go out in one patch. Resolves when it is
   * written, needs no write, or its object is gone; rejects with the ApiError when the write failed (it is then forgotten, not repeated).
   */
  write: (uid: string, annotations: Record<string, string>, priority: Priority) => Promise<void>
  /** The objects as they are once our own writes are seen: a slow watch must not make us count from an older fact. */
  objects: () => T[]
  withOwnWrites: (object: T) => T
}

type Pending = { wanted: Record<string, string>, priority: Priority, done: Promise<void> }
type Overlay = { values: Record<string, string>, since: number }

/** A writer for the objects of one store. */
export function createAnnotationWriter<T extends KubeObject> (options: WriterOptions<T>): AnnotationWriter<T> {
  const { client, queue, store, monotonic, logger } = options
  const pending = new Map<string, Pending>()
  const overlays = new Map<string, Overlay>()

  store.subscribe(({ before, after }) => {
    if (!after) overlays.delete(before?.metadata.uid ?? '')
  })

  function withOwnWrites (object: T): T {
    const overlay = overlays.get(object.metadata.uid ?? '')
    if (!overlay) return object
    const unseen = Object.entries(overlay.values).filter(([key, value]) => object.metadata.annotations?.[key] !== value)
    if (unseen.length === 0 || monotonic() - overlay.since > OVERLAY_MS) {
      overlays.delete(object.metadata.uid ?? '')
      return object
    }
    return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...Object.fromEntries(unseen) } } }
  }

  async function send (uid: string): Promise<void> {
    const wanted = pending.get(uid)?.wanted ?? {}
    pending.delete(uid)
    const seen = store.get(uid)
    if (seen === undefined) return
    const changes = changed(withOwnWrites(seen), wanted)
    if (Object.keys(changes).length === 0) return
    try {
      await client.patch(options.pathOf(seen.metadata), { metadata: { uid, annotations: changes } })
      overlays.set(uid, { values: { ...overlays.get(uid)?.values, ...changes }, since: monotonic() })
    } catch (error) {
      // Deleted, or a namesake stands there now: what we have to say is about an object that is no more.
      if (!isApiError(error, 'NotFound', 'Conflict')) throw error
      logger.debug({ uid, name: seen.metadata.name, namespace: seen.metadata.namespace, kind: error.kind }, 'object is gone, annotation dropped')
    }
  }

  return {
    async write (uid, annotations, priority) {
      const waiting = pending.get(uid)
      if (waiting) {
        Object.assign(waiting.wanted, annotations)
        if (priority > waiting.priority) {
          waiting.priority = priority
          queue.hurry(uid, priority)
        }
        return await waiting.done
      }
      const seen = store.get(uid)
      if (seen === undefined || Object.keys(changed(withOwnWrites(seen), annotations)).length === 0) return
      const entry: Pending = { wanted: { ...annotations }, priority, done: Promise.resolve() }
      // Before it is queued, because the queue may begin at once.
      pending.set(uid, entry)
      entry.done = queue.add(async () => { await send(uid) }, { priority, id: uid })
      try {
        await entry.done
      } finally {
        // A closed queue never calls send: what waited there does not wait any more.
        if (pending.get(uid) === entry) pending.delete(uid)
      }
    },
    objects: () => store.all().map(withOwnWrites),
    withOwnWrites
  }
}

/** Those annotations that the object does not carry already. */
function changed (object: KubeObject, wanted: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => object.metadata.annotations?.[key] !== value))
}
