import t from 'tap'
import { cutNote } from '../../poller/cluster/event-recorder.ts'
import { endingBetween, eventsOf, newEvents } from '../../poller/events.ts'
import type { Model } from '../../poller/model.ts'
import { at, FAILURE, model, ROLLOUT, SERVING, STEPPING, T0, TRAFFIC, V7, V8 } from '../helpers/poller-model.ts'

const FOUND_8 = { version: '8', createdAt: V8.createdAt, uri: V8.uri }
const NOW = T0 + 100
const progressing = (when: number) => [{ type: 'Progressing', status: 'False' as const, reason: '', message: '', lastTransitionTime: at(when) }]

const PROMOTED = { ...SERVING, stable: V8, previous: { ...V7, keepUntil: at(700), fastReturn: true }, counter: 40, traffic: { ...TRAFFIC, stable: 100, canary: 0, writtenAt: at(80) } }
const UNWINDING = { ...STEPPING, rollout: { ...ROLLOUT, stage: 'Unwinding' as const, outcome: 'Aborted' as const, reason: 'AnalysisFailed' }, failedVersions: [FAILURE], phase: 'Degraded' as const, reason: 'AnalysisFailed', error: 'Version 8 was worse.' }
const DRAINING = { ...UNWINDING, weight: 0, rollout: { ...UNWINDING.rollout, stage: 'Draining' as const } }
const FAILED = { ...SERVING, counter: 40, lastOutcome: 'Aborted' as const, failedVersions: [FAILURE], phase: 'Degraded' as const, reason: 'AnalysisFailed', error: 'Version 8 was worse.' }

type Row = { name: string, before: Model | undefined, after: Model, want: string[] }

const rows: Row[] = [
  { name: 'nothing happened', before: model(), after: model(), want: [] },
  { name: 'a new version is seen behind the alias', before: model(), after: model(SERVING, { registry: FOUND_8 }), want: ['Normal NewModelVersionDetected: Alias champion of model churn names version 8. Version 7 is serving.'] },
  { name: 'the stable version behind the alias is no news', before: model(), after: model(SERVING, { registry: { version: '7', createdAt: V7.createdAt, uri: V7.uri } }), want: [] },
  { name: 'an answer to another question is no news', before: model(), after: model(SERVING, { registry: { ...FOUND_8, alias: 'challenger' } }), want: [] },
  { name: 'the registry\'s stale mark does not tell the version again', before: model(SERVING, { registry: FOUND_8 }), after: model(SERVING, { registry: { ...FOUND_8, stale: true } }), want: [`Warning RegistryUnavailable: Registry default has not answered for long; the last answer, of ${at(0)}, stays in force. Look at the poller's logs.`] },
  { name: 'a registry that never answered is told with cause and remedy', before: model(), after: model(SERVING, { registry: { state: 'Unreachable', problem: 'it refuses the Host header; set MLFLOW_SERVER_ALLOWED_HOSTS' } }), want: ['Warning RegistryUnavailable: Registry default has given no answer for this object yet: it refuses the Host header; set MLFLOW_SERVER_ALLOWED_HOSTS. It is asked again and again.'] },
  { name: 'another cause of the same silence is no second Event', before: model(SERVING, { registry: { state: 'Unreachable', problem: 'a; b' } }), after: model(SERVING, { registry: { state: 'Unreachable', problem: 'c; d' } }), want: [] },
  { name: 'a refused entry has an Event elsewhere', before: model(), after: model(SERVING, { registry: { state: 'Refused', problem: 'there is no registry default' } }), want: [] },
  { name: 'the alias is gone and stable is kept', before: model(), after: model(SERVING, { registry: { state: 'AliasMissing' } }), want: ['Warning AliasNotFound: Alias champion of model churn does not exist in registry default. Version 7 goes on serving.'] },
  { name: 'the model is gone and serving stops', before: model(), after: model(SERVING, { registry: { state: 'ModelMissing' }, spec: { whenAliasMissing: 'Delete' } }), want: ['Warning ModelNotFound: Model churn does not exist in registry default. Serving stops (spec.whenAliasMissing: Delete).'] },
  { name: 'a version without a usable URI', before: model(), after: model(SERVING, { registry: { ...FOUND_8, uri: undefined as never, problem: 'no artifactsDestination' } }), want: ['Warning UriUnresolvable: Version 8 cannot be loaded: no artifactsDestination'] },
  { name: 'a version that the spec says how to load needs no URI', before: model(), after: model(SERVING, { spec: { serving: { modelUri: 's3://models/{version}' } }, registry: { ...FOUND_8, uri: undefined as never, problem: 'no artifactsDestination' } }), want: ['Normal NewModelVersionDetected: Alias champion of model churn names version 8. Version 7 is serving.'] },
  { name: 'a rollout that loads gets no traffic', before: model(), after: model({ ...STEPPING, weight: 0, rollout: { ...ROLLOUT, stage: 'Loading' } }), want: [] },
  {
    name: 'a weight came into force, with the numbers that led to it',
    before: model({ ...STEPPING, weight: 0 }),
    after: model(STEPPING, { analysis: {} }),
    want: ['Normal TrafficIncrease: Version 8 gets 10 % of the traffic, step 1/3; version 7 gets the rest. Last check Passed: latency-p95 120 ms against 118 ms of stable (limit +5%).']
  },
  { name: 'a renewed start of the same step is no increase', before: model(STEPPING), after: model({ ...STEPPING, rollout: { ...ROLLOUT, stepStartedAt: at(50) } }), want: [] },
  { name: 'the same weight after a loss is told again', before: model(STEPPING), after: model({ ...STEPPING, rollout: { ...ROLLOUT, losses: 1 } }), want: ['Normal TrafficIncrease: Version 8 gets 10 % of the traffic, step 1/3; version 7 gets the rest.', 'Warning CanaryLost: Version 8 lost all its pods while it had traffic; version 7 gets everything until it is loaded again.'] },
  { name: 'approval is awaited', before: model(STEPPING), after: model({ ...STEPPING, phase: 'Paused', reason: 'AwaitingApproval', rollout: { ...ROLLOUT, stage: 'AwaitingApproval' } }), want: ['Normal AwaitingApproval: Version 8 has passed its last step and waits for approval: set sluice.dev/promote=v8-aaaaaa-40 or sluice.dev/abort=v8-aaaaaa-40.'] },
  { name: 'paused by a person', before: model(STEPPING), after: model({ ...STEPPING, phase: 'Paused', reason: 'Paused', error: 'The rollout of version 8 is paused.' }, { spec: { rollout: { paused: true } } }), want: ['Normal Paused: Version 8 stays at 10 % of the traffic. The rollout of version 8 is paused.'] },
  { name: 'paused for want of traffic', before: model(STEPPING), after: model({ ...STEPPING, phase: 'Paused', reason: 'NotEnoughTraffic', error: 'Too few requests.' }), want: ['Warning Paused: Version 8 stays at 10 % of the traffic. Too few requests.'] },
  { name: 'a failure, with its numbers', before: model(STEPPING), after: model(UNWINDING), want: ['Warning PromotionFailed: Version 8 failed, AnalysisFailed: error-rate 6.1 vs 0.9 (limit +2 points). Version 7 goes on serving. It gets no traffic again unless sluice.dev/retry=v8-aaaaaa-40 is set or the alias moves.'] },
  { name: 'its traffic is back at stable', before: model(UNWINDING), after: model(DRAINING), want: ['Warning RolledBack: Version 8 was rolled back (AnalysisFailed) and version 7 gets all traffic.'] },
  { name: 'its end tells nothing anew', before: model(DRAINING), after: model(FAILED), want: [] },
  { name: 'a candidate that was removed at once is told as rolled back, too', before: model(STEPPING), after: model(FAILED), want: ['Warning PromotionFailed: Version 8 failed, AnalysisFailed: error-rate 6.1 vs 0.9 (limit +2 points). Version 7 goes on serving. It gets no traffic again unless sluice.dev/retry=v8-aaaaaa-40 is set or the alias moves.', 'Warning RolledBack: Version 8 was rolled back (AnalysisFailed) and version 7 gets all traffic.'] },
  { name: 'aborted by hand is not called a failure', before: model(STEPPING), after: model({ ...FAILED, failedVersions: [{ ...FAILURE, reason: 'Aborted' }], reason: 'Aborted' }), want: ['Warning Aborted: The rollout of version 8 was aborted by hand and version 7 gets all traffic. Set sluice.dev/retry=v8-aaaaaa-40 to try it again.'] },
  { name: 'a promotion is complete', before: model({ ...STEPPING, rollout: { ...ROLLOUT, stage: 'Promoting' } }), after: model(PROMOTED), want: [`Normal PromotionComplete: Version 8 has passed all steps and gets all traffic. Version 7 stays loaded until ${at(700)} for an instant return.`] },
  { name: 'promoted by hand', before: model({ ...STEPPING, rollout: { ...ROLLOUT, stage: 'Promoting' } }), after: model({ ...PROMOTED, lastOutcome: 'FastPromoted', previous: undefined as never }), want: ['Normal PromotionComplete: Version 8 gets all traffic: promoted by hand, without its remaining checks.'] },
  { name: 'the instant return is told though it is no rollout of its own', before: model(PROMOTED), after: model({ ...SERVING, counter: 40, lastOutcome: 'FastRolledBack' }), want: ['Normal RolledBack: The alias is back on version 7, which was still loaded: it gets all traffic again at once.'] },
  { name: 'the alias is back before the end', before: model(STEPPING), after: model({ ...SERVING, counter: 40, lastOutcome: 'RolledBack' }), want: ['Normal RolledBack: The alias is back on the stable version: version 8 was rolled back and version 7 gets all traffic.'] },
  { name: 'superseded, and the next rollout is there already', before: model(STEPPING), after: model({ ...STEPPING, counter: 41, weight: 0, lastOutcome: 'Superseded', rollout: { ...ROLLOUT, id: 'v9-bbbbbb-41', stage: 'Loading' } }), want: ['Normal Superseded: The alias moved on before the rollout of version 8 was complete; version 7 gets all traffic until the newer version is loaded.'] },
  { name: 'the first version is deployed', before: model({ canary: V7, counter: 30, rollout: { ...ROLLOUT, id: 'v7-aaaaaa-30', stage: 'Loading' } }), after: model(SERVING), want: ['Normal Deployed: Version 7 is deployed and gets all traffic.'] },
  { name: 'what is degraded otherwise', before: model(), after: model({ ...SERVING, phase: 'Degraded', reason: 'StableUnavailable', error: 'No pod of version 7 is available.' }), want: ['Warning Degraded: No pod of version 7 is available.'] },
  { name: 'a status that was lost tells nothing', before: model(STEPPING), after: model({}), want: [] },
  { name: 'after a restart: what is recent is told', before: undefined, after: model(STEPPING, { registry: FOUND_8 }), want: ['Normal NewModelVersionDetected: Alias champion of model churn names version 8. Version 7 is serving.', 'Normal TrafficIncrease: Version 8 gets 10 % of the traffic, step 1/3; version 7 gets the rest.'] },
  { name: 'after a restart: the outcome of just now is told', before: undefined, after: model({ ...PROMOTED, conditions: progressing(90) }), want: [`Normal PromotionComplete: Version 8 has passed all steps and gets all traffic. Version 7 stays loaded until ${at(700)} for an instant return.`] },
  { name: 'after a restart: what is long over is not', before: undefined, after: model(SERVING), want: [] }
]

for (const { name, before, after, want } of rows) {
  t.test(name, (t) => {
    const events = newEvents(before, after, NOW)
    t.same(events.map(({ type, reason, note }) => `${type} ${reason}: ${note}`).sort(), [...want].sort())
    for (const event of events) t.equal(cutNote(event.note), event.note, 'within the API\'s limit')
    t.end()
  })
}

t.test('what a restart tells again has the name it had', (t) => {
  for (const { name, before, after } of rows) {
    if (!before) continue
    const live = newEvents(before, after, NOW)
    const keys = new Set(eventsOf(after).map(({ key, since }) => since === undefined ? key : `${key}/${since}`))
    const lost = live.filter(({ key }) => !keys.has(key)).map(({ reason }) => reason)
    // An end whose traces the next rollout has wiped out is known only to those who saw it.
    t.same(lost, name.startsWith('superseded') ? ['Superseded'] : [], name)
  }
  t.end()
})

const condition = (type: string, reason: string, when: number) => ({ type, status: 'False' as const, reason, message: '', lastTransitionTime: at(when) })
const pausedSince = (when: number, reason = 'Paused') => model({ ...STEPPING, phase: 'Paused', reason, conditions: [condition('Progressing', reason, when)] })
const degradedSince = (when: number, reason = 'StableUnavailable', type = 'Ready') => model({ ...SERVING, phase: 'Degraded', reason, error: 'Look.', conditions: [condition('Ready', 'StableUnavailable', type === 'Ready' ? when : -9000), condition(type, reason, when)] })

t.test('what comes back after it was over is told again, under another name', (t) => {
  const rows: Array<{ name: string, good: Model, bad: (when: number) => Model }> = [
    { name: 'a second outage of the same version', good: model(), bad: degradedSince },
    { name: 'a second failure of the backend, with a stable version that is as ready as ever', good: model(), bad: (when) => degradedSince(when, 'BackendFailed', 'BackendReady') },
    { name: 'a second pause at the same step', good: model(STEPPING), bad: pausedSince },
    { name: 'a second want of traffic at the same step', good: model(STEPPING), bad: (when) => pausedSince(when, 'NotEnoughTraffic') }
  ]
  for (const { name, good, bad } of rows) {
    const keys = [bad(10), bad(60)].flatMap((after) => newEvents(good, after, NOW).map(({ key }) => key))
    t.equal(new Set(keys).size, 2, `${name}: ${keys.join(' and ')}`)
    t.ok(newEvents(undefined, bad(60), NOW).some(({ key }) => key === keys[1]), `${name}: a restart gives it the same name`)
    t.same(newEvents(bad(10), bad(60), NOW), [], `${name}: what goes on is told once, also when the time of its condition changes`)
  }
  t.end()
})

t.test('the steps of a whole rollout have names of their own', (t) => {
  const life = [model({ ...STEPPING, weight: 0 }), model(STEPPING), model({ ...STEPPING, weight: 50, step: '2/3' }), model(UNWINDING), model(DRAINING), model(FAILED)]
  const keys = life.flatMap((after, index) => index === 0 ? [] : newEvents(life[index - 1], after, NOW).map(({ key }) => key))
  t.same(keys, ['40/TrafficIncrease/0/10', '40/TrafficIncrease/0/50', 'v8-aaaaaa-40/PromotionFailed', `40/Aborted/${keys.at(-1)?.split('/').at(-1)}`])
  t.end()
})

t.test('a rollout has ended between two states', (t) => {
  t.match(endingBetween(model(STEPPING), model(FAILED)), { outcome: 'Aborted', rollout: { id: ROLLOUT.id } })
  t.equal(endingBetween(model(STEPPING), model(STEPPING)), undefined)
  t.equal(endingBetween(model(SERVING), model(STEPPING)), undefined)
  t.end()
})
