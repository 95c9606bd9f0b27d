// The API server refuses, forgets, is slow or goes silent in the middle of rollouts: poller and control loop wait as long as they are told, ask no more
// often than is good for it, and go on by themselves.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { FaultRule } from '../../playground/api-server/faults.ts'
import { statusOfCode } from '../../playground/api-server/api-error.ts'
import { startWorld, type LoopWorld } from '../helpers/loop/world.ts'
import { beginPromotion, countsOf, isMet, metOf, moreOften, tooSoon } from './promotion.ts'

const POLLER = 'sluice-poller'
const LOOP = 'metacontroller'
/** The control loop waits a tenth of what client-go would. */
const TIME_SCALE = 0.1
/** Seconds at least. */
const FAULT_S = 5
/** As client-go, it sends a request and ten more of the same; then it gives the refusal to whoever asked. */
const LOOP_TRIES = 11

type Row = {
  name: string
  rules: FaultRule[]
  /** Open watches first end with this code as an ERROR event. */
  endWatches?: number
  /** How often the poller may ask for the same in so many seconds. */
  most: (seconds: number) => number
  /** Waits that are asked for, in seconds. */
  retryAfter?: number
}

const both = { agents: [POLLER, LOOP] }
/** Several may write on one object, each with pauses of a second at first. */
const aboutASecond = (seconds: number): number => 2 * seconds + 3
/** Pauses of half a second at least, then of one, of two, of four: the nth ends after (2ⁿ - 1) / 2 seconds. */
const lessAndLess = (seconds: number): number => Math.log2(2 * seconds + 1)

const rows: Row[] = [
  { name: 'half of all requests are answered 500', rules: [{ answer: 500, share: 0.5, ...both }], most: aboutASecond },
  { name: 'all requests are answered 429, to come back after two seconds', rules: [{ answer: 429, retryAfter: 2, ...both }], endWatches: 429, most: aboutASecond, retryAfter: 2 },
  { name: 'lists take two seconds, and every watch has to list anew', rules: [{ delay: 2000, verbs: ['list'], ...both }], endWatches: 410, most: () => 1 },
  { name: 'every watch is answered 410', rules: [{ answer: 410, verbs: ['watch'], ...both }], endWatches: 410, most: lessAndLess },
  { name: 'connections are cut after the request took effect', rules: [{ cut: 'after', share: 0.5, ...both, verbs: ['patch', 'update', 'create'] }], most: aboutASecond }
]

async function tell (t: Test, world: LoopWorld, { name, rules, endWatches, most, retryAfter }: Row, index: number): Promise<void> {
  const { faults, watches } = world.system.api
  const promotion = await beginPromotion(world, `fault-${index}`)
  const began = performance.now()
  faults.set(...rules)
  if (endWatches !== undefined) for (const watch of watches()) if (isOurs(watch.request.headers['user-agent'])) watch.end({ error: statusOfCode(endWatches, 'a fault') })
  await sleep(FAULT_S * 1000)
  await isMet(world, POLLER)
  faults.clear()
  // A machine that is busy sleeps for longer than it was told.
  const seconds = (performance.now() - began) / 1000
  const [met, loopMet] = [metOf(world, POLLER), metOf(world, LOOP)]
  t.comment(`${name}: ${met.length} requests of the poller and ${loopMet.length} of the control loop were met in ${seconds.toFixed(1)} s`)
  t.same(moreOften(met, most(seconds)), {}, `no storm: ${JSON.stringify(countsOf(met))}`)
  if (retryAfter !== undefined) {
    t.same(tooSoon(met, retryAfter * 1000 - 5), [], 'the poller waits as long as it is told')
    t.same(tooSoon(loopMet, retryAfter * 1000 * TIME_SCALE - 5, LOOP_TRIES), [], 'so does the control loop, which lives ten times as fast')
  }
  await promotion.end(t)
}

function isOurs (agent = ''): boolean {
  return agent.startsWith(POLLER) || agent.startsWith(LOOP)
}

t.setTimeout(400_000)
const world = await startWorld(t, { controlLoop: { timeScale: TIME_SCALE } })
for (const [index, row] of rows.entries()) {
  await t.test(row.name, async (t) => { await tell(t, world, row, index) })
}

t.test('watches of the poller go silent and stay open', async (t) => {
  const promotion = await beginPromotion(world, 'half-open')
  // Those that are open fall silent; a new one is well.
  world.system.api.faults.set({ silent: true, verbs: ['watch'], agents: [POLLER] })
  world.system.api.faults.clear()
  await promotion.end(t)
})
