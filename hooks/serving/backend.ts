// The interface behind which a model is served. A backend renders versions and shares into objects, and reads both back from them.
import type { ChildResource } from '../core/kind.ts'
import type { Child, SyncRequest } from '../core/request.ts'
import type { VersionIdentity } from '../core/names.ts'

/** One version to be served. */
export type Served = VersionIdentity & { uri: string, share: number }

/** What the object is to look like. `state` is the text of the memory annotation. */
export type Wanted = { served: Served[], state: string }

/** How the model is run: the backend's view of spec.serving. */
export type ServingOptions = {
  replicas: number
  protocol: 'v2' | 'seldon'
  resources?: { requests?: Record<string, string | number>, limits?: Record<string, string | number> }
  serviceAccountName: string
  credentialsSecret: string
  env: Array<{ name: string, value?: string, valueFrom?: object }>
  seldon: { implementation: string, annotations: Record<string, string> }
}

/** What is known of one version's pods. `progress` is `1/2`, pods that answer of those wanted, or empty while none is known of. */
export type PodReadiness = { available: number, ready: boolean, progress: string }

/** What a backend reads off its object. */
export type Observation = {
  /** Text of the memory annotation, if the object carries one. */
  state?: string
  /** Traffic share by predictor. */
  shares: Record<string, number>
  /** The versions that the object describes, with their shares: all that is left when memory is lost. */
  versions: Served[]
  /** A sentence when something in the object has traffic, and nothing in the object says which version it is. */
  unidentified?: string
  router: { present: boolean, applied: boolean, transition: string }
  /**
   * The operator is taking away what belonged to versions that left; when the object was last written, in whole seconds. A write that can wait
   * should: it may make the operator lose track.
   */
  clearingSince?: number
  /** A sentence when the backend reports that it cannot go on, with what to do. */
  failure?: string
  readiness: (version: VersionIdentity) => PodReadiness
}

/** What a person is told about one object, in the backend's own terms. Sentences without their full stop. */
export type BackendWords = {
  /** Where to look when pods are missing. */
  look: string
  /** Why traffic cannot be split, and the remedy. */
  noRouter: string
  /** The object is being made; what it means when that lasts. Metacontroller says nothing when the name is taken. */
  beingMade: string
}

export type Backend = {
  name: string
  /** The children it needs; the first one is the object that carries weights and memory. */
  children: ChildResource[]
  /** Undefined while the object does not exist. */
  observe: (request: SyncRequest) => Observation | undefined
  make: (request: SyncRequest, options: ServingOptions, wanted: Wanted) => Child[]
  /** Where predictions are answered, through the traffic split. */
  url: (request: SyncRequest) => string
  words: (request: SyncRequest) => BackendWords
}

/** Pods of a version that is not deployed. */
export const NOT_DEPLOYED: PodReadiness = { available: 0, ready: false, progress: '' }
