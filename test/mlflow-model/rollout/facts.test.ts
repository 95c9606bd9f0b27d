// Small questions to the facts.
import t from 'tap'
import { after, flipVisibleAt, inForce, isAvailable, isDue, isLingering, isReady } from '../../../hooks/mlflow-model/rollout/facts.ts'
import { at, DOWN, facts, GONE, memory, NOW, PARTIAL, READY, SETTLED, T0, V1 } from '../../helpers/rollout.ts'

const due: Array<{ name: string, deadline: string | undefined, want: boolean }> = [
  { name: 'a wait that does not exist never ends', deadline: undefined, want: false },
  { name: 'a wait ends in the second that it names', deadline: at(NOW), want: true },
  { name: 'a wait that was missed has ended', deadline: at(NOW - 1), want: true },
  { name: 'a wait in the next second has not ended', deadline: at(NOW + 1), want: false },
  { name: 'an instant that is none never comes', deadline: 'soon', want: false }
]

for (const { name, deadline, want } of due) {
  t.test(name, async (t) => {
    t.equal(isDue(deadline, T0 + NOW), want)
  })
}

t.test('an instant is counted from now, in whole seconds', async (t) => {
  t.equal(after(facts(memory()), 30), at(NOW + 30))
})

const pods: Array<{ name: string, pod: typeof READY, want: { ready: boolean, available: boolean, lingering: boolean } }> = [
  { name: 'all replicas are ready and available', pod: READY, want: { ready: true, available: true, lingering: true } },
  { name: 'some replicas are available', pod: PARTIAL, want: { ready: false, available: true, lingering: true } },
  { name: 'no replica is neither, and is still there', pod: DOWN, want: { ready: false, available: false, lingering: true } },
  { name: 'what is not deployed is nothing at all', pod: GONE, want: { ready: false, available: false, lingering: false } }
]

for (const { name, pod, want } of pods) {
  t.test(name, async (t) => {
    const told = facts(memory(), { pods: { 1: pod } })
    t.strictSame({ ready: isReady(V1, told), available: isAvailable(V1, told), lingering: isLingering(V1, told) }, want)
  })
}

t.test('no version is neither ready, available nor lingering', async (t) => {
  const told = facts(memory())
  t.strictSame([isReady(undefined, told), isAvailable(undefined, told), isLingering(undefined, told)], [false, false, false])
})

/** The present is second 100. */
const flips: Array<{ name: string, transition: string, want: number | undefined }> = [
  { name: 'a router that never changed can flip visibly', transition: '', want: undefined },
  { name: 'a change in an earlier second hides no flip', transition: at(99), want: undefined },
  { name: 'a change in this second hides a flip until the next one', transition: at(100), want: 101 },
  { name: 'a change that a faster clock saw hides a flip until after it', transition: at(103), want: 104 },
  { name: 'a change up to four seconds ahead is waited for', transition: at(104), want: 105 },
  { name: 'a change further ahead is of another clock and not waited for', transition: at(105), want: undefined },
  { name: 'of two routers the later change counts', transition: `${at(90)},${at(100)}`, want: 101 },
  { name: 'of two routers that changed before, none hides a flip', transition: `${at(90)},${at(99)}`, want: undefined },
  { name: 'a time that is none hides nothing', transition: 'never', want: undefined },
  { name: 'beside a router without a time the other one counts', transition: `,${at(100)}`, want: 101 }
]

for (const { name, transition, want } of flips) {
  t.test(name, async (t) => {
    t.equal(flipVisibleAt(facts(memory(), { router: { transition } })), want === undefined ? undefined : T0 + want)
  })
}

t.test('weights are in force once they have been seen so', async (t) => {
  t.equal(inForce(memory()), true)
  t.equal(inForce(memory({ traffic: { ...SETTLED, inForce: false } })), false)
  t.equal(inForce(memory({ traffic: undefined })), false)
})
