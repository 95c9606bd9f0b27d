// An HTTP server on loopback for one test: it answers as the test says and remembers what it was asked.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import type { Test } from 'tap'

export type Asked = { method: string, url: string, headers: IncomingHttpHeaders, body: string }
export type LocalServer = { url: string, port: number, asked: Asked[] }
export type Reply = (response: ServerResponse, asked: Asked, request: IncomingMessage) => void | Promise<void>

/** Starts the server and closes it, with its connections, at the end of the test. */
export async function startServer (t: Test, reply: Reply, tls?: { key: string, cert: string }): Promise<LocalServer> {
  const asked: Asked[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const entry = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') }
      asked.push(entry)
      Promise.resolve(reply(response, entry, request)).catch((error: unknown) => { response.destroy(error as Error) })
    })
  }
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server as Server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, port, asked }
}

/** Answers with JSON. */
export function sendJson (response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Answers with anything else. */
export function sendText (response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(text)
}
