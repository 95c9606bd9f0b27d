// Keeps a copy of all objects of one resource: a list by pages, then watch streams, and what it takes to go on after any fault.
// A page goes into the store as it comes, so that listing anew never holds everything twice.
import { setTimeout as sleep } from 'node:timers/promises'
import { halfJitterGenerator } from 'cockatiel'
import type { Logger } from 'pino'
import type { KubeObject } from '../../hooks/core/request.ts'
import { isApiError, waitAskedBy } from './api-error.ts'
import type { CallOptions, ClusterClient } from './client.ts'
import { createStore, keyOf, type ChangeListener, type Store } from './store.ts'
import { watchOnce, type WatchEvent } from './watch.ts'

const PAGE = 500
/** Servers give a stream some minutes; a random length keeps reconnections of many streams apart. */
const WATCH_SECONDS = { from: 240, to: 480 }
const MARGIN_MS = 30_000
const BACKOFF = { initialMs: 1_000, maxMs: 30_000 }
/** A stream that ends sooner than this counts as a failure, or a server that closes at once would be asked without a pause. */
const SHORT_MS = 1_000
/** A stream that lasts so long is well: what was tried again and again before it begins with short pauses once more. */
const STEADY_MS = 30_000
/** So many refusals in a row, without one event, cast doubt on the resourceVersion itself (a restored etcd): list again. */
const DOUBT_AFTER = 5

export type ReflectorOptions = {
  client: ClusterClient
  /** Path of the collection, such as /apis/sluice.dev/v1alpha1/mlflowmodels. */
  path: string
  /** What is kept of an object; all but managedFields when it is absent. */
  slim?: (object: KubeObject) => KubeObject
  logger: Logger
  monotonic: () => number
  watchSeconds?: () => number
  marginMs?: number
  /** [500] Objects a page. */
  pageSize?: number
  /** [1 s to 30 s] Of the pauses after faults in a row; each takes between half of its length and all of it. */
  backoff?: { initialMs: number, maxMs: number }
}

export type Reflector<T extends KubeObject = KubeObject> = {
  /** Read only. */
  store: Store<T>
  /** Resolves after the first complete list, or when it is known that there is no such resource; never rejects. */
  synced: Promise<void>
  hasSynced: () => boolean
  /** Hears of every change from now on. Returns the function that ends it. */
  subscribe: (listener: ChangeListener<T>) => () => void
  /** Opens the watch anew where it stands, because it does not show what it should. Without effect while none is open. */
  renew: () => void
  close: () => Promise<void>
}

/** Starts to reflect; runs until closed, whatever happens. */
export function startReflector<T extends KubeObject> (options: ReflectorOptions): Reflector<T> {
  const store = createStore<T>(options.logger, options.slim)
  const ended = new AbortController()
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  let done = false
  const onSynced = () => {
    done = true
    resolve()
  }
  const position: Position = { version: undefined, listing: undefined, failures: { list: 0, watch: 0, relist: 0 } }
  const running = reflect<T>(options, store, { position, signal: ended.signal, onSynced })
  return {
    store,
    synced,
    hasSynced: () => done,
    subscribe: store.subscribe,
    renew () { position.stream?.abort(new Error('the watch does not show what was written')) },
    async close () {
      ended.abort()
      await running
    }
  }
}

/** Where a reflection stands: without a version the next thing to do is a list, or the next page of one. */
type Position = { version: string | undefined, listing: Listing | undefined, failures: Record<Attempt, number>, stream?: AbortController }

/**
 * What fails in a row is counted apart: a list ends well with every page, a watch with its first event. Only a watch that lasts ends the row of those whose
 * place was gone: lists go well meanwhile, and a list of everything after every short pause, for ever, is what an API server in trouble can do without.
 */
type Attempt = 'list' | 'watch' | 'relist'

type Reflection = { position: Position, signal: AbortSignal, onSynced: () => void }

/** A list that is not complete yet: what it has shown so far, and how it goes on. */
type Listing = {
  seen: Set<string>
  next: string | undefined
  /** All in one answer: a list by pages has outlived its token, which servers forget after some minutes. */
  whole: boolean
}

async function reflect<T extends KubeObject> (options: ReflectorOptions, store: Store<T>, { position, signal, onSynced }: Reflection): Promise<void> {
  while (!signal.aborted) {
    try {
      if (position.version === undefined) {
        await listAll(options, store, position, signal)
        onSynced()
      }
      await follow(options, store, position, signal)
    } catch (error) {
      if (signal.aborted) return
      await sleep(recover(error, { position, onSynced }, options), undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Notes the fault, decides where to go on from, and returns how long to wait before that, in ms. */
function recover (error: unknown, { position, onSynced }: Pick<Reflection, 'position' | 'onSynced'>, options: ReflectorOptions): number {
  const attempt = position.version === undefined ? 'list' : isApiError(error, 'Gone') ? 'relist' : 'watch'
  const failures = position.failures[attempt] += 1
  reconsider(error, position, failures)
  const isAbsent = isApiError(error, 'NotFound')
  // A kind that is not installed has no objects; the poller works for the others, and finds it when it comes.
  if (isAbsent) onSynced()
  // Not all at the same moment when the server has refused several of us.
  const pauseMs = Math.max(pauseAfter(failures, options), waitAskedBy(error) * (1 + Math.random() * 0.2))
  const { logger, path } = options
  logger[isAbsent && failures > 1 ? 'debug' : 'warn']({ path, failures, relist: position.version === undefined, pauseMs, err: error }, 'list or watch failed, trying again')
  return pauseMs
}

/** Milliseconds to wait after so many faults in a row: twice as long each time, and at least half of that, whatever chance says. */
function pauseAfter (failures: number, { backoff: { initialMs, maxMs } = BACKOFF }: ReflectorOptions): number {
  const [pauseMs] = halfJitterGenerator(failures - 1, { generator: halfJitterGenerator, initialDelay: initialMs, maxDelay: maxMs, exponent: 2 })
  return pauseMs
}

/** Where to go on from. */
function reconsider (error: unknown, position: Position, failures: number): void {
  const refused = isApiError(error) && error.status !== 0
  const gone = isApiError(error, 'Gone')
  if (position.listing && gone) position.listing = beginList(!position.listing.whole)
  if (gone || (refused && failures % DOUBT_AFTER === 0)) position.version = undefined
}

type ListPage<T> = { metadata?: { resourceVersion?: string, continue?: string }, items?: T[] }

/** Lists page by page into the store. A page that fails is asked for again, for a list of many pages would else hardly ever come to its end on a bad day. */
async function listAll<T extends KubeObject> ({ client, path, pageSize = PAGE, slim }: ReflectorOptions, store: Store<T>, position: Position, signal: AbortSignal): Promise<void> {
  const listing = position.listing ??= beginList(false)
  for (;;) {
    const { items = [], metadata = {} }: ListPage<T> = await client.list(path, { query: { limit: listing.whole ? undefined : pageSize, continue: listing.next }, signal, ...itemsOf(slim) })
    for (const item of items) {
      store.put(item)
      listing.seen.add(keyOf(item))
    }
    position.failures.list = 0
    listing.next = metadata.continue || undefined
    if (listing.next === undefined) return complete(store, position, listing, metadata.resourceVersion)
  }
}

function complete<T extends KubeObject> (store: Store<T>, position: Position, { seen }: Listing, version = ''): void {
  store.keep(seen)
  position.listing = undefined
  position.version = version
}

/** Slims each item while the page is parsed: a page of whole objects is many times what is kept. */
function itemsOf (slim: ReflectorOptions['slim']): Pick<CallOptions, 'items'> {
  return slim ? { items: { key: 'items', keep: (item) => slim(item as KubeObject) } } : {}
}

function beginList (whole: boolean): Listing {
  return { seen: new Set(), next: undefined, whole }
}

/** Watches from a position, which moves with every event, until the server ends the stream. */
async function follow<T extends KubeObject> (options: ReflectorOptions, store: Store<T>, position: Position, signal: AbortSignal): Promise<void> {
  const { client, path, monotonic, watchSeconds = randomSeconds, marginMs = MARGIN_MS } = options
  const started = monotonic()
  const stream = position.stream = new AbortController()
  const lasted = (): number => monotonic() - started
  let events = 0
  try {
    for await (const event of watchOnce(client, { path, resourceVersion: position.version ?? '', timeoutSeconds: watchSeconds(), marginMs, signal: AbortSignal.any([signal, stream.signal]) })) {
      take(store, event)
      position.version = event.object.metadata.resourceVersion ?? position.version
      position.failures.watch = 0
      events += 1
    }
  } finally {
    if (lasted() >= STEADY_MS) position.failures.watch = position.failures.relist = 0
  }
  if (events === 0 && lasted() < SHORT_MS) throw new Error('the API server ended the watch at once')
  position.failures.watch = 0
}

function take<T extends KubeObject> (store: Store<T>, { type, object }: WatchEvent): void {
  if (type === 'DELETED') store.remove(object as T)
  else if (type !== 'BOOKMARK') store.put(object as T)
}

function randomSeconds (): number {
  return Math.round(WATCH_SECONDS.from + Math.random() * (WATCH_SECONDS.to - WATCH_SECONDS.from))
}
