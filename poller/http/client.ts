// JSON over HTTP to one server: at most so many requests at once, a time limit for each, a few retries, and a breaker for all.
import type { Static, TSchema } from '@sinclair/typebox'
import pLimit from 'p-limit'
import type { Dispatcher } from 'undici'
import { Pool } from './undici.ts'
import { readAnswer, type Classify } from './answer.ts'
import type { Endpoint } from './config.ts'
import { makeConnector, type ReadCa } from './connector.ts'
import { readCredentials, redact, secretHeaders, type Credentials, type TokenSource } from './credentials.ts'
import { RemoteError, type RemoteErrorKind } from './errors.ts'
import type { Items } from './json-items.ts'
import { createResilience, type ResilienceOptions } from './resilience.ts'

/** One attempt, for metrics. `operation` is the caller's word for the call, so that no model name becomes a label. */
export type RequestReport = { server: string, operation: string, outcome: 'Answered' | RemoteErrorKind, seconds: number }

export type JsonClientOptions = {
  /** Name of the entry in the configuration; begins every error message. */
  server: string
  endpoint: Endpoint
  /** Takes the place of endpoint.auth. */
  token?: TokenSource
  /** Takes the place of endpoint.caFile. */
  readCa?: ReadCa
  /** [6] Requests in flight at once; the rest wait their turn. */
  maxInFlight?: number
  /** [5000] Milliseconds for a request that names no limit of its own, from its turn to the last byte. */
  timeout?: number
  /** [16 MiB] Largest JSON body that is read. */
  maxBytes?: number
  resilience?: ResilienceOptions
  classify?: Classify
  onRequest?: (report: RequestReport) => void
  /** Hears the Date header of every answer. */
  onDate?: (date: string | string[] | undefined) => void
}

export type JsonRequest<T extends TSchema> = {
  operation: string
  /** Below the endpoint's url, beginning with a slash, its parts already percent-encoded. */
  path: string
  /** [GET] POST is for reads that do not fit into a URL; it is retried too, so it must be idempotent. */
  method?: 'GET' | 'POST'
  query?: Record<string, string>
  /** Body of a POST as a form; `json` as JSON. */
  form?: Record<string, string>
  json?: unknown
  headers?: Record<string, string>
  schema: T
  /** Keeps of each item of a long list only a part, which still has the schema's shape. */
  items?: Items
  timeout?: number
  maxBytes?: number
}

export type JsonClient = {
  /** Asks, and gives the body if it has the schema's shape. Throws RemoteError for all that a server or the network did. */
  request<T extends TSchema> (request: JsonRequest<T>): Promise<Static<T>>
  /** Ends all requests in flight and closes the connections. */
  close (): Promise<void>
}

const DEFAULTS = { maxInFlight: 6, timeout: 5_000, maxBytes: 16 * 1024 * 1024 }

/** A client for one server. It opens no connection before the first request. */
export function createJsonClient (options: JsonClientOptions): JsonClient {
  const { server, endpoint } = options
  const maxInFlight = options.maxInFlight ?? DEFAULTS.maxInFlight
  const pool = new Pool(new URL(endpoint.url).origin, { connections: maxInFlight, pipelining: 1, connect: makeConnector({ caFile: endpoint.caFile, readCa: options.readCa }) })
  const limit = pLimit(maxInFlight)
  const resilience = createResilience(options.resilience)
  const limits = createLimits()

  async function attempt<T extends TSchema> (request: JsonRequest<T>): Promise<Static<T>> {
    const timeout = request.timeout ?? options.timeout ?? DEFAULTS.timeout
    const { signal, done } = limits.begin(timeout)
    const started = performance.now()
    let outcome: RequestReport['outcome'] = 'Answered'
    try {
      return await ask(request, signal)
    } catch (error) {
      const problem = describeFailure(error, signal, timeout)
      outcome = problem instanceof RemoteError ? problem.kind : 'BadRequest'
      throw problem
    } finally {
      done()
      options.onRequest?.({ server, operation: request.operation, outcome, seconds: (performance.now() - started) / 1000 })
    }
  }

  async function ask<T extends TSchema> (request: JsonRequest<T>, signal: AbortSignal): Promise<Static<T>> {
    const credentials = await readCredentials(endpoint.auth, options.token)
    const response = await pool.request({ ...dispatchOptions(endpoint, request, credentials), signal })
    options.onDate?.(response.headers.date)
    return await readAnswer(response, {
      schema: request.schema,
      items: request.items,
      maxBytes: request.maxBytes ?? options.maxBytes ?? DEFAULTS.maxBytes,
      classify: options.classify,
      redact: (text) => redact(text, [...credentials.secrets, ...secretHeaders(endpoint.headers)])
    })
  }

  return {
    async request (request) {
      try {
        // A retry waits outside of its turn, and the breaker is asked at the turn: what queued up behind a dead server fails at once.
        return await resilience.retry(() => limit(() => resilience.guard(() => attempt(request))))
      } catch (error) {
        throw nameServer(error, server, request.operation)
      }
    },
    async close () {
      limits.end()
      await pool.destroy()
    }
  }
}

/**
 * Signals that end requests which last too long, or all of them. By hand, for AbortSignal.any on a signal that lives as long as we do leaves a trace of every
 * request on it until two collections of garbage later: megabytes after a round of thousands.
 */
function createLimits (): { begin: (timeout: number) => { signal: AbortSignal, done: () => void }, end: () => void } {
  const running = new Set<AbortController>()
  let ended = false
  return {
    begin (timeout) {
      const controller = new AbortController()
      if (ended) controller.abort()
      running.add(controller)
      const timer = setTimeout(() => { controller.abort(new DOMException(`no answer within ${timeout} ms`, 'TimeoutError')) }, timeout)
      return {
        signal: controller.signal,
        done () {
          clearTimeout(timer)
          running.delete(controller)
        }
      }
    },
    end () {
      ended = true
      for (const controller of running) controller.abort()
    }
  }
}

function dispatchOptions (endpoint: Endpoint, request: JsonRequest<TSchema>, credentials: Credentials): Dispatcher.RequestOptions {
  const query = new URLSearchParams(request.query).toString()
  const body = bodyOf(request)
  return {
    method: request.method ?? 'GET',
    path: `${new URL(endpoint.url).pathname.replace(/\/+$/, '')}${request.path}${query === '' ? '' : `?${query}`}`,
    headers: {
      accept: 'application/json',
      'user-agent': 'sluice-poller',
      // In lower case, so that no header goes out twice under two spellings.
      ...Object.fromEntries(Object.entries(endpoint.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
      ...request.headers,
      ...(body === undefined ? {} : { 'content-type': body.type }),
      ...(endpoint.host === undefined ? {} : { host: endpoint.host }),
      ...(credentials.authorization === undefined ? {} : { authorization: credentials.authorization })
    },
    body: body?.text ?? null,
    // The signal limits the whole request; undici's own limits (5 minutes) would only ever come second.
    headersTimeout: 0,
    bodyTimeout: 0
  }
}

function bodyOf ({ form, json }: JsonRequest<TSchema>): { type: string, text: string } | undefined {
  if (form !== undefined) return { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(form).toString() }
  if (json !== undefined) return { type: 'application/json', text: JSON.stringify(json) }
  return undefined
}

// What has no code did not come from the network: a mistake of ours, which must not look like an outage.
function describeFailure (error: unknown, signal: AbortSignal, timeout: number): unknown {
  if (error instanceof RemoteError) return error
  if (signal.aborted) {
    const timedOut = (signal.reason as Error | undefined)?.name === 'TimeoutError'
    // The server may still be at work on it: asking again at once would only add to its load.
    return new RemoteError('Unreachable', timedOut ? `did not answer within ${timeout} ms` : 'the client is closing', { again: false, cause: error })
  }
  const { code, message } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') return error
  // Nothing was sent, so this says nothing about the server: one object with an odd name must not open the breaker for all.
  if (code === 'UND_ERR_INVALID_ARG') return new RemoteError('BadRequest', `cannot be asked: ${message}`, { cause: error })
  return new RemoteError('Unreachable', `could not be reached: ${message || code}`, { again: true, cause: error })
}

function nameServer (error: unknown, server: string, operation: string): unknown {
  if (!(error instanceof RemoteError)) return error
  const { kind, status, body, retryAfter, again, advice, message } = error
  return new RemoteError(kind, `${server}: ${operation}: ${message}`, {
    body,
    again,
    advice,
    cause: error.cause,
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter })
  })
}
