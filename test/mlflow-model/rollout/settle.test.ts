// What follows from where a rollout stands: whether its checks count, which deadline runs, and when to look again.
import t from 'tap'
import { nextDeadline, settle, stopDeadline } from '../../../hooks/mlflow-model/rollout/settle.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { at, changed, DOWN, facts, memory, PARTIAL, T0, V3, withRollout, type Told } from '../../helpers/rollout.ts'

type Row = { name: string, given: Memory, told?: Told, want?: Parameters<typeof changed>[1] }

const paused: Told = { policy: { paused: true } }
const stepping = memory(withRollout('Stepping'))
const unmeasured = memory(withRollout('Stepping', { stepStartedAt: undefined }))
const awaiting = memory(withRollout('AwaitingApproval'))

const measuring: Row[] = [
  { name: 'a step whose weight is in force goes on being measured since it began', given: stepping },
  { name: 'measuring begins when the weight comes into force', given: unmeasured, want: { stepStartedAt: at(100) } },
  { name: 'it does not begin before', given: memory(withRollout('Stepping', { inForce: false, stepStartedAt: undefined, deadline: at(650) })) },
  { name: 'it ends while the rollout is paused', given: stepping, told: paused, want: { stepStartedAt: undefined } },
  { name: 'it does not begin while the rollout is paused', given: unmeasured, told: paused },
  { name: 'it ends while stable has no pod', given: stepping, told: { pods: { 1: DOWN } }, want: { stepStartedAt: undefined } },
  { name: 'one pod of stable is enough to go on', given: stepping, told: { pods: { 1: PARTIAL } } },
  { name: 'it goes on while approval is awaited', given: awaiting },
  { name: 'it ends with the wait for approval while paused', given: awaiting, told: paused, want: { stepStartedAt: undefined } },
  { name: 'at weight 0 there is nothing to measure', given: memory(withRollout('Stepping', { weight: 0 })), want: { stepStartedAt: undefined } },
  { name: 'a canary on its way to 100 is not measured', given: memory(withRollout('Promoting', { stepStartedAt: at(60) })), want: { stepStartedAt: undefined } },
  { name: 'a canary on its way back is not measured', given: memory(withRollout('Unwinding', { stepStartedAt: at(60) })), want: { stepStartedAt: undefined } }
]

const loading = memory(withRollout('Loading', { progress: '0/1', deadline: at(650) }))
const begun = memory(withRollout('Loading', { progress: '0/1' }))
const held = memory(withRollout('Loading', { progress: '0/1', deadlineLeft: 200 }))
const pending = memory(withRollout('Stepping', { inForce: false, stepStartedAt: undefined, deadline: at(650) }))
const unwinding = memory(withRollout('Unwinding'))
const first = memory(withRollout('Loading', { weight: 100, progress: '0/1', deadline: at(650) }), { stable: undefined })
const notReady: Told = { pods: { 2: DOWN } }

const deadlines: Row[] = [
  { name: 'loading has a deadline from its beginning', given: begun, told: notReady, want: { deadline: at(700) } },
  { name: 'a deadline that runs is left alone', given: loading, told: notReady },
  { name: 'a pause holds it, and keeps what is left', given: loading, told: { ...notReady, ...paused }, want: { deadline: undefined, deadlineLeft: 550 } },
  { name: 'a held deadline is left alone', given: held, told: { ...notReady, ...paused } },
  { name: 'after the pause it goes on with what was left', given: held, told: notReady, want: { deadline: at(300), deadlineLeft: undefined } },
  { name: 'a deadline that passed unseen while it was held has a minute left', given: loading, told: { ...notReady, ...paused, now: 2000 }, want: { deadline: undefined, deadlineLeft: 60 } },
  { name: 'of a shorter deadline all of it is left', given: loading, told: { ...notReady, policy: { paused: true, progressDeadline: 20 }, now: 2000 }, want: { deadline: undefined, deadlineLeft: 20 } },
  { name: 'loading is timed even while stable is down', given: loading, told: { pods: { 1: DOWN, 2: DOWN } } },
  { name: 'a canary that is ready has no deadline', given: loading, want: { deadline: undefined } },
  { name: 'nor one that is held', given: held, want: { deadlineLeft: undefined } },
  { name: 'a ready canary waits for weights that are not in force', given: memory(withRollout('Loading', { inForce: false })), want: { deadline: at(700) } },
  { name: 'that wait is held while stable is not ready', given: memory(withRollout('Loading', { inForce: false, deadline: at(650) })), told: { pods: { 1: PARTIAL } }, want: { deadline: undefined, deadlineLeft: 550 } },
  { name: 'a canary that is not in the object yet waits with stable ready', given: memory(withRollout('Loading', { present: false, inForce: false, progress: undefined })), want: { deadline: at(700) } },

  { name: 'a weight that is not in force has a deadline', given: memory(withRollout('Stepping', { inForce: false, stepStartedAt: undefined })), want: { deadline: at(700) } },
  { name: 'it is held while a pod of stable is down, for nothing can be applied', given: pending, told: { pods: { 1: PARTIAL } }, want: { deadline: undefined, deadlineLeft: 550 } },
  { name: 'it is held by a pause', given: pending, told: paused, want: { deadline: undefined, deadlineLeft: 550 } },
  { name: 'it ends when the weight comes into force', given: memory(withRollout('Stepping', { deadline: at(650) })), want: { deadline: undefined } },
  { name: 'in force with a pod of the canary down it runs', given: stepping, told: { pods: { 2: PARTIAL } }, want: { deadline: at(700) } },
  { name: 'it leaves the router two minutes, however short progressDeadline is: a lost flip is believed after one', given: memory(withRollout('Stepping', { inForce: false, stepStartedAt: undefined })), told: { policy: { progressDeadline: 30 } }, want: { deadline: at(220) } },
  { name: 'a canary that loads has no more than progressDeadline', given: begun, told: { ...notReady, policy: { progressDeadline: 30 } }, want: { deadline: at(130) } },
  { name: 'the way to 100 has one', given: memory(withRollout('Promoting', { deadline: undefined })), want: { deadline: at(700) } },
  { name: 'a wait for approval has none', given: awaiting },
  { name: 'the way back has one, even while paused', given: memory(withRollout('Unwinding', { deadline: undefined })), told: paused, want: { deadline: at(700) } },
  { name: 'a pause does not hold the one of the way back', given: unwinding, told: paused },
  { name: 'stable that is not ready holds the one of the way back', given: unwinding, told: { pods: { 1: PARTIAL } }, want: { deadline: undefined, deadlineLeft: 550 } },
  { name: 'weight 0 in force ends the one of the way back', given: memory(withRollout('Unwinding', { inForce: true })), want: { deadline: undefined } },
  { name: 'the wait of a failed canary at weight 0 is not touched', given: memory(withRollout('Draining')), told: { ...paused, pods: { 1: DOWN, 2: DOWN } } },
  { name: 'the first version has a deadline', given: memory(withRollout('Loading', { weight: 100, progress: '0/1' }), { stable: undefined }), told: notReady, want: { deadline: at(700) } },
  { name: 'a pause does not hold it', given: first, told: { ...notReady, ...paused } },
  { name: 'once it has been too slow, or was aborted, it has none', given: memory(withRollout('Loading', { weight: 100, deadline: at(650), reason: 'Aborted' }), { stable: undefined }), told: notReady, want: { deadline: undefined } }
]

for (const { name, given, told, want } of [...measuring, ...deadlines]) {
  t.test(name, async (t) => {
    const answer = settle(given, facts(given, told))
    if (!want) return t.equal(answer, given, 'the very same')
    t.strictSame(answer, { ...given, ...changed(given, want) })
    t.equal(settle(answer, facts(answer, told)), answer, 'and then all is settled')
  })
}

t.test('without a rollout nothing has to be settled', async (t) => {
  const given = memory()
  t.equal(settle(given, facts(given)), given)
  t.equal(stopDeadline(given, facts(given)), given)
})

const stopped: Row[] = [
  { name: 'before deciding, a deadline that a pause holds is stopped', given: pending, told: { ...paused, now: 650 }, want: { deadline: undefined, deadlineLeft: 60 } },
  { name: 'so is one that a stable with a pod down holds', given: pending, told: { now: 650, pods: { 1: PARTIAL } }, want: { deadline: undefined, deadlineLeft: 60 } },
  { name: 'one that runs is not', given: pending, told: { now: 650 } },
  { name: 'one that has ended is left for the decision to clear', given: memory(withRollout('Stepping', { deadline: at(650) })) },
  { name: 'the wait of a failed canary is never stopped', given: memory(withRollout('Draining')), told: paused }
]

for (const { name, given, told, want } of stopped) {
  t.test(name, async (t) => {
    const answer = stopDeadline(given, facts(given, told))
    want ? t.strictSame(answer, { ...given, ...changed(given, want) }) : t.equal(answer, given)
  })
}

const previous = (keepUntil: number) => ({ previous: { ...V3, keepUntil: at(keepUntil), fastReturn: true } })
const next: Array<{ name: string, given: Memory, told?: Told, want?: number }> = [
  { name: 'where nothing waits there is no next deadline', given: memory() },
  { name: 'the deadline of the rollout is one', given: loading, told: notReady, want: 650 },
  { name: 'the time of the previous version is one', given: memory(previous(400)), want: 400 },
  { name: 'of several the first counts', given: memory(withRollout('Stepping', { deadline: at(650) }), previous(400)), want: 400 },
  { name: 'one that has passed hides no later one', given: memory(withRollout('Stepping', { deadline: at(650) }), previous(100)), want: 650 },
  { name: 'one in this second has passed', given: memory(previous(100)) },
  { name: 'one that is held does not count', given: held, told: { ...notReady, ...paused } },
  { name: 'weights that are not in force count as such a minute after their write', given: memory(withRollout('Stepping', { inForce: false, deadline: at(650) })), want: 110 },
  { name: 'that minute is over once', given: memory(withRollout('Stepping', { inForce: false, deadline: at(650) })), told: { now: 110 }, want: 650 },
  { name: 'a ready canary waits for the second in which a flip shows', given: memory(withRollout('Loading')), told: { router: { transition: at(100) } }, want: 101 },
  { name: 'one that is not ready does not', given: memory(withRollout('Loading')), told: { ...notReady, router: { transition: at(100) } } },
  { name: 'memory of nothing waits for nothing', given: { sequence: 0, counter: 0 } },
  { name: 'a version that lingers is waited for by the deadline alone', given: memory(withRollout('Loading', { present: false, progress: undefined, deadline: at(650) })), told: { pods: { 2: DOWN } }, want: 650 }
]

for (const { name, given, told, want } of next) {
  t.test(name, async (t) => {
    t.equal(nextDeadline(given, facts(given, told)), want === undefined ? undefined : T0 + want)
  })
}
