// Garbage collection by ownerReferences and of namespaces in deletion, as the controller manager does it, but at once and in order.
import { deletedObject, isReleased } from './object-write.ts'
import type { Propagation } from './object-write.ts'
import type { KubeObject, OwnerReference } from './kube-object.ts'
import type { Change, Place, Store } from './store.ts'

export interface GarbageCollector {
  /** Deletes as the API does: removes the object, or marks it while finalizers hold it. */
  remove (place: Place, object: KubeObject, propagation: Propagation | undefined): KubeObject
  /** Removes an object in deletion that nothing holds any more; else returns it as it is. */
  settle (place: Place, object: KubeObject): KubeObject
  /** Works off everything that earlier changes have left to collect. */
  collect (): void
  close (): void
}

function ownerExists (store: Store, object: KubeObject, owner: OwnerReference): boolean {
  const found = store.findByUid(owner.uid)?.object
  if (!found || found.metadata.name !== owner.name) return false
  // An owner must be cluster-scoped or live in the namespace of what it owns.
  return found.metadata.namespace === undefined || found.metadata.namespace === object.metadata.namespace
}

function withOwners (object: KubeObject, owners: OwnerReference[]): KubeObject {
  const { ownerReferences, ...metadata } = object.metadata
  return { ...object, metadata: owners.length > 0 ? { ...metadata, ownerReferences: owners } : metadata }
}

function withoutFinalizer (object: KubeObject, name: string): KubeObject {
  const { finalizers = [], ...metadata } = object.metadata
  const kept = finalizers.filter((other) => other !== name)
  return { ...object, metadata: kept.length > 0 ? { ...metadata, finalizers: kept } : metadata }
}

function hasFinalizer (object: KubeObject, name: string): boolean {
  return object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).includes(name)
}

type Found = { place: Place, object: KubeObject }

interface Collector { store: Store, now: () => string }

function contents (store: Store, namespace: string): Found[] {
  return store.storages().flatMap((storage) => store.list(storage, namespace).map((object) => ({ place: { storage, key: `${namespace}/${object.metadata.name}` }, object })))
}

function settle (store: Store, place: Place, object: KubeObject): KubeObject {
  if (!isReleased(object)) return object
  // A namespace goes only once it is empty.
  if (object.kind === 'Namespace' && contents(store, object.metadata.name).length > 0) return object
  return store.remove(place.storage, object)
}

function remove ({ store, now }: Collector, place: Place, object: KubeObject, propagation: Propagation | undefined): KubeObject {
  if (object.kind === 'Namespace' && contents(store, object.metadata.name).length > 0) {
    if (object.metadata.deletionTimestamp) return object
    return store.put(place.storage, { ...object, status: { ...object.status, phase: 'Terminating' }, metadata: { ...object.metadata, deletionTimestamp: now() } })
  }
  const next = deletedObject(object, propagation, now())
  if (next === undefined) return store.remove(place.storage, object)
  return next === object ? object : store.put(place.storage, next)
}

/** Deletes a dependent whose owners are all gone or wait for it; else drops its references to owners that are gone. */
function collectDependent (collector: Collector, { place, object }: Found): void {
  const { store } = collector
  const owners = object.metadata.ownerReferences ?? []
  if (owners.length === 0 || object.metadata.deletionTimestamp) return
  const alive = owners.filter((owner) => ownerExists(store, object, owner))
  const waiting = alive.filter((owner) => hasFinalizer(store.findByUid(owner.uid)!.object, 'foregroundDeletion'))
  if (alive.length === waiting.length) remove(collector, place, object, waiting.length > 0 && store.dependents(object.metadata.uid!).length > 0 ? 'Foreground' : 'Background')
  else if (alive.length < owners.length) store.put(place.storage, withOwners(object, alive))
}

function orphanDependents (store: Store, owner: Found): void {
  const uid = owner.object.metadata.uid!
  for (const { place, object } of store.dependents(uid)) {
    store.put(place.storage, withOwners(object, (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid)))
  }
  settle(store, owner.place, store.put(owner.place.storage, withoutFinalizer(owner.object, 'orphan')))
}

function finishForeground (store: Store, owner: Found): void {
  const uid = owner.object.metadata.uid!
  const blocking = store.dependents(uid).some(({ object }) =>
    (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true))
  if (!blocking) settle(store, owner.place, store.put(owner.place.storage, withoutFinalizer(owner.object, 'foregroundDeletion')))
}

/** Looks at an object that has changed or gone: as an owner, then as a dependent. */
function visit (collector: Collector, uid: string): void {
  const { store } = collector
  const found = store.findByUid(uid)
  if (found && hasFinalizer(found.object, 'orphan')) orphanDependents(store, found)
  if (!found || hasFinalizer(found.object, 'foregroundDeletion')) for (const dependent of store.dependents(uid)) collectDependent(collector, dependent)
  const still = store.findByUid(uid)
  if (still && hasFinalizer(still.object, 'foregroundDeletion')) finishForeground(store, still)
  else if (still) collectDependent(collector, still)
}

function visitNamespace (collector: Collector, name: string): void {
  const namespace = collector.store.get('/namespaces', undefined, name)
  if (!namespace?.metadata.deletionTimestamp) return
  for (const { place, object } of contents(collector.store, name)) if (!object.metadata.deletionTimestamp) remove(collector, place, object, 'Background')
  settle(collector.store, { storage: '/namespaces', key: name }, namespace)
}

/** A collector over a store. `now` gives deletionTimestamps; it does nothing until `collect` is called. */
export function createGarbageCollector (store: Store, now: () => string): GarbageCollector {
  const collector: Collector = { store, now }
  const dirty: Change[] = []
  const unsubscribe = store.subscribe('*', (change) => { dirty.push(change) })
  return {
    remove: (place, object, propagation) => remove(collector, place, object, propagation),
    settle: (place, object) => settle(store, place, object),
    collect () {
      for (let change = dirty.shift(); change; change = dirty.shift()) {
        const { uid, name, namespace } = change.object.metadata
        visit(collector, uid ?? '')
        // What is gone may have been the last thing that held its owner or its namespace.
        if (change.type === 'DELETED') for (const owner of change.object.metadata.ownerReferences ?? []) visit(collector, owner.uid)
        visitNamespace(collector, change.object.kind === 'Namespace' ? name : namespace ?? '')
      }
    },
    close: unsubscribe
  }
}
