// The HTTP side of the hooks: routes of all kinds, gates before them, one error handler, probes, metrics and the OpenAPI page.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { answerCustomize, answerFinalize, answerSync, HOOKS, type Hook } from './core/answer.ts'
import type { Kind } from './core/kind.ts'
import type { OwnSettings, SyncRequest, SyncResponse } from './core/request.ts'
import { createAnswers, type Answer, type Answers } from './answers.ts'
import { readBodies } from './body.ts'
import { addDocs } from './docs.ts'
import { completeRequest, curlExample, envelopeSchema } from './envelope.ts'
import { BODY_LIMIT, RefusedError, refusalOf } from './errors.ts'
import { createMetrics, measure, type Metrics } from './metrics.ts'
import type { TokenCheck } from './tokens.ts'
import type { TlsMaterial } from './tls.ts'

declare module 'fastify' {
  interface FastifyContextConfig { call?: { kind: Kind, hook: Hook } }
}

export type AppOptions = {
  kinds: Kind[]
  /** Own release; calls with another `?v=` are sent away. */
  v: string
  logger?: FastifyBaseLogger
  /** What our settings add to every call. */
  own?: OwnSettings
  /** Memory for answers that may be asked for again. Absent: none. */
  answerCacheBytes?: number
  tokenCheck?: TokenCheck
  tls?: TlsMaterial
}

/** The application and how to end it: after `drain()` new calls are sent away, and `inFlight()` tells how many are still being answered. */
export type Hooks = { app: FastifyInstance, metrics: Metrics, drain: () => void, inFlight: () => number }

/** What the gates look at. */
type State = AppOptions & { draining: boolean, answers: Answers, metrics: Metrics }

const SECOND = 1000

const Query = Type.Object({ v: Type.Optional(Type.String({ description: 'The release that is asked for; another one answers 429. Absent: any.' })) })

/** Builds the application; nothing listens yet. */
export async function buildApp (options: AppOptions): Promise<Hooks> {
  const answers = createAnswers(options.answerCacheBytes ?? 0)
  const app = createServer(options, answers)
  const metrics = createMetrics()
  const state: State = { ...options, draining: false, answers, metrics }
  await addDocs(app, options.v)
  addErrors(app)
  const inFlight = measure(app, metrics)
  addProbes(app, state)
  for (const kind of options.kinds) for (const hook of HOOKS) addHook(app, state, { kind, hook })
  await app.ready()
  return { app, metrics, drain: () => { state.draining = true }, inFlight }
}

function createServer ({ logger, tls }: AppOptions, answers: Answers): FastifyInstance {
  const server = {
    ...(logger && { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    // One line a call names its object; a logger of its own for every call would only add a number to it.
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    bodyLimit: BODY_LIMIT,
    // A Go client keeps idle connections for 90 s; a server that closes them sooner makes its next call fail.
    keepAliveTimeout: 100 * SECOND,
    requestTimeout: 120 * SECOND,
    // While closing we say 429 ourselves: a 503 is an Event on every object.
    return503OnClosing: false,
    // An address that cannot be decoded is met before any handler of ours, and Fastify's own words repeat it whole.
    frameworkErrors: (error: Error, _request: unknown, reply: FastifyReply) => {
      const refusal = refusalOf(error)
      reply.code(refusal.statusCode).send(refusal)
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } }
  }
  // Fastify's types tell HTTP and HTTPS apart; nothing here does.
  const app = (tls ? fastify({ ...server, https: tls }) : fastify(server)) as unknown as FastifyInstance
  app.server.headersTimeout = 110 * SECOND
  app.decorateRequest('answerKey', undefined)
  app.decorateRequest('knownAnswer', undefined)
  readBodies(app, answers)
  return app
}

function addErrors (app: FastifyInstance): void {
  app.setErrorHandler((error: Error, request, reply) => {
    const refusal = refusalOf(error)
    const { kind, hook } = request.routeOptions.config.call ?? {}
    const fields = { kind: kind?.resource.kind, hook, code: refusal.statusCode, ...placeOf(request.body) }
    if (refusal.statusCode >= 500) request.log.error({ ...fields, err: error }, 'hook failed')
    else if (refusal.statusCode === 429) request.log.debug({ ...fields, reason: refusal.message }, 'call sent away')
    else request.log.warn({ ...fields, reason: refusal.message }, 'call refused')
    if (error instanceof RefusedError && error.retryAfter !== undefined) reply.header('Retry-After', error.retryAfter)
    if (refusal.statusCode === 401) reply.header('WWW-Authenticate', 'Bearer')
    return reply.code(refusal.statusCode).send(refusal)
  })
  app.setNotFoundHandler(() => {
    throw new RefusedError(404, 'There is nothing here; the hooks are POST /<plural>/sync, /finalize and /customize, and /docs describes them')
  })
}

/** What the API server takes for a name, at its longest; anything else is no name, and may be megabytes. */
function nameIn (value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, 253) : undefined
}

/** Which object a body that may be anything is about. */
function placeOf (body: unknown): { namespace?: string | undefined, name?: string | undefined } {
  const parent = (body as Partial<SyncRequest> | undefined)?.parent
  return { namespace: nameIn(parent?.metadata?.namespace), name: nameIn(parent?.metadata?.name) }
}

function addProbes (app: FastifyInstance, state: State): void {
  const { metrics: { registry, answerBytes }, answers } = state
  app.get('/healthz', async () => ({ status: 'ok', v: state.v }))
  app.get('/readyz', async (_request, reply) => state.draining ? reply.code(503).send({ status: 'draining' }) : { status: 'ok' })
  app.get('/metrics', async (_request, reply) => {
    answerBytes.set(answers.size())
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

function addHook (app: FastifyInstance, state: State, call: { kind: Kind, hook: Hook }): void {
  const { kind, hook } = call
  const url = `/${kind.resource.plural}/${hook}`
  app.withTypeProvider<TypeBoxTypeProvider>().post(url, {
    config: { call },
    schema: {
      tags: [kind.resource.kind],
      summary: `${hook} of ${kind.resource.kind}`,
      description: kind.resource.description,
      querystring: Query,
      body: envelopeSchema(kind, hook)
    },
    onRequest: (request, _reply, done) => {
      admit(request, state)
      done()
    },
    // Before the check of the body: these very bytes have passed it before.
    preValidation: (request, reply, done) => {
      if (!request.knownAnswer) return done()
      state.metrics.recalls.inc({ result: 'hit' })
      give(request, reply, { answer: request.knownAnswer, began: performance.now() })
    },
    handler: (request, reply) => {
      const began = performance.now()
      const answer = compute(call, completeRequest(request.body, hook, state.own))
      if (request.answerKey !== undefined) {
        state.metrics.recalls.inc({ result: 'miss' })
        state.answers.keep(request.answerKey, answer)
      }
      return give(request, reply, { answer, began })
    }
  })
  app.get(url, async (request, reply) => reply.code(405).header('Allow', 'POST').type('text/plain; charset=utf-8').send(curlExample(kind, hook, `${request.protocol}://${request.host}`)))
}

/**
 * The gates, before the body is read: whether another release is meant, who calls, and whether we are leaving. The release comes first: where an upgrade
 * gives or takes the token, Metacontroller has that of the other release, and a 401 would be a Warning Event on every object. Whoever has no token
 * learns nothing but that he is sent away.
 */
function admit (request: FastifyRequest, { tokenCheck, draining, v }: State): void {
  const { v: asked } = request.query as { v?: unknown }
  const isKnown = !tokenCheck || tokenCheck(request.headers.authorization)
  if (asked !== undefined && asked !== v) throw new RefusedError(429, isKnown ? `This server is of release ${v}; the one that is asked for is still starting or already gone` : 'Another server answers', 5)
  if (!isKnown) throw new RefusedError(401, 'A bearer token is needed; send Authorization: Bearer with a token of HOOK_TOKEN_FILE')
  if (draining) throw new RefusedError(429, 'This server is leaving; another one answers', 2)
}

function compute ({ kind, hook }: { kind: Kind, hook: Hook }, call: SyncRequest): Answer<string> {
  const body = decide(kind, hook, call)
  return {
    body: JSON.stringify(body),
    line: { kind: kind.resource.kind, ...placeOf(call), hook, ms: 0, ...('status' in body && summaryOf(body)) },
    isNews: 'status' in body && isNews(call.parent.status, body.status)
  }
}

/** Sends the answer, and logs it with how long it took since `began`. */
function give (request: FastifyRequest, reply: FastifyReply, { answer: { body, line, isNews }, began }: { answer: Answer, began: number }): FastifyReply {
  const ms = Math.round((performance.now() - began) * SECOND) / SECOND
  // Most calls change nothing: those lines are for debugging. What was decided anew is what people look for.
  if (isNews) request.log.info({ ...line, ms }, 'decided')
  else request.log.debug({ ...line, ms }, 'answered')
  return reply.header('content-type', 'application/json; charset=utf-8').send(body)
}

function decide (kind: Kind, hook: Hook, call: SyncRequest): SyncResponse | ReturnType<typeof answerCustomize> {
  switch (hook) {
    case 'sync': return answerSync(kind, call)
    case 'finalize': return answerFinalize(kind, call)
    case 'customize': return answerCustomize(kind, call)
    default: return hook satisfies never
  }
}

function summaryOf ({ status, children }: SyncResponse): object {
  const { phase, sequence } = status as { phase?: string, sequence?: number }
  return { children: children.length, phase, sequence }
}

/** Whether the status tells of a new decision: another sequence, or for kinds that count none, another phase. */
function isNews (before: unknown, after: unknown): boolean {
  const [old, now] = [before ?? {}, after] as Array<{ phase?: string, sequence?: number }>
  return old?.sequence !== now?.sequence || old?.phase !== now?.phase
}
