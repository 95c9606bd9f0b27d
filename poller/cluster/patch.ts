// Writes our annotations on parents: only own keys, only changes, only on the very object that was seen, and never faster than the queue allows.
import type { Logger } from 'pino'
import type { KubeObject, Metadata } from '../../hooks/core/request.ts'
import { isApiError } from './api-error.ts'
import type { ClusterClient } from './client.ts'
import { rememberOwnWrites, type OwnWrites } from './own-writes.ts'
import type { Store } from './store.ts'
import type { Priority, WriteQueue } from './write-queue.ts'

export type WriterOptions<T extends KubeObject> = {
  client: Pick<ClusterClient, 'patch'>
  queue: WriteQueue
  store: Store<T>
  /** Path of one object. */
  pathOf: (metadata: Metadata) => string
  monotonic: () => number
  /** Whether what we know still counts, asked right before each write [always]: a former leader must not write over what its successor has found. */
  mayWrite?: () => boolean
  /** The store shows nothing of what was written: its watch may be dead. */
  onSilence?: () => void
  logger: Logger
}

export type AnnotationWriter<T extends KubeObject> = {
  /**
   * Wants an annotation to have this value. Values wanted for one object before its turn comes go out in one patch. Resolves when it is
   * written, needs no write, or its object is gone; rejects with the ApiError when the write failed (it is then forgotten, not repeated), and
   * when its turn comes after the end of the term of office that it belongs to.
   */
  write: (uid: string, annotations: Record<string, string>, priority: Priority, term?: AbortSignal) => Promise<void>
  /** The object with this uid as it is once our own writes are seen. */
  object: (uid: string) => T | undefined
  /** All of them. */
  objects: () => T[]
}

/** What is wanted next for one object. */
type Pending = { wanted: Record<string, string>, priority: Priority, term: AbortSignal | undefined, done: Promise<void> }

/** A writer for the objects of one store. */
export function createAnnotationWriter<T extends KubeObject> (options: WriterOptions<T>): AnnotationWriter<T> {
  const { queue, store } = options
  const ownWrites = rememberOwnWrites(store, options.monotonic, options.onSilence)
  const pending = new Map<string, Pending>()
  // At most one write of an object is on its way: of two, the older could arrive last and stay.
  const underWay = new Map<string, Promise<void>>()

  async function send (uid: string, term: AbortSignal | undefined): Promise<void> {
    assertInOffice(options, term)
    const wanted = pending.get(uid)?.wanted ?? {}
    pending.delete(uid)
    const seen = store.get(uid)
    if (seen === undefined) return
    const changes = changed(ownWrites.laidOver(seen), wanted)
    if (Object.keys(changes).length > 0 && await writeTo(options, seen.metadata, changes)) ownWrites.add(uid, changes)
  }

  async function sendInTurn (uid: string, entry: Pending): Promise<void> {
    await underWay.get(uid)?.catch(() => undefined)
    await queue.add(async () => {
      const sending = send(uid, entry.term)
      underWay.set(uid, sending)
      await sending.finally(() => { underWay.delete(uid) })
    }, { priority: entry.priority, id: uid })
  }

  return {
    async write (uid, annotations, priority, term) {
      const waiting = pending.get(uid)
      if (waiting && !waiting.term?.aborted) {
        Object.assign(waiting.wanted, annotations)
        if (priority > waiting.priority) {
          waiting.priority = priority
          queue.hurry(uid, priority)
        }
        return await waiting.done
      }
      const seen = store.get(uid)
      // While a write is on its way, nobody knows yet what the object carries.
      if (seen === undefined || (!underWay.has(uid) && Object.keys(changed(ownWrites.laidOver(seen), annotations)).length === 0)) return
      const entry: Pending = { wanted: { ...annotations }, priority, term, done: Promise.resolve() }
      // Before it is queued, because the queue may begin at once.
      pending.set(uid, entry)
      entry.done = sendInTurn(uid, entry)
      try {
        await entry.done
      } finally {
        // A closed queue never calls send: what waited there does not wait any more.
        if (pending.get(uid) === entry) pending.delete(uid)
      }
    },
    object: (uid) => laidOver(ownWrites, store.get(uid)),
    objects: () => store.all().map(ownWrites.laidOver)
  }
}

function assertInOffice ({ mayWrite }: Pick<WriterOptions<KubeObject>, 'mayWrite'>, term: AbortSignal | undefined): void {
  if (mayWrite?.() === false || term?.aborted) throw new Error('another leads by now, and knows better')
}

/** Writes annotations on the very object that was seen. False when it is gone. */
async function writeTo ({ client, pathOf, logger }: Pick<WriterOptions<KubeObject>, 'client' | 'pathOf' | 'logger'>, metadata: Metadata, annotations: Record<string, string>): Promise<boolean> {
  const { uid, name, namespace } = metadata
  try {
    await client.patch(pathOf(metadata), { metadata: { uid, annotations } }, { tellThrottling: true })
    return true
  } catch (error) {
    // Deleted, or a namesake stands there now: what we have to say is about an object that is no more.
    if (!isApiError(error, 'NotFound', 'Replaced')) throw error
    logger.debug({ uid, name, namespace, kind: error.kind }, 'object is gone, annotation dropped')
    return false
  }
}

function laidOver<T extends KubeObject> (ownWrites: OwnWrites<T>, object: T | undefined): T | undefined {
  return object && ownWrites.laidOver(object)
}

/** Those annotations that the object does not carry already. */
function changed (object: KubeObject, wanted: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => object.metadata.annotations?.[key] !== value))
}
