// What whoever may edit an MlflowModel can bring about with forged annotations, where the hooks know the registry entries and no policy keeps him from it:
// at most that another version of the entry is tried, promoted or rolled back, as he could by spec and commands.
import fc from 'fast-check'
import t from 'tap'
import { answerSync } from '../../hooks/core/answer.ts'
import { COMMANDS, FACTS, PARENT_LABEL, STATE_ANNOTATION } from '../../hooks/core/labels.ts'
import type { Child, SyncRequest } from '../../hooks/core/request.ts'
import { isBelow } from '../../hooks/core/storage-uri.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'
import { findScenarios } from '../helpers/scenarios.ts'

type Predictor = { traffic: number, annotations: { version: string }, graph: { modelUri: string, envSecretRefName?: string, serviceAccountName?: string }, componentSpecs: [{ spec: { containers: [{ env?: object[] }] } }] }
type Status = { phase?: string, conditions: Array<{ type: string, reason: string }> }

const ROOTS = ['s3://models/churn']
const REGISTRIES = { default: { artifactRoots: ROOTS } }
const SCENARIOS = findScenarios()
const SELDON = 'SeldonDeployment.machinelearning.seldon.io/v1'

/** A golden call with these annotations over its own, to hooks that know the entries. */
function call (scenario: string, annotations: Record<string, string> = {}, { labels, spec }: { labels?: Record<string, string>, spec?: object } = {}): SyncRequest {
  const found = SCENARIOS.find(({ name }) => name.includes(scenario))
  if (!found) throw new Error(`there is no scenario ${scenario}`)
  const { parent, ...rest } = found.input
  const metadata = { ...parent.metadata, annotations: { ...parent.metadata.annotations, ...annotations }, ...(labels && { labels }) }
  return deepFreeze({ ...rest, registries: REGISTRIES, parent: { ...parent, metadata, spec: { ...parent.spec as object, ...spec } } })
}

const annotationOf = (scenario: string, key: string): object => JSON.parse(call(scenario).parent.metadata.annotations?.[key] ?? '{}') as object
const registry = (change: object) => ({ [FACTS.registry]: JSON.stringify({ ...annotationOf('06-serving', FACTS.registry), ...change }) })
const analysis = (change: object) => ({ [FACTS.analysis]: JSON.stringify({ ...annotationOf('12-check-passed', FACTS.analysis), ...change }) })

const predictorsOf = (children: Child[]): Predictor[] => children.flatMap(({ spec }) => (spec as { predictors: Predictor[] }).predictors)

/** Share and place of each version, and what the status says. */
function outcomeOf (request: SyncRequest): { served: Record<string, string>, found: string | undefined } {
  const { children, status } = answerSync(mlflowModel, request)
  const { conditions } = status as Status
  const served = Object.fromEntries(predictorsOf(children).map(({ traffic, annotations, graph }) => [annotations.version, `${traffic} % from ${graph.modelUri}`]))
  return { served, found: conditions.find(({ type }) => type === 'RegistryFound')?.reason }
}

const FAR = '9999-12-31T23:59:59Z'
const V1 = '100 % from s3://models/churn/1'
const ROLLING = { 1: '80 % from s3://models/churn/1', 2: '20 % from s3://models/churn/2' }
const ID = 'v2-2icdyy-1790000026'
const FAILED = { failed: 1e15, streak: { outcome: 'Failed', count: 1e15 }, last: { at: '2026-09-21T14:14:21Z', outcome: 'Failed', reason: '', metrics: [] } }

type Row = { forged: string, atMost: string, request: SyncRequest, served: object, found?: string }

const rows: Row[] = [
  { forged: 'registry: another version of the entry', atMost: 'it is tried, at weight 0 first', request: call('06-serving', registry({ version: '9', createdAt: '2026-01-09T00:00:00.000Z', uri: 's3://models/churn/9' })), served: { 1: V1, 9: '0 % from s3://models/churn/9' } },
  { forged: 'registry: a version from elsewhere', atMost: 'a condition', request: call('06-serving', registry({ version: '9', createdAt: '2026-01-09T00:00:00.000Z', uri: 's3://evil/9' })), served: { 1: V1 }, found: 'UriNotAllowed' },
  { forged: 'registry: a version from elsewhere, in the middle of a rollout', atMost: 'a condition; the rollout goes on', request: call('11-step-in-force', registry({ version: '9', createdAt: '2026-01-09T00:00:00.000Z', uri: 's3://evil/9' })), served: ROLLING, found: 'UriNotAllowed' },
  { forged: 'registry: the version that serves, from elsewhere', atMost: 'a condition', request: call('06-serving', registry({ uri: 's3://evil/1' })), served: { 1: V1 }, found: 'UriNotAllowed' },
  { forged: 'registry: back to the version that serves, from elsewhere', atMost: 'the way back, as by abort', request: call('11-step-in-force', registry({ uri: 's3://evil/1' })), served: { 1: V1, 2: '0 % from s3://models/churn/2' }, found: 'UriNotAllowed' },
  { forged: 'registry: the version that is tried, from elsewhere', atMost: 'a condition; the rollout goes on', request: call('13-step-completed', registry({ version: '2', createdAt: '2026-01-06T11:30:00.250Z', uri: 's3://evil/2' })), served: { 1: '40 % from s3://models/churn/1', 2: '60 % from s3://models/churn/2' }, found: 'UriNotAllowed' },
  { forged: 'registry: another entry', atMost: 'the fact is none, until the poller mends it', request: call('06-serving', registry({ server: 'other' })), served: { 1: V1 }, found: 'NotYetObserved' },
  { forged: 'registry: the alias is missing', atMost: 'a condition', request: call('06-serving', registry({ state: 'AliasMissing' })), served: { 1: V1 }, found: 'AliasNotFound' },
  { forged: 'registry: the alias is missing, and the spec says Delete', atMost: 'the mark that the object goes, as if he had deleted it', request: call('06-serving', registry({ state: 'AliasMissing' }), { spec: { whenAliasMissing: 'Delete' } }), served: { 1: V1 }, found: 'AliasNotFound' },
  { forged: 'registry: from the year 9999', atMost: 'the fact is none', request: call('06-serving', registry({ observedAt: FAR })), served: { 1: V1 }, found: 'NotYetObserved' },
  { forged: 'registry: no version but a command', atMost: 'the fact is none', request: call('06-serving', registry({ version: '9; reboot' })), served: { 1: V1 }, found: 'NotYetObserved' },
  { forged: 'analysis: all checks passed', atMost: 'one step, as by promote', request: call('12-check-passed', analysis({ passed: 1e15 })), served: { 1: '40 % from s3://models/churn/1', 2: '60 % from s3://models/churn/2' } },
  { forged: 'analysis: all checks failed', atMost: 'the way back, as by abort', request: call('12-check-passed', analysis(FAILED)), served: { 1: V1, 2: '0 % from s3://models/churn/2' } },
  { forged: 'analysis: of another rollout', atMost: 'nothing', request: call('12-check-passed', analysis({ ...FAILED, rollout: 'v2-2icdyy-1' })), served: ROLLING },
  { forged: 'analysis: from the year 9999', atMost: 'nothing', request: call('12-check-passed', analysis({ ...FAILED, last: { ...FAILED.last, at: FAR } })), served: ROLLING },
  { forged: 'clock: minutes ahead', atMost: 'a deadline passes minutes early, as by a shorter one', request: call('09-new-version-ready', { [FACTS.clock]: '2026-09-21T14:20:00Z' }), served: ROLLING },
  { forged: 'promote', atMost: 'the version that the registry named gets everything', request: call('11-step-in-force', { [COMMANDS.promote]: ID }), served: { 1: '0 % from s3://models/churn/1', 2: '100 % from s3://models/churn/2' } },
  { forged: 'abort', atMost: 'the way back', request: call('11-step-in-force', { [COMMANDS.abort]: ID }), served: { 1: V1, 2: '0 % from s3://models/churn/2' } }
]

for (const { forged, atMost, request, served, found = 'Found' } of rows) {
  t.test(`${forged}: ${atMost}`, async (t) => { t.strictSame(outcomeOf(request), { served, found }) })
}

const NOTHING: Array<[forged: string, annotations: Record<string, string>, labels?: Record<string, string>]> = [
  ['clock: the year 9999', { [FACTS.clock]: FAR }],
  ['clock: beyond all calendars', { [FACTS.clock]: '+275760-09-13T00:00:00Z' }],
  ['clock: no time', { [FACTS.clock]: 'now' }],
  ['pods', { [FACTS.pods]: JSON.stringify([{ owner: 'Deployment/bank-churn', uid: 'u', reason: 'OOMKilled' }]) }],
  ['references', { [FACTS.references]: JSON.stringify({ 'Secret/other': '1' }) }],
  ['retry of nothing that failed', { [COMMANDS.retry]: 'v9-000000-1' }],
  ['promote and abort of other rollouts', { [COMMANDS.promote]: 'v9-000000-999999999999', [COMMANDS.abort]: 'v9-000000-999999999999' }],
  ['memory on the wrong object', { [STATE_ANNOTATION]: JSON.stringify({ sequence: 9e15, counter: 1, stable: { version: '9', createdAt: '2026-01-09T00:00:00.000Z', uri: 's3://evil/9' } }) }],
  ['labels of ours and of Metacontroller', {}, { [PARENT_LABEL]: 'mlflowmodel.other', 'app.kubernetes.io/managed-by': 'other', 'controller-uid': 'other' }]
]

for (const [forged, annotations, labels] of NOTHING) {
  t.test(`${forged}: nothing`, async (t) => t.strictSame(answerSync(mlflowModel, call('11-step-in-force', annotations, labels && { labels })).children, answerSync(mlflowModel, call('11-step-in-force')).children))
}

const uri = fc.tuple(fc.constantFrom('s3://models/churn', 'S3://Models/churn', 's3://evil', 's3://models', 's3://models/churn/..', 'https://models/churn', 's3://models@evil/churn', 's3:\\\\models/churn', 's3://models/churn%2f..'), fc.constantFrom('', '/', '/9', '/../9', '/%2e%2e/9', '?/../9', '-old/9', '\t/9', '/\u202e9'), fc.string({ maxLength: 3 })).map((parts) => parts.join(''))
const time = fc.constantFrom('2026-09-21T14:13:46Z', '2026-09-21T14:20:00Z', FAR, '0001-01-01T00:00:00Z', '+275760-09-13T00:00:00Z', 'x')
const count = fc.constantFrom(0, 1, 2, 1e15)
const outcome = fc.constantFrom('Passed', 'Failed', 'Inconclusive', 'Error')
const rollout = fc.constantFrom(ID, 'v9-000000-1', 'v9-000000-999999999999', '')
const forgedAnnotations = fc.record({
  [FACTS.registry]: fc.record({
    server: fc.constantFrom('default', 'default', 'other', 'constructor'), workspace: fc.constantFrom('', '', 'w'), model: fc.constant('bank-churn'), alias: fc.constant('champion'),
    state: fc.constantFrom('Found', 'Found', 'Found', 'AliasMissing', 'ModelMissing', 'Refused'), version: fc.constantFrom('1', '2', '9', '0', 'x'), createdAt: fc.constantFrom('2026-01-05T10:00:00.123Z', '2026-01-06T11:30:00.250Z', FAR), uri, observedAt: time
  }).map((fact) => JSON.stringify(fact)),
  [FACTS.analysis]: fc.record({
    rollout, step: fc.constantFrom(1, 2), stepStartedAt: fc.constantFrom('2026-09-21T14:14:20Z', FAR), passed: count, failed: count, inconclusive: count, errors: count,
    streak: fc.record({ outcome, count: fc.constantFrom(1, 1e15) }), last: fc.record({ at: time, outcome, reason: fc.string(), metrics: fc.constant([]) })
  }).map((fact) => JSON.stringify(fact)),
  [FACTS.clock]: time,
  [FACTS.pods]: fc.constantFrom('[]', '{'),
  [STATE_ANNOTATION]: fc.string(),
  [COMMANDS.promote]: rollout,
  [COMMANDS.abort]: rollout,
  [COMMANDS.retry]: rollout
}, { requiredKeys: [] })

/** The call after this answer was written: child and status are what was answered. */
function next (request: SyncRequest, answer: ReturnType<typeof answerSync>, annotations: Record<string, string>): SyncRequest {
  const { parent, children } = request
  const observed = Object.fromEntries(answer.children.map((child) => {
    const key = `${child.metadata.namespace}/${child.metadata.name}`
    const before = children[SELDON]?.[key]
    return [key, { ...before, ...child, metadata: { ...before?.metadata, ...child.metadata } }]
  }))
  return { ...request, children: { ...children, [SELDON]: observed }, parent: { ...parent, status: answer.status, metadata: { ...parent.metadata, annotations: { ...parent.metadata.annotations, ...annotations } } } }
}

t.test('no forged annotation has anything loaded from elsewhere, with other credentials, or at another time', async (t) => {
  const starts = ['01-first-sync', '06-serving', '09-new-version-ready', '12-check-passed', '18-degraded', '22-previous-warm'].map((name) => call(name))
  fc.assert(fc.property(fc.constantFrom(...starts), fc.array(forgedAnnotations, { minLength: 1, maxLength: 3 }), (start, forgings) => {
    let request = start
    for (const annotations of forgings) {
      request = next(request, { status: request.parent.status ?? {}, children: Object.values(request.children[SELDON] ?? {}) as Child[] }, annotations)
      const answer = answerSync(mlflowModel, request)
      checkAnswer(answer)
      request = next(request, answer, {})
    }
  }), { numRuns: 300 })
  t.pass('300 histories')
})

function checkAnswer ({ children, status }: ReturnType<typeof answerSync>): void {
  const names = children.map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace}/${name}`)
  if (names.some((name) => name !== 'SeldonDeployment models/bank-churn')) throw new Error(`it returns ${names.join(', ')}`)
  for (const predictor of predictorsOf(children)) checkPredictor(predictor)
  // The creation time of a version is part of its name, and no time that anything is compared with.
  const text = JSON.stringify(status, (key, value: unknown) => key === 'createdAt' ? undefined : value)
  const instants = text.match(/"[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g) ?? []
  const odd = instants.find((instant) => !/^"(2026|0001)-/.test(instant))
  if (odd !== undefined) throw new Error(`status holds ${odd}`)
}

/** Of the golden object, whose spec names one Secret, no ServiceAccount and no environment. */
function checkPredictor ({ graph, componentSpecs: [{ spec: { containers: [container] } }] }: Predictor): void {
  if (!isBelow(graph.modelUri, ROOTS)) throw new Error(`it is loaded from ${graph.modelUri}`)
  if (graph.envSecretRefName !== 'minio-rclone' || graph.serviceAccountName !== undefined || container.env !== undefined) throw new Error('it has other credentials')
}
