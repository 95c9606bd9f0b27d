// How a rollout ends, and its way down. Version 1 is stable, version 2 is tried; the present is second 100.
import t from 'tap'
import {
  abort, fail, loseCanary, promotedAs, rememberFailure, removeCanary, stepDraining, stepUnwinding, swapRoles, takeOver, unwind
} from '../../../hooks/mlflow-model/rollout/endings.ts'
import type { RolloutFacts } from '../../../hooks/mlflow-model/rollout/facts.ts'
import type { Memory, Rollout } from '../../../hooks/mlflow-model/schema/status.ts'
import { at, changed, DOWN, facts, failure, fresh, GONE, memory, PARTIAL, V1, V2, V3, withRollout, type Told } from '../../helpers/rollout.ts'

type Row = { name: string, given: Memory, told?: Told, step: (given: Memory, told: RolloutFacts) => Memory, want?: Memory }

const idle = memory()
const loading = memory(withRollout('Loading'))
const stepping = memory(withRollout('Stepping'))
const promoting = memory(withRollout('Promoting'))
const unwinding = memory(withRollout('Unwinding'))
const unwound = memory(withRollout('Unwinding', { inForce: true }))
const draining = memory(withRollout('Draining'))
const failed = { failedVersions: [failure('WeightNotApplied')] }
const back = { outcome: 'RolledBack', reason: 'AliasMovedBack' } as const
/** Nothing but stable, whose 100 % were wanted at the present. */
const alone = (canaryInForce: number, lastOutcome: Memory['lastOutcome']) => memory({ traffic: fresh(0, canaryInForce), lastOutcome })
const down = (change: Parameters<typeof changed>[1]) => changed(stepping, { stage: 'Unwinding', deadline: undefined, ...change })
const metrics = [{ name: 'error-rate', stable: 1, canary: 6.1, limit: '+2%', requests: 300, outcome: 'Failed' as const }]

const endings: Row[] = [
  { name: 'a canary with traffic goes back to 0', given: stepping, step: (m, f) => unwind(m, f, back), want: memory(stepping, down(back), { traffic: fresh(0, 10) }) },
  { name: 'on its way back nobody has asked for more, and no deadline of the way up runs', given: memory(withRollout('Stepping', { commanded: true, deadline: at(300), deadlineLeft: 7 })), step: (m, f) => unwind(m, f, back), want: memory(stepping, down({ ...back, deadlineLeft: undefined }), { traffic: fresh(0, 10) }) },
  { name: 'a canary that never was to have traffic is gone at once', given: loading, step: (m, f) => unwind(m, f, back), want: memory({ lastOutcome: 'RolledBack' }) },
  { name: 'so is one that is not in the object', given: memory(withRollout('Loading', { raised: true, present: false })), step: (m, f) => unwind(m, f, back), want: memory({ lastOutcome: 'RolledBack' }) },
  { name: 'without a rollout there is nothing to go back from', given: idle, step: (m, f) => unwind(m, f, back) },

  { name: 'a fault is remembered, and the canary goes back', given: stepping, step: (m, f) => fail(m, f, 'WeightNotApplied'), want: memory(stepping, down({ outcome: 'Aborted', reason: 'WeightNotApplied' }), failed, { traffic: fresh(0, 10) }) },
  { name: 'a fault before any traffic ends the rollout', given: loading, step: (m, f) => fail(m, f, 'WeightNotApplied'), want: memory(failed, { lastOutcome: 'Aborted' }) },
  { name: 'the numbers of the last check are remembered with it', given: stepping, told: { checks: { last: { at: at(90), outcome: 'Failed', reason: '', metrics } } }, step: (m, f) => rememberFailure(m, f, 'AnalysisFailed'), want: memory(stepping, { failedVersions: [failure('AnalysisFailed', 'error-rate 6.1 % against 1 % of stable (limit +2%)')] }) },
  { name: 'without a canary nothing has failed', given: idle, step: (m, f) => rememberFailure(m, f, 'AnalysisFailed') },

  { name: 'an abort on the way up is a failure', given: stepping, step: abort, want: memory(stepping, down({ outcome: 'Aborted', reason: 'Aborted' }), { failedVersions: [failure('Aborted')], traffic: fresh(0, 10) }) },
  { name: 'an abort on a way back that was none makes it one', given: memory(withRollout('Unwinding', back)), step: abort, want: memory(withRollout('Unwinding', { outcome: 'Aborted', reason: 'Aborted' }), { failedVersions: [failure('Aborted')] }) },
  { name: 'so it does in the last moments at weight 0', given: memory(withRollout('Draining', back)), step: abort, want: memory(withRollout('Draining', { outcome: 'Aborted', reason: 'Aborted' }), { failedVersions: [failure('Aborted')] }) },
  { name: 'what has failed keeps its reason', given: unwinding, step: abort },

  { name: 'a canary that leaves gives its share to stable', given: stepping, step: removeCanary, want: alone(10, undefined) },
  { name: 'the outcome stays when it leaves', given: unwound, step: removeCanary, want: memory({ lastOutcome: 'Aborted', traffic: unwound.traffic }) },

  { name: 'with 100 in force the roles swap, and the old stable stays warm', given: promoting, step: swapRoles, want: memory({ stable: V2, previous: { ...V1, keepUntil: at(700), fastReturn: true }, traffic: { ...promoting.traffic, stable: 100, canary: 0, canaryInForce: 0 } as Memory['traffic'], lastOutcome: 'Promoted' }) },
  { name: 'what was asked for is told as such', given: memory(withRollout('Promoting', { commanded: true }), failed), step: swapRoles, want: memory({ stable: V2, previous: { ...V1, keepUntil: at(700), fastReturn: true }, traffic: { ...promoting.traffic, stable: 100, canary: 0, canaryInForce: 0 } as Memory['traffic'], lastOutcome: 'FastPromoted' }) },
  { name: 'without a canary no roles swap', given: idle, step: swapRoles },

  { name: 'a canary that takes over leaves no old stable', given: memory(withRollout('Stepping'), failed), step: (m, f) => takeOver(m, f, 'FastPromoted'), want: memory({ stable: V2, traffic: fresh(0), lastOutcome: 'FastPromoted' }) },
  { name: 'without a canary nobody takes over', given: idle, step: (m, f) => takeOver(m, f, 'FastPromoted') }
]

const onTime = (m: Memory, f: RolloutFacts) => stepUnwinding(m, f, false)
const late = (m: Memory, f: RolloutFacts) => stepUnwinding(m, f, true)
const removed = memory({ lastOutcome: 'Aborted', traffic: unwinding.traffic })

const waysBack: Row[] = [
  { name: 'weight 0 that is not in force is waited for', given: unwinding, step: onTime },
  { name: 'weight 0 in force is the end of the way', given: unwound, step: onTime, want: memory(unwound, changed(unwound, { stage: 'Draining', deadline: at(130) })) },
  { name: 'a canary with a pod down is removed: it would block the weights', given: unwinding, told: { pods: { 2: PARTIAL } }, step: onTime, want: removed },
  { name: 'not while a pod of stable is down: the canary may be all that answers', given: unwinding, told: { pods: { 1: PARTIAL, 2: PARTIAL } }, step: onTime },
  { name: 'a weight 0 that never comes into force removes it', given: unwinding, step: late, want: removed },
  { name: 'not while a pod of stable is down', given: unwinding, told: { pods: { 1: PARTIAL } }, step: late },
  { name: 'a canary down with weight 0 in force is removed as well', given: unwound, told: { pods: { 2: DOWN } }, step: onTime, want: memory(removed, { traffic: unwound.traffic }) }
]

const drain = (m: Memory, f: RolloutFacts) => stepDraining(m, f, false)
const drained = memory({ lastOutcome: 'Aborted', traffic: draining.traffic })
const remade = memory(withRollout('Draining', { inForce: false }))

const lastMoments: Row[] = [
  { name: 'a failed canary stays for a look at it', given: draining, step: drain },
  { name: 'not longer than it is kept', given: draining, step: (m, f) => stepDraining(m, f, true), want: drained },
  { name: 'not when it is not ready any more', given: draining, told: { pods: { 2: PARTIAL } }, step: drain, want: drained },
  { name: 'not when another version waits', given: draining, told: { target: V3 }, step: drain, want: drained },
  { name: 'not when the alias is back on stable', given: draining, told: { target: V1 }, step: drain, want: drained },
  { name: 'an alias that is gone is no other version', given: draining, told: { target: 'Missing' }, step: drain },
  { name: 'one that was superseded does not stay', given: memory(withRollout('Draining', { outcome: 'Superseded' })), step: drain, want: memory(drained, { lastOutcome: 'Superseded' }) },
  { name: 'one that was rolled back does not stay', given: memory(withRollout('Draining', { outcome: 'RolledBack' })), step: drain, want: memory(drained, { lastOutcome: 'RolledBack' }) },
  { name: 'in an object that was made again nothing leaves before weight 0 is in force', given: remade, told: { target: V3 }, step: (m, f) => stepDraining(m, f, true) },
  { name: 'but for a canary that would keep it from coming into force', given: remade, told: { pods: { 2: DOWN } }, step: drain, want: memory(drained, { traffic: remade.traffic }) },
  { name: 'and even that stays while stable is not ready', given: remade, told: { pods: { 1: PARTIAL, 2: DOWN } }, step: drain }
]

const lose = (m: Memory, f: RolloutFacts) => loseCanary(m, f, 2, 'CandidateUnavailable')
const once = memory(withRollout('Stepping', { losses: 1 }))
const lost = {
  losses: 1, stage: 'Loading', step: 0, present: false, commanded: false, stepStartedAt: undefined, trafficSince: undefined
} as const

const losses: Row[] = [
  { name: 'a canary with a pod is not lost', given: stepping, told: { pods: { 2: PARTIAL } }, step: lose },
  { name: 'a first loss takes it out, and it loads again from the beginning', given: stepping, told: { pods: { 2: DOWN } }, step: lose, want: memory(stepping, changed(stepping, lost), { traffic: fresh(0, 10) }) },
  { name: 'what somebody asked for before is not owed to what loads again', given: memory(withRollout('Promoting', { commanded: true, deadline: at(300), deadlineLeft: 3, progress: '1/1' })), told: { pods: { 2: GONE } }, step: lose, want: memory(promoting, changed(promoting, { ...lost, deadline: undefined }), { traffic: fresh(0) }) },
  { name: 'a second loss ends the rollout, and is remembered', given: once, told: { pods: { 2: DOWN } }, step: lose, want: memory(alone(10, 'Aborted'), { failedVersions: [failure('CandidateUnavailable')] }) },
  { name: 'without a pod of stable the canary stays: there is nobody to give its share to', given: stepping, told: { pods: { 1: DOWN, 2: DOWN } }, step: lose },
  { name: 'one pod of stable is enough', given: stepping, told: { pods: { 1: PARTIAL, 2: DOWN } }, step: lose, want: memory(stepping, changed(stepping, lost), { traffic: fresh(0, 10) }) },
  { name: 'without a rollout nothing is lost', given: idle, step: lose }
]

for (const { name, given, told, step, want } of [...endings, ...waysBack, ...lastMoments, ...losses]) {
  t.test(name, async (t) => {
    const answer = step(given, facts(given, told))
    want ? t.strictSame(answer, want) : t.equal(answer, given, 'the very same')
  })
}

t.test('a rollout ends as what it was asked to be', async (t) => {
  t.strictSame([false, true].map((commanded) => promotedAs({ ...promoting.rollout, commanded } as Rollout)), ['Promoted', 'FastPromoted'])
})
