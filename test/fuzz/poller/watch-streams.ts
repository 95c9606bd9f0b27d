// Watch streams of the API server: cut anywhere, garbage between, lines without end. Events are those that were whole, and errors have a type.
import fc from 'fast-check'
import { apiErrorOf, isApiError, type ApiStatus } from '../../../poller/cluster/api-error.ts'
import type { ClusterClient } from '../../../poller/cluster/client.ts'
import { splitLines, watchOnce } from '../../../poller/cluster/watch.ts'
import { hostileValue } from '../inputs/hostile.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'

const object = fc.record({ apiVersion: fc.constant('sluice.dev/v1alpha1'), kind: fc.constant('MlflowModel'), metadata: fc.record({ name: fc.string({ maxLength: 5 }), uid: fc.uuid(), resourceVersion: fc.nat().map(String) }) })
const event = fc.record({ type: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ADDED'), object })
const line = fc.oneof(
  { weight: 20, arbitrary: event.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.constantFrom('', '\r', '{', 'null', '7', '[]', '{}', '{"type":"ADDED"}', '{"type":"ADDED","object":null}', '{"type":"ERROR"}', '{"type":"ERROR","object":{"code":410}}', '{"type":"ERROR","object":{"code":"410","details":{"retryAfterSeconds":"x"}}}', '{"type":"ADDED","object":{"metadata":null}}', '{"type":"NEWS","object":{"metadata":{}}}', '{"object":{"metadata":{}}}', '<html>', '\u0000') },
  { weight: 1, arbitrary: hostileValue.map((value) => JSON.stringify({ type: 'ADDED', object: value })) }
)

type Stream = { lines: string[], cuts: number[], tail: string }

const stream: fc.Arbitrary<Stream> = fc.record({ lines: fc.array(line, { maxLength: 8 }), cuts: fc.array(fc.nat(), { maxLength: 6 }), tail: fc.oneof(fc.constant(''), fc.constantFrom('{"type":"ADDED","obj', 'ä', '\u{1f600}'), event.map((value) => JSON.stringify(value))) })

export const watchStreams: Target = {
  name: 'watch-streams',
  what: 'watch streams that are cut, spoilt or without line ends: whole events only, errors by type',
  share: 150_000,
  quick: 300,
  open: async (tally) => session(fc.asyncProperty(stream, async ({ lines, cuts, tail }) => {
    const bytes = Buffer.from(lines.map((text) => `${text}\n`).join('') + tail)
    const pieces = cut(bytes, cuts)
    demand(JSON.stringify(await collect(splitLines(feed(pieces)))) === JSON.stringify(lines.filter((text) => text !== '')), () => 'lines depend on how the stream is cut')
    const events: unknown[] = []
    try {
      for await (const event of watchOnce(clientOf(pieces), { path: '/x', resourceVersion: '1', timeoutSeconds: 60, marginMs: 1000, signal: AbortSignal.timeout(60_000) })) events.push(event)
      tally.count('ended')
    } catch (error) {
      demand(isApiError(error), () => `an error of no type: ${error instanceof Error ? error.stack : String(error)}`)
      demand(error.retryAfterMs === undefined || (error.retryAfterMs >= 0 && Number.isFinite(error.retryAfterMs)), () => `a wait of ${error.retryAfterMs} ms`)
      tally.count(error.kind)
    }
    events.forEach((event, index) => {
      const { type, object } = event as { type: string, object: { metadata?: unknown } }
      demand(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].includes(type) && typeof object?.metadata === 'object' && object.metadata !== null, () => `event ${index} is none: ${JSON.stringify(event)}`)
      demand(lines.includes(JSON.stringify(event)) || lines.some((text) => text.includes(type)), () => 'nobody sent that event')
    })
  }))
}

function cut (bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}

async function * feed (pieces: Buffer[]): AsyncGenerator<Uint8Array> {
  yield * pieces
}

async function collect<T> (values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

function clientOf (pieces: Buffer[]): ClusterClient {
  return { watch: async () => ({ bytes: feed(pieces), errorOf: (code: number, status: ApiStatus) => apiErrorOf('WATCH /x', code, status) }) } as unknown as ClusterClient
}
