// Calls to the API server: one undici Pool, JSON in and out, errors by type, watch streams, and the server's time.
import { DelegateBackoff, handleWhen, retry } from 'cockatiel'
import type { Dispatcher } from 'undici'
import { Pool } from '../http/undici.ts'
import { defined } from '../../hooks/core/plain-value.ts'
import { redact } from '../http/credentials.ts'
import { retryAfterOf } from '../http/headers.ts'
import { parseItems, type Items } from '../http/json-items.ts'
import { readText } from '../http/text.ts'
import { ApiError, apiErrorOf, isApiError, type ApiStatus } from './api-error.ts'
import { makeConnector, type Connection } from './connection.ts'
import { createServerClock } from './server-clock.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch'
export type Query = Record<string, string | number | boolean | undefined>
export type CallOptions = {
  query?: Query
  signal?: AbortSignal | undefined
  /** A 429 is told to the caller at once, who waits as long as it asks for: what is true now may be wrong by then. */
  tellThrottling?: boolean
  /** [application/json] The Accept header, for a part of an object. */
  accept?: string
  /** Keeps of each item of a long list only a part. */
  items?: Items
}

/** One call, for metrics. `resource` is the plural, `outcome` the HTTP status or `unreachable`. */
export type CallReport = { verb: Verb, resource: string, outcome: string, seconds: number }

/** All paths begin with /api or /apis. Every call rejects with an ApiError, or with the signal's reason when it is aborted. */
export type ClusterClient = {
  get: <T>(path: string, options?: CallOptions) => Promise<T>
  list: <T>(path: string, options?: CallOptions) => Promise<T>
  create: <T>(path: string, body: object, options?: CallOptions) => Promise<T>
  update: <T>(path: string, body: object, options?: CallOptions) => Promise<T>
  /** JSON merge patch. */
  patch: <T>(path: string, body: object, options?: CallOptions) => Promise<T>
  /** Opens a stream and resolves when its headers have come. The caller reads it to its end or aborts the signal. */
  watch: (path: string, options: CallOptions) => Promise<WatchStream>
  /** The API server's time in ms since 1970, undefined before its first answer. */
  serverTime: () => number | undefined
  /** The namespace that the connection names. */
  namespace: string
  close: () => Promise<void>
}

/** The bytes of a watch, and the error for a Status that comes among them. */
export type WatchStream = { bytes: AsyncIterable<Uint8Array>, errorOf: ErrorOf }

/** The error for an answer other than 2xx, without the credential that was sent. */
type ErrorOf = (status: number, body: ApiStatus | undefined, retryAfterMs?: number) => ApiError

export type ClientOptions = {
  monotonic: () => number
  onCall?: (report: CallReport) => void
  /** Limit for one call but a watch, in ms. */
  timeoutMs?: number
}

const TIMEOUT_MS = 30_000
/** Watches hold one each. */
const CONNECTIONS = 32
const CONNECT_TIMEOUT_MS = 10_000
/** A 429 says that nothing was done, so it is tried again a few times before the caller hears of it. */
const THROTTLED_RETRIES = 3

/** A client of one API server. */
export function createClusterClient (connection: Connection, options: ClientOptions): ClusterClient {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const base = new URL(connection.server)
  const pool = new Pool(base.origin, { connect: makeConnector(connection, CONNECT_TIMEOUT_MS), connections: CONNECTIONS })
  const clock = createServerClock(options.monotonic)
  const patience = retry(handleWhen((error) => isApiError(error, 'Throttled')), { maxAttempts: THROTTLED_RETRIES, backoff: new DelegateBackoff(waitAfter) })

  async function send (call: Call): Promise<{ body: Dispatcher.ResponseData['body'], errorOf: ErrorOf }> {
    const what = `${call.verb === 'watch' ? 'WATCH' : call.method} ${call.path}`
    const started = options.monotonic()
    let outcome = 'unreachable'
    try {
      const authorization = await connection.authorization()
      const errorOf: ErrorOf = (status, body, retryAfterMs) => apiErrorOf(what, status, withoutEcho(body, authorization), retryAfterMs)
      const response = await pool.request({ ...requestOf(call, authorization), path: `${base.pathname.replace(/\/$/, '')}${call.path}`, headersTimeout: timeoutMs, bodyTimeout: call.verb === 'watch' ? 0 : timeoutMs })
      outcome = String(response.statusCode)
      clock.observe(response.headers.date)
      if (response.statusCode < 300) return { body: response.body, errorOf }
      if (response.statusCode === 401) connection.forget()
      const status = await response.body.json().catch(() => undefined) as ApiStatus | undefined
      throw errorOf(response.statusCode, status, retryAfterOf(response.headers))
    } catch (error) {
      throw unreachable(error, what, call.signal)
    } finally {
      options.onCall?.({ verb: call.verb, resource: resourceOf(call.path), outcome, seconds: (options.monotonic() - started) / 1000 })
    }
  }

  async function json<T> (call: Call): Promise<T> {
    const once = async (): Promise<T> => {
      const { body } = await send(call)
      try {
        const text = await readText(body)
        return (call.items === undefined ? JSON.parse(text) : parseItems(text, call.items)) as T
      } catch (error) {
        throw unreachable(error, `${call.method} ${call.path}`, call.signal)
      }
    }
    return call.tellThrottling === true ? await once() : await patience.execute(once, call.signal)
  }

  return {
    get: async (path, options = {}) => await json({ verb: 'get', method: 'GET', path, ...options }),
    list: async (path, options = {}) => await json({ verb: 'list', method: 'GET', path, ...options }),
    create: async (path, body, options = {}) => await json({ verb: 'create', method: 'POST', path, ...options, body }),
    update: async (path, body, options = {}) => await json({ verb: 'update', method: 'PUT', path, ...options, body }),
    patch: async (path, body, options = {}) => await json({ verb: 'patch', method: 'PATCH', path, ...options, body, contentType: 'application/merge-patch+json' }),
    async watch (path, options) {
      const { body, errorOf } = await send({ verb: 'watch', method: 'GET', path, ...options })
      return { bytes: body, errorOf }
    },
    serverTime: clock.now,
    namespace: connection.namespace,
    close: async () => { await pool.destroy() }
  }
}

type Call = CallOptions & {
  verb: Verb
  method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  path: string
  body?: object
  contentType?: string
}

function requestOf (call: Call, authorization: string | undefined): Omit<Dispatcher.RequestOptions, 'path'> {
  return {
    method: call.method,
    query: defined(call.query ?? {}),
    body: call.body === undefined ? null : JSON.stringify(call.body),
    headers: {
      accept: call.accept ?? 'application/json',
      'user-agent': 'sluice-poller',
      ...(authorization !== undefined && { authorization }),
      ...(call.body !== undefined && { 'content-type': call.contentType ?? 'application/json' })
    },
    signal: call.signal
  }
}

/** Without our own credential, which a proxy in between may have put there. */
function withoutEcho (status: ApiStatus | undefined, authorization = ''): ApiStatus | undefined {
  return typeof status?.message === 'string' ? { ...status, message: redact(status.message, [authorization.replace(/^\w+ /, '')]) } : status
}

/** The wait that a 429 asks for, spread a little so that those who were refused together do not come back together. */
function waitAfter ({ result }: { result: { error: Error } | { value: unknown } }): number {
  const asked = 'error' in result && isApiError(result.error) ? result.error.retryAfterMs : undefined
  return (asked ?? 1000) * (1 + Math.random() * 0.2)
}

/** What the transport threw, as an ApiError; an abort by the caller stays what it is. */
function unreachable (error: unknown, what: string, signal: AbortSignal | undefined): unknown {
  if (isApiError(error) || signal?.aborted) return error
  // What cannot be parsed is quoted by the parser, and may be anything.
  if (error instanceof SyntaxError) return new ApiError(`${what} got no usable answer: it is not JSON`, { kind: 'Unavailable', status: 0 })
  const reason = error instanceof Error ? error.message : String(error)
  return new ApiError(`${what} got no usable answer: ${reason}`, { kind: 'Unavailable', status: 0, cause: error })
}

/** The plural in a path: `mlflowmodels` of /apis/sluice.dev/v1alpha1/namespaces/a/mlflowmodels/b. */
export function resourceOf (path: string): string {
  const parts = path.split('/').slice(1)
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest
  return inNamespace[2] === undefined ? inNamespace[0] ?? '' : `${inNamespace[0]}/${inNamespace[2]}`
}
