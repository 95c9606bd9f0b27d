// The poller's own HTTP port: metrics and probes.
import fastify, { type FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

export type ServerOptions = {
  metrics: Pick<Metrics, 'contentType' | 'render'>
  /** Whether all watched objects are known. A follower is ready, too: it could take over. */
  isReady: () => boolean
}

/** A server that is not listening yet. */
export function makeServer ({ metrics, isReady }: ServerOptions): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true })
  server.get('/metrics', async (_request, reply) => await reply.type(metrics.contentType).send(await metrics.render()))
  // Alive means that this process answers. What it waits for is outside, and a restart would not bring it nearer.
  server.get('/healthz', () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => isReady() ? { status: 'ready' } : await reply.code(503).send({ status: 'waiting for the first list of all watched objects' }))
  return server
}
