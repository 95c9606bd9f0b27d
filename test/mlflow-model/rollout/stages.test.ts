// The way up. Steps are 10 and 50 unless told otherwise; a row without `want` is one in which nothing happens.
import t from 'tap'
import {
  effectiveSteps, settlePresence, stepAwaitingApproval, stepCommanded, stepLoading, stepPromoting, stepStepping
} from '../../../hooks/mlflow-model/rollout/stages.ts'
import type { RolloutFacts } from '../../../hooks/mlflow-model/rollout/facts.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { at, changed, DOWN, facts, FAILED, failure, fresh, memory, PARTIAL, PASSED, V1, V2, withRollout, type Told } from '../../helpers/rollout.ts'

type Change = Parameters<typeof changed>[1]
type Row = { name: string, given: Memory, told?: Told, late?: boolean, want?: Memory }
type Step = (memory: Memory, facts: RolloutFacts, late: boolean) => Memory

function check (step: Step, rows: Row[]): void {
  for (const { name, given, told, late = false, want } of rows) {
    t.test(name, async (t) => {
      const answer = step(given, facts(given, told), late)
      want ? t.strictSame(answer, want) : t.equal(answer, given, 'the very same')
    })
  }
}

/** The weights are wanted from now on. */
const raised = (given: Memory, weight: number, change: Change) => memory(given, changed(given, { raised: true, stepStartedAt: undefined, ...change }), { traffic: fresh(weight, given.traffic?.canaryInForce) })
const to100 = (given: Memory, change: Change = {}) => raised(given, 100, { stage: 'Promoting', deadline: undefined, ...change })
const backFor = (given: Memory, reason: string) => memory(given, changed(given, { stage: 'Unwinding', deadline: undefined, outcome: 'Aborted', reason }), { failedVersions: [failure(reason)], traffic: fresh(0, given.traffic?.canaryInForce) })
const given = (stage: Parameters<typeof withRollout>[0], change: Parameters<typeof withRollout>[1] = {}) => memory(withRollout(stage, change))

const loading = given('Loading')
const absent = given('Loading', { present: false, progress: undefined })
const inTheSecondOfAFlip: Told = { router: { transition: at(100) } }
const stableDown: Told = { pods: { 1: DOWN } }

check(settlePresence, [
  { name: 'the canary joins the object while the wanted weights are in force', given: absent, want: memory(absent, changed(absent, { present: true })) },
  { name: 'it does not while they are not', given: given('Loading', { present: false, inForce: false }) },
  { name: 'it does when stable is not ready, and freezes them anyway', given: given('Loading', { present: false, progress: undefined, inForce: false }), told: { pods: { 1: PARTIAL } }, want: memory(given('Loading', { inForce: false, progress: undefined })) },
  { name: 'it does not while pods of its former life are told of', given: absent, told: { pods: { 2: DOWN } } },
  { name: 'it does when the deadline of that wait has passed', given: absent, told: { pods: { 2: DOWN } }, late: true, want: memory(absent, changed(absent, { present: true })) },
  { name: 'once there it stays while the weights are in force', given: loading, told: { pods: { 2: DOWN } } },
  { name: 'it is taken out again when stable recovers first and the weights are not in force', given: given('Loading', { inForce: false, deadline: at(300) }), told: { pods: { 2: DOWN } }, want: memory(given('Loading', { inForce: false, present: false, progress: undefined })) },
  { name: 'not when it is ready by then', given: given('Loading', { inForce: false }) },
  { name: 'joining begins its deadline anew', given: given('Loading', { present: false, deadline: at(300), deadlineLeft: 3, progress: 'x' }), want: memory(absent, changed(absent, { present: true })) }
])

const failedLoading = (reason: string) => memory({ failedVersions: [failure(reason)], lastOutcome: 'Aborted' })

check(stepLoading, [
  { name: 'a ready canary goes to the first step', given: loading, want: raised(loading, 10, { stage: 'Stepping', step: 1 }) },
  { name: 'one that is not ready is waited for', given: loading, told: { pods: { 2: PARTIAL } } },
  { name: 'not beyond its deadline', given: loading, told: { pods: { 2: PARTIAL } }, late: true, want: failedLoading('ProgressDeadlineExceeded') },
  { name: 'it does not go up in the second of a flip, which would hide the next one', given: loading, told: inTheSecondOfAFlip },
  { name: 'it does not go up while stable has no pod', given: loading, told: stableDown },
  { name: 'it goes up with one pod of stable', given: loading, told: { pods: { 1: PARTIAL } }, want: raised(loading, 10, { stage: 'Stepping', step: 1 }) },
  { name: 'it does not go up while weight 0 is not in force', given: given('Loading', { inForce: false }) },
  { name: 'a weight 0 that never comes into force is no fault of loading', given: given('Loading', { inForce: false }), late: true, want: memory(failedLoading('WeightNotApplied'), { traffic: given('Loading', { inForce: false }).traffic }) },
  { name: 'nor is a canary that could never join', given: given('Loading', { inForce: false, present: false }), late: true, want: memory(failedLoading('WeightNotApplied'), { traffic: given('Loading', { inForce: false }).traffic }) },
  { name: 'joining comes before all else', given: absent, want: memory(absent, changed(absent, { present: true })) },
  { name: 'without steps a ready canary goes straight to 100', given: loading, told: { policy: { steps: [] } }, want: to100(loading) },
  { name: 'a single step of 100 is no step', given: loading, told: { policy: { steps: [100] } }, want: to100(loading) },
  { name: 'without steps and with approval it waits at weight 0', given: loading, told: { policy: { steps: [], approval: 'Manual' } }, want: memory(loading, changed(loading, { stage: 'AwaitingApproval' })) }
])

const first = given('Stepping')
const last = given('Stepping', { step: 2, weight: 50 })
const pending = given('Stepping', { inForce: false, deadline: at(90) })
const ERRORS = { errors: 3, streak: { outcome: 'Error' as const, count: 3 } }
const NO_TRAFFIC = { inconclusive: 5, streak: { outcome: 'Inconclusive' as const, count: 5 } }
const at30 = given('Stepping', { step: 3, weight: 30 })
const steps = (...steps: number[]): Told => ({ policy: { steps } })
const passing = (...steps: number[]): Told => ({ policy: { steps }, checks: PASSED })
const before = given('Stepping', { step: 0, weight: 30 })

check(stepStepping, [
  { name: 'without a verdict the step goes on', given: first },
  { name: 'a passed step leads to the next one', given: first, told: { checks: PASSED }, want: raised(first, 50, { step: 2 }) },
  { name: 'the last one leads to 100', given: last, told: { checks: PASSED }, want: to100(last) },
  { name: 'or to a wait for approval, at the weight that there is', given: last, told: { checks: PASSED, policy: { approval: 'Manual' } }, want: memory(last, changed(last, { stage: 'AwaitingApproval' })) },
  { name: 'a passed step does not lead on while a pod of the canary is down', given: first, told: { checks: PASSED, pods: { 2: PARTIAL } } },
  { name: 'nor while stable has no pod', given: first, told: { checks: PASSED, ...stableDown } },
  { name: 'nor in the second of a flip', given: first, told: { checks: PASSED, ...inTheSecondOfAFlip } },
  { name: 'a failed step is the way back', given: first, told: { checks: FAILED }, want: backFor(first, 'AnalysisFailed') },
  { name: 'a weight that never comes into force is the way back', given: pending, late: true, want: backFor(pending, 'WeightNotApplied') },
  { name: 'a pod that stays down with the weight in force is too', given: first, told: { pods: { 2: PARTIAL } }, late: true, want: backFor(first, 'ProgressDeadlineExceeded') },
  { name: 'too few requests are a pause', given: first, told: { checks: NO_TRAFFIC } },
  { name: 'missing measurements are one', given: first, told: { checks: ERRORS } },
  { name: 'such a pause can be the way back', given: first, told: { checks: NO_TRAFFIC, policy: { whenPaused: 'Rollback' } }, want: backFor(first, 'NotEnoughTraffic') },
  { name: 'for both reasons', given: first, told: { checks: ERRORS, policy: { whenPaused: 'Rollback' } }, want: backFor(first, 'MetricsUnavailable') },
  { name: 'such a pause can lead to 100', given: first, told: { checks: NO_TRAFFIC, policy: { whenPaused: 'Promote' } }, want: to100(first) },
  { name: 'with approval it leads to the wait for it', given: first, told: { checks: ERRORS, policy: { whenPaused: 'Promote', approval: 'Manual' } }, want: memory(first, changed(first, { stage: 'AwaitingApproval' })) },
  { name: 'it does not lead up while a pod of the canary is down', given: first, told: { checks: ERRORS, policy: { whenPaused: 'Promote' }, pods: { 2: PARTIAL } } },
  { name: 'it does not lead up in the second of a flip', given: first, told: { checks: ERRORS, policy: { whenPaused: 'Promote' }, ...inTheSecondOfAFlip } },

  { name: 'at 30, steps [60, 80] keep 30', given: at30, told: steps(60, 80), want: memory(at30, changed(at30, { step: 0, stepStartedAt: undefined })) },
  { name: 'and its passes lead to 60', given: before, told: passing(60, 80), want: raised(before, 60, { step: 1 }) },
  { name: 'at 30, steps [10, 20] go to 20', given: at30, told: steps(10, 20), want: raised(at30, 20, { step: 2 }) },
  { name: 'at 30, no steps keep 30', given: at30, told: steps(), want: memory(at30, changed(at30, { step: 0, stepStartedAt: undefined })) },
  { name: 'and its passes lead to 100', given: before, told: passing(), want: to100(before) },
  { name: 'at 30, steps [10, 30, 90] go on at 30 as their second, and its checks begin anew', given: at30, told: steps(10, 30, 90), want: memory(at30, changed(at30, { step: 2, stepStartedAt: undefined })) },
  { name: 'steps that were edited never raise in the same sync, whatever was passed', given: at30, told: passing(60, 80), want: memory(at30, changed(at30, { step: 0, stepStartedAt: undefined })) },
  { name: 'other steps above, or a final 100, change nothing', given: first, told: steps(10, 20, 99, 100) }
])

const awaiting = given('AwaitingApproval')
const atZero = given('AwaitingApproval', { step: 0, weight: 0, raised: false, stepStartedAt: undefined, trafficSince: undefined })
const manual: Told = { policy: { approval: 'Manual' } }

check(stepAwaitingApproval, [
  { name: 'approval is awaited, however many checks pass', given: awaiting, told: { ...manual, checks: PASSED } },
  { name: 'when it is not asked for any more the canary goes to 100', given: awaiting, want: to100(awaiting) },
  { name: 'not while a pod of it is down', given: awaiting, told: { pods: { 2: PARTIAL } } },
  { name: 'failures in a row are the way back', given: awaiting, told: { ...manual, checks: FAILED }, want: backFor(awaiting, 'AnalysisFailed') },
  { name: 'a pod that stays down is too', given: awaiting, told: { ...manual, pods: { 2: PARTIAL } }, late: true, want: backFor(awaiting, 'ProgressDeadlineExceeded') },
  { name: 'a step that appears above has to be passed', given: awaiting, told: { policy: { ...manual.policy, steps: [10, 50, 80] } }, want: memory(awaiting, changed(awaiting, { stage: 'Stepping', stepStartedAt: undefined })) },
  { name: 'even if approval is not asked for any more', given: awaiting, told: steps(10, 80), want: memory(awaiting, changed(awaiting, { stage: 'Stepping', step: 1, stepStartedAt: undefined }), { traffic: fresh(10, 50) }) },
  { name: 'a pause for want of measurements leads nowhere: it waits already', given: awaiting, told: { checks: ERRORS, policy: { approval: 'Manual', whenPaused: 'Promote' } } },
  { name: 'steps that appear while it waits at weight 0 begin as after loading', given: atZero, told: steps(20, 60), want: memory(atZero, changed(atZero, { stage: 'Loading' })) }
])

const promoting = given('Promoting')
const applied = given('Promoting', { inForce: true })
const takenOver = (lastOutcome: Memory['lastOutcome']) => memory({ stable: V2, traffic: fresh(0), lastOutcome })

check(stepPromoting, [
  { name: '100 that is not in force is waited for', given: promoting },
  { name: '100 in force swaps the roles', given: applied, want: memory({ stable: V2, previous: { ...V1, keepUntil: at(700), fastReturn: true }, traffic: { ...applied.traffic, stable: 100, canary: 0, canaryInForce: 0 } as Memory['traffic'], lastOutcome: 'Promoted' }) },
  { name: '100 that never comes into force is the way back', given: promoting, late: true, want: backFor(promoting, 'WeightNotApplied') },
  { name: 'a stable with a pod down would keep it from coming, and is removed', given: promoting, told: { pods: { 1: PARTIAL } }, want: takenOver('Promoted') },
  { name: 'not if the canary is not ready either', given: promoting, told: { pods: { 1: PARTIAL, 2: PARTIAL } } }
])

check(stepCommanded, [
  { name: 'a promote goes to 100 at once, without further checks', given: first, want: to100(first) },
  { name: 'from loading too', given: loading, want: to100(loading) },
  { name: 'before the weights are in force too', given: pending, want: to100(pending) },
  { name: 'it waits for a canary that is not ready', given: first, told: { pods: { 2: PARTIAL } } },
  { name: 'and for one that is not in the object', given: absent },
  { name: 'a stable without a pod is taken out', given: given('Stepping', { commanded: true }), told: stableDown, want: takenOver('FastPromoted') },
  { name: 'one with a pod stays until 100 is in force', given: first, told: { pods: { 1: PARTIAL } }, want: to100(first) }
])

t.test('a final 100 is no step', async (t) => {
  t.strictSame([effectiveSteps([10, 50]), effectiveSteps([10, 100]), effectiveSteps([100]), effectiveSteps([])], [[10, 50], [10], [], []])
})
