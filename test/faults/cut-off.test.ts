// The poller is cut off from the API server for twenty minutes, which forgets meanwhile what it had been watching: nothing moves, nothing is decided, and
// afterwards all goes on from where it was.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { makeActor } from '../helpers/loop/actor.ts'
import { startWorld } from '../helpers/loop/world.ts'
import { beginPromotion, countsOf, metOf, moreOften } from './promotion.ts'

const POLLER = 'sluice-poller'
const TWENTY_MINUTES_MS = 1_200_000

t.setTimeout(400_000)
const world = await startWorld(t, { controlLoop: { timeScale: 0.1 } })
const { system: { api, mlflow, metricsUrl }, clock } = world

/** Resolves when the poller has noticed that its lease is over, and what it had asked for by then is answered. */
async function gaveUp (): Promise<void> {
  let leads = true
  const look = setInterval(() => {
    fetch(`${metricsUrl}/metrics`).then(async (answer) => { leads = !/^sluice_poller_leader 0$/m.test(await answer.text()) }, () => undefined)
  }, 200)
  await world.witness.until('the poller gives up', () => !leads).finally(() => { clearInterval(look) })
  await sleep(1_000)
}

t.test('a poller that is cut off for twenty minutes', async (t) => {
  // One that has just been promoted, and keeps its version of before for two minutes; one that is new; one in the middle of a rollout.
  const kept = makeActor(world, 'kept', { analysis: { checks: 1 } })
  await kept.begin()
  kept.moveAlias('2')
  await kept.serves('2')
  const promotion = await beginPromotion(world, 'stepping')
  const applied = promotion.story.life.applied.length
  const asked = mlflow.calls.length

  const began = performance.now()
  api.faults.set({ cut: 'before', agents: [POLLER] })
  for (const watch of api.watches()) if (watch.request.headers['user-agent']?.startsWith(POLLER)) watch.end({ cut: true })
  clock.skip(TWENTY_MINUTES_MS / 2)
  await gaveUp()
  const calls = mlflow.calls.length
  t.equal(promotion.story.life.applied.length, applied, 'no weight has moved')
  t.same(promotion.story.status().failedVersions, undefined, 'nothing has failed')
  t.equal(kept.status().previousModelVersion, '1', 'no deadline is carried out')
  t.ok(kept.pods('1').length > 0, 'the version of before keeps its pods')
  const met = metOf(world, POLLER)
  const seconds = (performance.now() - began) / 1000
  t.comment(`${met.length} requests were cut in ${seconds.toFixed(1)} s`)
  t.ok(met.length > 0, 'it asked')
  t.same(moreOften(met, seconds + 3), {}, `no storm: ${JSON.stringify(countsOf(met))}`)
  await sleep(2_000)
  t.equal(mlflow.calls.length, calls, `who does not lead asks nobody (${calls - asked} calls before it gave up)`)

  clock.skip(TWENTY_MINUTES_MS / 2)
  api.store.compact()
  api.faults.clear()
  await kept.until('the version of before is let go', ({ previousModelVersion }) => previousModelVersion === undefined)
  await kept.applies({ 2: 100 })
  await promotion.end(t)
})
