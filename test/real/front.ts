// What stands between the poller and MLflow in many places: a proxy. It passes everything on, until it is told to misbehave.
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/**
 * Passing: as it should be. ErrorPage: 500 with a page of HTML, as an ingress shows when what is behind it is broken.
 * ForeignHost: requests arrive at MLflow under a name that its guard does not know, as behind a new ingress.
 * Lagging: every other time a question gets the last answer that it had while all was as it should be, as from a replica that lags behind.
 */
export type Manner = 'Passing' | 'ErrorPage' | 'ForeignHost' | 'Lagging'

export interface Front {
  url: string
  behave: (manner: Manner) => void
  /** How many older answers have been given. */
  repeated: () => number
  close: () => Promise<void>
}

const PAGE = '<!doctype html><html><head><title>500</title></head><body><h1>Internal Server Error</h1></body></html>'

/** Listens on a free loopback port, in front of the server at `target`. */
export async function startFront (target: string): Promise<Front> {
  let manner: Manner = 'Passing'
  const older = new Map<string, Answered>()
  let repeated = 0
  const server = createServer((incoming, response) => {
    if (manner === 'ErrorPage') response.writeHead(500, { 'Content-Type': 'text/html' }).end(PAGE)
    else if (manner === 'Lagging' && repeat(older.get(incoming.url ?? ''), response)) repeated += 1
    else passOn(target, manner === 'ForeignHost' ? 'foreign.example' : new URL(target).host, { incoming, response, ...(manner === 'Passing' && { keep: older }) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behave: (wanted) => { manner = wanted },
    repeated: () => repeated,
    close: async () => { server.closeAllConnections(); await new Promise((resolve) => server.close(resolve)) }
  }
}

/** An answer as it was, and how often its question has been asked since. */
interface Answered { code: number, headers: IncomingHttpHeaders, parts: Buffer[], asked: number }

/** Answers as then, if it is the older answer's turn. */
function repeat (answered: Answered | undefined, response: ServerResponse): boolean {
  if (!answered) return false
  answered.asked += 1
  if (answered.asked % 2 === 0) return false
  response.writeHead(answered.code, answered.headers).end(Buffer.concat(answered.parts))
  return true
}

interface Passage { incoming: IncomingMessage, response: ServerResponse, keep?: Map<string, Answered> }

function passOn (target: string, host: string, { incoming, response, keep }: Passage): void {
  const { method, headers, url = '/' } = incoming
  const outgoing = request(new URL(url, target), { method, headers: { ...headers, host } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
    if (!keep || method !== 'GET') return
    const parts: Buffer[] = []
    answer.on('data', (part: Buffer) => { parts.push(part) })
    answer.on('end', () => { keep.set(url, { code: answer.statusCode ?? 502, headers: answer.headers, parts, asked: 0 }) })
  })
  // A server that is down looks to the poller as without a proxy: the connection breaks.
  outgoing.on('error', () => { response.destroy() })
  incoming.pipe(outgoing)
}
