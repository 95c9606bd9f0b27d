// The Prometheus stand-in over HTTP: /api/v1/query, readiness, build information, and its switches.
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'

import { installFaults } from '../faults.ts'
import type { Fault } from '../faults.ts'
import { listen } from '../listener.ts'
import type { Listener } from '../listener.ts'
import { createScraper } from './exposition.ts'
import type { Scraper, ScrapeTarget } from './exposition.ts'
import type { Release } from './promql/over-range.ts'
import { answerQuery } from './query.ts'
import type { Parameters, QuerySettings } from './query.ts'
import { createRecorder } from './recorder.ts'
import type { Recorder } from './recorder.ts'
import { createSeriesStore } from './series-store.ts'
import type { SeriesStore } from './series-store.ts'

export interface PrometheusOptions {
  /** Milliseconds since the epoch; queries without `time` use it. Default: the wall clock. */
  readonly now?: () => number
  /** Which release's window edges to follow. Default 3. */
  readonly release?: Release
  readonly port?: number
  /** Buckets of the recorder's histograms, seconds. */
  readonly buckets?: readonly number[]
}

export interface PrometheusStandIn extends Listener {
  readonly store: SeriesStore
  readonly recorder: Recorder
  /** A scraper of a /metrics URL; the caller decides when it scrapes. */
  scraper (target: ScrapeTarget): Scraper
  setFault (fault: Fault): void
  /** Every answer carries these warnings, as one of Thanos with partial data does. */
  setWarnings (warnings: readonly string[]): void
  /** Every query fails with this envelope, e.g. timeout (503) or execution (422). undefined: evaluate again. */
  setFailure (failure: QuerySettings['failure']): void
  /** The queries received, newest last. */
  readonly queries: readonly string[]
}

interface Switches {
  warnings: readonly string[]
  failure: QuerySettings['failure']
}

/** Starts the stand-in on 127.0.0.1. */
export async function startPrometheus (options: PrometheusOptions = {}): Promise<PrometheusStandIn> {
  const store = createSeriesStore()
  const switches: Switches = { warnings: [], failure: undefined }
  const queries: string[] = []
  const app = Fastify({ forceCloseConnections: true })
  const faults = installFaults(app)
  const release = options.release ?? 3
  const now = options.now ?? Date.now
  // Who asks goes by its clock, so the header must not tell another time than the samples.
  app.addHook('onSend', async (_request, reply) => { reply.header('date', new Date(now()).toUTCString()) })
  addForms(app)
  addRoutes(app, release, parameters => {
    queries.push(parameters['query'] ?? '')
    return answerQuery(parameters, { store, release, now, ...switches })
  })
  const listener = await listen(app, options.port)
  return {
    ...listener,
    store,
    queries,
    recorder: createRecorder(store, options.buckets),
    scraper: target => createScraper(store, target),
    setFault: faults.set,
    setWarnings: warnings => { switches.warnings = warnings },
    setFailure: failure => { switches.failure = failure }
  }
}

function addForms (app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' },
    (_request, body, done) => { done(null, Object.fromEntries(new URLSearchParams(body as string))) })
}

function addRoutes (app: FastifyInstance, release: Release, answer: (parameters: Parameters) => ReturnType<typeof answerQuery>): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/query',
    handler: async (request, reply) => {
      const { status, body } = answer({ ...request.query as Parameters, ...(request.body ?? {}) as Parameters })
      return await reply.status(status).send(body)
    }
  })
  app.get('/-/ready', async (_request, reply) => await reply.type('text/plain; charset=utf-8').send('Prometheus Server is Ready.\n'))
  app.get('/-/healthy', async (_request, reply) => await reply.type('text/plain; charset=utf-8').send('Prometheus Server is Healthy.\n'))
  app.get('/api/v1/status/buildinfo', async () => ({
    status: 'success',
    data: { version: release === 3 ? '3.14.0' : '2.42.0', revision: 'stand-in', branch: 'stand-in', buildUser: '', buildDate: '', goVersion: '' }
  }))
  app.setNotFoundHandler(async (_request, reply) => await reply.status(404).type('text/plain; charset=utf-8').send('404 page not found\n'))
}
