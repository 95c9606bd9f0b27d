// An API server that holds MlflowModels, and of all else that is watched nothing, and answers at once: lists by pages of one snapshot, watches, merge patches, the lease and Events.
// The playground's checks, prunes and owns fields as the real one does; ten thousand objects would measure that instead of the poller.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { KubeObject } from '../../../hooks/core/request.ts'

const COLLECTION = '/apis/sluice.dev/v1alpha1/mlflowmodels'
const OBJECT = /^\/apis\/sluice\.dev\/v1alpha1\/namespaces\/([^/]+)\/mlflowmodels\/([^/]+)$/
const LEASES = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/[^/]+\/leases(?:\/([^/]+))?$/
const EVENTS = /^\/apis\/events\.k8s\.io\/v1\/namespaces\/([^/]+)\/events$/
/** How long Events are kept, as the real server does by default. */
const EVENT_LIFE_MS = 3_600_000
/** Changes kept for watches; who asks for older ones is answered 410. */
const HISTORY = 5_000

export type ApiServer = {
  handle: RequestListener
  counters: Counters
  objects: () => IterableIterator<KubeObject>
  /** Writes an object as hooks and people would: it gets a new resourceVersion and goes to all watches. */
  put: (object: KubeObject) => void
  remove: (uid: string) => void
  has: (uid: string) => boolean
  /** The objects that were patched since the last call. */
  changed: () => KubeObject[]
  /** Ends watches whose time is over and sends bookmarks; to be called now and then. */
  tick: () => void
  /** Forgets all changes: continue tokens and positions of watches are too old from now on. */
  compact: () => void
  /** Cuts all watches. `word`: with an ERROR event that says 410 in place of just ending. */
  cutWatches: (word: 'gone' | 'nothing') => void
}

/** Reads of the collection by pages and by watches; writes by resource, leases apart from what is about objects. */
export type Counters = { pages: number, watches: number, gone: number, patches: number, events: number, repeatedEvents: number, leaseWrites: number, leaseReads: number, listBytes: number }

type Change = { version: number, type: 'ADDED' | 'MODIFIED' | 'DELETED', line: string }
type Watch = { path: string, response: ServerResponse, endsAt: number, bookmarkAt: number }

const BOOKMARK_MS = 60_000

/** `now` in ms: the time of Date headers, of Events and of the ends of watches. */
export function createApiServer (initial: Iterable<KubeObject>, now: () => number): ApiServer {
  const counters: Counters = { pages: 0, watches: 0, gone: 0, patches: 0, events: 0, repeatedEvents: 0, leaseWrites: 0, leaseReads: 0, listBytes: 0 }
  const objects = new Map<string, KubeObject>()
  const uids = new Map<string, string>()
  const patched = new Set<string>()
  const watches = new Set<Watch>()
  const events = new Map<string, number>()
  let version = 1_000
  let history: Change[] = []
  let oldest = version
  let lease: KubeObject | undefined

  for (const object of initial) put(object)
  compact()

  function put (object: KubeObject): void {
    const uid = object.metadata.uid ?? ''
    const type = objects.has(uid) ? 'MODIFIED' : 'ADDED'
    version += 1
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
    objects.set(uid, stored)
    uids.set(pathOf(stored), uid)
    tell(type, stored)
  }

  function remove (uid: string): void {
    const object = objects.get(uid)
    if (!object) return
    objects.delete(uid)
    uids.delete(pathOf(object))
    version += 1
    tell('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } })
  }

  function tell (type: Change['type'], object: KubeObject): void {
    const line = `${JSON.stringify({ type, object })}\n`
    history.push({ version, type, line })
    if (history.length > HISTORY) {
      oldest = history.splice(0, HISTORY / 2).at(-1)?.version ?? oldest
    }
    for (const { path, response } of watches) if (path === COLLECTION) response.write(line)
  }

  function compact (): void {
    history = []
    oldest = version
  }

  function list (path: string, query: URLSearchParams, response: ServerResponse): void {
    // What else is watched: there is none of it.
    if (path !== COLLECTION) return answer(response, 200, { kind: 'List', metadata: { resourceVersion: String(version) }, items: [] }) as never
    counters.pages += 1
    const limit = Number(query.get('limit') ?? Infinity)
    const token = query.get('continue')
    const [snapshot = version, from = 0] = token ? token.split('.').map(Number) : []
    // Positions are those of the order of arrival, which patches keep: no page can be of another snapshot unless objects came or went.
    if (snapshot < oldest) return answer(response, 410, status(410, 'Expired', 'the continue token is too old')) as never
    const items = [...objects.values()].slice(from, from + limit)
    const more = from + limit < objects.size
    const metadata = { resourceVersion: String(snapshot), ...(more && { continue: `${snapshot}.${from + limit}`, remainingItemCount: objects.size - from - limit }) }
    counters.listBytes += answer(response, 200, { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModelList', metadata, items })
  }

  function watch (path: string, query: URLSearchParams, response: ServerResponse): void {
    const since = Number(query.get('resourceVersion'))
    counters.watches += 1
    if (since < oldest) {
      counters.gone += 1
      return answer(response, 410, status(410, 'Expired', 'too old resource version')) as never
    }
    response.writeHead(200, { 'content-type': 'application/json', date: new Date(now()).toUTCString() })
    response.flushHeaders()
    if (path === COLLECTION) for (const change of history) if (change.version > since) response.write(change.line)
    const entry = { path, response, endsAt: now() + Number(query.get('timeoutSeconds') ?? 300) * 1000, bookmarkAt: now() + BOOKMARK_MS }
    watches.add(entry)
    response.once('close', () => { watches.delete(entry) })
  }

  /** Nothing is written to it any more, though it closes only later. */
  function finish (entry: Watch, words = ''): void {
    watches.delete(entry)
    entry.response.end(words)
  }

  function patch (path: string, body: { metadata?: { uid?: string, annotations?: Record<string, string> } }, response: ServerResponse): void {
    counters.patches += 1
    const object = objects.get(uids.get(path) ?? '')
    if (!object) return answer(response, 404, status(404, 'NotFound', `${path} not found`)) as never
    if (body.metadata?.uid !== object.metadata.uid) return answer(response, 422, { ...status(422, 'Invalid', 'uid is immutable'), details: { causes: [{ field: 'metadata.uid' }] } }) as never
    put({ ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...body.metadata?.annotations } } })
    patched.add(object.metadata.uid ?? '')
    answer(response, 200, objects.get(object.metadata.uid ?? ''))
  }

  function createEvent (namespace: string, event: KubeObject, response: ServerResponse): void {
    const name = `${namespace}/${event.metadata.name}`
    if ((events.get(name) ?? 0) > now()) {
      counters.repeatedEvents += 1
      return answer(response, 409, status(409, 'AlreadyExists', `${name} exists`)) as never
    }
    counters.events += 1
    events.set(name, now() + EVENT_LIFE_MS)
    answer(response, 201, event)
  }

  function leases (method: string, body: KubeObject | undefined, response: ServerResponse): void {
    if (method === 'GET') {
      counters.leaseReads += 1
      return (lease ? answer(response, 200, lease) : answer(response, 404, status(404, 'NotFound', 'no lease'))) as never
    }
    counters.leaseWrites += 1
    if (method === 'PUT' && lease?.metadata.resourceVersion !== body?.metadata.resourceVersion) return answer(response, 409, status(409, 'Conflict', 'the lease has been modified')) as never
    if (!body) return answer(response, 400, status(400, 'BadRequest', 'no body')) as never
    version += 1
    lease = { ...body, metadata: { ...body.metadata, resourceVersion: String(version) } }
    answer(response, 200, lease)
  }

  async function route (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(`http://api${request.url}`)
    if (searchParams.has('watch')) return watch(pathname, searchParams, response)
    if (searchParams.has('limit')) return list(pathname, searchParams, response)
    const sent = await text(request)
    const body = sent === '' ? undefined : JSON.parse(sent) as KubeObject
    if (LEASES.test(pathname)) return leases(`${request.method}`, body, response)
    if (body && OBJECT.test(pathname)) return patch(pathname, body, response)
    const namespace = EVENTS.exec(pathname)?.[1]
    if (body && namespace !== undefined) return createEvent(namespace, body, response)
    answer(response, 404, status(404, 'NotFound', `${pathname} is not served here`))
  }

  /** Gives the bytes of the body. */
  function answer (response: ServerResponse, code: number, body: unknown): number {
    const bytes = Buffer.from(JSON.stringify(body))
    response.writeHead(code, { 'content-type': 'application/json', 'content-length': bytes.length, date: new Date(now()).toUTCString() }).end(bytes)
    return bytes.length
  }

  return {
    counters,
    handle (request, response) {
      route(request, response).catch((error: unknown) => { answer(response, 500, status(500, 'InternalError', String(error))) })
    },
    objects: () => objects.values(),
    put,
    remove,
    has: (uid) => objects.has(uid),
    changed () {
      const found = [...patched].flatMap((uid) => objects.get(uid) ?? [])
      patched.clear()
      return found
    },
    tick () {
      for (const [name, until] of events) {
        if (until > now()) break
        events.delete(name)
      }
      for (const entry of watches) {
        if (entry.endsAt <= now()) finish(entry)
        else if (entry.bookmarkAt <= now()) {
          entry.bookmarkAt = now() + BOOKMARK_MS
          entry.response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel', metadata: { name: '', resourceVersion: String(version) } } })}\n`)
        }
      }
    },
    compact,
    cutWatches (word) {
      for (const entry of watches) {
        if (word === 'gone') finish(entry, `${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired', 'too old resource version') })}\n`)
        else entry.response.destroy()
      }
    }
  }
}

function pathOf ({ metadata }: KubeObject): string {
  return `/apis/sluice.dev/v1alpha1/namespaces/${metadata.namespace}/mlflowmodels/${metadata.name}`
}

function status (code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }
}
