// The API server as the tests ask it: objects, watches and its own counters.
import { setTimeout as sleep } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { Agent, fetch as fetchWith, type RequestInit as UndiciInit } from 'undici'
import type { Access } from './kubeconfig.ts'

export interface Api extends Omit<Access, 'ca' | 'token'> {
  ca: string
  token: string
  /** As this user, trusting the server's certificate. Takes paths and whole URLs. */
  fetch: typeof fetch
  /** The object or list at a path; undefined when there is none. Throws on any other answer than 2xx. */
  get: <T>(path: string) => Promise<T | undefined>
  /**
   * Calls `see` with every state of every object of a collection until closed, in the order of the events; with LISTED when it had to look anew.
   * Resolves when the first list is in.
   */
  follow: <T>(path: string, see: (type: string, object: T) => void) => Promise<void>
  close: () => Promise<void>
}

const RETRY_MS = 100

interface List<T> { metadata: { resourceVersion: string }, items: T[] }

/** A client; without `ca` it trusts any certificate. */
export function createApi ({ url, ca = '', token = '' }: Partial<Access> & { url: string }): Api {
  // Watches stay silent for long.
  const dispatcher = new Agent({ connect: ca === '' ? { rejectUnauthorized: false } : { ca }, bodyTimeout: 0 })
  const ended = new AbortController()
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` }

  async function ask (target: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const merged = { ...init, headers: { ...headers, ...init.headers as Record<string, string> | undefined }, dispatcher }
    return await fetchWith(new URL(String(target), url), merged as UndiciInit) as unknown as Response
  }
  async function get<T> (path: string): Promise<T | undefined> {
    const answer = await ask(path)
    if (answer.ok) return await answer.json() as T
    const text = await answer.text()
    if (answer.status === 404) return undefined
    throw new Error(`the API server answered ${answer.status} to ${path}: ${text}`)
  }
  async function list<T> (path: string, see: (type: string, object: T) => void): Promise<string> {
    const found = await get<List<T>>(path)
    if (!found) throw new Error(`${path} is not served`)
    for (const item of found.items) see('LISTED', item)
    return found.metadata.resourceVersion
  }
  async function watch<T> (path: string, from: string, see: (type: string, object: T) => void): Promise<string> {
    const { body } = await ask(`${path}?watch=true&allowWatchBookmarks=true&resourceVersion=${from}`, { signal: ended.signal })
    let last = from
    for await (const line of createInterface({ input: Readable.fromWeb(body as never) })) {
      const { type, object } = JSON.parse(line) as { type: string, object: T & { metadata: { resourceVersion: string } } }
      if (type === 'ERROR') throw new Error('the watch has lost its place')
      last = object.metadata.resourceVersion
      if (type !== 'BOOKMARK') see(type, object)
    }
    return last
  }
  async function follow<T> (path: string, see: (type: string, object: T) => void): Promise<void> {
    let version = await list(path, see)
    // A server that is gone for a while comes back with an empty memory of events: then everything is listed anew.
    const goOn = async (): Promise<void> => { version = await watch(path, version, see).catch(async () => { await sleep(RETRY_MS); return await list(path, see) }).catch(() => version) }
    const run = async (): Promise<void> => { while (!ended.signal.aborted) await goOn() }
    run().catch(() => { /* It ends with the test. */ })
  }
  return { url, ca, token, fetch: ask, get, follow, close: async () => { ended.abort(); await dispatcher.destroy() } }
}
