// A day in the life of a cluster, by a clock that the poller's process sets: what people, MLflow and the API server do while the poller works.
import type { RequestListener } from 'node:http'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { createApiServer, type ApiServer } from './api-server.ts'
import { createLife, SPEC, type Life } from './life.ts'
import { makeObject } from './objects.ts'
import { createPrometheus } from './prometheus.ts'
import { versionsOf } from './registered-models.ts'
import { createRegistry, type Registry, type Trouble } from './registry.ts'

/** What has happened so far, and where the further servers are. */
export type DayReport = Happened & Life['counters'] & { queries: number, prometheus: string, control: string }
type Happened = { aliasMoves: number, relists: number, cuts: number, troubles: number, recreated: number, edits: number }

export type Day = {
  api: ApiServer
  registry: Registry
  prometheus: ReturnType<typeof createPrometheus>
  /** `GET /tick?now=<ms>`: sets the clock, and lets happen what is due. */
  handle: RequestListener
  report: () => Omit<DayReport, 'prometheus' | 'control'>
}

const MINUTE = 60_000
const TROUBLES: Trouble[] = ['unavailable', 'page', 'cut']

/** A day with so many objects, each of which follows a registered model of its own. The same moves in each run. */
export function createDay (size: number): Day {
  let clock = Date.now()
  const now = (): number => clock
  const random = xoroshiro128plus(7)
  const any = (count: number): number => uniformInt(random, 0, count - 1)
  const make = (index: number) => makeObject({ index, now: Math.floor(clock / 1000), spec: SPEC })
  const api = createApiServer(Array.from({ length: size }, (_, index) => make(index)), now)
  const registry = createRegistry(size)
  const life = createLife(api)
  const prometheus = createPrometheus(life.canaries, now)
  const happened: Happened = { aliasMoves: 0, relists: 0, cuts: 0, troubles: 0, recreated: 0, edits: 0 }
  let generation = 0

  function moveAlias (): void {
    const index = any(size)
    const [champion, versions] = [Number(registry.championOf(index)), versionsOf(index)]
    registry.moveAlias(index, String(1 + (champion + any(versions - 1)) % versions))
    happened.aliasMoves += 1
  }

  function relist (): void {
    api.compact()
    api.cutWatches('gone')
    happened.relists += 1
  }

  function recreate (): void {
    const index = any(size)
    const name = make(index).metadata.name
    const [old] = [...api.objects()].filter(({ metadata }) => metadata.name === name)
    const fresh = make(index)
    generation += 1
    if (old) api.remove(old.metadata.uid ?? '')
    api.put({ ...fresh, metadata: { ...fresh.metadata, uid: `${generation}-${name}`, annotations: {} } })
    happened.recreated += 1
  }

  function edit (): void {
    const objects = [...api.objects()]
    const object = objects[any(objects.length)]
    if (!object) return
    const spec = object['spec'] as { monitoringInterval: number }
    api.put({ ...object, metadata: { ...object.metadata, generation: (object.metadata.generation ?? 1) + 1 }, spec: { ...spec, monitoringInterval: spec.monitoringInterval === 60 ? 90 : 60 } })
    happened.edits += 1
  }

  function trouble (): void {
    registry.setTrouble(TROUBLES[happened.troubles++ % TROUBLES.length])
  }

  /** How often each thing happens, in ms; the first time after that. */
  const habits: Array<{ every: number, next: number, act: () => void }> = [
    { every: 2 * MINUTE, act: moveAlias },
    { every: 30 * MINUTE, act: relist },
    { every: 20 * MINUTE, act () { api.cutWatches('nothing'); happened.cuts += 1 } },
    { every: 20 * MINUTE, act: recreate },
    { every: 10 * MINUTE, act: edit },
    { every: 240 * MINUTE, act: trouble }
  ].map((habit) => ({ ...habit, next: clock + habit.every }))
  let well = Infinity

  function happen (): void {
    for (const habit of habits) {
      if (habit.next > clock) continue
      habit.next += habit.every
      habit.act()
      if (habit.act === trouble) well = clock + 6 * MINUTE
    }
    if (clock < well) return
    well = Infinity
    registry.setTrouble(undefined)
  }

  return {
    api,
    registry,
    prometheus,
    handle (request, response) {
      clock = Math.max(clock, Number(new URL(`http://day${request.url}`).searchParams.get('now')))
      happen()
      life.step(Math.floor(clock / 1000))
      api.tick()
      response.writeHead(204).end()
    },
    report: () => ({ ...happened, ...life.counters, queries: prometheus.counters.queries })
  }
}
