// The poller is cut off from the API server for twenty minutes, which forgets meanwhile what it had been watching: nothing moves, nothing is decided, and
// afterwards all goes on from where it was.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { makeActor } from '../helpers/loop/actor.ts'
import { startWorld } from '../helpers/loop/world.ts'
import { beginPromotion, metOf } from './promotion.ts'

const POLLER = 'sluice-poller'
const TWENTY_MINUTES_MS = 1_200_000
/** Longer than a leader goes on without its lease. */
const CUT_S = 14

t.setTimeout(200_000)
const world = await startWorld(t, { controlLoop: { timeScale: 0.1 } })
const { system: { api, mlflow }, clock } = world

t.test('a poller that is cut off for twenty minutes', async (t) => {
  // One that has just been promoted, and keeps its version of before for two minutes; one that is new; one in the middle of a rollout.
  const kept = makeActor(world, 'kept', { analysis: { checks: 1 } })
  await kept.begin()
  kept.moveAlias('2')
  await kept.serves('2')
  const promotion = await beginPromotion(world, 'stepping')
  const applied = promotion.story.life.applied.length
  const asked = mlflow.calls.length

  api.faults.set({ cut: 'before', agents: [POLLER] })
  for (const watch of api.watches()) if (watch.request.headers['user-agent']?.startsWith(POLLER)) watch.end({ cut: true })
  clock.skip(TWENTY_MINUTES_MS / 2)
  await sleep(CUT_S * 1000)
  const calls = mlflow.calls.length
  t.equal(promotion.story.life.applied.length, applied, 'no weight has moved')
  t.same(promotion.story.status().failedVersions, undefined, 'nothing has failed')
  t.equal(kept.status().previousModelVersion, '1', 'no deadline is carried out')
  t.ok(kept.pods('1').length > 0, 'the version of before keeps its pods')
  const met = metOf(world, POLLER)
  t.comment(`${met.length} requests were cut in ${CUT_S} s`)
  t.ok(met.length > 0 && met.length <= 40, `no storm: ${met.length} requests`)
  await sleep(2_000)
  t.equal(mlflow.calls.length, calls, `who does not lead asks nobody (${calls - asked} calls before it gave up)`)

  clock.skip(TWENTY_MINUTES_MS / 2)
  api.store.compact()
  api.faults.clear()
  await kept.until('the version of before is let go', ({ previousModelVersion }) => previousModelVersion === undefined)
  await kept.applies({ 2: 100 })
  await promotion.end(t)
})
