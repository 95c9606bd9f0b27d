// What all controllers of one control loop share: the API client, discovery, caches, the count of writes, time.
import type { KubeObject } from '../api-server/kube-object.ts'
import { createKubeClient } from './kube-client.ts'
import type { KubeClient, KubeClientOptions } from './kube-client.ts'
import { createObjectCache } from './object-cache.ts'
import type { ObjectCache, View } from './object-cache.ts'
import { createDiscovery } from './resource-client.ts'
import type { ApiResource, Discovery, Interference, Write, WriteWatch } from './resource-client.ts'
import type { ReadObject } from './endpoint.ts'

export type ApplyStrategy = 'dynamic-apply' | 'server-side-apply'

export interface MachineOptions extends KubeClientOptions {
  applyStrategy?: ApplyStrategy
  fieldManager?: string
  /** Factor on every wait of retries, backoff, resync and resyncAfterSeconds [1]. Tests use 0.001. */
  timeScale?: number
  /** Milliseconds since the epoch; used for cache lifetimes and Retry-After dates. */
  clock?: () => number
  /** Makes reads stale on purpose; see View. */
  view?: View
  /** Versions of each object that a view may choose from [20 with a view, else 1]. */
  viewDepth?: number
  /** Loses or fails chosen writes. */
  interfere?: (write: Write, body: unknown) => Interference
}

export interface SsaEntry { hash: string, generation: number, resourceVersion: string, uid: string }

export interface LoopMachine {
  client: KubeClient
  discovery: Discovery
  writes: WriteWatch
  /** Every write that succeeded, oldest first. */
  written: Write[]
  applyStrategy: ApplyStrategy
  fieldManager: string
  timeScale: number
  clock: () => number
  cacheOf: (resource: ApiResource) => ObjectCache
  caches: () => ObjectCache[]
  readObject: ReadObject
  /** What server-side apply has applied, by kind and name. */
  applied: Map<string, SsaEntry>
  /** True once `start` was called: new caches then watch by themselves. */
  running: { value: boolean }
  close: () => Promise<void>
}

/** Makes the shared parts of a control loop. */
export function createMachine (options: MachineOptions): LoopMachine {
  const client = createKubeClient(options)
  const timeScale = options.timeScale ?? 1
  const caches = new Map<string, ObjectCache>()
  const written: Write[] = []
  const running = { value: false }
  const prefix = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`)
  return {
    client,
    discovery: createDiscovery(client),
    writes: { ...(options.interfere ? { interfere: options.interfere } : {}), written: (write) => { written.push(write) } },
    written,
    applyStrategy: options.applyStrategy ?? 'dynamic-apply',
    fieldManager: options.fieldManager ?? 'metacontroller',
    timeScale,
    clock: options.clock ?? Date.now,
    cacheOf (resource) {
      const path = `${prefix(resource.apiVersion)}/${resource.name}`
      const known = caches.get(path)
      if (known) return known
      const cache = createObjectCache({ client, path, kind: resource.kind, view: options.view, depth: options.viewDepth ?? (options.view ? 20 : 1), timeScale })
      caches.set(path, cache)
      if (running.value) cache.start().catch(() => {})
      return cache
    },
    caches: () => [...caches.values()],
    readObject: async (kind, namespace, name) => await client.call({ method: 'GET', path: `/api/v1/namespaces/${namespace}/${kind === 'Secret' ? 'secrets' : 'configmaps'}/${name}` }) as KubeObject,
    applied: new Map(),
    running,
    async close () {
      for (const cache of caches.values()) cache.stop()
      await client.close()
    }
  }
}
