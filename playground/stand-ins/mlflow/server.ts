// The MLflow stand-in over HTTP: the registry's REST surface, its guards, and its switches.
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { installFaults } from '../faults.ts'
import type { Fault } from '../faults.ts'
import { listen } from '../listener.ts'
import type { Listener } from '../listener.ts'
import { errorBody, invalid, MlflowError } from './errors.ts'
import { DEFAULT_ALLOWED_HOSTS, isAllowedHost } from './host-guard.ts'
import { INVALID_HOST, METHOD_NOT_ALLOWED, NOT_FOUND } from './pages.ts'
import type { TextAnswer } from './pages.ts'
import type { Parameters } from './parameters.ts'
import { createRegistry } from './registry.ts'
import type { Registry } from './registry.ts'
import { ROUTES } from './routes.ts'
import { createWebhooks } from './webhooks.ts'
import type { Webhooks } from './webhooks.ts'

export interface MlflowOptions {
  /** Milliseconds since the epoch. Default: the wall clock. */
  readonly now?: () => number
  readonly port?: number
  /** Workspaces of the server; undefined: a server without workspaces. The first is used without a header when `default`. */
  readonly workspaces?: readonly string[]
  /** Waits between attempts of a webhook delivery, milliseconds. */
  readonly webhookRetryDelays?: readonly number[]
}

export interface MlflowStandIn extends Listener {
  /** The registry of a workspace, for driving it without HTTP. */
  registry (workspace?: string): Registry
  setFault (fault: Fault): void
  /** Host headers let in; undefined switches the guard off. A fresh server guards with MLflow's defaults. */
  setAllowedHosts (hosts: readonly string[] | undefined): void
  /** Answers like a release of the 2.x line: short error bodies, no server-info, no workspaces, no `latest`, no IN. */
  setOlder (older: boolean): void
  readonly webhooks: Webhooks
  /** `METHOD path` of every call received, newest last. */
  readonly calls: readonly string[]
}

interface Server {
  readonly registries: ReadonlyMap<string, Registry>
  readonly workspaces: boolean
  readonly webhooks: Webhooks
  readonly calls: string[]
  allowedHosts: readonly string[] | undefined
  older: boolean
}

const DEFAULT_WORKSPACE = 'default'

/** Starts the stand-in on 127.0.0.1. */
export async function startMlflow (options: MlflowOptions = {}): Promise<MlflowStandIn> {
  const now = options.now ?? Date.now
  const webhooks = createWebhooks({ now, retryDelays: options.webhookRetryDelays ?? [1000, 2000, 4000] })
  const names = options.workspaces ?? [DEFAULT_WORKSPACE]
  const registries = new Map(names.map(name => [name, createRegistry({ now, notify: webhooks.deliver, isOlder: () => server.older })]))
  const server: Server = {
    registries, workspaces: options.workspaces !== undefined, webhooks, calls: [], allowedHosts: DEFAULT_ALLOWED_HOSTS, older: false
  }
  const app = Fastify({ forceCloseConnections: true })
  const faults = installFaults(app)
  addRoutes(app, server)
  const listener = await listen(app, options.port)
  return {
    ...listener,
    webhooks,
    calls: server.calls,
    registry: (workspace = DEFAULT_WORKSPACE) => findRegistry(server, workspace),
    setFault: faults.set,
    setAllowedHosts: hosts => { server.allowedHosts = hosts },
    setOlder: older => { server.older = older },
    close: async () => {
      webhooks.close()
      await listener.close()
    }
  }
}

function findRegistry ({ registries }: Server, workspace: string): Registry {
  const found = registries.get(workspace)
  if (found === undefined) throw new MlflowError('RESOURCE_DOES_NOT_EXIST', `Workspace '${workspace}' not found`)
  return found
}

function addRoutes (app: FastifyInstance, server: Server): void {
  // MLflow takes a body that is no JSON for an empty one.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => { done(null, parseBody(body as string)) })
  app.all('/*', async (request, reply) => await answer(server, request, reply))
}

function parseBody (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

async function answer (server: Server, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const path = (request.url.split('?')[0] as string).replace(/^\/ajax-api\//, '/api/')
  server.calls.push(`${request.method} ${request.url}`)
  if (path === '/health') return await send(reply, { status: 200, contentType: 'text/plain; charset=utf-8', body: 'OK' })
  if (path === '/version') {
    return await send(reply, { status: 200, contentType: 'text/html; charset=utf-8', body: server.older ? '2.9.2' : '3.17.2' })
  }
  if (isForeignHost(server, request)) return await send(reply, INVALID_HOST)
  try {
    const result = dispatch(server, request, path)
    if ('contentType' in result) return await send(reply, result as TextAnswer)
    return await reply.type('application/json').send(JSON.stringify(result, null, 2))
  } catch (error) {
    if (!(error instanceof MlflowError)) throw error
    return await reply.status(error.status).type('application/json').send(JSON.stringify(errorBody(error, server.older)))
  }
}

function isForeignHost ({ allowedHosts, older }: Server, request: FastifyRequest): boolean {
  return allowedHosts !== undefined && !older && !isAllowedHost(request.headers.host ?? '', allowedHosts)
}

async function send (reply: FastifyReply, { status, contentType, body }: TextAnswer): Promise<unknown> {
  return await reply.status(status).type(contentType).send(body)
}

function dispatch (server: Server, request: FastifyRequest, path: string): object {
  if (path === '/api/3.0/mlflow/server-info' && !server.older) {
    return { store_type: 'SqlStore', workspaces_enabled: server.workspaces }
  }
  const route = /^\/api\/2\.0\/mlflow\/(.+?)\/?$/.exec(path)?.[1]
  if (route === undefined) return NOT_FOUND
  const parameters = { ...request.query as Parameters, ...(request.body ?? {}) as Parameters }
  if (route.startsWith('webhooks')) return server.webhooks.answer(request.method, route, parameters) ?? METHOD_NOT_ALLOWED
  const handlers = ROUTES[route]
  if (handlers === undefined) return NOT_FOUND
  const handler = handlers[request.method]
  if (handler === undefined) return METHOD_NOT_ALLOWED
  return handler({ registry: chooseRegistry(server, request), parameters, older: server.older })
}

function chooseRegistry (server: Server, request: FastifyRequest): Registry {
  const header = request.headers['x-mlflow-workspace']
  const workspace = typeof header === 'string' ? header : undefined
  if (server.older) return findRegistry(server, DEFAULT_WORKSPACE)
  if (workspace !== undefined && !server.workspaces) {
    throw new MlflowError('FEATURE_DISABLED', 'Workspace APIs are not available: workspaces are not enabled on this server')
  }
  if (workspace === undefined && server.workspaces && !server.registries.has(DEFAULT_WORKSPACE)) {
    throw invalid('Active workspace is required. Set the X-MLFLOW-WORKSPACE header.')
  }
  return findRegistry(server, workspace ?? DEFAULT_WORKSPACE)
}
