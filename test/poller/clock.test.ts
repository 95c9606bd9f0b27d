import t from 'tap'
import { dueClocks, nextClock } from '../../poller/clock.ts'
import { at, T0 } from '../helpers/poller-model.ts'

const object = (deadline?: string, clock?: string) => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'MlflowModel',
  metadata: { name: 'a', namespace: 'models', uid: 'u', annotations: clock === undefined ? {} : { 'sluice.dev/clock': clock } },
  ...(deadline !== undefined && { status: { nextDeadline: deadline } })
})

const rows = [
  { name: 'nothing to wait for', given: object(), now: 0, due: undefined, wait: Infinity },
  { name: 'a deadline ahead', given: object(at(10)), now: 0, due: undefined, wait: 10_000 },
  { name: 'a deadline that passes now', given: object(at(10)), now: 10_000, due: at(10), wait: 0 },
  { name: 'whole seconds, never before the deadline', given: object(at(10)), now: 10_999, due: at(10), wait: -999 },
  { name: 'a deadline long passed is told with the present time', given: object(at(10)), now: 500_000, due: at(500), wait: -490_000 },
  { name: 'an older clock tells nothing of it', given: object(at(10), at(9)), now: 10_000, due: at(10), wait: 0 },
  { name: 'it has been told, and the hooks have not answered yet', given: object(at(10), at(10)), now: 60_000, due: undefined, wait: Infinity },
  { name: 'what is no instant is no deadline', given: object('soon'), now: 0, due: undefined, wait: Infinity },
  { name: 'a clock that is a little ahead is believed', given: object(at(10), at(60)), now: 0, due: undefined, wait: Infinity },
  { name: 'a clock that is far ahead is set right at once', given: object(at(10), at(62)), now: 1000, due: at(1), wait: 0 },
  { name: 'also when nothing is waited for', given: object(undefined, '2099-01-01T00:00:00Z'), now: 1000, due: at(1), wait: 0 },
  { name: 'an unreadable clock is as if it had never been written', given: object(at(10), 'noon'), now: 10_000, due: at(10), wait: 0 }
]
for (const { name, given, now, due, wait } of rows) {
  t.test(name, (t) => {
    t.same(dueClocks([given], T0 * 1000 + now), due === undefined ? [] : [{ uid: 'u', namespace: 'models', name: 'a', fact: due }])
    t.equal(nextClock([given], T0 * 1000 + now), wait)
    t.end()
  })
}

t.test('the next of many counts', (t) => {
  t.equal(nextClock([object(), object(at(30)), object(at(20)), object(at(5), at(6))], T0 * 1000), 20_000)
  t.end()
})

t.test('before the API server has told its time nothing is due', (t) => {
  t.equal(nextClock([object(at(10)), object(at(10), '2099-01-01T00:00:00Z')], -Infinity), Infinity)
  t.end()
})
