// One watch: newline-separated events over a chunked answer, from a version on, with bookmarks and a time limit.
import type { ServerResponse } from 'node:http'
import { apiError, badRequest, expired, statusOf } from './api-error.ts'
import type { Status } from './api-error.ts'
import { fromStorage } from './conversion.ts'
import type { KubeObject } from './kube-object.ts'
import type { Renderer } from './render.ts'
import type { RequestInfo } from './request-info.ts'
import { apiVersionOf, storageKey } from './resource.ts'
import type { Resource } from './resource.ts'
import type { Matcher } from './selectors.ts'
import type { Change, Store } from './store.ts'

/** A watch that is open: what it asked for and how to end it. */
export interface OpenWatch {
  request: RequestInfo
  /** Ends the stream; with a Status it is sent as an ERROR event first; `cut` breaks the connection instead. */
  end (how?: { error?: Status, cut?: boolean }): void
  /** From now on nothing is sent, not even the end: half-open, as behind a proxy that lost its other side. */
  silence (): void
}

export interface WatchContext {
  store: Store
  resource: Resource
  matches: Matcher
  renderer: Renderer
  bookmarkInterval: number
  /** How a version that is too old is answered: as HTTP status 410 or, like a real server's cache, as an ERROR event. */
  expiredAs: 'status' | 'event'
}

/** Parses a resourceVersion parameter. Throws 400 if it is no number, 504 if it lies in the future. */
export function parseVersion (text: string | null, newest: number): number | undefined {
  if (text === null || text === '') return undefined
  if (!/^\d+$/.test(text)) throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: must be a number`)
  const version = Number(text)
  if (version > newest) {
    throw apiError(504, 'Timeout', `Timeout: Too large resource version: ${version}, current: ${newest}`, { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }] })
  }
  return version
}

function inScope (object: KubeObject | undefined, context: WatchContext, namespace: string | undefined): KubeObject | undefined {
  if (!object || (namespace !== undefined && object.metadata.namespace !== namespace)) return undefined
  const shown = fromStorage(context.resource, object)
  return context.matches(shown) ? shown : undefined
}

/** The event a change means to this watch: an object that enters or leaves the selector is added or deleted. */
function eventFor (change: Change, context: WatchContext, namespace: string | undefined): { type: string, object: KubeObject } | undefined {
  const after = change.type === 'DELETED' ? undefined : inScope(change.object, context, namespace)
  const before = inScope(change.previous, context, namespace)
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', object: after }
  if (!before) return undefined
  // A DELETED event carries the last state with the version of the change.
  const object = { ...before, metadata: { ...before.metadata, resourceVersion: change.object.metadata.resourceVersion! } }
  return { type: 'DELETED', object }
}

function bookmarkText (context: WatchContext, initial: boolean): string {
  const object: KubeObject = {
    kind: context.resource.kind,
    apiVersion: apiVersionOf(context.resource),
    metadata: { resourceVersion: String(context.store.version()), creationTimestamp: null, ...(initial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}) } as unknown as KubeObject['metadata']
  }
  return `{"type":"BOOKMARK","object":${context.renderer.object(object)}}\n`
}

function startOf (request: RequestInfo, context: WatchContext): { since: number, initial: boolean } {
  const version = parseVersion(request.query.get('resourceVersion'), context.store.version())
  const initial = request.query.get('sendInitialEvents') === 'true' || version === undefined || version === 0
  if (initial) return { since: context.store.version(), initial }
  if (version < context.store.oldestVersion()) throw expired(`too old resource version: ${version} (${context.store.oldestVersion()})`)
  return { since: version, initial }
}

/**
 * Serves a watch on a response until it times out, is ended, or the client goes. `closed` is called once at the end.
 * Throws (before anything is sent) what must be answered as an HTTP status.
 */
export function serveWatch (response: ServerResponse, request: RequestInfo, context: WatchContext, closed: (watch: OpenWatch) => void): OpenWatch {
  const timers: NodeJS.Timeout[] = []
  let open = true
  let unsubscribe = (): void => {}
  const stop = (): void => {
    if (!open) return
    open = false
    unsubscribe()
    for (const timer of timers) clearTimeout(timer)
    closed(watch)
  }
  const end: OpenWatch['end'] = (how = {}) => {
    if (!open) return
    stop()
    if (how.cut === true) response.destroy()
    else response.end(how.error ? `{"type":"ERROR","object":${JSON.stringify(how.error)}}\n` : undefined)
  }
  const watch: OpenWatch = { request, end, silence: stop }
  const namespace = request.namespace
  const send = (change: Change): void => {
    const event = eventFor(change, context, namespace)
    if (event) response.write(`{"type":"${event.type}","object":${context.renderer.object(event.object)}}\n`)
  }

  let start: { since: number, initial: boolean }
  try {
    start = startOf(request, context)
  } catch (error) {
    const status = statusOf(error)
    if (status.code !== 410 || context.expiredAs === 'status') throw error
    response.writeHead(200)
    end({ error: status })
    return watch
  }
  response.on('close', stop)
  response.writeHead(200)
  response.flushHeaders()
  if (start.initial) {
    for (const object of context.store.list(storageKey(context.resource), namespace)) send({ type: 'ADDED', version: 0, storage: '', object, previous: undefined })
    if (request.query.get('sendInitialEvents') === 'true') response.write(bookmarkText(context, true))
  }
  for (const change of context.store.changesSince(storageKey(context.resource), start.since)) send(change)
  unsubscribe = context.store.subscribe(storageKey(context.resource), send)
  schedule(timers, request, context, { bookmark: (text) => response.write(text), end })
  return watch
}

function schedule (timers: NodeJS.Timeout[], request: RequestInfo, context: WatchContext, to: { bookmark: (text: string) => void, end: () => void }): void {
  const bookmarks = ['true', '1'].includes(request.query.get('allowWatchBookmarks') ?? '')
  if (bookmarks) timers.push(setInterval(() => { to.bookmark(bookmarkText(context, false)) }, context.bookmarkInterval))
  const seconds = Number(request.query.get('timeoutSeconds') ?? 0)
  if (seconds > 0) {
    timers.push(setTimeout(() => {
      if (bookmarks) to.bookmark(bookmarkText(context, false))
      to.end()
    }, seconds * 1000))
  }
}
