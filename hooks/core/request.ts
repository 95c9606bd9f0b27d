// The envelope of a Metacontroller hook call (version v2), and how a kind looks things up in it.
import type { Images } from './images.ts'
import type { PlatformSetting } from './platform.ts'
import type { Registries } from './registry-access.ts'
import { parseInstant } from './time.ts'

export type Metadata = {
  name: string
  namespace?: string
  uid?: string
  generation?: number
  resourceVersion?: string
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  managedFields?: Write[]
}

/** One entry of managedFields: who wrote last, and when. */
type Write = { manager?: string, operation?: string, time?: string, subresource?: string, fieldsV1?: unknown }

/** Any object of the cluster as it is observed. */
export type KubeObject = { apiVersion: string, kind: string, metadata: Metadata, [field: string]: unknown }

/** An object of one of our own kinds. `status` is what some earlier answer reported; it may be old or absent. */
export type Parent<Spec = unknown, Status = unknown> = {
  apiVersion: string
  kind: string
  metadata: Metadata
  spec: Spec
  status?: Partial<Status>
}

/** Objects by `Kind.group/version` (core group: `Kind.version`), then by `namespace/name` or `name`. */
export type ObjectMap = Record<string, Record<string, KubeObject>>

/** One sync or finalize call. Everything that a decision may depend on is in here; OwnSettings are ours, the rest comes from Metacontroller. */
export type SyncRequest<Spec = unknown, Status = unknown> = {
  controller: { metadata?: Partial<Metadata>, spec?: { childResources?: Array<{ apiVersion: string, resource: string }> } }
  parent: Parent<Spec, Status>
  children: ObjectMap
  related: ObjectMap
  finalizing: boolean
} & OwnSettings

/** What our own settings add to a request. A caller has no say in it. */
export type OwnSettings = {
  /** What objects may do with the entries of the poller's configuration; absent where the hooks are not told: then everything. */
  registries?: Registries
  /** Images of the pods that we ask for; absent: those that the kinds pin. */
  images?: Images
  /** What the cluster around MLflow servers is like; absent: plain Kubernetes. */
  platform?: PlatformSetting
}

/** What a customize call brings. */
export type CustomizeRequest<Spec = unknown> = Pick<SyncRequest<Spec>, 'controller' | 'parent' | keyof OwnSettings>

/** An object that we want to exist: complete in the fields that we own, and nothing else. */
export type Child = { apiVersion: string, kind: string, metadata: { name: string, namespace?: string, labels?: Record<string, string>, annotations?: Record<string, string> }, [field: string]: unknown }

/** The answer to sync and finalize. */
export type SyncResponse<Status = object> = { status: Status, children: Child[], finalized?: boolean }

/** One rule of a customize answer. */
export type RelatedRule = { apiVersion: string, resource: string, namespace?: string, names?: string[], labelSelector?: object, namespaceSelector?: object }

/** The outer key under which Metacontroller files objects of one kind. */
export function objectMapKey (apiVersion: string, kind: string): string {
  return `${kind}.${apiVersion}`
}

/** The observed child of this kind and name, in the parent's namespace unless another is named. */
export function findChild (request: SyncRequest, type: { apiVersion: string, kind: string }, name: string, namespace = request.parent.metadata.namespace): KubeObject | undefined {
  const objects = request.children[objectMapKey(type.apiVersion, type.kind)] ?? {}
  const key = namespace === undefined ? name : `${namespace}/${name}`
  return Object.hasOwn(objects, key) ? objects[key] : undefined
}

/** Whether the controller lists this resource among its children: only then may it be returned. */
export function mayReturn (request: SyncRequest, child: { apiVersion: string, resource: string }): boolean {
  const declared = request.controller.spec?.childResources ?? []
  return declared.some((entry) => entry.apiVersion === child.apiVersion && entry.resource === child.resource)
}

/**
 * The time by which decisions are made, in whole seconds: the newest creationTimestamp or managedFields time of the parent and its children,
 * or of `ours` (instants that the poller or an earlier decision of ours put down). It is as old as the last event; that is enough,
 * because the poller touches the parent once a deadline has passed. 0 when the request holds no time at all.
 */
export function newestInstant (request: SyncRequest, ours: Array<number | undefined> = []): number {
  return Math.max(newestTime(request.parent.metadata), newestOfChildren(request, newestTime), newestOf(ours))
}

/** The same without the writes of the parent's status, which are the echo of our own answers. */
export function newestOutsideInstant (request: SyncRequest, ours: Array<number | undefined> = []): number {
  const { creationTimestamp, managedFields } = request.parent.metadata
  const outside = newestWrite(managedFields, ({ subresource }) => subresource !== 'status')
  return Math.max(parseInstant(creationTimestamp) ?? 0, outside, newestOfChildren(request, newestTime), newestOf(ours))
}

/** The newest time that the API server has stamped on the parent or its children, in whole seconds; undefined when no write of any was recorded. */
export function newestStamp (request: SyncRequest): number | undefined {
  const isRecorded = isStamped(request.parent) || Object.values(request.children).some((objects) => Object.values(objects).some(isStamped))
  return isRecorded ? newestInstant(request) : undefined
}

/** When the status of a child was last written, in whole seconds; undefined when none was. */
export function newestStatusInstant (request: SyncRequest): number | undefined {
  const newest = newestOfChildren(request, ({ managedFields }) => newestWrite(managedFields, ({ subresource }) => subresource === 'status'))
  return newest > 0 ? newest : undefined
}

function isStamped ({ metadata }: Pick<KubeObject, 'metadata'>): boolean {
  return metadata.managedFields?.some(({ time }) => time !== undefined) === true
}

/** By loops, and so below: a sync asks for times again and again. */
function newestOfChildren ({ children }: SyncRequest, newestIn: (metadata: Metadata) => number): number {
  let newest = 0
  for (const objects of Object.values(children)) {
    for (const { metadata } of Object.values(objects)) newest = Math.max(newest, newestIn(metadata))
  }
  return newest
}

function newestTime ({ creationTimestamp, managedFields }: Metadata): number {
  return Math.max(parseInstant(creationTimestamp) ?? 0, newestWrite(managedFields, () => true))
}

function newestWrite (writes: Metadata['managedFields'] = [], counts: (write: Write) => boolean): number {
  let newest = 0
  for (const write of writes) if (counts(write)) newest = Math.max(newest, parseInstant(write.time) ?? 0)
  return newest
}

function newestOf (instants: Array<number | undefined>): number {
  return instants.reduce<number>((newest, instant) => Math.max(newest, instant ?? 0), 0)
}
