// A small HTTP client for any Kubernetes API server: one request at a time, or a watch, over undici.
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request, type Dispatcher } from 'undici'
import { isMap } from '../api-server/kube-object.ts'
import type { KubeObject } from '../api-server/kube-object.ts'

export interface KubeClientOptions {
  /** `http://127.0.0.1:6443` or https. */
  baseUrl: string
  token?: string
  /** PEM text of the CA that signed the server's certificate. */
  ca?: string
  /** PEM texts of a client certificate and its key. */
  cert?: string
  key?: string
  /** Accept any certificate (test control planes only). */
  insecure?: boolean
  /** Name in User-Agent, which becomes the field manager of writes. */
  name?: string
  /** Milliseconds until a request that is no watch is given up [30000]. */
  timeout?: number
  /** Factor on the waits that a server asks for [1]. */
  timeScale?: number
}

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string>
  body?: unknown
  contentType?: string
}

/** An answer other than 2xx; `reason` is that of the Status object. */
export interface KubeError extends Error { code: number, reason: string }

export interface WatchEvent { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR', object: KubeObject }

export interface KubeClient {
  /** Throws a KubeError on any answer other than 2xx. */
  call (call: Call): Promise<any>
  /** Events until the server ends the stream or the signal aborts. Throws a KubeError when the watch is refused. */
  watch (path: string, query: Record<string, string>, signal: AbortSignal): AsyncGenerator<WatchEvent>
  close (): Promise<void>
}

/** An Error with the code and reason of a Status answer. */
export function kubeError (code: number, reason: string, message: string): KubeError {
  return Object.assign(new Error(message), { code, reason })
}

/** True for a KubeError of one code (and reason, if given). */
export function isKubeError (error: unknown, code: number, reason?: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code && (reason === undefined || ('reason' in error && error.reason === reason))
}

function errorOf (code: number, text: string): KubeError {
  try {
    const status: unknown = JSON.parse(text)
    if (isMap(status)) return kubeError(code, String(status.reason ?? ''), String(status.message ?? text))
  } catch {
    // A proxy's answer, or one cut short: its text is the message.
  }
  return kubeError(code, '', text || `HTTP ${code}`)
}

/** As client-go: a refusal that names a wait in whole seconds, 429 or 5xx, is asked for again so often. */
const RETRIES = 10

/** Milliseconds that an answer asks to wait for; undefined when it is none that is tried again. */
function waitOf ({ statusCode, headers }: Dispatcher.ResponseData): number | undefined {
  const asked = [headers['retry-after']].flat()[0] ?? ''
  return (statusCode === 429 || statusCode >= 500) && /^\d+$/.test(asked) ? Number(asked) * 1000 : undefined
}

/** Sends until the server takes it, or has refused it too often; the last refusal is given. */
async function sendPatiently (send: () => Promise<Dispatcher.ResponseData>, timeScale: number, signal?: AbortSignal): Promise<Dispatcher.ResponseData> {
  for (let attempt = 0; ; attempt++) {
    const response = await send()
    const wait = waitOf(response)
    if (wait === undefined || attempt === RETRIES) return response
    await response.body.dump()
    await sleep(wait * timeScale, undefined, signal && { signal })
  }
}

/** Whole lines of a chunked body; a last line without its end is dropped, for the stream was cut within it. */
async function * lines (body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) if (line !== '') yield line
  }
}

/** Makes a client. Close it to free its connections. */
export function createKubeClient (options: KubeClientOptions): KubeClient {
  const tls = { ...(options.ca ? { ca: options.ca } : {}), ...(options.cert ? { cert: options.cert } : {}), ...(options.key ? { key: options.key } : {}), ...(options.insecure ? { rejectUnauthorized: false } : {}) }
  const dispatcher = new Agent({ connect: tls, bodyTimeout: 0, headersTimeout: options.timeout ?? 30_000 })
  const { timeScale = 1 } = options
  const base = options.baseUrl.replace(/\/$/, '')
  const headers = {
    accept: 'application/json',
    'user-agent': `${options.name ?? 'metacontroller'}/playground`,
    ...(options.token ? { authorization: `Bearer ${options.token}` } : {})
  }
  const url = (path: string, query: Record<string, string> = {}): string => {
    const text = new URLSearchParams(query).toString()
    return `${base}${path}${text ? `?${text}` : ''}`
  }
  return {
    async call (call) {
      const { statusCode, body } = await sendPatiently(() => request(url(call.path, call.query), {
        dispatcher,
        method: call.method,
        headers: call.body === undefined ? headers : { ...headers, 'content-type': call.contentType ?? 'application/json' },
        body: call.body === undefined ? null : JSON.stringify(call.body),
        signal: AbortSignal.timeout(options.timeout ?? 30_000)
      }), timeScale)
      const text = await body.text()
      if (statusCode >= 300) throw errorOf(statusCode, text)
      return text === '' ? undefined : JSON.parse(text) as unknown
    },
    async * watch (path, query, signal) {
      const { statusCode, body } = await sendPatiently(() => request(url(path, { ...query, watch: 'true' }), { dispatcher, method: 'GET', headers, signal }), timeScale, signal)
      if (statusCode >= 300) throw errorOf(statusCode, await body.text())
      for await (const line of lines(body)) yield JSON.parse(line) as WatchEvent
    },
    close: () => dispatcher.destroy()
  }
}
