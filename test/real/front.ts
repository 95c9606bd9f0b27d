// What stands between the poller and MLflow in many places: a proxy. It passes everything on, until it is told to misbehave.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/**
 * Passing: as it should be. ErrorPage: 500 with a page of HTML, as an ingress shows when what is behind it is broken.
 * ForeignHost: requests arrive at MLflow under a name that its guard does not know, as behind a new ingress.
 */
export type Manner = 'Passing' | 'ErrorPage' | 'ForeignHost'

export interface Front {
  url: string
  behave: (manner: Manner) => void
  close: () => Promise<void>
}

const PAGE = '<!doctype html><html><head><title>500</title></head><body><h1>Internal Server Error</h1></body></html>'

/** Listens on a free loopback port, in front of the server at `target`. */
export async function startFront (target: string): Promise<Front> {
  let manner: Manner = 'Passing'
  const server = createServer((incoming, response) => {
    if (manner === 'ErrorPage') response.writeHead(500, { 'Content-Type': 'text/html' }).end(PAGE)
    else passOn(target, manner === 'ForeignHost' ? 'foreign.example' : new URL(target).host, incoming, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behave: (wanted) => { manner = wanted },
    close: async () => { server.closeAllConnections(); await new Promise((resolve) => server.close(resolve)) }
  }
}

function passOn (target: string, host: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url = '/' } = incoming
  const outgoing = request(new URL(url, target), { method, headers: { ...headers, host } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  // A server that is down looks to the poller as without a proxy: the connection breaks.
  outgoing.on('error', () => { response.destroy() })
  incoming.pipe(outgoing)
}
