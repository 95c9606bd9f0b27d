// What the world did since the last decision. Version 2 is at step 1; its 10 % were written at second 50, before the router changed at second 5.
import t from 'tap'
import { flipLostAt, observe } from '../../../hooks/mlflow-model/rollout/observe.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { at, changed, DOWN, facts, fresh, memory, P1, P2, PARTIAL, T0, withRollout, type MemoryChange, type Told } from '../../helpers/rollout.ts'

const waiting = memory(withRollout('Stepping', { inForce: false, trafficSince: undefined, stepStartedAt: undefined }))
const inForce = { traffic: { ...waiting.traffic, inForce: true, canaryInForce: 10 } as Memory['traffic'] }
const stepping = memory(withRollout('Stepping'))
const unflipped = { transition: at(-50) }
const loading = memory(withRollout('Loading', { progress: '0/1', deadline: at(650) }))
const held = memory(withRollout('Loading', { progress: '0/1', deadlineLeft: 20 }))
const firstTraffic = (now: number) => changed(waiting, { trafficSince: at(now) })

const rows: Array<{ name: string, given: Memory, told?: Told, want?: MemoryChange }> = [
  { name: 'weights come into force with a flip of the router', given: waiting, want: { ...inForce, ...firstTraffic(100) } },
  { name: 'not while the router has not applied them', given: waiting, told: { router: { applied: false } } },
  { name: 'not before the router said anything else than when they were written', given: waiting, told: { now: 109, router: unflipped } },
  { name: 'a minute after the write they are in force without a flip', given: waiting, told: { now: 110, router: unflipped }, want: { ...inForce, ...firstTraffic(110) } },
  { name: 'not even then while the router has not applied them', given: waiting, told: { now: 1000, router: { ...unflipped, applied: false } } },
  { name: 'any other time is a flip, even an earlier one', given: waiting, told: { router: { transition: at(-60) } }, want: { ...inForce, ...firstTraffic(100) } },
  { name: 'once in force they stay so, whatever the router says', given: stepping, told: { router: { applied: false, transition: 'x' } } },
  { name: 'nothing is observed of an object that is not there', given: waiting, told: { router: { shares: undefined } } },
  { name: 'without traffic nothing comes into force', given: memory({ traffic: undefined }) },
  { name: 'weight 0 is no first traffic', given: memory(withRollout('Unwinding', { trafficSince: undefined })), want: { traffic: { ...memory(withRollout('Unwinding')).traffic, inForce: true } as Memory['traffic'] } },
  { name: 'later traffic is not the first', given: memory(withRollout('Stepping', { inForce: false, step: 2, weight: 50 })), want: { traffic: { ...memory(withRollout('Stepping', { weight: 50 })).traffic, canaryInForce: 50 } as Memory['traffic'] } },
  { name: 'weights that somebody changed are wanted again, and the share last seen in force is kept', given: stepping, told: { router: { shares: { [P1]: 50, [P2]: 50 } } }, want: { traffic: fresh(10, 10) } },
  { name: 'so are those of a predictor that somebody took out', given: stepping, told: { router: { shares: { [P1]: 100 } } }, want: { traffic: fresh(10, 10) } },
  { name: 'so are those beside a predictor that somebody put in', given: stepping, told: { router: { shares: { [P1]: 90, [P2]: 10, 'v9-000000': 0 } } }, want: { traffic: fresh(10, 10) } },
  { name: 'shares in another order are the same', given: stepping, told: { router: { shares: { [P2]: 10, [P1]: 90 } } } },

  { name: 'a canary that gets on has its whole deadline again', given: loading, told: { pods: { 2: PARTIAL } }, want: changed(loading, { progress: '1/2', deadline: at(700) }) },
  { name: 'one that does not get on has not', given: loading, told: { pods: { 2: DOWN } } },
  { name: 'one that falls back has not', given: memory(withRollout('Loading', { progress: '1/2', deadline: at(650) })), told: { pods: { 2: DOWN } } },
  { name: 'one that gets back to where it was has not: a crash loop would go on for ever', given: memory(withRollout('Loading', { progress: '1/2', deadline: at(650) })), told: { pods: { 2: PARTIAL } } },
  { name: 'a deadline that is held begins anew when it goes on', given: held, told: { pods: { 2: PARTIAL } }, want: changed(held, { progress: '1/2', deadlineLeft: undefined }) },
  { name: 'progress of a canary that is not in the object does not count', given: memory(withRollout('Loading', { present: false, progress: undefined })), told: { pods: { 2: DOWN } } },
  { name: 'progress after loading does not count', given: stepping, told: { pods: { 2: PARTIAL } } }
]

for (const { name, given, told, want } of rows) {
  t.test(name, async (t) => {
    const answer = observe(given, facts(given, told))
    want ? t.strictSame(answer, { ...given, ...want }) : t.equal(answer, given, 'the very same')
  })
}

t.test('a lost flip costs a minute', async (t) => {
  t.equal(flipLostAt(at(50)), T0 + 110)
})
