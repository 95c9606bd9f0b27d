// Store transitions, pure: what an object becomes by a create, an update, a status update or a delete.
import equal from 'fast-deep-equal'
import { apiError, badRequest, conflict, invalid, uidMismatch } from './api-error.ts'
import type { ApiError } from './api-error.ts'
import { firstStatusOf, withIdentity } from './builtin-defaults.ts'
import { builtinOwnership } from './builtin-ownership.ts'
import { builtinCauses } from './builtin-rules.ts'
import { isMap } from './kube-object.ts'
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from './kube-object.ts'
import { trackUpdate } from './managed-fields.ts'
import type { Writer } from './managed-fields.ts'
import { finalizerCauses, objectCauses, objectLimit, undecodable } from './object-rules.ts'
import { apiVersionOf } from './resource.ts'
import type { Resource } from './resource.ts'
import type { Ownership } from './structural-schema.ts'

/** What the server adds to a write. `uid` makes a new one; `strict` refuses unknown fields instead of dropping them. */
export interface WriteContext extends Writer {
  uid: () => string
  strict?: boolean
  /** The write is the result of a patch. */
  patching?: boolean
  /** Unknown fields of an apply are an error of their own, strict or not. */
  applying?: boolean
  /** managedFields to set instead of the usual bookkeeping; server-side apply brings its own. */
  track?: ManagedFieldsEntry[]
}

export interface Preconditions { uid?: string, resourceVersion?: string }

// A CRD may hold a megabyte of schema: nobody needs to know who owns which leaf of it.
const crdOwnership: Ownership = { shape: 'map', at: () => ({ shape: 'atomic' }) }

/** The ownership shapes of a resource's fields. */
export function ownershipFor (resource: Resource): Ownership {
  if (resource.kind === 'CustomResourceDefinition') return crdOwnership
  return resource.schema?.ownership ?? builtinOwnership
}

function checkIdentity (resource: Resource, object: KubeObject): void {
  if (!isMap(object.metadata)) throw badRequest('metadata is missing')
  if (object.apiVersion !== apiVersionOf(resource)) throw badRequest(`the API version in the data (${object.apiVersion}) does not match the expected API version (${apiVersionOf(resource)})`)
  if (object.kind !== resource.kind) throw badRequest(`the kind in the data (${object.kind}) does not match the expected kind (${resource.kind})`)
}

function cannotHandle (resource: Resource, why: string): ApiError {
  return badRequest(`${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${why}`)
}

function checkDropped (resource: Resource, dropped: readonly string[], context: WriteContext): void {
  if (dropped.length === 0) return
  if (context.applying === true) throw apiError(500, '', `failed to create typed patch object: ${dropped.map((field) => `.${field}: field not declared in schema`).join(', ')}`)
  if (context.strict === true) throw cannotHandle(resource, `strict decoding error: ${dropped.map((field) => `unknown field ${JSON.stringify(field)}`).join(', ')}`)
}

/** Prunes, defaults and validates. Throws 400 on unknown fields if strict, 422 on what the schema or the rules refuse, 413 when too large. */
function admit (resource: Resource, object: KubeObject, old: KubeObject | undefined, context: WriteContext): KubeObject {
  const broken = undecodable(object)
  if (broken) throw cannotHandle(resource, broken)
  const normalized = resource.schema?.normalize(object) ?? { object, dropped: [] }
  checkDropped(resource, normalized.dropped, context)
  const next = normalized.object
  const metadataCauses = [...objectCauses(next), ...(old ? finalizerCauses(old, next) : [])]
  const causes = [...metadataCauses, ...(resource.schema?.validate(next, old, metadataCauses) ?? []), ...(resource.custom ? [] : builtinCauses(next, old))]
  if (causes.length > 0) throw invalid(resource, next.metadata.name, causes)
  const size = Buffer.byteLength(JSON.stringify(next))
  if (size > objectLimit) throw apiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${objectLimit}`)
  return next
}

function withMetadata (object: KubeObject, metadata: ObjectMeta): KubeObject {
  // Empty maps and lists are dropped, as the typed metadata of a real server does.
  const entries = Object.entries(metadata).filter(([, value]) => value !== undefined && value !== null && !(typeof value === 'object' && Object.keys(value).length === 0))
  return { ...object, metadata: Object.fromEntries(entries) as unknown as ObjectMeta }
}

function withManagedFields (object: KubeObject, managedFields: ManagedFieldsEntry[]): KubeObject {
  return withMetadata(object, { ...object.metadata, managedFields })
}

function newName (metadata: ObjectMeta, uid: string): string {
  if (metadata.name) return metadata.name
  // Five characters of the random uid, as short and as unlikely to collide as the real server's suffix.
  return metadata.generateName ? `${metadata.generateName}${uid.replaceAll('-', '').slice(0, 5)}` : ''
}

/** The status of a new object is the server's to say, never the client's. */
function withFirstStatus (object: KubeObject): KubeObject {
  const { status, ...rest } = object
  const first = firstStatusOf(object)
  return (first ? { ...rest, status: first } : rest) as KubeObject
}

function checkNew (resource: Resource, body: KubeObject, namespace: string | undefined): void {
  checkIdentity(resource, body)
  if (body.metadata.resourceVersion) throw apiError(500, '', 'resourceVersion should not be set on objects to be created')
  if (body.metadata.namespace && namespace && body.metadata.namespace !== namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

/** The object as stored by a create, still without resourceVersion. Throws 400 or 422. */
export function createdObject (resource: Resource, body: KubeObject, namespace: string | undefined, context: WriteContext): KubeObject {
  checkNew(resource, body, namespace)
  const uid = context.uid()
  const name = newName(body.metadata, uid)
  const { deletionTimestamp, deletionGracePeriodSeconds, managedFields, generation, namespace: ignored, ...metadata } = body.metadata
  const fresh = withMetadata(resource.hasStatus ? withFirstStatus(body) : body, {
    ...metadata,
    name,
    ...(resource.namespaced && namespace ? { namespace } : {}),
    uid,
    creationTimestamp: context.now,
    ...(resource.hasGeneration ? { generation: 1 } : {})
  })
  const admitted = admit(resource, resource.custom ? fresh : withIdentity(fresh), undefined, context)
  return withManagedFields(admitted, context.track ?? trackUpdate(undefined, admitted, ownershipFor(resource), context))
}

function checkVersion (resource: Resource, current: KubeObject, wanted: Preconditions): void {
  const { resourceVersion, name } = current.metadata
  if (!wanted.resourceVersion || wanted.resourceVersion === '0' || wanted.resourceVersion === resourceVersion) return
  throw conflict(resource, name, 'the object has been modified; please apply your changes to the latest version and try again')
}

/** Another uid in a PUT is a conflict; in the result of a patch it is an attempt to change what cannot be changed. */
function checkUid (resource: Resource, current: KubeObject, uid: string | undefined, context: WriteContext): void {
  if (!uid || uid === current.metadata.uid) return
  if (!context.patching) throw conflict(resource, current.metadata.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`)
  throw invalid(resource, current.metadata.name, [{ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`, field: 'metadata.uid' }])
}

/** Throws 409 when a uid or resourceVersion that a delete relies on is not the object's. */
export function checkPreconditions (resource: Resource, current: KubeObject, wanted: Preconditions): void {
  const { uid, name } = current.metadata
  if (wanted.uid && wanted.uid !== uid) throw uidMismatch(resource, name, wanted.uid, uid)
  checkVersion(resource, current, wanted)
}

function specOf (resource: Resource, object: KubeObject): object {
  const { metadata, status, apiVersion, kind, ...spec } = object
  return resource.hasStatus ? spec : { ...spec, status }
}

function mergedUpdate (resource: Resource, current: KubeObject, body: KubeObject, subresource: string | undefined): KubeObject {
  const { uid, name, namespace, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion, managedFields } = current.metadata
  if (subresource === 'status') {
    const { status, ...rest } = current
    return { ...rest, ...(body.status === undefined ? {} : { status: body.status }) } as KubeObject
  }
  const server = { uid, name, namespace, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion, managedFields } as ObjectMeta
  const { status, ...rest } = body
  const kept = resource.hasStatus ? { ...rest, ...(current.status === undefined ? {} : { status: current.status }) } : body
  return withMetadata(kept as KubeObject, { ...body.metadata, ...server })
}

/** Both without managedFields: a write that changes nothing else is no write. */
function sameButManagers (one: KubeObject, other: KubeObject): boolean {
  return equal({ ...one, metadata: { ...one.metadata, managedFields: 0 } }, { ...other, metadata: { ...other.metadata, managedFields: 0 } })
}

/**
 * The object after a PUT or patch, still with its old resourceVersion; the very same object if nothing changes.
 * The main resource never changes status, `/status` never changes anything else. generation rises when the spec part changes.
 * Throws 400, 409 or 422.
 */
export function updatedObject (resource: Resource, current: KubeObject, body: KubeObject, context: WriteContext): KubeObject {
  const { track } = context
  checkIdentity(resource, body)
  checkUid(resource, current, body.metadata.uid, context)
  checkVersion(resource, current, body.metadata)
  const admitted = admit(resource, mergedUpdate(resource, current, body, context.subresource), current, context)
  const changed = resource.hasGeneration && !equal(specOf(resource, current), specOf(resource, admitted))
  const next = changed ? withMetadata(admitted, { ...admitted.metadata, generation: (current.metadata.generation ?? 0) + 1 }) : admitted
  if (sameButManagers(current, next) && (track === undefined || equal(untimed(track), untimed(current.metadata.managedFields ?? [])))) return current
  return withManagedFields(next, track ?? trackUpdate(current, next, ownershipFor(resource), context))
}

/** Entries without their times, in an order that does not depend on these. */
function untimed (entries: readonly ManagedFieldsEntry[]): string[] {
  return entries.map(({ time, ...entry }) => JSON.stringify(entry)).sort()
}

export type Propagation = 'Background' | 'Foreground' | 'Orphan'

const propagationFinalizers: Record<Propagation, string[]> = { Background: [], Foreground: ['foregroundDeletion'], Orphan: ['orphan'] }

/**
 * The object after a delete: undefined when it is gone at once, marked with deletionTimestamp while finalizers hold it,
 * the very same object if it was marked before and nothing changes.
 */
export function deletedObject (current: KubeObject, propagation: Propagation | undefined, now: string): KubeObject | undefined {
  const held = current.metadata.finalizers ?? []
  const own = held.filter((name) => name !== 'foregroundDeletion' && name !== 'orphan')
  const finalizers = propagation === undefined ? held : [...own, ...propagationFinalizers[propagation]]
  if (finalizers.length === 0) return undefined
  const marked = current.metadata.deletionTimestamp !== undefined
  if (marked && equal(finalizers, held)) return current
  const generation = current.metadata.generation
  return withMetadata(current, {
    ...current.metadata,
    finalizers,
    ...(marked ? {} : { deletionTimestamp: now, deletionGracePeriodSeconds: 0, ...(generation === undefined ? {} : { generation: generation + 1 }) })
  })
}

/** True when an object in deletion has nothing left that holds it. */
export function isReleased (object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0
}
