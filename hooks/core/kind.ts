// The contract of a kind: data plus pure functions. CRDs, CompositeControllers, RBAC, OpenAPI and contract tests are derived from it.
import type { Static, TObject } from '@sinclair/typebox'
import type { CustomizeRequest, RelatedRule, SyncRequest, SyncResponse } from './request.ts'
import type { Rule } from './schema.ts'

export const API_GROUP = 'sluice.dev'
export const API_VERSION = 'sluice.dev/v1alpha1'

/** One column of `kubectl get`; priority 1 shows with `-o wide` only. */
export type Column = { name: string, type: 'string' | 'integer' | 'number' | 'boolean' | 'date', jsonPath: string, description?: string, priority?: 0 | 1 }

/**
 * A kind of object that a hook may return.
 * `method`: InPlace updates it, OnDelete leaves it as created (for Jobs, whose names carry a content hash).
 * `capability`: the chart value that switches this child on (`seldon` → `seldon.enabled`); absent means always there.
 * `scope`: absent means namespaced. Only a cluster-scoped kind may have cluster-scoped children.
 */
export type ChildResource = { apiVersion: string, kind: string, resource: string, method: 'InPlace' | 'OnDelete', capability?: string, scope?: 'Cluster' }

export type Resource = {
  kind: string
  plural: string
  singular: string
  scope: 'Namespaced' | 'Cluster'
  shortNames: string[]
  description: string
  columns: Column[]
}

/** What a Role that a kind makes grants: Metacontroller, which creates it, must hold it itself. */
export type Grant = { apiGroups: string[], resources: string[], verbs: string[], resourceNames?: string[] }

export type Kind<Spec extends TObject = TObject, Status extends TObject = TObject> = {
  resource: Resource
  spec: Spec
  status: Status
  /** CEL rules on the whole object; rules on one field stand in its schema. */
  rules: Rule[]
  children: ChildResource[]
  /** What Roles among the children grant, beyond rights on the children themselves. Absent: nothing. */
  grants?: Grant[]
  /** Whether something is under way that must go on even if the spec cannot be honoured. Absent: never. */
  isUnderWay?: (status: Partial<Static<Status>>) => boolean
  sync: (request: SyncRequest<Static<Spec>, Static<Status>>) => SyncResponse<Static<Status>>
  finalize?: (request: SyncRequest<Static<Spec>, Static<Status>>) => SyncResponse<Static<Status>>
  customize?: (request: CustomizeRequest<Static<Spec>>) => { relatedResources: RelatedRule[] }
}

/** Declares a kind, so that its functions are checked against its own schemas. */
export function defineKind<Spec extends TObject, Status extends TObject> (kind: Kind<Spec, Status>): Kind {
  // The registry holds kinds of many schemas; inside, each is called only with requests that its own schemas have admitted.
  return kind as unknown as Kind
}

/** Thrown for a spec that the CRD admits and the hook cannot honour at all: HTTP 422, and everything stays as it is. */
export class UnprocessableError extends Error {
  override name = 'UnprocessableError'
}
