// Resources by discovery, and the typed calls a controller makes on one: get, list, create, replace, delete, apply.
import { objectKey } from '../api-server/kube-object.ts'
import type { KubeObject } from '../api-server/kube-object.ts'
import { isKubeError, kubeError } from './kube-client.ts'
import type { Call, KubeClient } from './kube-client.ts'

export interface ApiResource {
  apiVersion: string
  name: string
  kind: string
  namespaced: boolean
  hasStatus: boolean
}

/** A write as counted and as shown to the `interfere` option. */
export interface Write {
  verb: 'create' | 'update' | 'status' | 'delete' | 'apply' | 'patch'
  kind: string
  key: string
}

/** What may be done to a write: nothing, lost without a trace (as a swallowed conflict), or failed. */
export type Interference = undefined | 'lose' | 'fail'

export interface WriteWatch {
  interfere?: (write: Write, body: unknown) => Interference
  written: (write: Write) => void
}

export interface ResourceClient {
  resource: ApiResource
  path (namespace?: string): string
  get (namespace: string | undefined, name: string): Promise<KubeObject>
  create (object: KubeObject): Promise<KubeObject>
  replace (object: KubeObject, subresource?: 'status'): Promise<KubeObject>
  remove (object: KubeObject): Promise<void>
  apply (object: KubeObject, options: { manager: string, dryRun: boolean }): Promise<KubeObject>
  jsonPatch (object: KubeObject, operations: object[]): Promise<KubeObject>
}

export interface Discovery {
  /** Reads the resources of one group version; undefined if it is not served. */
  find (apiVersion: string, name: string): Promise<ApiResource | undefined>
  findKind (apiVersion: string, kind: string): Promise<ApiResource | undefined>
  /** Forgets what was read, so that new kinds are seen. */
  refresh (): void
}

function prefix (apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** Discovery that remembers what it found; a group version that was absent is asked for again. */
export function createDiscovery (client: KubeClient): Discovery {
  const known = new Map<string, ApiResource[]>()
  const read = async (apiVersion: string): Promise<ApiResource[]> => {
    const cached = known.get(apiVersion)
    if (cached) return cached
    try {
      const { resources } = await client.call({ method: 'GET', path: prefix(apiVersion) }) as { resources: { name: string, kind: string, namespaced: boolean }[] }
      const names = new Set(resources.map((resource) => resource.name))
      const found = resources.filter((resource) => !resource.name.includes('/'))
        .map(({ name, kind, namespaced }) => ({ apiVersion, name, kind, namespaced, hasStatus: names.has(`${name}/status`) }))
      known.set(apiVersion, found)
      return found
    } catch (error) {
      if (isKubeError(error, 404)) return []
      throw error
    }
  }
  return {
    find: async (apiVersion, name) => (await read(apiVersion)).find((resource) => resource.name === name),
    findKind: async (apiVersion, kind) => (await read(apiVersion)).find((resource) => resource.kind === kind),
    refresh: () => { known.clear() }
  }
}

/** The calls on one resource. Every write passes `interfere` first and is counted once it has succeeded. */
export function createResourceClient (client: KubeClient, resource: ApiResource, watch: WriteWatch): ResourceClient {
  const path = (namespace?: string): string =>
    `${prefix(resource.apiVersion)}${resource.namespaced && namespace ? `/namespaces/${namespace}` : ''}/${resource.name}`
  const at = (namespace: string | undefined, name: string): string => `${path(namespace)}/${name}`
  const of = (object: KubeObject): string => at(object.metadata.namespace, object.metadata.name)

  const write = async (verb: Write['verb'], object: KubeObject, call: Call): Promise<any> => {
    const entry: Write = { verb, kind: resource.kind, key: objectKey(object.metadata.namespace, object.metadata.name) }
    const interference = watch.interfere?.(entry, call.body)
    if (interference === 'lose') throw kubeError(409, 'Conflict', `${entry.verb} of ${entry.kind} ${entry.key} was lost`)
    if (interference === 'fail') throw kubeError(500, 'InternalError', `${entry.verb} of ${entry.kind} ${entry.key} failed`)
    const answer: unknown = await client.call(call)
    watch.written(entry)
    return answer
  }
  return {
    resource,
    path,
    get: (namespace, name) => client.call({ method: 'GET', path: at(namespace, name) }),
    create: (object) => write('create', object, { method: 'POST', path: path(object.metadata.namespace), body: object }),
    replace: (object, subresource) => write(subresource ?? 'update', object, { method: 'PUT', path: `${of(object)}${subresource ? '/status' : ''}`, body: object }),
    remove: (object) => write('delete', object, {
      method: 'DELETE', path: of(object), body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: object.metadata.uid }, propagationPolicy: 'Background' }
    }),
    apply: (object, { manager, dryRun }) => {
      const call: Call = { method: 'PATCH', path: of(object), query: { fieldManager: manager, force: 'true', ...(dryRun ? { dryRun: 'All' } : {}) }, body: object, contentType: 'application/apply-patch+yaml' }
      return dryRun ? client.call(call) : write('apply', object, call)
    },
    jsonPatch: (object, operations) => write('patch', object, { method: 'PATCH', path: of(object), body: operations, contentType: 'application/json-patch+json' })
  }
}
