// One word for people, and one sentence that says what to do.
import t from 'tap'
import { annotate, missingReason, summarize, type Context, type Summary } from '../../hooks/mlflow-model/phase.ts'
import type { Memory } from '../../hooks/mlflow-model/schema/status.ts'
import { at, DOWN, facts, failure, ID, memory, PARTIAL, V1, V2, V3, withRollout, type Told } from '../helpers/rollout.ts'

/** In words of a backend that does not exist: the real ones are the backend's affair. */
const WORDS = { look: 'Look there', noRouter: 'nothing splits traffic. Get a router', beingMade: 'It is being made' }
const CONTEXT: Context = { name: 'churn', namespace: 'models', deployed: true, backend: WORDS }
const failedBackend = { backendFailure: 'Seldon reports it as Failed.' }
const registry = { server: 'default', workspace: '', model: 'churn', alias: 'champion', observedAt: at(0) }
const command = (verb: string) => `kubectl annotate mfm churn -n models --overwrite sluice.dev/${verb}=${ID}`

type Row = { name: string, given: Memory, told?: Told, context?: Partial<Context>, want: Summary }

const first = memory(withRollout('Loading', { weight: 100 }), { stable: undefined })
const late = memory(withRollout('Loading', { weight: 100, reason: 'ProgressDeadlineExceeded' }), { stable: undefined })
const nothing: Memory = { sequence: 40, counter: 30 }
const stepping = memory(withRollout('Stepping'))
const awaiting = memory(withRollout('AwaitingApproval'))
const { uri: _uri, ...unloadable } = V2

const progressing: Row[] = [
  ...(['Loading', 'Stepping', 'Promoting'] as const).map((stage): Row => ({ name: `${stage} is progress, and needs no sentence`, given: memory(withRollout(stage)), want: { phase: 'Progressing', reason: stage } })),
  { name: 'a rollout whose backend has failed says so', given: stepping, context: failedBackend, want: { phase: 'Progressing', reason: 'BackendFailed', error: 'Seldon reports it as Failed.' } },
  { name: 'a way back that is no failure is progress, with its reason', given: memory(withRollout('Unwinding', { outcome: 'RolledBack', reason: 'AliasMovedBack' })), want: { phase: 'Progressing', reason: 'AliasMovedBack' } },
  { name: 'a first version that loads is progress', given: first, want: { phase: 'Progressing', reason: 'FirstVersionLoading' } },
  { name: 'a first version whose backend has failed says so at once', given: first, context: failedBackend, want: { phase: 'Progressing', reason: 'BackendFailed', error: 'Seldon reports it as Failed.' } },
  {
    name: 'what is gone is made again, and no hint speaks of pods that do not exist',
    given: stepping,
    context: { deployed: false },
    want: { phase: 'Degraded', reason: 'Restoring', error: 'What served version 1 is gone, and is made again as it was: It is being made.' }
  }
]

const checks = (outcome: 'Error' | 'Inconclusive', count: number, reason = '') => ({ streak: { outcome, count }, last: { at: at(90), outcome, reason, metrics: [] } })
const goesOn = `It goes on by itself when checks pass again; to skip the checks: ${command('promote')}`

const paused: Row[] = [
  { name: 'a pause says how to end it', given: stepping, told: { policy: { paused: true } }, want: { phase: 'Paused', reason: 'Paused', error: 'The rollout of version 2 is paused by spec.rollout.paused; set it to false to go on.' } },
  { name: 'a wait for approval says how to approve', given: awaiting, want: { phase: 'Paused', reason: 'AwaitingApproval', error: `Version 2 has passed every step. Approve it with: ${command('promote')}` } },
  { name: 'of a paused wait for approval the pause is told', given: awaiting, told: { policy: { paused: true } }, want: { phase: 'Paused', reason: 'Paused', error: 'The rollout of version 2 is paused by spec.rollout.paused; set it to false to go on.' } },
  { name: 'too few requests are told with what the last check said', given: stepping, told: { checks: checks('Inconclusive', 5, '7 requests, 20 needed') }, want: { phase: 'Paused', reason: 'NotEnoughTraffic', error: `The rollout waits because its checks stay inconclusive (7 requests, 20 needed). ${goesOn}` } },
  { name: 'missing measurements are told, with nothing to add where nothing was said', given: stepping, told: { checks: checks('Error', 3) }, want: { phase: 'Paused', reason: 'MetricsUnavailable', error: `The rollout waits because the measurements cannot be had from Prometheus. ${goesOn}` } }
]

const { look } = WORDS
const noPod = 'No pod of the stable version 1 is available.'
const stableDown: Told = { pods: { 1: DOWN } }

const dead: Row[] = [
  { name: 'stable without a pod outweighs all else, and says where to look', given: memory(), told: stableDown, want: { phase: 'Degraded', reason: 'StableUnavailable', error: `${noPod} ${look}.` } },
  { name: 'one pod is enough', given: memory(), told: { pods: { 1: PARTIAL } }, want: { phase: 'Healthy', reason: 'Serving' } },
  { name: 'what the backend says comes in its place', given: memory(), told: stableDown, context: failedBackend, want: { phase: 'Degraded', reason: 'StableUnavailable', error: `${noPod} Seldon reports it as Failed.` } },
  { name: 'during a rollout the canary may take over', given: stepping, told: { ...stableDown, policy: { paused: true } }, want: { phase: 'Degraded', reason: 'StableUnavailable', error: `${noPod} ${command('promote')} lets version 2 take over once it is ready.` } },
  { name: 'on the way back it may too', given: memory(withRollout('Unwinding'), { failedVersions: [failure('Aborted')] }), told: stableDown, want: { phase: 'Degraded', reason: 'StableUnavailable', error: `${noPod} ${command('promote')} lets version 2 take over if it is ready.` } },
  {
    name: 'a version before it that is still loaded is the way out',
    given: memory({ previous: { ...V2, keepUntil: at(400), fastReturn: true } }),
    told: stableDown,
    want: { phase: 'Degraded', reason: 'StableUnavailable', error: `${noPod} ${look}. Version 2 is still loaded: with the alias back on it, it gets all traffic at once.` }
  },
  { name: 'a first version that is late goes on loading', given: late, want: { phase: 'Degraded', reason: 'ProgressDeadlineExceeded', error: `Version 2 is the first version and is not ready; it goes on loading. ${look}.` } },
  { name: 'and says what the backend says', given: late, context: failedBackend, want: { phase: 'Degraded', reason: 'ProgressDeadlineExceeded', error: 'Version 2 is the first version and is not ready; it goes on loading. Seldon reports it as Failed.' } }
]

const remedy = `Move the alias to another version, or try it again with: ${command('retry')}`
const causes: Array<[reason: string, cause: string, metrics?: string]> = [
  ['AnalysisFailed', 'was worse than the limits allow'],
  ['AnalysisFailed', 'was worse than the limits allow: error-rate 6.1 %', 'error-rate 6.1 %'],
  ['ProgressDeadlineExceeded', 'did not become ready within rollout.progressDeadline'],
  ['CandidateUnavailable', 'lost all its pods twice while it had traffic'],
  ['WeightNotApplied', 'never got its traffic: the router did not apply the weight within rollout.progressDeadline'],
  ['Aborted', 'was aborted'],
  ['NotEnoughTraffic', 'was rolled back for lack of traffic to judge it by'],
  ['MetricsUnavailable', 'was rolled back because its measurements could not be had'],
  ['Other', 'failed (Other)']
]

const failed: Row[] = [
  ...causes.map(([reason, cause, metrics]): Row => ({
    name: `${reason}${metrics ? ' with numbers' : ''} is told while the alias stays on the version`,
    given: memory({ failedVersions: [failure(reason, metrics)] }),
    told: { target: V2 },
    want: { phase: 'Degraded', reason, error: `Version 2 ${cause}; version 1 keeps serving. ${remedy}` }
  })),
  { name: 'on its way back a failure is told already', given: memory(withRollout('Unwinding'), { failedVersions: [failure('Aborted')] }), want: { phase: 'Degraded', reason: 'Aborted', error: `Version 2 was aborted; version 1 keeps serving. ${remedy}` } },
  { name: 'in its last moments too', given: memory(withRollout('Draining'), { failedVersions: [failure('Aborted')] }), want: { phase: 'Degraded', reason: 'Aborted', error: `Version 2 was aborted; version 1 keeps serving. ${remedy}` } },
  { name: 'a failure that the alias has left is no trouble', given: memory({ failedVersions: [failure('Aborted')], lastOutcome: 'Aborted' }), told: { target: V1 }, want: { phase: 'Healthy', reason: 'Serving' } },
  { name: 'where nothing serves nothing keeps serving', given: { ...nothing, failedVersions: [failure('Aborted')] }, told: { target: V2 }, want: { phase: 'Degraded', reason: 'Aborted', error: `Version 2 was aborted. ${remedy}` } }
]

const uriUnknown = 'Version 2 cannot be loaded: its storage URI is unknown; set serving.modelUri, or artifactsDestination of the registry entry.'
const noRouter = 'cannot be rolled out: nothing splits traffic. Get a router.'

const serving: Row[] = [
  { name: 'where all is well the last outcome is the reason', given: memory({ lastOutcome: 'FastRolledBack' }), want: { phase: 'Healthy', reason: 'FastRolledBack' } },
  { name: 'a version that nothing can load is told', given: memory(), told: { target: unloadable }, want: { phase: 'Degraded', reason: 'UriUnresolvable', error: uriUnknown } },
  { name: 'with what the registry said', given: memory(), told: { target: unloadable }, context: { registry: { ...registry, state: 'Found', problem: 'runs:/ needs artifactsDestination' } }, want: { phase: 'Degraded', reason: 'UriUnresolvable', error: 'Version 2 cannot be loaded: runs:/ needs artifactsDestination.' } },
  { name: 'a version that cannot be rolled out for want of a router is told', given: memory(), told: { target: V3, router: { present: false } }, want: { phase: 'Degraded', reason: 'NoTrafficRouter', error: `Version 3 ${noRouter}` } },
  { name: 'so is another life of the number that serves', given: memory(), told: { target: { ...V1, createdAt: V3.createdAt }, router: { present: false } }, want: { phase: 'Degraded', reason: 'NoTrafficRouter', error: `Version 1 ${noRouter}` } },
  { name: 'a version about to be rolled out is no trouble', given: memory(), told: { target: V3 }, want: { phase: 'Healthy', reason: 'Serving' } },
  { name: 'a router is not missed where nothing is to be rolled out', given: memory(), told: { router: { present: false } }, want: { phase: 'Healthy', reason: 'Serving' } },
  { name: 'an alias that is gone leaves what serves healthy', given: memory(), told: { target: 'Missing' }, want: { phase: 'Healthy', reason: 'Serving' } },
  { name: 'a backend that has failed is told', given: memory(), context: failedBackend, want: { phase: 'Degraded', reason: 'BackendFailed', error: 'Seldon reports it as Failed.' } }
]

const pending: Row[] = [
  { name: 'a first version is about to start', given: nothing, told: { target: V2 }, want: { phase: 'Pending', reason: 'Starting' } },
  { name: 'a first version that nothing can load is told', given: nothing, told: { target: unloadable }, want: { phase: 'Degraded', reason: 'UriUnresolvable', error: uriUnknown } },
  { name: 'before the first look at the registry nothing is known', given: nothing, told: { target: 'Unknown' }, want: { phase: 'Pending', reason: 'NotYetObserved' } },
  { name: 'a registry that never answered is told of with what is wrong', given: nothing, told: { target: 'Unknown' }, context: { registry: { ...registry, state: 'Unreachable', problem: 'nothing listens there; start it' } }, want: { phase: 'Pending', reason: 'RegistryUnreachable', error: 'Registry default: nothing listens there; start it.' } },
  { name: 'a missing alias is waited for', given: nothing, told: { target: 'Missing' }, context: { registry: { ...registry, state: 'AliasMissing' } }, want: { phase: 'Pending', reason: 'AliasNotFound' } }
]

for (const { name, given, told, context, want } of [...progressing, ...paused, ...dead, ...failed, ...serving, ...pending]) {
  t.test(name, async (t) => {
    t.strictSame(summarize(given, facts(given, told), { ...CONTEXT, ...context }), want)
  })
}

t.test('every summary that is no good news tells what is wrong', async (t) => {
  for (const { name, want } of [...paused, ...dead, ...failed]) t.ok(want.phase === 'Healthy' || want.error, name)
})

t.test('what is missing has one word for each answer', async (t) => {
  t.strictSame((['AliasMissing', 'ModelMissing', 'NotReady', 'Unreachable', 'Refused', 'Found', undefined] as const).map(missingReason), ['AliasNotFound', 'ModelNotFound', 'VersionNotReady', 'RegistryUnreachable', 'RegistryRefused', 'NotYetObserved', 'NotYetObserved'])
})

t.test('a command can be typed as it is told', async (t) => {
  t.equal(annotate(CONTEXT, 'abort', ID), command('abort'))
})
