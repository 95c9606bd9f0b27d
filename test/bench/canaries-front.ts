// Stands between the poller and Prometheus and counts: queries, bytes in both directions, and how many were in flight at once.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, request } from 'undici'

/** `samples`: how many Prometheus read for the answers; `seconds` of each query. */
export interface Counts { queries: number, sent: number, received: number, samples: number, inFlight: number, mostInFlight: number, seconds: number[] }

export interface Front {
  url: string
  /** What was counted since the last call. */
  take: () => Counts
  close: () => Promise<void>
}

const nothing = (): Counts => ({ queries: 0, sent: 0, received: 0, samples: 0, inFlight: 0, mostInFlight: 0, seconds: [] })

/** What Prometheus adds to an answer when it is asked for statistics. */
const STATISTICS = /,"stats":\{"timings":\{[^}]*\},"samples":\{"totalQueryableSamples":(\d+)[^}]*\}\}/

/** Passes everything on to this server; what was read for a query is asked for, counted, and taken out of the answer again. */
export async function startCountingFront (url: string): Promise<Front> {
  const agent = new Agent()
  let counts = nothing()

  async function pass (incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const counted = counts
    const began = performance.now()
    counted.inFlight++
    counted.mostInFlight = Math.max(counted.mostInFlight, counted.inFlight)
    try {
      const { 'content-type': type = '' } = incoming.headers
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk as Buffer)
      const asked = Buffer.concat(chunks)
      const answer = await ask(`${url}${incoming.url}`, { method: 'POST', headers: { 'content-type': type }, body: `${asked.toString()}&stats=all`, dispatcher: agent })
      const [statistics = '', samples = 0] = STATISTICS.exec(answer.text) ?? []
      const told = Buffer.from(answer.text.replace(statistics, ''))
      counted.queries++
      counted.sent += asked.length
      counted.received += told.length
      counted.samples += Number(samples)
      counted.seconds.push((performance.now() - began) / 1000)
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(told)
    } finally {
      counted.inFlight--
    }
  }
  const server = createServer((incoming, response) => { pass(incoming, response).catch((error: unknown) => { response.writeHead(502).end(String(error)) }) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take () {
      const taken = counts
      counts = nothing()
      return taken
    },
    async close () {
      server.closeAllConnections()
      await new Promise((resolve) => { server.close(resolve) })
      await agent.destroy()
    }
  }
}

async function ask (url: string, options: Parameters<typeof request>[1]): Promise<{ status: number, text: string }> {
  const { statusCode, body } = await request(url, options)
  return { status: statusCode, text: await body.text() }
}
