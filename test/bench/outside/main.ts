// The outside world of the poller as a process of its own, so that its memory and CPU are not counted as the poller's: an API server with
// MlflowModels, and a registry. The bench that forks it says what is to happen there.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { aliasOf } from './registered-models.ts'
import { createApiServer, type Counters } from './api-server.ts'
import { createDay, type DayReport } from './day.ts'
import { makeObject } from './objects.ts'
import { createRegistry } from './registry.ts'

/** What the bench sends; each is answered once it is done. */
export type Order =
  | { do: 'start', objects: number, registered: number, spec?: object }
  | { do: 'startDay', objects: number }
  | { do: 'count' }
  | { do: 'moveAliases', many: number }

/** Where the servers are, and all that they have counted since the start. */
export type Answer = { day?: DayReport | undefined, api: string, registry: string, counters: Counters, registryRequests: Record<string, number>, registryBytes: number }

type World = { indices: number[], day?: () => DayReport, api: ReturnType<typeof createApiServer>, registry: ReturnType<typeof createRegistry>, urls: { api: string, registry: string } }

let world: World | undefined

process.on('message', (order: Order) => {
  obey(order).then((answer) => process.send?.(answer), (error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
// Whoever forked us is gone.
process.once('disconnect', () => { process.exit(0) })

async function obey (order: Order): Promise<Answer> {
  if (order.do === 'start') world = await start(order)
  if (order.do === 'startDay') world = await startDay(order.objects)
  if (!world) throw new Error('the world has not been started')
  if (order.do === 'moveAliases') moveAliases(world, order.many)
  const { api, registry, urls } = world
  return { ...urls, day: world.day?.(), counters: api.counters, registryRequests: registry.counters.requests, registryBytes: registry.counters.bytes }
}

/** Moves the aliases of so many objects, evenly spread. */
function moveAliases ({ registry, indices }: World, many: number): void {
  const stride = Math.floor(indices.length / many)
  for (const index of indices.filter((_, i) => i % stride === 0).slice(0, many)) registry.moveAlias(index, aliasOf(index, 'challenger'))
}

async function start ({ objects, registered, spec = {} }: Extract<Order, { do: 'start' }>): Promise<World> {
  const now = Math.floor(Date.now() / 1000)
  // Spread over the registry, as the objects of one cluster are: never its first pages only.
  const stride = Math.max(1, Math.floor(registered / Math.max(1, objects)))
  const indices = Array.from({ length: objects }, (_, i) => i * stride)
  const api = createApiServer(indices.map((index) => makeObject({ index, now, spec })), Date.now)
  setInterval(api.tick, 1_000)
  const registry = createRegistry(registered)
  return { indices, api, registry, urls: { api: await listen(api.handle), registry: await listen(registry.handle) } }
}

/** A world whose clock goes as it is told, with all that happens in a day. */
async function startDay (objects: number): Promise<World> {
  const day = createDay(objects)
  const { api, registry, prometheus } = day
  const [apiUrl, registryUrl, prometheusUrl, control] = await Promise.all([api.handle, registry.handle, prometheus.handle, day.handle].map(listen))
  const urls = { api: apiUrl ?? '', registry: registryUrl ?? '' }
  return { indices: [], api, registry, urls, day: () => ({ ...day.report(), prometheus: prometheusUrl ?? '', control: control ?? '' }) }
}

async function listen (handle: RequestListener): Promise<string> {
  // Longer than any client keeps a connection, or one would be closed under a request that is just being sent.
  const server = createServer({ keepAliveTimeout: 600_000 }, handle)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
