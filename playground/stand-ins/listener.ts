// A loopback listener that can go away and come back on the same port: "connection refused" on demand.
import type { AddressInfo } from 'node:net'

import type { FastifyInstance } from 'fastify'

export interface Listener {
  /** `http://127.0.0.1:<port>`; stays the same over stop and start. */
  readonly url: string
  /** Refuses connections from now on and cuts the open ones. */
  stop (): Promise<void>
  /** Listens again on the same port. */
  start (): Promise<void>
  /** Ends the server for good. */
  close (): Promise<void>
}

/** Starts `app` on 127.0.0.1; port 0 takes a free one. */
export async function listen (app: FastifyInstance, port = 0): Promise<Listener> {
  await app.listen({ host: '127.0.0.1', port })
  const server = app.server
  const chosen = (server.address() as AddressInfo).port

  async function stop (): Promise<void> {
    if (!server.listening) return
    await new Promise<void>(resolve => {
      server.close(() => { resolve() })
      server.closeAllConnections()
    })
  }

  async function start (): Promise<void> {
    if (server.listening) return
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(chosen, '127.0.0.1', () => { server.off('error', reject); resolve() })
    })
  }

  async function close (): Promise<void> {
    server.closeAllConnections()
    await app.close()
  }

  return { url: `http://127.0.0.1:${chosen}`, stop, start, close }
}
