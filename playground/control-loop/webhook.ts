// The HTTP call of one hook: URL, authentication, TLS, timeout, ETag, and what counts as success.
import { Agent, request } from 'undici'
import parseDuration from 'parse-duration'
import type { KubeObject } from '../api-server/kube-object.ts'
import { retryAfterSeconds } from './hook-messages.ts'
import type { HookVersion } from './hook-messages.ts'
import { resolveEndpoint } from './endpoint.ts'
import type { Endpoint, EndpointSettings, ReadObject } from './endpoint.ts'

export interface WebhookSettings extends EndpointSettings {
  url?: string
  path?: string
  service?: { name: string, namespace: string, port?: number, protocol?: string }
  timeout?: string
  etag?: { enabled?: boolean, cacheTimeoutSeconds?: number, cacheCleanupSeconds?: number }
  responseUnMarshallMode?: 'loose' | 'strict'
}

export interface HookSettings { version?: HookVersion, webhook?: WebhookSettings }

/** A hook that is configured. */
export interface Hook {
  version: HookVersion
  strict: boolean
  /** Posts a body about a parent; resolves to the response text. Throws TooManyRequests, or an Error on any failure. */
  call (body: string, parent: KubeObject): Promise<string>
  close (): Promise<void>
}

/** A 429 answer: the parent is queued again after so many seconds, without backoff and without an Event. */
export interface TooManyRequests extends Error { afterSeconds: number }

/** True for the error of a 429 answer. */
export function isTooManyRequests (error: unknown): error is TooManyRequests {
  return error instanceof Error && 'afterSeconds' in error
}

const defaultTimeout = 10_000

/** The URL a webhook is called at; `url` wins over `service` and `path`. Throws if neither is complete. */
export function webhookUrl (webhook: WebhookSettings): string {
  if (webhook.url !== undefined) return webhook.url
  const { service, path } = webhook
  if (!service || path === undefined) throw new Error("invalid webhook config: must specify either a full 'url', or both 'service' and 'path'")
  if (!service.name || !service.namespace) throw new Error("invalid webhook config: 'service' must specify both 'name' and 'namespace'")
  return `${service.protocol ?? 'http'}://${service.name}.${service.namespace}:${service.port ?? 80}${path}`
}

/** Milliseconds; 10 s when absent, zero or negative. */
export function webhookTimeout (webhook: WebhookSettings): number {
  const given = webhook.timeout === undefined ? undefined : parseDuration(webhook.timeout)
  return given !== undefined && given !== null && given > 0 ? given : defaultTimeout
}

/** strict is the default of v2, loose that of v1. */
export function isStrict (hook: HookSettings): boolean {
  return (hook.webhook?.responseUnMarshallMode ?? (hook.version === 'v2' ? 'strict' : 'loose')) === 'strict'
}

interface EtagEntry { tag: string, body: string, until: number }

function etagKey (parent: KubeObject): string {
  // No uid and no generation, as in the real thing.
  return `${parent.kind} ${parent.metadata.namespace ?? ''} ${parent.metadata.name}`
}

/** Remembered answers by parent, if the webhook asks for it. */
function createEtagCache (webhook: WebhookSettings, clock: () => number): { get: (parent: KubeObject) => EtagEntry | undefined, set: (parent: KubeObject, tag: string, body: string) => void } | undefined {
  if (webhook.etag?.enabled !== true) return undefined
  const entries = new Map<string, EtagEntry>()
  const seconds = webhook.etag.cacheTimeoutSeconds
  return {
    get: (parent) => {
      const entry = entries.get(etagKey(parent))
      return entry && entry.until > clock() ? entry : undefined
    },
    set: (parent, tag, body) => { entries.set(etagKey(parent), { tag, body, until: seconds ? clock() + seconds * 1000 : Infinity }) }
  }
}

function makeAgent (endpoint: Endpoint, timeout: number): Agent {
  const { ca, cert, key } = endpoint
  return new Agent({
    keepAliveTimeout: 90_000,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    connect: { ...(ca ? { ca, minVersion: 'TLSv1.2' as const } : {}), ...(cert && key ? { cert, key, minVersion: 'TLSv1.2' as const } : {}) }
  })
}

/** Makes a hook from its settings; secrets and CA bundles are read once, here. Throws on settings Metacontroller would refuse. */
export async function createHook (settings: HookSettings, context: { endpoints: (EndpointSettings & { host: string })[], read: ReadObject, clock: () => number }): Promise<Hook> {
  const webhook = settings.webhook ?? {}
  const url = webhookUrl(webhook)
  const timeout = webhookTimeout(webhook)
  const endpoint = await resolveEndpoint(url, webhook, context.endpoints, context.read)
  const dispatcher = makeAgent(endpoint, timeout)
  const etags = createEtagCache(webhook, context.clock)
  return {
    version: settings.version ?? 'v1',
    strict: isStrict(settings),
    async call (body, parent) {
      const remembered = etags?.get(parent)
      const response = await request(url, {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(endpoint.authorization ? { authorization: endpoint.authorization } : {}), ...(remembered ? { 'if-none-match': remembered.tag } : {}) },
        body,
        signal: AbortSignal.timeout(timeout)
      }).catch((error: unknown) => { throw new Error(`http error: ${error instanceof Error ? error.message : String(error)}`, { cause: error }) })
      const text = await response.body.text()
      if (response.statusCode === 429) {
        const afterSeconds = retryAfterSeconds([response.headers['retry-after']].flat()[0], context.clock())
        throw Object.assign(new Error(`too many requests, retry after ${afterSeconds} s`), { afterSeconds })
      }
      if (remembered && [304, 412].includes(response.statusCode)) return remembered.body
      // Exactly 200: a 201 or 204 is a failure too.
      if (response.statusCode !== 200) throw new Error(`unsupported status code: ${response.statusCode} body: ${text}`)
      const tag = [response.headers.etag].flat()[0]
      if (tag) etags?.set(parent, tag, text)
      return text
    },
    close: () => dispatcher.destroy()
  }
}
