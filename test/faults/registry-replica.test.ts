// A registry that reads from a replica which lags behind shows every other time where an alias was before. The rollout goes on as if nothing had been said;
// a person who really goes back is followed.
import t from 'tap'
import { startMlflow } from '../../playground/stand-ins/mlflow/server.ts'
import { startFront } from '../helpers/loop/front.ts'
import { ALIAS, register } from '../helpers/loop/models.ts'
import { startWorld } from '../helpers/loop/world.ts'
import { beginPromotion, UNHURRIED } from './promotion.ts'

const NAME = 'lagging'
/** Longer than it takes to look twice. */
const LAG = '3s'

t.setTimeout(400_000)
t.test('a replica that shows every other time where the alias was before', async (t) => {
  const now = Date.now()
  const [primary, replica] = await Promise.all([startMlflow({ now: () => now }), startMlflow({ now: () => now })])
  const answered = { primary: 0, replica: 0 }
  let lags = true
  const front = await startFront(() => {
    const asked = lags && answered.primary > answered.replica ? 'replica' as const : 'primary' as const
    answered[asked]++
    return { primary, replica }[asked].url
  })
  t.teardown(async () => { await Promise.all([front, primary, replica].map((server) => server.close())) })
  for (const server of [primary, replica]) register(server.registry(), NAME)
  const world = await startWorld(t, { controlLoop: { timeScale: 0.1 }, entries: { registries: { replicated: { url: front.url, minInterval: '1s', replicaLag: LAG } } } })

  const promotion = await beginPromotion(world, NAME, { ...UNHURRIED, spec: { registry: 'replicated', monitoringInterval: 5 } }, primary)
  await promotion.end(t)
  t.ok(answered.replica > 2, `${answered.replica} answers were those of the replica`)
  t.same(promotion.story.life.statuses.filter(({ lastOutcome }) => lastOutcome === 'RolledBack'), [], 'nothing was rolled back')

  lags = false
  primary.registry().setAlias(NAME, ALIAS, '1')
  const back = await promotion.story.serves('1')
  t.equal(back.lastOutcome, 'FastRolledBack', 'a person who goes back is followed')
  await promotion.story.applies({ 1: 100, 2: 0 })
})
