// What the hooks measure of themselves, for Prometheus. Labels hold kinds, hooks and codes only: their number is bounded.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = {
  registry: Registry
  requests: Counter<'kind' | 'hook' | 'code'>
  duration: Histogram<'kind' | 'hook'>
  bytes: Histogram<'kind' | 'hook' | 'direction'>
  inFlight: Gauge
  recalls: Counter<'result'>
  answerBytes: Gauge
}

/** A fresh set with a registry of its own. */
export function createMetrics (): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    requests: new Counter({ name: 'sluice_hook_requests_total', help: 'Calls of the hooks, by HTTP status code of the answer.', labelNames: ['kind', 'hook', 'code'], registers }),
    duration: new Histogram({
      name: 'sluice_hook_duration_seconds',
      help: 'From the head of a call to the end of its answer.',
      labelNames: ['kind', 'hook'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers
    }),
    bytes: new Histogram({
      name: 'sluice_hook_body_bytes',
      help: 'Size of calls (direction in) and answers (direction out). Calls are refused beyond 10 MiB.',
      labelNames: ['kind', 'hook', 'direction'],
      buckets: [2 ** 10, 2 ** 12, 2 ** 14, 2 ** 16, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 25],
      registers
    }),
    inFlight: new Gauge({ name: 'sluice_hook_requests_in_flight', help: 'Calls that have not been answered yet.', registers }),
    recalls: new Counter({ name: 'sluice_hook_answer_cache_requests_total', help: 'Calls that were answered with 200: hit when the answer to the same bytes was given again, miss when it was computed.', labelNames: ['result'], registers }),
    answerBytes: new Gauge({ name: 'sluice_hook_answer_cache_bytes', help: 'Memory that kept answers take, at most ANSWER_CACHE_MIB.', registers })
  }
}

/** Measures all calls of hooks. Returns how many are in flight. */
export function measure (app: FastifyInstance, metrics: Metrics): () => number {
  const inFlight = new Set<FastifyRequest>()
  const observeBytes = (labels: { kind: string, hook: string, direction: string }, length: unknown): void => {
    if (Number(length) > 0) metrics.bytes.observe(labels, Number(length))
  }
  const settle = (request: FastifyRequest) => {
    inFlight.delete(request)
    metrics.inFlight.set(inFlight.size)
  }
  // With a callback each: a promise a hook and call adds up.
  app.addHook('onRequest', (request, reply, done) => {
    if (labelsOf(request)) {
      inFlight.add(request)
      metrics.inFlight.set(inFlight.size)
      // A caller who hangs up ends the call without a response.
      reply.raw.once('close', () => settle(request))
    }
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const labels = labelsOf(request)
    if (labels) {
      metrics.requests.inc({ ...labels, code: reply.statusCode })
      metrics.duration.observe(labels, reply.elapsedTime / 1000)
      observeBytes({ ...labels, direction: 'in' }, request.headers['content-length'])
      observeBytes({ ...labels, direction: 'out' }, reply.getHeader('content-length'))
      settle(request)
    }
    done()
  })
  return () => inFlight.size
}

function labelsOf (request: FastifyRequest): { kind: string, hook: string } | undefined {
  const { call } = request.routeOptions.config
  return call && { kind: call.kind.resource.kind, hook: call.hook }
}
