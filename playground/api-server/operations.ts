// The verbs of the API without HTTP: create, get, list, update, patch, delete on a store. Tests may call them directly.
import { randomUUID } from 'node:crypto'
import { alreadyExists, badRequest, conflict, expired, forbidden, invalid, notFound, unsupportedMediaType } from './api-error.ts'
import { applyObject } from './apply-patch.ts'
import { establishedStatus, resourcesOfCrd } from './crd.ts'
import { fromStorage, toStorage } from './conversion.ts'
import { withBuiltinDefaults } from './builtin-defaults.ts'
import { createGarbageCollector } from './garbage-collector.ts'
import type { GarbageCollector } from './garbage-collector.ts'
import { jsonPatch, mergePatch } from './json-patches.ts'
import { isMap, objectKey } from './kube-object.ts'
import type { KubeObject, ManagedFieldsEntry } from './kube-object.ts'
import { checkPreconditions, createdObject, ownershipFor, updatedObject } from './object-write.ts'
import type { Preconditions, Propagation, WriteContext } from './object-write.ts'
import { storageKey } from './resource.ts'
import type { Registry, Resource } from './resource.ts'
import type { Matcher } from './selectors.ts'
import { strategicMerge } from './strategic-merge.ts'
import type { Place, Store } from './store.ts'

/** Where an object is: its resource, its namespace if it has one, its name. */
export interface Target { resource: Resource, namespace: string | undefined, name: string }

/** Who writes and how; everything has a default. */
export interface WriteOptions {
  manager?: string
  subresource?: 'status'
  dryRun?: boolean
  /** Refuse unknown fields (fieldValidation=Strict). */
  strict?: boolean
  /** Server-side apply: take fields from other managers. */
  force?: boolean
}

export type PatchType = 'application/merge-patch+json' | 'application/json-patch+json' | 'application/strategic-merge-patch+json' | 'application/apply-patch+yaml'

export interface DeleteOptions { propagation?: Propagation, preconditions?: Preconditions, dryRun?: boolean }

export interface ListOptions { namespace?: string | undefined, matches?: Matcher, limit?: number, continueToken?: string }

export interface ListResult { items: KubeObject[], version: number, continueToken?: string, remaining?: number }

export interface Operations {
  get (target: Target): KubeObject
  list (resource: Resource, options?: ListOptions): ListResult
  create (resource: Resource, namespace: string | undefined, body: KubeObject, options?: WriteOptions): KubeObject
  update (target: Target, body: KubeObject, options?: WriteOptions): KubeObject
  patch (target: Target, type: string, body: unknown, options?: WriteOptions): { object: KubeObject, created: boolean }
  /** The deleted object, or the object that waits for its finalizers. */
  delete (target: Target, options?: DeleteOptions): { object: KubeObject, gone: boolean }
  /** Works off garbage; done after every write unless garbage collection is off. */
  collectGarbage (): void
  close (): void
}

export interface OperationsOptions {
  store: Store
  registry: Registry
  /** Milliseconds since the epoch. */
  clock: () => number
  garbageCollection: boolean
}

interface Machine extends OperationsOptions { garbage: GarbageCollector }

/** RFC 3339 in whole seconds, as all times of Kubernetes metadata. */
export function timestamp (milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}

function placeOf (target: Target): Place {
  return { storage: storageKey(target.resource), key: objectKey(target.namespace, target.name) }
}

function read (machine: Machine, target: Target): KubeObject {
  const object = machine.store.get(storageKey(target.resource), target.namespace, target.name)
  if (!object) throw notFound(target.resource, target.name)
  return fromStorage(target.resource, object)
}

/** Write options with the managedFields that an apply has worked out. */
type Tracked = WriteOptions & { track?: ManagedFieldsEntry[], patching?: boolean }

function contextOf (machine: Machine, options: Tracked): WriteContext {
  return {
    manager: options.manager ?? 'unknown',
    now: timestamp(machine.clock()),
    uid: randomUUID,
    ...(options.strict ? { strict: true } : {}),
    ...(options.track ? { track: options.track, applying: true } : {}),
    ...(options.patching ? { patching: true } : {}),
    ...(options.subresource ? { subresource: options.subresource } : {})
  }
}

function checkNamespace (machine: Machine, resource: Resource, namespace: string | undefined, name: string): void {
  if (!resource.namespaced) return
  if (!namespace) throw badRequest('an empty namespace may not be set during creation')
  const found = machine.store.get('/namespaces', undefined, namespace)
  if (!found) throw notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace)
  if (found.metadata.deletionTimestamp) throw forbidden(resource, name, `unable to create new content in namespace ${namespace} because it is being terminated`)
}

/** CRDs take effect in the same write; a CRD that cannot be served is refused. */
function serveCrd (machine: Machine, object: KubeObject): KubeObject {
  if (object.kind !== 'CustomResourceDefinition') return object
  machine.registry.add(resourcesOfCrd(object))
  return { ...object, status: object.status?.conditions ? object.status : establishedStatus(object, timestamp(machine.clock())) }
}

function create (machine: Machine, at: { resource: Resource, namespace: string | undefined }, body: KubeObject, options: Tracked): KubeObject {
  const { resource, namespace } = at
  if (!isMap(body?.metadata)) throw badRequest('the body is not an object with metadata')
  checkNamespace(machine, resource, namespace, body.metadata.name)
  const fresh = createdObject(resource, withBuiltinDefaults(body), namespace, contextOf(machine, options))
  if (machine.store.get(storageKey(resource), namespace, fresh.metadata.name)) throw alreadyExists(resource, fresh.metadata.name)
  if (options.dryRun) return fresh
  const stored = machine.store.put(storageKey(resource), toStorage(resource, serveCrd(machine, fresh)))
  return fromStorage(resource, stored)
}

function write (machine: Machine, target: Target, change: { current: KubeObject, next: KubeObject }, options: WriteOptions): KubeObject {
  const { current, next } = change
  if (next === current || options.dryRun) return next
  const place = placeOf(target)
  const stored = machine.store.put(place.storage, toStorage(target.resource, options.subresource ? next : serveCrd(machine, next)))
  return fromStorage(target.resource, machine.garbage.settle(place, stored))
}

function checkSubresource (target: Target, options: WriteOptions): void {
  if (options.subresource && !target.resource.hasStatus) throw notFound(target.resource, target.name)
}

function update (machine: Machine, target: Target, body: KubeObject, options: WriteOptions): KubeObject {
  checkSubresource(target, options)
  const current = read(machine, target)
  const { resource } = target
  if (!isMap(body?.metadata)) throw badRequest('the body is not an object with metadata')
  if (body.metadata.name !== target.name) throw badRequest(`the name of the object (${body.metadata.name}) does not match the name on the URL (${target.name})`)
  if (resource.custom && !body.metadata.resourceVersion) {
    throw invalid({ ...resource, kind: resource.plural }, target.name, [{ reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be specified for an update', field: 'metadata.resourceVersion' }])
  }
  return write(machine, target, { current, next: updatedObject(resource, current, withBuiltinDefaults(body), contextOf(machine, options)) }, options)
}

function patched (target: Target, current: KubeObject, type: string, body: unknown): KubeObject {
  switch (type) {
    case 'application/merge-patch+json': return mergePatch(current, body) as KubeObject
    case 'application/json-patch+json': return jsonPatch(current, body) as KubeObject
    case 'application/strategic-merge-patch+json':
      if (target.resource.custom) throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'])
      return strategicMerge(current, body) as KubeObject
    default: throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'])
  }
}

function checkApplied (body: KubeObject, name: string): void {
  if (!isMap(body?.metadata) || (body.metadata.name ?? name) !== name) throw badRequest('metadata.name does not match the name on the URL')
}

function apply (machine: Machine, target: Target, body: KubeObject, options: WriteOptions): { object: KubeObject, created: boolean } {
  const { resource, namespace, name } = target
  checkApplied(body, name)
  const current = machine.store.get(storageKey(resource), namespace, name)
  const context = contextOf(machine, options)
  if (!current && options.subresource) throw notFound(resource, name)
  if (!current && body.metadata.uid) throw conflict(resource, name, `uid mismatch: the provided object specified uid ${body.metadata.uid}, and no existing object was found`)
  const before = current && fromStorage(resource, current)
  const merged = applyObject({ resource, ownership: ownershipFor(resource), current: before, applied: body, writer: context, force: options.force === true })
  const tracked = { ...options, track: merged.managedFields }
  if (!before) return { object: create(machine, target, merged.object, tracked), created: true }
  const next = updatedObject(resource, before, withBuiltinDefaults(merged.object), contextOf(machine, tracked))
  return { object: write(machine, target, { current: before, next }, options), created: false }
}

function patch (machine: Machine, target: Target, { type, body }: { type: string, body: unknown }, options: WriteOptions): { object: KubeObject, created: boolean } {
  checkSubresource(target, options)
  if (type === 'application/apply-patch+yaml') return apply(machine, target, body as KubeObject, options)
  const current = read(machine, target)
  // A uid or resourceVersion in the patch is a precondition, checked when the result is written.
  const next = updatedObject(target.resource, current, withBuiltinDefaults(patched(target, current, type, body)), contextOf(machine, { ...options, patching: true }))
  return { object: write(machine, target, { current, next }, options), created: false }
}

function remove (machine: Machine, target: Target, options: DeleteOptions): { object: KubeObject, gone: boolean } {
  const current = read(machine, target)
  checkPreconditions(target.resource, current, options.preconditions ?? {})
  if (options.dryRun) return { object: current, gone: true }
  const place = placeOf(target)
  const object = machine.garbage.remove(place, toStorage(target.resource, current), options.propagation)
  const gone = machine.store.get(place.storage, target.namespace, target.name) === undefined
  if (gone && target.resource.kind === 'CustomResourceDefinition') dropCrd(machine, object)
  return { object: fromStorage(target.resource, object), gone }
}

/** Deleting a CRD deletes its objects. */
function dropCrd (machine: Machine, crd: KubeObject): void {
  const storage = storageKey({ group: crd.spec.group, plural: crd.spec.names.plural })
  for (const object of machine.store.list(storage)) machine.store.remove(storage, object)
  machine.registry.remove(crd.spec.group, crd.spec.names.plural)
}

interface Page { version: number, after: string }

function parseToken (token: string): Page {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Page
  } catch {
    throw badRequest('continue key is not valid')
  }
}

/** The objects now, or as they were when the first page of a list was read. */
function snapshot (store: Store, storage: string, version: number | undefined, namespace: string | undefined): KubeObject[] {
  if (version === undefined) return store.list(storage, namespace)
  if (version < store.oldestVersion()) throw expired('The provided continue parameter is too old to display a consistent list result.')
  return store.listAt(storage, version, namespace)
}

function list (machine: Machine, resource: Resource, options: ListOptions): ListResult {
  const { namespace, limit = 0, matches = () => true } = options
  const page = options.continueToken ? parseToken(options.continueToken) : undefined
  const version = page?.version ?? machine.store.version()
  const key = (object: KubeObject): string => objectKey(object.metadata.namespace, object.metadata.name)
  const all = snapshot(machine.store, storageKey(resource), page?.version, namespace).map((object) => fromStorage(resource, object))
  const rest = all.filter((object) => (page === undefined || key(object) > page.after) && matches(object))
  if (limit <= 0 || rest.length <= limit) return { items: rest, version }
  const items = rest.slice(0, limit)
  const token: Page = { version, after: key(items[items.length - 1]!) }
  return { items, version, continueToken: Buffer.from(JSON.stringify(token)).toString('base64url'), remaining: rest.length - limit }
}

/** The verbs over one store. Each throws an ApiError with the Status a real server would answer. */
export function createOperations (options: OperationsOptions): Operations {
  const garbage = createGarbageCollector(options.store, () => timestamp(options.clock()))
  const machine: Machine = { ...options, garbage }
  const collect = <T>(result: T): T => {
    if (options.garbageCollection) garbage.collect()
    return result
  }
  return {
    get: (target) => read(machine, target),
    list: (resource, listOptions = {}) => list(machine, resource, listOptions),
    create: (resource, namespace, body, writeOptions = {}) => collect(create(machine, { resource, namespace }, body, writeOptions)),
    update: (target, body, writeOptions = {}) => collect(update(machine, target, body, writeOptions)),
    patch: (target, type, body, writeOptions = {}) => collect(patch(machine, target, { type, body }, writeOptions)),
    delete: (target, deleteOptions = {}) => collect(remove(machine, target, deleteOptions)),
    collectGarbage: () => garbage.collect(),
    close: () => garbage.close()
  }
}
