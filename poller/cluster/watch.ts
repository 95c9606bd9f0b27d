// One watch stream: opens it, splits its lines and tells a stream that ended from one that failed or fell silent.
import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { oneOf } from '../../hooks/core/schema.ts'
import { ApiError, type ApiStatus } from './api-error.ts'
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
 * Yields the events of one stream until the server ends it. Throws an ApiError (Gone also when 410 comes as an ERROR event, Unavailable for a line that is no event),
 * or an Error when the stream outlives its time or falls silent.
 */
export async function * watchOnce (client: ClusterClient, options: WatchOptions): AsyncGenerator<WatchEvent> {
  const { path, resourceVersion, timeoutSeconds } = options
  const overdue = AbortSignal.timeout(timeoutSeconds * 1000 + options.marginMs)
  const signal = AbortSignal.any([options.signal, overdue])
  const { bytes, errorOf } = await client.watch(path, { query: { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds }, signal })
  for await (const line of splitLines(bytes)) {
    const event = parseEvent(line)
    if (!event) throw new ApiError(`WATCH ${path} sent a line that is no event`, { kind: 'Unavailable', status: 0 })
    if (event.type === 'ERROR') throw errorOf(typeof event.object.code === 'number' ? event.object.code : 500, event.object as ApiStatus)
    yield event as unknown as WatchEvent
  }
}

const Event = Type.Union([
  Type.Object({ type: Type.Literal('ERROR'), object: Type.Object({ code: Type.Optional(Type.Unknown()) }) }),
  Type.Object({ type: oneOf(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']), object: Type.Object({ metadata: Type.Object({}) }) })
])

/** An event as the API server sends it, an ERROR with a Status; undefined for anything else, such as a proxy's page. */
function parseEvent (line: string): Static<typeof Event> | undefined {
  try {
    const event: unknown = JSON.parse(line)
    return Value.Check(Event, event) ? event : undefined
  } catch {
    return undefined
  }
}

/** Characters of one line. An object has 1.5 MB at most; without a limit a line without end would fill the memory. */
const LONGEST_LINE = 16 * 2 ** 20

/** Lines of a byte stream, without empty ones. A last line without its end was cut off in transit and is dropped. Throws an ApiError for one without end. */
export async function * splitLines (stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    // Only what is new is searched: a long line comes in many chunks.
    const [first = '', ...lines] = decoder.decode(chunk, { stream: true }).split('\n')
    rest += first
    if (rest.length > LONGEST_LINE) throw new ApiError(`a watch sent a line of more than ${LONGEST_LINE} characters`, { kind: 'Unavailable', status: 0 })
    for (const line of lines) {
      if (rest !== '') yield rest
      rest = line
    }
  }
}
