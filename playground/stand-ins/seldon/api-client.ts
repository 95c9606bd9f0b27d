// The few calls to a Kubernetes API server that the operator makes: read one, write its status, follow all; and what it needs for its parts.
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import type { SeldonDeployment, SeldonStatus } from './seldon-deployment.ts'

export type StoredSeldonDeployment = SeldonDeployment & {
  readonly metadata: SeldonDeployment['metadata'] & { readonly uid: string, readonly resourceVersion: string }
}

export interface ApiClient {
  /** undefined: it is gone. */
  get (namespace: string, name: string): Promise<StoredSeldonDeployment | undefined>
  /** false: conflict, it changed meanwhile or is gone. */
  putStatus (object: StoredSeldonDeployment, status: SeldonStatus): Promise<boolean>
  /** Calls `seen` for every SeldonDeployment and every change, until the signal aborts. Lists again after a broken watch. */
  follow (seen: (namespace: string, name: string) => void, signal: AbortSignal): Promise<void>
  /** The same for any collection, with the object's metadata. */
  followAll (path: string, seen: (metadata: Metadata) => void, signal: AbortSignal): Promise<void>
  /** One call about an object or a collection. undefined: not found. Throws on any other answer than 2xx. */
  call<T> (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<T | undefined>
}

export interface ApiClientOptions {
  readonly url: string
  readonly token?: string
  /** For TLS and client certificates; default is the global fetch. */
  readonly fetch?: typeof fetch
}

const ALL = '/apis/machinelearning.seldon.io/v1/seldondeployments'
const RETRY_MS = 200

export interface Metadata {
  readonly name: string
  readonly namespace: string
  readonly resourceVersion: string
  readonly labels?: Readonly<Record<string, string>>
}

export function createApiClient ({ url, token, fetch: send = fetch }: ApiClientOptions): ApiClient {
  const headers = { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'seldon-stand-in', ...(token !== undefined && { authorization: `Bearer ${token}` }) }

  async function call<T> (method: string, path: string, body?: object): Promise<T | undefined> {
    const response = await send(url + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    if (response.status === 404) {
      await response.body?.cancel()
      return undefined
    }
    return await bodyOf<T>(response)
  }

  async function putStatus (object: StoredSeldonDeployment, status: SeldonStatus): Promise<boolean> {
    const { namespace, name } = object.metadata
    const response = await send(`${url}${pathOf(namespace, name)}/status`, { method: 'PUT', headers, body: JSON.stringify({ ...object, status }) })
    if (response.status === 409 || response.status === 404) return false
    await bodyOf(response)
    return true
  }

  async function followAll (path: string, seen: (metadata: Metadata) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await listAndWatch(path, seen, signal).catch(() => {})
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
    }
  }

  async function listAndWatch (path: string, seen: (metadata: Metadata) => void, signal: AbortSignal): Promise<void> {
    const list = await bodyOf<{ metadata: Metadata, items: Array<{ metadata: Metadata }> }>(await send(url + path, { headers, signal }))
    for (const { metadata } of list.items) seen(metadata)
    const query = `${path.includes('?') ? '&' : '?'}watch=true&resourceVersion=${list.metadata.resourceVersion}`
    const response = await send(url + path + query, { headers, signal })
    if (!response.ok || response.body === null) throw new Error(`the watch was answered with ${response.status}`)
    for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
      const { type, object } = JSON.parse(line) as { type: string, object: { metadata: Metadata } }
      if (type === 'ERROR') return
      if (type !== 'BOOKMARK') seen(object.metadata)
    }
  }

  return {
    get: async (namespace, name) => await call<StoredSeldonDeployment>('GET', pathOf(namespace, name)),
    putStatus,
    follow: async (seen, signal) => { await followAll(ALL, ({ namespace, name }) => { seen(namespace, name) }, signal) },
    followAll,
    call
  }
}

function pathOf (namespace: string, name: string): string {
  return `/apis/machinelearning.seldon.io/v1/namespaces/${namespace}/seldondeployments/${name}`
}

async function bodyOf<T> (response: Response): Promise<T> {
  if (!response.ok) throw new Error(`the API server answered ${response.status}: ${await response.text()}`)
  return await response.json() as T
}
