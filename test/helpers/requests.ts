// Calls of Metacontroller as tests need them, each complete.
import { API_VERSION, type Kind } from '../../hooks/core/kind.ts'
import { objectMapKey, type Metadata, type SyncRequest } from '../../hooks/core/request.ts'

export type Given = { spec?: unknown, status?: object, metadata?: Partial<Metadata>, finalizing?: boolean }

/** A first call for an object of this kind, whose controller lists all children of the kind. */
export function requestFor (kind: Kind, { spec = { name: 'Ada' }, status, metadata, finalizing = false }: Given = {}): SyncRequest {
  return {
    controller: { spec: { childResources: kind.children.map(({ apiVersion, resource }) => ({ apiVersion, resource })) } },
    parent: {
      apiVersion: API_VERSION,
      kind: kind.resource.kind,
      metadata: {
        name: 'first',
        ...(kind.resource.scope === 'Namespaced' && { namespace: 'home' }),
        uid: 'u1',
        generation: 3,
        creationTimestamp: '2026-01-05T10:00:00Z',
        ...metadata
      },
      spec,
      ...(status && { status })
    },
    children: Object.fromEntries(kind.children.map((child) => [objectMapKey(child.apiVersion, child.kind), {}])),
    related: {},
    finalizing
  }
}
