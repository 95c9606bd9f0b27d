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

interface History {
  push (change: Change): void
  since (storage: string, version: number): Change[]
  compact (version: number): void
  oldest (): number
}

function createHistory (length: number): History {
  let changes: Change[] = []
  let compacted = 1
  const compact = (version: number): void => {
    compacted = Math.max(compacted, version)
    changes = changes.filter((change) => change.version > compacted)
  }
  return {
    push (change) {
      changes.push(change)
      // Dropping a quarter at a time keeps this cheap.
      if (changes.length > length * 1.25) compact(changes[changes.length - length - 1]!.version)
    },
    since (storage, version) {
      if (version < compacted) throw expired(`too old resource version: ${version} (${compacted})`)
      return changes.filter((change) => change.version > version && change.storage === storage)
    },
    compact,
    oldest: () => compacted
  }
}

interface Listeners {
  tell (change: Change): void
  subscribe: Store['subscribe']
}

function createListeners (): Listeners {
  const sets = new Map<string, Set<(change: Change) => void>>()
  return {
    tell (change) {
      for (const name of [change.storage, '*']) for (const listener of sets.get(name) ?? []) listener(change)
    },
    subscribe (storage, listener) {
      const set = sets.get(storage) ?? new Set()
      sets.set(storage, set.add(listener))
      return () => { set.delete(listener) }
    }
  }
}

/** An empty store that remembers the last `historyLength` changes. */
export function createStore (historyLength: number): Store {
  const tables = new Map<string, Map<string, KubeObject>>()
  const indexes: Indexes = { byUid: new Map(), byOwner: new Map() }
  const history = createHistory(historyLength)
  const listeners = createListeners()
  let version = 1

  const table = (storage: string): Map<string, KubeObject> => {
    const known = tables.get(storage) ?? new Map<string, KubeObject>()
    tables.set(storage, known)
    return known
  }
  const commit = (storage: string, object: KubeObject, removed: boolean): KubeObject => {
    version += 1
    const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
    const key = keyOf(stamped)
    const previous = table(storage).get(key)
    if (removed) table(storage).delete(key)
    else table(storage).set(key, stamped)
    reindex(indexes, { storage, key }, previous, removed ? undefined : stamped)
    const change: Change = { version, type: removed ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED', storage, object: stamped, previous }
    history.push(change)
    listeners.tell(change)
    return stamped
  }
  const locate = (place: Place): { place: Place, object: KubeObject } | undefined => {
    const object = tables.get(place.storage)?.get(place.key)
    return object && { place, object }
  }

  return {
    version: () => version,
    oldestVersion: history.oldest,
    get: (storage, namespace, name) => tables.get(storage)?.get(objectKey(namespace, name)),
    list: (storage, namespace) => sorted(table(storage), namespace),
    listAt (storage, at, namespace) {
      const past = new Map(table(storage))
      for (const change of history.since(storage, at).reverse()) {
        if (change.previous) past.set(keyOf(change.object), change.previous)
        else past.delete(keyOf(change.object))
      }
      return sorted(past, namespace)
    },
    put: (storage, object) => commit(storage, object, false),
    remove: (storage, object) => commit(storage, object, true),
    changesSince: history.since,
    subscribe: listeners.subscribe,
    compact: (upTo = version) => { history.compact(upTo) },
    findByUid (uid) {
      const place = indexes.byUid.get(uid)
      return place && locate(place)
    },
    dependents: (uid) => [...indexes.byOwner.get(uid)?.values() ?? []].flatMap((place) => locate(place) ?? []),
    storages: () => [...tables.keys()]
  }
}
