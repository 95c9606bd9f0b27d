// The memory of the API server: objects by key, one counter of versions, a bounded history for watches, indexes for garbage collection.
import { expired } from './api-error.ts'
import { objectKey } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One committed change. `storage` is the group/plural the object is kept under. */
export interface Change {
  version: number
  type: ChangeType
  storage: string
  object: KubeObject
  previous: KubeObject | undefined
}

export interface Place { storage: string, key: string }

export interface Store {
  /** The version of the newest change. */
  version (): number
  get (storage: string, namespace: string | undefined, name: string): KubeObject | undefined
  /** Objects in key order; of one namespace if given. */
  list (storage: string, namespace?: string): KubeObject[]
  /** The list as it was at an older version. Throws 410 once the history does not reach back that far. */
  listAt (storage: string, version: number, namespace?: string): KubeObject[]
  /** Writes an object under the next version and tells the watchers. */
  put (storage: string, object: KubeObject): KubeObject
  remove (storage: string, object: KubeObject): KubeObject
  /** Changes after a version, of one storage. Throws 410 if some are forgotten. */
  changesSince (storage: string, version: number): Change[]
  /** Calls back after each change of one storage (or of all, for '*'); returns how to stop. */
  subscribe (storage: string, listener: (change: Change) => void): () => void
  /** Forgets history up to a version (default: all of it): older watches and continue tokens answer 410. */
  compact (version?: number): void
  oldestVersion (): number
  findByUid (uid: string): { place: Place, object: KubeObject } | undefined
  /** Objects that name this uid as an owner. */
  dependents (uid: string): { place: Place, object: KubeObject }[]
  storages (): string[]
}

interface Indexes {
  byUid: Map<string, Place>
  byOwner: Map<string, Map<string, Place>>
}

function ownersOf (object: KubeObject | undefined): string[] {
  return (object?.metadata.ownerReferences ?? []).map((owner) => owner.uid)
}

function reindex (indexes: Indexes, place: Place, before: KubeObject | undefined, after: KubeObject | undefined): void {
  const id = `${place.storage} ${place.key}`
  for (const uid of ownersOf(before)) indexes.byOwner.get(uid)?.delete(id)
  for (const uid of ownersOf(after)) {
    const owned = indexes.byOwner.get(uid) ?? new Map<string, Place>()
    indexes.byOwner.set(uid, owned.set(id, place))
  }
  if (before?.metadata.uid && !after) indexes.byUid.delete(before.metadata.uid)
  if (after?.metadata.uid) indexes.byUid.set(after.metadata.uid, place)
}

function keyOf (object: KubeObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name)
}

function sorted (objects: Map<string, KubeObject>, namespace: string | undefined): KubeObject[] {
  const entries = [...objects].filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace)
  return entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, object]) => object)
}

/** An empty store that remembers the last `historyLength` changes. */
export function createStore (historyLength: number): Store {
  const tables = new Map<string, Map<string, KubeObject>>()
  const indexes: Indexes = { byUid: new Map(), byOwner: new Map() }
  const listeners = new Map<string, Set<(change: Change) => void>>()
  let history: Change[] = []
  let version = 1
  let compacted = 1

  const table = (storage: string): Map<string, KubeObject> => {
    const known = tables.get(storage)
    if (known) return known
    const fresh = new Map<string, KubeObject>()
    tables.set(storage, fresh)
    return fresh
  }
  const compact = (upTo = version): void => {
    compacted = Math.max(compacted, upTo)
    history = history.filter((change) => change.version > compacted)
  }
  const commit = (change: Change): void => {
    history.push(change)
    // Dropping a quarter at a time keeps this cheap.
    if (history.length > historyLength * 1.25) compact(history[history.length - historyLength - 1]!.version)
    for (const name of [change.storage, '*']) for (const listener of listeners.get(name) ?? []) listener(change)
  }
  const stamp = (object: KubeObject): KubeObject => {
    version += 1
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
  }
  const changesSince = (storage: string, since: number): Change[] => {
    if (since < compacted) throw expired(`too old resource version: ${since} (${compacted})`)
    return history.filter((change) => change.version > since && change.storage === storage)
  }
  const locate = (place: Place): { place: Place, object: KubeObject } | undefined => {
    const object = tables.get(place.storage)?.get(place.key)
    return object && { place, object }
  }

  return {
    version: () => version,
    oldestVersion: () => compacted,
    get: (storage, namespace, name) => tables.get(storage)?.get(objectKey(namespace, name)),
    list: (storage, namespace) => sorted(table(storage), namespace),
    listAt (storage, at, namespace) {
      const past = new Map(table(storage))
      for (const change of changesSince(storage, at).reverse()) {
        if (change.previous) past.set(keyOf(change.object), change.previous)
        else past.delete(keyOf(change.object))
      }
      return sorted(past, namespace)
    },
    put (storage, object) {
      const stored = stamp(object)
      const key = keyOf(stored)
      const previous = table(storage).get(key)
      table(storage).set(key, stored)
      reindex(indexes, { storage, key }, previous, stored)
      commit({ version, type: previous ? 'MODIFIED' : 'ADDED', storage, object: stored, previous })
      return stored
    },
    remove (storage, object) {
      const last = stamp(object)
      const key = keyOf(last)
      const previous = table(storage).get(key)
      table(storage).delete(key)
      reindex(indexes, { storage, key }, previous, undefined)
      commit({ version, type: 'DELETED', storage, object: last, previous })
      return last
    },
    changesSince,
    subscribe (storage, listener) {
      const set = listeners.get(storage) ?? new Set()
      listeners.set(storage, set.add(listener))
      return () => { set.delete(listener) }
    },
    compact,
    findByUid: (uid) => {
      const place = indexes.byUid.get(uid)
      return place && locate(place)
    },
    dependents: (uid) => [...indexes.byOwner.get(uid)?.values() ?? []].flatMap((place) => locate(place) ?? []),
    storages: () => [...tables.keys()]
  }
}
