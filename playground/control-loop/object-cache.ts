// A list+watch cache of one resource, which also remembers older versions so that tests can hand a sync a stale view.
import { setTimeout as sleep } from 'node:timers/promises'
import { objectKey } from '../api-server/kube-object.ts'
import type { KubeObject } from '../api-server/kube-object.ts'
import { isKubeError, kubeError } from './kube-client.ts'
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

interface Status { code?: number, reason?: string, message?: string }

function errorOfStatus ({ code = 500, reason = '', message = 'the watch failed' }: Status): Error {
  return kubeError(code, reason, message)
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

/** As client-go's reflector: 0.8 s doubling to 30 s, up to twice as long by chance, and from the beginning after two minutes without one. */
function createBackoff (timeScale: number): () => number {
  let next = 800
  let last = -Infinity
  return () => {
    const now = performance.now()
    if (now - last > 120_000 * timeScale) next = 800
    last = now
    const wait = next * (1 + Math.random())
    next = Math.min(next * 2, 30_000)
    return wait * timeScale
  }
}

/** Refusals after which a watch goes on from where it was: the version is not in doubt. Anything else means a new list. */
function isBusy (error: unknown): boolean {
  return isKubeError(error, 429) || (error as { code?: unknown }).code === 'ECONNREFUSED'
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

interface Reflection {
  /** Lists; gives the version to watch from. */
  refresh: () => Promise<string>
  takeEvent: (event: WatchEvent) => void
  listed: () => void
  stopped: AbortSignal
}

/** Lists and watches until stopped, whatever happens. */
async function reflect (options: CacheOptions, { refresh, takeEvent, listed, stopped }: Reflection): Promise<void> {
  const backoff = createBackoff(options.timeScale)
  const pause = async (): Promise<void> => { await sleep(backoff(), undefined, { signal: stopped }).catch(() => {}) }
  const watchFrom = async (position: { version: string }): Promise<void> => {
    const began = performance.now()
    // Between 5 and 10 minutes, so that many watches do not end together.
    const timeoutSeconds = String(300 + Math.floor(Math.random() * 300))
    let events = 0
    for await (const event of options.client.watch(options.path, { resourceVersion: position.version, allowWatchBookmarks: 'true', timeoutSeconds }, stopped)) {
      if (event.type === 'ERROR') throw errorOfStatus(event.object as unknown as Status)
      position.version = event.object.metadata.resourceVersion ?? position.version
      if (event.type !== 'BOOKMARK') takeEvent(event)
      events += 1
    }
    if (events === 0 && performance.now() - began < 1000) throw new Error('very short watch')
  }
  const follow = async (version: string): Promise<void> => {
    const position = { version }
    while (!stopped.aborted) {
      try {
        await watchFrom(position)
      } catch (error) {
        if (stopped.aborted || !isBusy(error)) throw error
        await pause()
      }
    }
  }
  while (!stopped.aborted) {
    try {
      const version = await refresh()
      listed()
      await follow(version)
    } catch {
      // An expired version, too, is answered by a new list after a pause only.
      await pause()
    }
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
  return {
    list: (namespace) => [...memory.versions.keys()].sort().flatMap((key) => viewed(key) ?? []).filter((object) => namespace === undefined || object.metadata.namespace === namespace),
    get: (namespace, name) => viewed(objectKey(namespace, name)),
    listNewest: () => [...memory.versions.values()].flatMap((known) => known[known.length - 1] ?? []),
    refresh: async () => { await refresh() },
    start: () => new Promise((resolve) => { reflect(options, { refresh, takeEvent, listed: resolve, stopped: stopped.signal }).catch(() => {}) }),
    stop: () => { stopped.abort() },
    synced: () => ready,
    subscribe (listener) {
      memory.listeners.add(listener)
      return () => { memory.listeners.delete(listener) }
    }
  }
}
