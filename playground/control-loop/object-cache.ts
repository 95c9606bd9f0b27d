// A list+watch cache of one resource, which also remembers older versions so that tests can hand a sync a stale view.
import { setTimeout as sleep } from 'node:timers/promises'
import { objectKey } from '../api-server/kube-object.ts'
import type { KubeObject } from '../api-server/kube-object.ts'
import { isKubeError } from './kube-client.ts'
import type { KubeClient, WatchEvent } from './kube-client.ts'

/** A state an object has had: undefined is "not there". */
export type Version = KubeObject | undefined

/** Chooses what a sync sees of one object among its versions, oldest first; the last one is the truth as far as it is known. */
export type View = (kind: string, key: string, versions: readonly Version[]) => Version

export type ChangeListener = (before: Version, after: Version) => void

export interface ObjectCache {
  /** What a sync sees: the newest versions unless a view says otherwise. */
  list (namespace?: string): KubeObject[]
  get (namespace: string | undefined, name: string): KubeObject | undefined
  /** The newest versions whatever the view says; used to route events. */
  listNewest (): KubeObject[]
  /** Lists once from the server and takes in what has changed. */
  refresh (): Promise<void>
  /** Keeps watching until stopped; resolves when the first list is in. */
  start (): Promise<void>
  stop (): void
  synced (): boolean
  subscribe (listener: ChangeListener): () => void
}

export interface CacheOptions {
  client: KubeClient
  path: string
  kind: string
  view?: View | undefined
  /** Versions remembered of each object. */
  depth: number
  /** Scale of the waits between failed attempts. */
  timeScale: number
}

interface Listing { metadata: { resourceVersion: string, continue?: string }, items: KubeObject[] }

async function listAll (options: CacheOptions): Promise<{ items: KubeObject[], version: string, apiVersion: string, kind: string }> {
  const items: KubeObject[] = []
  let token = ''
  for (;;) {
    const page = await options.client.call({ method: 'GET', path: options.path, query: { limit: '500', ...(token ? { continue: token } : {}) } }) as Listing & { apiVersion: string, kind: string }
    // Items of a list do not repeat the list's type in a real API server.
    const type = { apiVersion: page.apiVersion, kind: page.kind.replace(/List$/, '') }
    items.push(...page.items.map((item) => ({ ...type, ...item })))
    token = page.metadata.continue ?? ''
    if (!token) return { items, version: page.metadata.resourceVersion, ...type }
  }
}

/** The memory of a cache: versions by key, and who wants to know of changes. */
function createMemory (options: CacheOptions): { take: (key: string, after: Version) => void, replace: (items: KubeObject[]) => void, versions: Map<string, Version[]>, listeners: Set<ChangeListener> } {
  const versions = new Map<string, Version[]>()
  const listeners = new Set<ChangeListener>()
  const take = (key: string, after: Version): void => {
    const known = versions.get(key) ?? [undefined]
    const before = known[known.length - 1]
    if (before === after || (before && after && before.metadata.resourceVersion === after.metadata.resourceVersion && before.metadata.uid === after.metadata.uid)) return
    const kept = [...known, after].slice(-options.depth)
    // Without views nobody asks for what is gone.
    if (kept.every((version) => version === undefined)) versions.delete(key)
    else versions.set(key, kept)
    for (const listener of listeners) listener(before, after)
  }
  return {
    take,
    replace (items) {
      const present = new Map(items.map((item) => [objectKey(item.metadata.namespace, item.metadata.name), item]))
      for (const key of versions.keys()) if (!present.has(key)) take(key, undefined)
      for (const [key, item] of present) take(key, item)
    },
    versions,
    listeners
  }
}

/** A cache over one resource path (all namespaces). */
export function createObjectCache (options: CacheOptions): ObjectCache {
  const memory = createMemory(options)
  const stopped = new AbortController()
  let ready = false
  const viewed = (key: string): Version => {
    const known = memory.versions.get(key) ?? []
    const newest = known[known.length - 1]
    return options.view && known.length > 0 ? options.view(options.kind, key, known) : newest
  }
  const refresh = async (): Promise<string> => {
    const { items, version } = await listAll(options)
    memory.replace(items)
    ready = true
    return version
  }
  const takeEvent = (event: WatchEvent): void => {
    const { namespace, name } = event.object.metadata
    memory.take(objectKey(namespace, name), event.type === 'DELETED' ? undefined : event.object)
  }
  const follow = async (from: string): Promise<void> => {
    let version = from
    while (!stopped.signal.aborted) {
      // Between 5 and 10 minutes, so that many watches do not end together.
      const timeoutSeconds = String(300 + Math.floor(Math.random() * 300))
      for await (const event of options.client.watch(options.path, { resourceVersion: version, allowWatchBookmarks: 'true', timeoutSeconds }, stopped.signal)) {
        if (event.type === 'ERROR') return
        version = event.object.metadata.resourceVersion ?? version
        if (event.type !== 'BOOKMARK') takeEvent(event)
      }
    }
  }
  const run = async (listed: () => void): Promise<void> => {
    let failures = 0
    while (!stopped.signal.aborted) {
      try {
        const version = await refresh()
        listed()
        failures = 0
        await follow(version)
      } catch (error) {
        if (stopped.signal.aborted) return
        // An expired version is answered by listing again at once; anything else backs off up to 30 s, as a reflector does.
        if (isKubeError(error, 410)) continue
        failures += 1
        await sleep(Math.min(800 * 2 ** (failures - 1), 30_000) * options.timeScale, undefined, { signal: stopped.signal }).catch(() => {})
      }
    }
  }
  return {
    list: (namespace) => [...memory.versions.keys()].sort().flatMap((key) => viewed(key) ?? []).filter((object) => namespace === undefined || object.metadata.namespace === namespace),
    get: (namespace, name) => viewed(objectKey(namespace, name)),
    listNewest: () => [...memory.versions.values()].flatMap((known) => known[known.length - 1] ?? []),
    refresh: async () => { await refresh() },
    start: () => new Promise((resolve) => { run(resolve).catch(() => {}) }),
    stop: () => { stopped.abort() },
    synced: () => ready,
    subscribe (listener) {
      memory.listeners.add(listener)
      return () => { memory.listeners.delete(listener) }
    }
  }
}
