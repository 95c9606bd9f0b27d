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
  /** Calls `see` with every state of every object of a collection until closed, in the order of the events. Resolves when the first list is in. */
  follow: <T>(path: string, see: (type: string, object: T) => void) => Promise<void>
  close: () => Promise<void>
}

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
  async function follow<T> (path: string, see: (type: string, object: T) => void): Promise<void> {
    const list = await get<List<T>>(path)
    if (!list) throw new Error(`${path} is not served`)
    for (const item of list.items) see('LISTED', item)
    const watch = async (version: string): Promise<string> => {
      const { body } = await ask(`${path}?watch=true&allowWatchBookmarks=true&resourceVersion=${version}`, { signal: ended.signal })
      let last = version
      for await (const line of createInterface({ input: Readable.fromWeb(body as never) })) {
        const { type, object } = JSON.parse(line) as { type: string, object: T & { metadata: { resourceVersion: string } } }
        if (type === 'ERROR') throw new Error('the watch has lost its place')
        last = object.metadata.resourceVersion
        if (type !== 'BOOKMARK') see(type, object)
      }
      return last
    }
    const run = async (): Promise<void> => {
      for (let version = list.metadata.resourceVersion; !ended.signal.aborted;) version = await watch(version).catch(async () => { await sleep(100); return version })
    }
    run().catch(() => { /* It ends with the test. */ })
  }
  return { url, ca, token, fetch: ask, get, follow, close: async () => { ended.abort(); await dispatcher.destroy() } }
}
