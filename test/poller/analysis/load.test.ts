// What many canaries at once cost, in counts that no machine changes. How long it takes is told by `npm run bench canaries`.
import t from 'tap'
import { formatInstant } from '../../../hooks/core/time.ts'
import { createAnalyst } from '../../../poller/analysis/analyst.ts'
import { parsePrometheusConfig } from '../../../poller/analysis/config.ts'
import { sendJson, startServer } from '../../helpers/local-server.ts'
import { T0, makeModel } from './models.ts'

const CANARIES = 200
/** Ages in seconds by which canaries look back 1, 2 and 5 minutes. */
const AGES = [70, 130, 900]

t.test('200 canaries share four queries for each look-back, and each gets one fact to write', async (t) => {
  const asked: string[] = []
  let inFlight = 0
  let mostInFlight = 0
  const clock = { seconds: T0 + 10 }
  const server = await startServer(t, (response, { body }) => {
    asked.push(new URLSearchParams(body).get('query') ?? '')
    mostInFlight = Math.max(mostInFlight, ++inFlight)
    setImmediate(() => {
      inFlight--
      response.setHeader('date', new Date(clock.seconds * 1000).toUTCString())
      response.setHeader('date', new Date(clock.seconds * 1000).toUTCString())
      sendJson(response, { status: 'success', data: { resultType: 'vector', result: [] } })
    })
  })
  const analyst = createAnalyst({
    providers: { default: parsePrometheusConfig({ url: server.url }, 'prometheus.default') },
    now: () => clock.seconds,
    logger: { debug () {}, warn () {} },
    patience: 60_000
  })
  t.teardown(() => analyst.close())
  const models = Array.from({ length: CANARIES }, (_, i) => makeModel({ name: `m${i}`, analysis: { initialDelay: '0s' }, rolloutStatus: { trafficSince: formatInstant(T0 + 10 - (AGES[i % AGES.length] ?? 0)) } }))
  const check = async (): Promise<{ facts: number, objects: number, queries: number }> => {
    const before = asked.length
    const facts = await analyst.check(models)
    return { facts: facts.length, objects: new Set(facts.map(({ uid }) => uid)).size, queries: asked.length - before }
  }

  t.strictSame(await check(), { facts: CANARIES, objects: CANARIES, queries: 4 * AGES.length })
  t.strictSame(await check(), { facts: 0, objects: 0, queries: 0 }, 'nothing is asked or written before the next is due')
  clock.seconds += 10
  t.strictSame(await check(), { facts: CANARIES, objects: CANARIES, queries: 4 * AGES.length })
  t.strictSame(Map.groupBy(asked, (query) => /\[(\w+)\]/.exec(query)?.[1] ?? '').values().map(({ length }) => length).toArray(), [8, 8, 8])
  t.ok(mostInFlight <= 4, 'no more at once than leaves room for rules and dashboards')
})
