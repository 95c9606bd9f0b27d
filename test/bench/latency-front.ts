// Takes webhooks over plain HTTP and passes them on to the poller's HTTPS port, whose certificate only the bench trusts: MLflow's stand-in knows no other authorities.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, request } from 'undici'

export interface Front { url: string, close: () => Promise<void> }

/** Passes method, headers and bytes on as they are. */
export async function startHttpsFront ({ url, ca }: { url: string, ca: string }): Promise<Front> {
  const agent = new Agent({ connect: { ca } })
  const server = createServer((incoming, response) => {
    pass(incoming, response, { url, agent }).catch((error: unknown) => { response.writeHead(502).end(String(error)) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close () {
      server.closeAllConnections()
      await new Promise((resolve) => { server.close(resolve) })
      await agent.destroy()
    }
  }
}

async function pass (incoming: IncomingMessage, response: ServerResponse, { url, agent }: { url: string, agent: Agent }): Promise<void> {
  const { host: _host, connection: _connection, 'transfer-encoding': _encoding, ...headers } = incoming.headers
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const { statusCode, body } = await request(url, { method: 'POST', headers, body: Buffer.concat(chunks), dispatcher: agent })
  response.writeHead(statusCode).end(await body.text())
}
