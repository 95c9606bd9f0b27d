// The copy of the objects of one resource, keyed by uid, and those who want to hear of changes.
import type { Logger } from 'pino'
import type { KubeObject } from '../../hooks/core/request.ts'

/** `before` is absent when the object is new, `after` when it is gone. */
export type Change<T> = { before: T, after: T } | { before?: undefined, after: T } | { before: T, after?: undefined }
export type ChangeListener<T> = (change: Change<T>) => void

export type Store<T extends KubeObject> = {
  get: (uid: string) => T | undefined
  all: () => T[]
  size: () => number
  put: (object: T) => void
  remove: (object: T) => void
  /** Removes all but those with these keys. */
  keep: (keys: ReadonlySet<string>) => void
  subscribe: (listener: ChangeListener<T>) => () => void
}

/** An empty store, which keeps of each object what `slim` gives: without it all but managedFields, which are half of a small object. An exception of a listener is logged and does not keep the change from the others. */
export function createStore<T extends KubeObject> (logger: Logger, slim: (object: T) => KubeObject = withoutManagedFields): Store<T> {
  const objects = new Map<string, T>()
  const listeners = new Set<ChangeListener<T>>()

  function tell (change: Change<T>): void {
    for (const listener of listeners) {
      try {
        listener(change)
      } catch (error) {
        logger.error({ err: error }, 'a listener of the store failed')
      }
    }
  }

  function put (object: T): void {
    const uid = keyOf(object)
    const before = objects.get(uid)
    // Versions may only be compared for equality. An equal one is a repetition after a new list.
    if (before !== undefined && before.metadata.resourceVersion === object.metadata.resourceVersion) return
    const after = slim(object) as T
    objects.set(uid, after)
    tell({ before, after } as Change<T>)
  }

  function remove (object: T): void {
    const before = objects.get(keyOf(object))
    if (before === undefined) return
    objects.delete(keyOf(object))
    tell({ before })
  }

  return {
    get: (uid) => objects.get(uid),
    all: () => [...objects.values()],
    size: () => objects.size,
    put,
    remove,
    keep (keys) {
      for (const [key, object] of [...objects]) if (!keys.has(key)) remove(object)
    },
    subscribe (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    }
  }
}

/** What the store knows an object by. */
export function keyOf (object: KubeObject): string {
  return object.metadata.uid ?? `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

function withoutManagedFields (object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
