// Keeps a copy of all objects of one resource: a list by pages, then watch streams, and what it takes to go on after any fault.
import { setTimeout as sleep } from 'node:timers/promises'
import { ExponentialBackoff } from 'cockatiel'
import type { Logger } from 'pino'
import type { KubeObject } from '../../hooks/core/request.ts'
import { isApiError } from './api-error.ts'
import type { ClusterClient } from './client.ts'
import { createStore, type ChangeListener, type Store } from './store.ts'
import { watchOnce } from './watch.ts'

const PAGE = 500
/** Servers give a stream some minutes; a random length keeps reconnections of many streams apart. */
const WATCH_SECONDS = { from: 240, to: 480 }
const MARGIN_MS = 30_000
/** A stream that ends sooner than this counts as a failure, or a server that closes at once would be asked without a pause. */
const SHORT_MS = 1_000
/** So many refusals in a row, without one event, cast doubt on the resourceVersion itself (a restored etcd): list again. */
const DOUBT_AFTER = 5

export type ReflectorOptions = {
  client: ClusterClient
  /** Path of the collection, such as /apis/sluice.dev/v1alpha1/mlflowmodels. */
  path: string
  logger: Logger
  monotonic: () => number
  watchSeconds?: () => number
  marginMs?: number
  backoff?: { initialMs: number, maxMs: number }
}

export type Reflector<T extends KubeObject = KubeObject> = {
  /** Read only. */
  store: Store<T>
  /** Resolves after the first complete list; never rejects. */
  synced: Promise<void>
  hasSynced: () => boolean
  /** Hears of every change from now on. Returns the function that ends it. */
  subscribe: (listener: ChangeListener<T>) => () => void
  close: () => Promise<void>
}

/** Starts to reflect; runs until closed, whatever happens. */
export function startReflector<T extends KubeObject> (options: ReflectorOptions): Reflector<T> {
  const store = createStore<T>(options.logger)
  const ended = new AbortController()
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  let done = false
  const onSynced = () => {
    done = true
    resolve()
  }
  const running = reflect<T>(options, store, { signal: ended.signal, onSynced })
  return {
    store,
    synced,
    hasSynced: () => done,
    subscribe: store.subscribe,
    async close () {
      ended.abort()
      await running
    }
  }
}

/** Where a reflection stands: without a version the next thing to do is a list. */
type Position = { version: string | undefined, failures: number }

async function reflect<T extends KubeObject> (options: ReflectorOptions, store: Store<T>, { signal, onSynced }: { signal: AbortSignal, onSynced: () => void }): Promise<void> {
  const factory = new ExponentialBackoff({ initialDelay: options.backoff?.initialMs ?? 1_000, maxDelay: options.backoff?.maxMs ?? 30_000 })
  const position: Position = { version: undefined, failures: 0 }
  let backoff = factory.next()
  while (!signal.aborted) {
    try {
      if (position.version === undefined) {
        position.version = await listAll(options, store, signal)
        onSynced()
      }
      await follow(options, store, position, signal)
      position.failures = 0
    } catch (error) {
      if (signal.aborted) return
      backoff = position.failures === 0 ? factory.next() : backoff.next(undefined)
      const asked = recover(error, position, options)
      await sleep(Math.max(backoff.duration, asked), undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Notes the fault, decides where to go on from, and returns the wait in ms that the server asked for. */
function recover (error: unknown, position: Position, { logger, path }: ReflectorOptions): number {
  position.failures += 1
  const refused = isApiError(error) && error.status !== 0
  if (isApiError(error, 'Gone') || (refused && position.failures % DOUBT_AFTER === 0)) position.version = undefined
  logger.warn({ path, failures: position.failures, relist: position.version === undefined, err: error }, 'list or watch failed, trying again')
  return isApiError(error) ? error.retryAfterMs ?? 0 : 0
}

type ListPage<T> = { metadata?: { resourceVersion?: string, continue?: string }, items?: T[] }

/** Lists by pages into the store and returns the version to watch from. A continue token that expired means: once more from the start. */
async function listAll<T extends KubeObject> ({ client, path }: ReflectorOptions, store: Store<T>, signal: AbortSignal): Promise<string> {
  const items: T[] = []
  let next: string | undefined
  let version = ''
  do {
    const page: ListPage<T> = await client.list(path, { query: { limit: PAGE, continue: next }, signal })
    items.push(...page.items ?? [])
    next = page.metadata?.continue || undefined
    version = page.metadata?.resourceVersion ?? ''
  } while (next !== undefined)
  store.replace(items)
  return version
}

/** Watches from a position, which moves with every event, until the server ends the stream. */
async function follow<T extends KubeObject> (options: ReflectorOptions, store: Store<T>, position: Position, signal: AbortSignal): Promise<void> {
  const { client, path, monotonic, watchSeconds = randomSeconds, marginMs = MARGIN_MS } = options
  const started = monotonic()
  let events = 0
  for await (const event of watchOnce(client, { path, resourceVersion: position.version ?? '', timeoutSeconds: watchSeconds(), marginMs, signal })) {
    const object = event.object as T
    if (event.type === 'DELETED') store.remove(object)
    else if (event.type !== 'BOOKMARK') store.put(object)
    position.version = object.metadata.resourceVersion ?? position.version
    position.failures = 0
    events += 1
  }
  if (events === 0 && monotonic() - started < SHORT_MS) throw new Error('the API server ended the watch at once')
}

function randomSeconds (): number {
  return Math.round(WATCH_SECONDS.from + Math.random() * (WATCH_SECONDS.to - WATCH_SECONDS.from))
}
