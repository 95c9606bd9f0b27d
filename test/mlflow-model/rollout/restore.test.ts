// Memory that is written again without a decision.
import t from 'tap'
import { repeatMemory, restoreMemory } from '../../../hooks/mlflow-model/rollout/restore.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { after, changed, facts, fresh, memory, P1, P2, SETTLED, withRollout, type Told } from '../../helpers/rollout.ts'

const serving = memory()
const stepping = memory(withRollout('Stepping'))
const promoting = memory(withRollout('Promoting'))

const restored: Array<{ name: string, given: Memory, want: Memory }> = [
  { name: 'what was in force is not so in an object that is made again', given: serving, want: after(serving, { traffic: fresh(0) }) },
  { name: 'a rollout keeps stage, step and weight, and its checks begin anew', given: stepping, want: after(stepping, { traffic: fresh(10, 10) }, changed(stepping, { stepStartedAt: undefined })) },
  { name: 'weight 100 that was wanted is wanted again', given: promoting, want: after(promoting, { traffic: fresh(100) }) },
  { name: 'without traffic everything goes to stable', given: memory({ traffic: undefined }), want: after(serving, { traffic: fresh(0) }) }
]

for (const { name, given, want } of restored) {
  t.test(name, async (t) => {
    t.strictSame(restoreMemory(given, facts(given, { router: { shares: undefined } })), want)
  })
}

const again = after(stepping, { traffic: fresh(10, 10) }, changed(stepping, { stepStartedAt: undefined }))
const repeated: Array<{ name: string, given: Memory, told?: Told, want?: Memory }> = [
  { name: 'memory is repeated as it is where the object has its weights', given: stepping },
  { name: 'even if the router has not applied them yet', given: promoting, told: { router: { applied: false } } },
  { name: 'even if it cannot just now, for a pod that is down', given: stepping, told: { router: { applied: false } } },
  { name: 'where no router has reported yet the object is another one, and they have to come into force again', given: stepping, told: { router: { present: false, applied: false } }, want: again },
  { name: 'where the object has other weights they have to come into force again', given: stepping, told: { router: { shares: { [P1]: 100, [P2]: 0 } } }, want: again },
  { name: 'where the object has another version too', given: stepping, told: { router: { shares: { [P1]: 90, [P2]: 10, 'v9-000000': 0 } } }, want: again },
  { name: 'where the object lacks a version', given: stepping, told: { router: { shares: { [P1]: 100 } } }, want: again },
  { name: 'where nothing is known of the object', given: stepping, told: { router: { shares: undefined } }, want: again },
  { name: 'memory without traffic has to begin with some', given: memory({ traffic: undefined }), want: after(serving, { traffic: fresh(0) }) }
]

for (const { name, given, told, want } of repeated) {
  t.test(name, async (t) => {
    const answer = repeatMemory(given, facts(given, told))
    want ? t.strictSame(answer, want) : t.equal(answer, given, 'the very same')
  })
}

t.test('what is repeated is never below what was in force', async (t) => {
  t.strictSame(repeatMemory(serving, facts(serving)).traffic, SETTLED)
})
