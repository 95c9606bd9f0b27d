// The API server is in trouble in the middle of rollouts, for the poller and then for the control loop: watches and their places expire, it throttles,
// fails, answers lists slowly, and connections are half-open. What serves is untouched, nobody hammers, and all goes on by itself.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { ServerProcess } from '../helpers/servers/server-process.ts'
import { isServing } from '../helpers/servers/watched-model.ts'
import { assertNothingForbidden, restOf } from './cleanliness.ts'
import { forgetHistory } from './etcd.ts'
import { startFaultProxy, type Ask, type FaultProxy } from './fault-proxy.ts'
import { promotionsOf } from './promotion.ts'
import { openScene } from './scene.ts'
import { until } from './until.ts'

const NAME = 'churn-by-region'
const ALIAS = 'champion'
const STEPS = [50]
/** Seconds that a fault lasts, and that the API server wants to be left alone. */
const LASTS = 5
const RETRY_AFTER = 2

interface Actor {
  name: 'the poller' | 'the control loop'
  program: ServerProcess
  proxy: FaultProxy
  /** How often it may ask for the same in a trouble: about once a second, or after pauses that double from 5 ms on, as controllers do by convention. */
  most: number
}

interface Trouble {
  name: string
  /** Resolves when the trouble is over, or when it needs nobody to end it. */
  play: (t: Test, actor: Actor) => Promise<void>
}

let toPoller: FaultProxy | undefined
let toLoop: FaultProxy | undefined
const scene = await openScene(t, {
  // Its cache remembers more than etcd: without it a place that etcd has forgotten has really expired.
  apiServerArgs: ['--watch-cache=false'],
  async ways (stage) {
    [toPoller, toLoop] = await Promise.all([startFaultProxy(stage), startFaultProxy(stage)])
    return { poller: toPoller.url, loop: toLoop.url }
  }
})
if (scene && toPoller && toLoop) {
  const { plane, registry, history, poller, loop } = scene
  const actors: Actor[] = [{ name: 'the poller', program: poller, proxy: toPoller, most: LASTS + 3 }, { name: 'the control loop', program: loop, proxy: toLoop, most: 24 }]
  await registry.register(NAME, 11)
  await registry.setAlias(NAME, ALIAS, '1')
  const model = await scene.create(NAME, { rollout: { steps: STEPS }, analysis: { checks: 3 } })
  await model.until('version 1 serves', isServing('1'))
  const begin = promotionsOf(scene, model, { name: NAME, alias: ALIAS, steps: STEPS })

  const troubles: Trouble[] = [
    {
      name: 'loses its watches, and its place in them expires',
      async play (t, { proxy }) {
        proxy.suffer(() => 'cut')
        proxy.cutWatches()
        await sleep(1000)
        // Its place is forgotten when two more states have come: of the first, what was before must be known.
        for (const state of ['one', 'two']) await plane.kubectl(['annotate', 'mfm', NAME, '-n', 'models', '--overwrite', `e2e/state=${state}`])
        await forgetHistory(plane.etcd.url)
        const asked = proxy.suffer()
        const lists = (): Ask[] => asked.filter(isList)
        await until('everything is listed anew', async () => lists().length > 0)
        t.ok(lists().length <= 2, `${lists().length} lists`)
      }
    },
    {
      name: 'is told 429 and when to come back',
      async play (t, { proxy, name, most }) {
        const asked = proxy.suffer(() => ({ answer: 429, retryAfter: RETRY_AFTER }))
        await sleep(LASTS * 1000)
        proxy.suffer()
        t.ok(asked.length > 0, 'it asked')
        if (name === 'the poller') t.strictSame(tooSoon(asked, RETRY_AFTER * 1000), [], `and nobody came back within ${RETRY_AFTER} s`)
        assertBounded(t, asked, most)
      }
    },
    {
      name: 'is answered 500',
      async play (t, { proxy, most }) {
        const asked = proxy.suffer(() => ({ answer: 500 }))
        await sleep(LASTS * 1000)
        proxy.suffer()
        t.ok(asked.length > 0, 'it asked')
        assertBounded(t, asked, most)
      }
    },
    {
      name: 'has watches that are open and silent',
      async play (t, { proxy, name, most }) {
        const asked = proxy.suffer()
        t.ok(proxy.silence() > 0, 'there were some')
        // The poller notices by itself. A control loop is told in the end by what stands in between, or by its own pings.
        if (name === 'the poller') {
          await until('it opens its watch anew', async () => asked.some(({ verb, resource }) => verb === 'watch' && resource === 'mlflowmodels'))
        } else {
          await sleep(LASTS * 1000)
          assertBounded(t, asked, most)
          proxy.cutWatches()
        }
        t.notOk(asked.some(isList), 'what it knows is not listed')
      }
    },
    {
      name: 'is started again, and lists are slow',
      async play (t, { proxy, program }) {
        await program.leave()
        const asked = proxy.suffer(({ verb }) => verb === 'list' ? { delay: LASTS * 500 } : undefined)
        await program.start()
        const lists = asked.filter(isList)
        t.ok(lists.length <= 2, `it waits for what it has asked for: ${lists.length} lists`)
        proxy.suffer()
      }
    }
  ]

  let version = 1
  for (const actor of actors) {
    for (const { name, play } of troubles) {
      await t.test(`${actor.name} ${name}`, async (t) => {
        const rollout = await begin(String(version), String(version + 1))
        version += 1
        await play(t, actor)
        await rollout.end(t, 90)
      })
    }
  }

  await t.test('afterwards nothing is written at rest, weights have added up, and nobody was refused anything', async (t) => {
    const { writes, syncs } = await restOf(scene, 10)
    t.strictSame(writes, { counts: {}, by: [] }, 'nothing was written for 10 s')
    t.ok(syncs >= 3, `though the hooks were asked ${syncs} times`)
    t.strictSame(history.wrongSums(NAME), [])
    await assertNothingForbidden(t, scene)
  })
}

/** Whether it asks for all MlflowModels: by a list, or by a watch that begins with one. */
function isList ({ verb, resource, path }: Ask): boolean {
  return resource === 'mlflowmodels' && (verb === 'list' || path.includes('sendInitialEvents=true'))
}

/** Requests that repeat a refused one within `wait` milliseconds. Events are many, and each is a request of its own. */
function tooSoon (asked: Ask[], wait: number): string[] {
  const groups = Map.groupBy(asked.filter(({ resource }) => resource !== 'events'), ({ verb, path }) => `${verb} ${path.split('?')[0]}`)
  return [...groups].flatMap(([what, asks]) => asks.flatMap(({ at }, index) => {
    const before = asks[index - 1]
    return before !== undefined && at - before.at < wait ? [`${what} after ${Math.round(at - before.at)} ms`] : []
  }))
}

/** Nobody hammers: no verb of a resource comes more often than this in the whole trouble. */
function assertBounded (t: Test, asked: Ask[], most: number): void {
  const groups = Map.groupBy(asked, ({ verb, resource }) => `${verb} ${resource}`)
  const many = [...groups].map(([what, { length }]) => ({ what, length })).filter(({ length }) => length > most)
  t.strictSame(many, [], `${asked.length} requests in ${LASTS} s`)
}
