// The conditions of an MlflowModel. Each row looks at one of the five; what a row does not tell is well.
import t from 'tap'
import type { Aspect } from '../../hooks/core/conditions.ts'
import type { RegistryFact } from '../../hooks/core/facts.ts'
import { conditionsOf } from '../../hooks/mlflow-model/conditions.ts'
import type { Context, Summary } from '../../hooks/mlflow-model/phase.ts'
import type { Memory } from '../../hooks/mlflow-model/schema/status.ts'
import { specOf } from '../helpers/poller-model.ts'
import { at, DOWN, facts, ID, memory, PARTIAL, T0, withRollout, type Told } from '../helpers/rollout.ts'

type Given = { memory?: Memory, told?: Told, summary?: Summary, context?: { [K in keyof Context]?: Context[K] | undefined }, deployed?: boolean, installed?: boolean, backend?: number | undefined }
type Row = Given & { name: string, want: Omit<Aspect, 'type' | 'since'> }

const FOUND: RegistryFact = { server: 'default', workspace: '', model: 'churn', alias: 'champion', state: 'Found', version: '1', createdAt: '2026-11-01T00:00:00.000Z', uri: 's3://models/1', observedAt: at(0) }
const WORDS = { look: 'Look there', noRouter: 'nothing splits traffic', beingMade: 'It is being made' }
const HEALTHY: Summary = { phase: 'Healthy', reason: 'Promoted' }

/** The last decision was made at second 10, and the backend last reported at second 20, unless told otherwise. */
function causes ({ memory: given = memory(), told, summary = HEALTHY, context, deployed = true, installed = true, ...rest }: Given): Aspect[] {
  const times = { decided: T0 + 10, backend: 'backend' in rest ? rest.backend : T0 + 20 }
  return conditionsOf({ memory: given, facts: facts(given, told), summary, context: { name: 'churn', namespace: 'models', backend: WORDS, deployed, registry: FOUND, ...context } as Context, spec: specOf(), installed, times })
}

function conditions (given: Given): Array<Omit<Aspect, 'since'>> {
  return causes(given).map(({ since: _since, ...words }) => words)
}

function check (type: string, rows: Row[]): void {
  for (const { name, want, ...given } of rows) {
    t.test(`${type}: ${name}`, async (t) => {
      t.strictSame(conditions(given).find((condition) => condition.type === type), { type, ...want })
    })
  }
}

t.test('of an object that serves all five are told, Ready first', async (t) => {
  t.strictSame(conditions({}), [
    { type: 'Ready', status: 'True', reason: 'StableAvailable', message: 'Version 1 answers.' },
    { type: 'Progressing', status: 'False', reason: 'Promoted', message: 'No rollout is under way.' },
    { type: 'RegistryFound', status: 'True', reason: 'Found', message: 'Alias champion of model churn is version 1.' },
    { type: 'AnalysisPassing', status: 'Unknown', reason: 'NoRollout', message: 'No canary is being judged.' },
    { type: 'BackendReady', status: 'True', reason: 'Reconciled', message: 'The serving object is reconciled by its operator.' }
  ])
})

const nothing: Memory = { sequence: 40, counter: 30 }
const pending: Summary = { phase: 'Pending', reason: 'Starting' }
const degraded: Summary = { phase: 'Degraded', reason: 'StableUnavailable', error: 'No pod answers. Look.' }
const switchedOff: Summary = { phase: 'Degraded', reason: 'BackendNotInstalled', error: 'Serving by Seldon is switched off.' }

check('Ready', [
  { name: 'one pod of several answers', told: { pods: { 1: PARTIAL } }, want: { status: 'True', reason: 'StableAvailable', message: 'Version 1 answers.' } },
  { name: 'without a pod nothing does', told: { pods: { 1: DOWN } }, summary: degraded, want: { status: 'False', reason: 'StableUnavailable', message: 'No pod answers. Look.' } },
  { name: 'a dead pod is told even where nothing else was said', told: { pods: { 1: DOWN } }, want: { status: 'False', reason: 'StableUnavailable', message: 'No pod of version 1 is available.' } },
  { name: 'before the first version nothing is trusted', memory: nothing, summary: pending, want: { status: 'False', reason: 'Starting', message: 'No version is trusted yet.' } },
  { name: 'a first version that cannot start says why', memory: nothing, summary: { phase: 'Degraded', reason: 'UriUnresolvable', error: 'No URI.' }, want: { status: 'False', reason: 'UriUnresolvable', message: 'No URI.' } },
  { name: 'a backend that is switched off answers nothing we know of', installed: false, summary: switchedOff, want: { status: 'False', reason: 'BackendNotInstalled', message: 'Serving by Seldon is switched off.' } }
])

const going = (stage: string): Summary => ({ phase: 'Progressing', reason: stage })
const during = (stage: Parameters<typeof withRollout>[0]) => ({ memory: memory(withRollout(stage)), summary: going(stage) })
const first = memory(withRollout('Loading', { weight: 100 }), { stable: undefined })

check('Progressing', [
  { name: 'loading', ...during('Loading'), want: { status: 'True', reason: 'Loading', message: 'Version 2 is loading at weight 0 beside version 1.' } },
  { name: 'a step is told with its weight', ...during('Stepping'), want: { status: 'True', reason: 'Stepping', message: 'Version 2 is to have 10 % of the traffic, step 1 of 2.' } },
  { name: 'a final 100 is not counted as a step', ...during('Stepping'), told: { policy: { steps: [10, 20, 100] } }, want: { status: 'True', reason: 'Stepping', message: 'Version 2 is to have 10 % of the traffic, step 1 of 2.' } },
  { name: 'the way to 100', ...during('Promoting'), want: { status: 'True', reason: 'Promoting', message: 'Version 2 has passed; all traffic moves to it.' } },
  { name: 'the way back', ...during('Unwinding'), want: { status: 'True', reason: 'Unwinding', message: 'All traffic moves back to version 1.' } },
  { name: 'the last moments', ...during('Draining'), want: { status: 'True', reason: 'Draining', message: 'Version 2 has no traffic any more and is unloaded soon.' } },
  { name: 'a pause is no progress, and says why', memory: memory(withRollout('AwaitingApproval')), summary: { phase: 'Paused', reason: 'AwaitingApproval', error: 'Approve it.' }, want: { status: 'False', reason: 'AwaitingApproval', message: 'Approve it.' } },
  { name: 'a rollout beside a dead stable version still moves', memory: memory(withRollout('Stepping')), summary: degraded, want: { status: 'True', reason: 'Stepping', message: 'Version 2 is to have 10 % of the traffic, step 1 of 2.' } },
  { name: 'a first version loads', memory: first, summary: going('FirstVersionLoading'), want: { status: 'True', reason: 'Loading', message: 'Version 2 is loading as the first version.' } },
  { name: 'a first version that is late is no progress', memory: first, summary: { phase: 'Degraded', reason: 'ProgressDeadlineExceeded', error: 'Late.' }, want: { status: 'False', reason: 'ProgressDeadlineExceeded', message: 'Late.' } },
  { name: 'a failure stays told after the rollout', summary: { phase: 'Degraded', reason: 'AnalysisFailed', error: 'Worse.' }, want: { status: 'False', reason: 'AnalysisFailed', message: 'Worse.' } }
])

const answer = (change: Partial<RegistryFact>) => ({ context: { registry: { ...FOUND, ...change } } })
const { uri: _uri, ...withoutUri } = FOUND
const notYet = 'The poller has not looked up alias champion of model churn in registry default yet; if this lasts, see its log.'

check('RegistryFound', [
  { name: 'without any answer the poller has not looked yet', context: { registry: undefined }, want: { status: 'Unknown', reason: 'NotYetObserved', message: notYet } },
  { name: 'an answer to another question is none', ...answer({ alias: 'challenger' }), want: { status: 'Unknown', reason: 'NotYetObserved', message: notYet } },
  { name: 'a silent registry is told, whatever it said last', ...answer({ stale: true, state: 'AliasMissing' }), want: { status: 'Unknown', reason: 'RegistryUnreachable', message: "Registry default has not answered for a while; the last answer stays in force. See the poller's log." } },
  { name: 'a version that nothing can load is told with its problem', context: { registry: { ...withoutUri, problem: 'runs:/ needs artifactsDestination' } }, want: { status: 'False', reason: 'UriUnresolvable', message: 'Alias champion of model churn is version 1, which cannot be loaded: runs:/ needs artifactsDestination' } },
  { name: 'a missing alias', ...answer({ state: 'AliasMissing' }), want: { status: 'False', reason: 'AliasNotFound', message: 'Registry default knows model churn, but no alias champion of it; set the alias in MLflow.' } },
  { name: 'a missing model', ...answer({ state: 'ModelMissing' }), want: { status: 'False', reason: 'ModelNotFound', message: 'Registry default knows no model churn; register it, or correct spec.modelName.' } },
  { name: 'a version that is being registered', ...answer({ state: 'NotReady' }), want: { status: 'False', reason: 'VersionNotReady', message: 'Alias champion of model churn is version 1, whose registration is not finished in MLflow.' } }
])

const stepping = memory(withRollout('Stepping'))
const checked = (outcome: 'Passed' | 'Failed' | 'Inconclusive' | 'Error', reason: string): Told => ({ checks: { last: { at: at(90), outcome, reason, metrics: [] } } })

check('AnalysisPassing', [
  { name: 'no check of this rollout yet', memory: stepping, want: { status: 'Unknown', reason: 'NoCheckYet', message: `No check of rollout ${ID} has been made yet.` } },
  { name: 'checks of another rollout do not count', memory: stepping, told: { checks: { rollout: 'v2-yhslc0-1' } }, want: { status: 'Unknown', reason: 'NoCheckYet', message: `No check of rollout ${ID} has been made yet.` } },
  { name: 'the last check passed', memory: stepping, told: checked('Passed', ''), want: { status: 'True', reason: 'Passed', message: `The last check of rollout ${ID} was Passed.` } },
  { name: 'the last check failed, with its words', memory: stepping, told: checked('Failed', 'error-rate 6.1 %'), want: { status: 'False', reason: 'Failed', message: 'error-rate 6.1 %' } },
  { name: 'an inconclusive check proves nothing', memory: stepping, told: checked('Inconclusive', '7 requests'), want: { status: 'Unknown', reason: 'Inconclusive', message: '7 requests' } },
  { name: 'nor does an error', memory: stepping, told: checked('Error', 'timeout'), want: { status: 'Unknown', reason: 'Error', message: 'timeout' } },
  { name: 'a first version is not judged', memory: first, want: { status: 'Unknown', reason: 'NoRollout', message: 'No canary is being judged.' } }
])

check('BackendReady', [
  { name: 'it is not installed', installed: false, summary: switchedOff, want: { status: 'False', reason: 'BackendNotInstalled', message: 'Serving by Seldon is switched off.' } },
  { name: 'it has failed', context: { backendFailure: 'Seldon reports it as Failed.' }, want: { status: 'False', reason: 'BackendFailed', message: 'Seldon reports it as Failed.' } },
  { name: 'nothing is deployed', memory: nothing, deployed: false, want: { status: 'Unknown', reason: 'NotDeployed', message: 'Nothing is deployed yet.' } },
  { name: 'it is gone, and made again', deployed: false, summary: { phase: 'Degraded', reason: 'Restoring' }, want: { status: 'Unknown', reason: 'NotDeployed', message: 'It is being made.' } },
  { name: 'it is coming up: there is no router before every pod was ready once', memory: first, told: { router: { present: false } }, want: { status: 'Unknown', reason: 'Starting', message: 'The serving object is being brought up.' } },
  { name: 'a router is missing', told: { router: { present: false } }, want: { status: 'False', reason: 'NoTrafficRouter', message: 'One version can be served, and no other rolled out: nothing splits traffic.' } }
])

t.test('a message is cut to what a condition holds', async (t) => {
  const [ready] = conditions({ memory: nothing, summary: { phase: 'Degraded', reason: 'X', error: 'x'.repeat(2000) } })
  t.strictSame(ready, { type: 'Ready', status: 'False', reason: 'X', message: 'x'.repeat(1000) })
})

const looked: RegistryFact = { ...FOUND, observedAt: at(30) }
const registry = { context: { registry: looked } }

const instants: Array<Given & { name: string, type: string, since: number | undefined }> = [
  { name: 'whether stable answers is as old as the last report of the backend', type: 'Ready', since: 20 },
  { name: 'before any report it is as old as the last decision', type: 'Ready', backend: undefined, since: 10 },
  { name: 'so is what is said of the backend', type: 'BackendReady', since: 20 },
  { name: 'what the registry answered is as old as the look', type: 'RegistryFound', ...registry, since: 30 },
  { name: 'that nobody has looked is as old as the last decision', type: 'RegistryFound', context: { registry: undefined }, since: 10 },
  { name: 'since when the registry is silent is not written down', type: 'RegistryFound', context: { registry: { ...looked, stale: true } }, since: undefined },
  { name: 'that no rollout is under way is as old as the last decision', type: 'Progressing', since: 10 },
  { name: 'a rollout that loads progresses from its start', type: 'Progressing', ...during('Loading'), since: 1 },
  { name: 'when a later stage began to progress is not written down', type: 'Progressing', ...during('Stepping'), since: undefined },
  { name: 'a verdict is as old as its check', type: 'AnalysisPassing', memory: stepping, told: checked('Passed', ''), since: 90 },
  { name: 'before the first check it is as old as the rollout', type: 'AnalysisPassing', memory: stepping, since: 1 },
  { name: 'without a rollout it is as old as the last decision', type: 'AnalysisPassing', since: 10 }
]

for (const { name, type, since, ...given } of instants) {
  t.test(name, async (t) => {
    t.equal(causes(given).find((condition) => condition.type === type)?.since, since === undefined ? undefined : T0 + since)
  })
}
