// Two pollers that both believe they lead: one was stopped for longer than its lease lasts and goes on in the middle of its work, or the lease was
// deleted under it. The younger keeps what it has counted, and the elder gives up.
import t, { type Test } from 'tap'
import { startWorld } from '../helpers/loop/world.ts'
import { beginPromotion, SECOND_STEP } from './promotion.ts'

t.setTimeout(400_000)
const world = await startWorld(t, { controlLoop: { timeScale: 0.1 } })
const { system, witness, people } = world
const other = await system.addPoller('the-other')
const replicas = [{ ...system.poller(), metricsUrl: system.metricsUrl }, other]

/** Whether each of them says that it leads. */
async function leaders (): Promise<boolean[]> {
  return await Promise.all(replicas.map(async ({ metricsUrl }) => /^sluice_poller_leader 1$/m.test(await (await fetch(`${metricsUrl}/metrics`)).text())))
}

function holder (): string {
  const lease = system.api.store.get('coordination.k8s.io/leases', 'default', 'sluice-poller')
  return String((lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity ?? '')
}

async function assertOneLeads (t: Test, name: string): Promise<void> {
  let seen: boolean[] = []
  const look = setInterval(() => { leaders().then((found) => { seen = found }, () => undefined) }, 100)
  await witness.until(`${name}: one of both leads`, () => seen.filter(Boolean).length === 1).finally(() => { clearInterval(look) })
  t.pass('in the end one of them leads')
}

t.test('a leader that was stopped for longer than its lease lasts', async (t) => {
  // The younger has some checks done by the time that the elder goes on.
  const promotion = await beginPromotion(world, 'stopped', { analysis: { checks: 12 } })
  const [first] = await leaders()
  const elder = replicas[first === true ? 0 : 1]
  const before = holder()
  elder?.pause()
  await witness.until('the younger takes the lease', () => holder() !== before)
  await promotion.story.until('the younger goes on', ({ weight }) => weight === SECOND_STEP)
  elder?.resume()
  await assertOneLeads(t, 'stopped')
  await promotion.end(t)
  t.not(holder(), before, 'the younger has kept the lease')
})

t.test('a lease that is deleted under its leader', async (t) => {
  const promotion = await beginPromotion(world, 'deleted', { analysis: { checks: 6 } })
  for (let times = 0; times < 3; times++) {
    people.removeLease()
    await witness.until('somebody makes it anew', () => holder() !== '')
  }
  await assertOneLeads(t, 'deleted')
  await promotion.end(t)
})
