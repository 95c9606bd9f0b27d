// An in-memory Kubernetes API server over plain HTTP on the loopback interface.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { apiError, statusOf } from './api-error.ts'
import { builtinResources } from './builtin-resources.ts'
import { readYamlObjects } from './crd.ts'
import { discoveryAt } from './discovery.ts'
import { createFaultSwitch, sendStatus, suffer } from './faults.ts'
import type { Fault, FaultSwitch } from './faults.ts'
import { handle, matcherOf, parseBody } from './handlers.ts'
import { joinApiVersion } from './kube-object.ts'
import { openapiAt } from './openapi.ts'
import { createOperations } from './operations.ts'
import type { Operations } from './operations.ts'
import { rendererFor } from './render.ts'
import { parseRequest } from './request-info.ts'
import type { RequestInfo, Verb } from './request-info.ts'
import { makeRegistry } from './resource.ts'
import type { Registry, Resource } from './resource.ts'
import { createStore } from './store.ts'
import type { Store } from './store.ts'
import { serveWatch } from './watch-stream.ts'
import type { OpenWatch } from './watch-stream.ts'

export interface ApiServerOptions {
  /** CRD files to serve from the start. */
  crds?: string[]
  /** Files with further objects to create at the start, after the CRDs. */
  manifests?: string[]
  /** Namespaces to begin with; `default` is always there. */
  namespaces?: string[]
  port?: number
  /** Milliseconds since the epoch; all times the server writes come from it. */
  clock?: () => number
  /** Changes remembered for watches and continue tokens [10000]. */
  historyLength?: number
  /** Milliseconds between bookmarks [60000]. */
  bookmarkInterval?: number
  /** How a watch from a forgotten version is answered [event]. */
  expiredAs?: 'status' | 'event'
  /** Collect garbage after every write [true]; otherwise only on `operations.collectGarbage()`. */
  garbageCollection?: boolean
  /** Called for every request with its body read; may answer, delay or cut it. What it leaves alone may still meet `ApiServer.faults`. */
  fault?: (request: RequestInfo) => Fault | undefined | Promise<Fault | undefined>
}

export interface ApiServer {
  url: string
  port: number
  store: Store
  registry: Registry
  operations: Operations
  /** Requests served so far, by verb. */
  counts: Record<Verb, number>
  /** Trouble that can be switched on and off while it runs. */
  faults: FaultSwitch
  watches (): OpenWatch[]
  /** Creates objects of YAML files, or replaces them; CRDs are served at once. */
  load (paths: string[]): void
  close (): Promise<void>
}

interface Machine {
  options: ApiServerOptions
  clock: () => number
  store: Store
  registry: Registry
  operations: Operations
  watches: Set<OpenWatch>
  faults: ReturnType<typeof createFaultSwitch>
  counts: Record<Verb, number>
}

async function readText (message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function serveOther (machine: Machine, request: RequestInfo, response: ServerResponse): void {
  const { path } = request
  if (['/healthz', '/readyz', '/livez'].includes(path)) {
    response.setHeader('content-type', 'text/plain')
    response.end('ok')
    return
  }
  const document = path.startsWith('/openapi/v3') ? openapiAt(machine.registry, path) : discoveryAt(machine.registry, path)
  if (!document) throw apiError(404, 'NotFound', 'the server could not find the requested resource')
  response.end(JSON.stringify(document))
}

function serveResource (machine: Machine, request: RequestInfo, resource: Resource, response: ServerResponse): void {
  if (request.verb === 'watch') {
    const watch = serveWatch(response, request, {
      store: machine.store,
      resource,
      matches: matcherOf(request, resource),
      renderer: rendererFor(resource, request.headers.accept, request.query.get('includeObject'), machine.clock),
      bookmarkInterval: machine.options.bookmarkInterval ?? 60_000,
      expiredAs: machine.options.expiredAs ?? 'event'
    }, (ended) => { machine.watches.delete(ended) })
    if (!response.writableEnded) machine.watches.add(watch)
    return
  }
  const answer = handle(machine.operations, request, resource, { newest: machine.store.version, clock: machine.clock })
  response.writeHead(answer.code).end(answer.text)
}

function serve (machine: Machine, request: RequestInfo, response: ServerResponse): void {
  if (request.plural === '') {
    serveOther(machine, request, response)
    return
  }
  const resource = machine.registry.find(request.group, request.version, request.plural)
  if (!resource) {
    // A path that nothing serves is answered by Go's router, in plain text.
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n')
    return
  }
  serveResource(machine, request, resource, response)
}

function doUnanswered (machine: Machine, request: RequestInfo): void {
  const resource = machine.registry.find(request.group, request.version, request.plural)
  if (resource && request.verb !== 'watch') handle(machine.operations, request, resource, { newest: machine.store.version, clock: machine.clock })
}

async function answer (machine: Machine, message: IncomingMessage, response: ServerResponse): Promise<void> {
  response.sendDate = false
  response.setHeader('date', new Date(machine.clock()).toUTCString())
  response.setHeader('cache-control', 'no-cache, private')
  response.setHeader('content-type', 'application/json')
  try {
    const text = await readText(message)
    const parsed = parseRequest(message.method ?? 'GET', message.url ?? '/')
    const request: RequestInfo = { ...parsed, headers: message.headers, body: parseBody(text, message.headers['content-type']) }
    machine.counts[request.verb] += 1
    const fault = await machine.options.fault?.(request) ?? machine.faults.find(request)
    if (await suffer(fault, request, response, () => { doUnanswered(machine, request) })) return
    serve(machine, request, response)
  } catch (error) {
    if (response.headersSent) response.destroy()
    else sendStatus(response, statusOf(error))
  }
}

function load (machine: Machine, paths: string[]): void {
  for (const object of paths.flatMap(readYamlObjects)) {
    const cut = object.apiVersion.lastIndexOf('/')
    const [group, version] = [object.apiVersion.slice(0, Math.max(cut, 0)), object.apiVersion.slice(cut + 1)]
    const resource = machine.registry.findKind(joinApiVersion(group, version), object.kind)
    if (!resource) throw new Error(`no resource serves ${object.apiVersion} ${object.kind}`)
    const namespace = resource.namespaced ? object.metadata.namespace ?? 'default' : undefined
    const target = { resource, namespace, name: object.metadata.name }
    const known = machine.store.get(resource.group === '' ? `/${resource.plural}` : `${resource.group}/${resource.plural}`, namespace, target.name)
    if (known) machine.operations.update(target, { ...object, metadata: { ...object.metadata, resourceVersion: known.metadata.resourceVersion! } }, { manager: 'playground' })
    else machine.operations.create(resource, namespace, object, { manager: 'playground' })
  }
}

function makeMachine (options: ApiServerOptions): Machine {
  const clock = options.clock ?? Date.now
  const store = createStore(options.historyLength ?? 10_000)
  const registry = makeRegistry()
  registry.add(builtinResources())
  const operations = createOperations({ store, registry, clock, garbageCollection: options.garbageCollection ?? true })
  const counts: Record<Verb, number> = { get: 0, list: 0, watch: 0, create: 0, update: 0, patch: 0, delete: 0, deletecollection: 0, other: 0 }
  const watches = new Set<OpenWatch>()
  return { options, clock, store, registry, operations, watches, faults: createFaultSwitch(() => watches), counts }
}

/** Starts the server on 127.0.0.1 (port 0 unless given). Throws if a CRD cannot be served as its schema and rules demand. */
export async function startApiServer (options: ApiServerOptions = {}): Promise<ApiServer> {
  const machine = makeMachine(options)
  const namespaces = machine.registry.find('', 'v1', 'namespaces')!
  for (const name of new Set(['default', 'kube-system', ...(options.namespaces ?? [])])) {
    machine.operations.create(namespaces, undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { manager: 'playground' })
  }
  load(machine, [...(options.crds ?? []), ...(options.manifests ?? [])])
  const server = createServer((message, response) => { answer(machine, message, response).catch(() => response.destroy()) })
  server.keepAliveTimeout = 95_000
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    store: machine.store,
    registry: machine.registry,
    operations: machine.operations,
    counts: machine.counts,
    faults: machine.faults,
    watches: () => [...machine.watches],
    load: (paths) => { load(machine, paths) },
    async close () {
      for (const watch of machine.watches) watch.end()
      machine.operations.close()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }
}
