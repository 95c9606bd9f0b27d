// One watch stream: opens it, splits its lines and tells a stream that ended from one that failed or fell silent.
import { apiErrorOf, type ApiStatus } from './api-error.ts'
import type { ClusterClient } from './client.ts'
import type { KubeObject } from '../../hooks/core/request.ts'

export type WatchEvent = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: KubeObject }

export type WatchOptions = {
  path: string
  resourceVersion: string
  /** How long the server is asked to keep the stream open. */
  timeoutSeconds: number
  /** A stream still open that long after its time is half-open: the other side is gone without a word. In ms. */
  marginMs: number
  signal: AbortSignal
}

/**
 * Yields the events of one stream until the server ends it. Throws an ApiError (Gone also when 410 comes as an ERROR event),
 * or an Error when the stream outlives its time.
 */
export async function * watchOnce (client: ClusterClient, options: WatchOptions): AsyncGenerator<WatchEvent> {
  const { path, resourceVersion, timeoutSeconds } = options
  const overdue = AbortSignal.timeout(timeoutSeconds * 1000 + options.marginMs)
  const signal = AbortSignal.any([options.signal, overdue])
  const stream = await client.watch(path, { query: { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds }, signal })
  for await (const line of splitLines(stream)) {
    const event = JSON.parse(line) as { type: WatchEvent['type'] | 'ERROR', object: KubeObject }
    if (event.type === 'ERROR') {
      const status = event.object as ApiStatus
      throw apiErrorOf(`WATCH ${path}`, status.code ?? 500, status)
    }
    yield event as WatchEvent
  }
}

/** Lines of a byte stream, without empty ones. A last line without its end was cut off in transit and is dropped. */
export async function * splitLines (stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield * lines.filter((line) => line !== '')
  }
}
