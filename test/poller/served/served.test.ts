// What MLModels, ModelDeployments and MLflow objects tell people and programs in the course of their lives. The states of the stories are the golden ones, as the hooks report them.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { parseInstant } from '../../../hooks/core/time.ts'
import { cutNote } from '../../../poller/cluster/event-recorder.ts'
import { dueClocks } from '../../../poller/clock.ts'
import { findNews, type ObjectEvent, type Story } from '../../../poller/object-event.ts'
import { ML_MODELS, MLFLOWS, MODEL_DEPLOYMENTS, type Watched } from '../../../poller/watched.ts'
import { createStore } from '../../../poller/cluster/store.ts'
import { createMetrics, type Metrics } from '../../../poller/metrics.ts'
import { sizeOf } from '../../../poller/served/object.ts'
import { tellStories } from '../../../poller/served/tell.ts'
import { logger } from '../../helpers/poller-cluster.ts'
import { at, T0 } from '../../helpers/poller-model.ts'
import './mlflow.ts'

const FIXTURES = path.join(import.meta.dirname, '../../fixtures')
const KINDS: Record<string, Watched> = { 'ml-model': ML_MODELS, 'model-deployment': MODEL_DEPLOYMENTS, mlflow: MLFLOWS }

const read = new Map<string, KubeObject>()

/** The object of a golden state, slim, with the status that is the answer to it. */
function stateOf (folder: string, state: string): KubeObject {
  const key = `${folder}/${state}`
  return read.get(key) ?? read.set(key, readState(folder, state)).get(key)!
}

function readState (folder: string, state: string): KubeObject {
  const name = readdirSync(path.join(FIXTURES, folder)).find((name) => name.startsWith(`${state}-`)) ?? ''
  const { parent } = readPart(path.join(FIXTURES, folder, name, 'input.yaml'), 'parent') as { parent: KubeObject }
  const { status } = readPart(path.join(FIXTURES, folder, name, 'want.yaml'), 'status') as { status: object }
  const slim = KINDS[folder]?.createSlim?.()
  if (!slim) throw new Error(`${folder} keeps everything`)
  return slim({ ...parent, metadata: { ...parent.metadata, uid: 'u' }, status })
}

/** One field of a YAML file: most of it are children. */
function readPart (file: string, field: string): unknown {
  const [part = ''] = new RegExp(`^${field}:\\n(?: .*\\n|\\n)*`, 'm').exec(readFileSync(file, 'utf8')) ?? []
  return parse(part)
}

const START = parseInstant('2026-11-02T09:00:00Z') ?? 0

function newsOf (folder: string, before: KubeObject | undefined, after: KubeObject, now = START): ObjectEvent[] {
  return findNews(KINDS[folder]?.story as unknown as Story<KubeObject>, { before, after }, now)
}

type Row = { name: string, states: string[], want: string[] }

const MODEL_ROWS: Row[] = [
  { name: 'a model is downloaded and serves', states: ['01', '02', '03', '04', '05', '06', '07'], want: ['Normal DownloadStarted', 'Normal Downloaded', 'Normal Serving'] },
  { name: 'why a download failed is told again when more is known', states: ['01', '02', '15', '08'], want: ['Normal DownloadStarted', 'Warning DownloadFailed', 'Warning DownloadFailed'] },
  { name: 'a person has it tried again', states: ['01', '02', '16', '17', '18'], want: ['Normal DownloadStarted', 'Warning DownloadFailed', 'Normal Retried', 'Normal DownloadStarted'] },
  { name: 'pods that never became ready, and did at last', states: ['01', '02', '04', '20', '21', '07'], want: ['Normal DownloadStarted', 'Normal Downloaded', 'Warning Degraded', 'Normal Serving'] },
  { name: 'an update', states: ['07', '22', '23', '24', '25', '26', '27', '28'], want: ['Normal Downloaded', 'Normal Serving', 'Normal DownloadStarted', 'Normal Downloaded', 'Normal Updated'] },
  { name: 'an update that cannot be downloaded', states: ['07', '22', '23', '29', '30'], want: ['Normal Downloaded', 'Normal Serving', 'Normal DownloadStarted', 'Warning DownloadFailed'] },
  { name: 'an update whose pods fail', states: ['07', '32', '33', '34', '35', '36'], want: ['Normal Downloaded', 'Normal Serving', 'Warning UpdateFailed'] },
  { name: 'nothing can be downloaded for this spec', states: ['44'], want: ['Warning DownloadFailed'] },
  { name: 'what served does no longer', states: ['07', '54'], want: ['Normal Downloaded', 'Normal Serving', 'Warning Degraded'] }
]

const DEPLOYMENT_ROWS: Row[] = [
  { name: 'a version is validated and deployed', states: ['01', '02', '08', '09', '10', '12', '13'], want: ['Normal ValidationStarted', 'Normal ValidationPassed', 'Normal Deployed'] },
  { name: 'why a validation failed is told again when more is known, and a retry', states: ['01', '02', '03', '04', '05', '06', '07'], want: ['Normal ValidationStarted', 'Warning ValidationFailed', 'Warning ValidationFailed', 'Normal Retried', 'Normal ValidationStarted', 'Warning ValidationFailed'] },
  { name: 'the first version does not become ready, and does at last', states: ['09', '10', '11', '12', '13'], want: ['Normal ValidationPassed', 'Warning Degraded', 'Normal Deployed'] },
  { name: 'another version', states: ['13', '23', '24', '27', '28', '32', '33', '38', '39'], want: ['Normal Deployed', 'Normal ValidationPassed', 'Normal ValidationStarted', 'Normal ValidationPassed', 'Normal Switched'] },
  { name: 'another version fails its validation', states: ['13', '23', '24', '25', '26'], want: ['Normal Deployed', 'Normal ValidationPassed', 'Normal ValidationStarted', 'Warning ValidationFailed'] },
  { name: 'another version does not become ready', states: ['13', '24', '28', '29'], want: ['Normal Deployed', 'Normal ValidationPassed', 'Normal ValidationStarted', 'Normal ValidationPassed', 'Warning StartFailed'] },
  { name: 'the version before is taken back', states: ['32', '33', '34', '35'], want: ['Normal Switched', 'Normal ValidationPassed', 'Warning RolledBack'] },
  { name: 'so it is when the pods were evicted, and the version is waited for', states: ['32', '33', '55'], want: ['Normal Switched', 'Normal ValidationPassed', 'Warning RolledBack'] },
  { name: 'people go back to the version before', states: ['33', '36', '37'], want: ['Normal Switched', 'Normal ValidationPassed', 'Normal Switched'] },
  { name: 'the version that answers does so no longer, and again', states: ['39', '40', '39'], want: ['Normal Deployed', 'Normal ValidationPassed', 'Warning Degraded'] },
  { name: 'nothing can be made of the spec any more', states: ['13', '21'], want: ['Normal Deployed', 'Normal ValidationPassed', 'Warning Degraded'] },
  { name: 'an autoscaler changes nothing that is told', states: ['13', '14', '15', '16', '17', '18'], want: ['Normal Deployed', 'Normal ValidationPassed'] }
]

const SERVER_ROWS: Row[] = [
  { name: 'a server starts for the first time', states: ['01', '02', '03', '04', '06'], want: ['Normal MigrationStarted', 'Normal MigrationSucceeded', 'Normal Available'] },
  { name: 'what keeps it from starting', states: ['04', '05', '06'], want: ['Warning Degraded', 'Normal MigrationSucceeded', 'Normal Available'] },
  { name: 'an update that has databases to migrate', states: ['06', '07', '08', '09', '10'], want: ['Normal Available', 'Normal MigrationSucceeded', 'Normal ScaledDown', 'Normal MigrationStarted'] },
  { name: 'an update that has none takes nothing down', states: ['06', '07', '11'], want: ['Normal Available', 'Normal MigrationSucceeded'] },
  { name: 'a version that is too old', states: ['06', '07', '12'], want: ['Normal Available', 'Normal MigrationSucceeded', 'Warning MigrationFailed'] },
  { name: 'a failure that has touched nothing', states: ['09', '13'], want: ['Normal MigrationStarted', 'Warning MigrationRestored'] },
  { name: 'a failure that has touched something, and a person has it tried again', states: ['09', '14', '15'], want: ['Normal MigrationStarted', 'Warning MigrationFailed', 'Normal Retried'] },
  { name: 'a route that is refused', states: ['18', '17'], want: ['Normal Available', 'Normal MigrationSucceeded', 'Warning Degraded'] },
  { name: 'nothing can be made of the spec any more', states: ['18', '22'], want: ['Normal Available', 'Normal MigrationSucceeded', 'Warning Degraded'] }
]

for (const [folder, rows] of [['ml-model', MODEL_ROWS], ['model-deployment', DEPLOYMENT_ROWS], ['mlflow', SERVER_ROWS]] as const) {
  for (const { name, states, want } of rows) {
    t.test(`${folder}: ${name}`, async (t) => {
      const objects = states.map((state) => stateOf(folder, state))
      // The first is as after a restart of the poller, right when it happened.
      const now = Math.max(...(objects[0]?.status as { conditions: Array<{ lastTransitionTime: string }> }).conditions.map(({ lastTransitionTime }) => parseInstant(lastTransitionTime) ?? 0))
      const told = objects.flatMap((after, index) => index === 0 ? newsOf(folder, undefined, after, now).toSorted((a, b) => a.reason < b.reason ? -1 : 1) : newsOf(folder, objects[index - 1], after, now))
      t.strictSame(told.map(({ type, reason }) => `${type} ${reason}`), want)
      for (const { note } of told) t.equal(cutNote(note), note, 'within the API\'s limit')
      const names = told.map(({ key }) => key)
      t.equal(new Set(names).size, names.length, 'each has a name of its own')
    })
  }
}

t.test('after a restart what is recent is told under the name that it had, and what is old is not', async (t) => {
  for (const [folder, state, later] of [['ml-model', '07', 3600], ['ml-model', '26', 7200], ['model-deployment', '13', 3600], ['model-deployment', '34', 7200]] as const) {
    const object = stateOf(folder, state)
    const recent = newsOf(folder, undefined, object, START + 3600 + 200)
    t.strictSame(newsOf(folder, undefined, object, START + later * 2), [], `${folder} ${state}`)
    for (const { key } of recent) t.ok(newsOf(folder, undefined, object, START + 3600 + 300).some((event) => event.key === key))
  }
})

t.test('a status that was lost and comes back tells nothing under a new name', async (t) => {
  for (const [folder, state] of [['ml-model', '07'], ['ml-model', '29'], ['model-deployment', '13'], ['model-deployment', '25'], ['model-deployment', '34']] as const) {
    const object = stateOf(folder, state)
    const lost = { ...object, status: {} }
    t.strictSame(newsOf(folder, object, lost), [], `${folder} ${state} is lost`)
    const first = newsOf(folder, undefined, object, START + 5000).map(({ key }) => key)
    const again = newsOf(folder, lost, object).map(({ key }) => key)
    t.strictSame(first.filter((key) => !again.includes(key)), [], `${folder} ${state} is back`)
  }
})

t.test('of an object only what is read is kept, its deadline among it, and slimming once more changes nothing', async (t) => {
  const deployment = stateOf('model-deployment', '33')
  t.strictSame(Object.keys(deployment.metadata).filter((key) => key === 'managedFields' || key === 'labels'), [])
  t.strictSame(Object.keys(deployment.spec as object), ['modelURI'])
  t.strictSame(dueClocks([deployment], Date.UTC(2026, 10, 3)).map(({ uid }) => uid), ['u'])
  for (const [folder, state] of [['ml-model', '33'], ['model-deployment', '33']] as const) t.strictSame(KINDS[folder]?.createSlim?.()(stateOf(folder, state)), stateOf(folder, state))
})

t.test('an edit of the spec that changes nothing of what goes on tells nothing', async (t) => {
  for (const [folder, state] of [['ml-model', '23'], ['ml-model', '29'], ['ml-model', '33'], ['model-deployment', '24'], ['model-deployment', '25']] as const) {
    const object = stateOf(folder, state)
    const edited = { ...object, metadata: { ...object.metadata, generation: 99 }, status: { ...object.status as object, observedGeneration: 99 } }
    t.strictSame(newsOf(folder, object, edited), [], `${folder} ${state}`)
  }
})

t.test('the words', async (t) => {
  const notes = (folder: string, before: string, after: string): string[] => newsOf(folder, stateOf(folder, before), stateOf(folder, after)).map(({ note }) => note)
  const rows: Array<[string, string, string, RegExp]> = [
    ['ml-model', '01', '02', /^https:\/\/example.com\/a.tar.gz is being downloaded, attempt 1\.$/],
    ['ml-model', '02', '06', /^https:\/\/example.com\/a.tar.gz is downloaded: 1000 bytes, sha256 [0-9a-f]{64}\.$/],
    ['ml-model', '06', '07', /^https:\/\/example.com\/a.tar.gz serves at http:\S+:predict\.$/],
    ['ml-model', '23', '24', /^https:\/\/example.com\/b.tar.gz is downloaded\.$/],
    ['ml-model', '25', '26', /^The update is complete: https:\/\/example.com\/b.tar.gz serves at http:\S+:predict, as the spec asks\.$/],
    ['ml-model', '23', '29', /answers 404; correct source.uri\. .*kubectl annotate mlmodel .* The version before it goes on serving\.$/],
    ['model-deployment', '04', '05', /^Attempt 2 begins, as sluice.dev\/retry asks: version v1\.|https:\S+ is being validated as version v1, attempt 2\.$/],
    ['model-deployment', '02', '09', /^Attempt 1, version v1, has passed its validation: 1 MiB, sha256 [0-9a-f]{64}\.$/],
    ['model-deployment', '10', '13', /^Version v1 answers at http:\S+\.$/],
    ['model-deployment', '28', '32', /^Version v2 was ready and answers at http:\S+\. Version v1 stays loaded for a while, to be taken back if this one loses all its pods\.$/],
    ['model-deployment', '33', '34', /^Version v1 was taken back and answers at http:\S+: the version after it lost all its pods\. .*OOMKilled.*sluice.dev\/retry=2$/]
  ]
  for (const [folder, before, after, want] of rows) {
    const told = notes(folder, before, after)
    t.ok(told.length > 0)
    for (const note of told) t.match(note, want)
  }
})

const make = (): Metrics => createMetrics({ monotonic: () => 0, objects: () => ({}), processMetrics: false })

/** The series of these metrics that are not zero, but for the buckets. */
async function series (metrics: Metrics, pattern: RegExp): Promise<string[]> {
  return (await metrics.render()).split('\n').filter((line) => pattern.test(line) && !line.startsWith('#') && !line.includes('_bucket') && !line.endsWith(' 0'))
}

const object = (kind: string, status: object, name = 'churn'): KubeObject => ({ apiVersion: 'sluice.dev/v1alpha1', kind, metadata: { name, namespace: 'models', uid: `u-${name}` }, spec: {}, status })
const condition = (type: string, status: string, reason: string, when: number) => ({ type, status, reason, lastTransitionTime: at(when) })

/** An MLModel whose wish began at 0: what is downloaded, and whether it serves. */
const model = (downloaded: [string, string, number], progressing: [string, string, number], attempt = 1) => object('MLModel', { phase: 'Downloading', attempt, conditions: [condition('Downloaded', ...downloaded), condition('Progressing', ...progressing)] })
const WANTED = model(['False', 'Downloading', 0], ['True', 'Downloading', 0])
const DOWNLOADED = model(['True', 'Complete', 40], ['True', 'Starting', 0])
const SETTLED = model(['True', 'Complete', 40], ['False', 'UpToDate', 70])
const FAILED = model(['False', 'NotFound', 0], ['False', 'NotFound', 30])

t.test('where an object stands is shown, and disappears with it', async (t) => {
  const { served, ...metrics } = make()
  const info = async () => await series({ served, ...metrics }, /sluice_object_info/)
  served.show(object('MLModel', { phase: 'Ready' }))
  served.show(object('ModelDeployment', {}, 'other'))
  t.same(await info(), ['sluice_object_info{kind="MLModel",namespace="models",name="churn",phase="Ready"} 1', 'sluice_object_info{kind="ModelDeployment",namespace="models",name="other",phase="Pending"} 1'])
  served.observe(object('MLModel', { phase: 'Ready' }), object('MLModel', { phase: 'Updating' }), T0)
  served.observe(object('ModelDeployment', {}, 'other'), undefined, T0)
  t.same(await info(), ['sluice_object_info{kind="MLModel",namespace="models",name="churn",phase="Updating"} 1'])
  served.forgetAll()
  t.same(await info(), [])
})

t.test('ModelDeployments that are created are counted, and not those that were there', async (t) => {
  const metrics = make()
  metrics.served.show(object('ModelDeployment', {}))
  metrics.served.observe(undefined, object('ModelDeployment', {}, 'new'), T0)
  metrics.served.observe(undefined, object('MLModel', {}, 'model'), T0)
  t.same(await series(metrics, /created/), ['model_deployments_created_total 1'])
})

t.test('downloads take from the wish to the end, and are counted once', async (t) => {
  const metrics = make()
  const { observe } = metrics.served
  observe(WANTED, DOWNLOADED, T0 + 45)
  observe(DOWNLOADED, WANTED, T0 + 46)
  observe(WANTED, DOWNLOADED, T0 + 47)
  observe(DOWNLOADED, SETTLED, T0 + 71)
  observe(SETTLED, SETTLED, T0 + 72)
  t.same(await series(metrics, /download_duration|time_to_ready/), [
    'sluice_download_duration_seconds_sum{outcome="success"} 40', 'sluice_download_duration_seconds_count{outcome="success"} 1',
    'sluice_time_to_ready_seconds_sum{kind="MLModel"} 70', 'sluice_time_to_ready_seconds_count{kind="MLModel"} 1'
  ])
})

t.test('a download that failed', async (t) => {
  const metrics = make()
  metrics.served.observe(WANTED, FAILED, T0 + 30)
  metrics.served.observe(FAILED, model(['False', 'AccessDenied', 0], ['False', 'AccessDenied', 30]), T0 + 31)
  t.same(await series(metrics, /download_duration|time_to_ready/), ['sluice_download_duration_seconds_sum{outcome="failure"} 30', 'sluice_download_duration_seconds_count{outcome="failure"} 1'])
})

const version = (attempt: number, since?: number) => ({ id: `a${attempt}`, attempt, version: `v${attempt}`, startedAt: at(0), ...(since !== undefined && { since: at(since) }) })
const validation = (attempt: number, outcome: string) => ({ attempt, outcome, startedAt: at(5), ...(outcome !== 'Running' && { finishedAt: at(25) }) })
const deployment = (status: object) => object('ModelDeployment', { phase: 'Validating', ...status })

t.test('validations are counted by how they end, once an attempt', async (t) => {
  const metrics = make()
  const { observe } = metrics.served
  t.match(await metrics.render(), /model_validations_total\{status="success"\} 0\n.*model_validations_total\{status="failure"\} 0/s, 'alerts need series that are there')
  const first = deployment({ attempt: 1, validation: validation(1, 'Running') })
  const failed = deployment({ attempt: 1, validation: validation(1, 'Failed') })
  const passed = deployment({ attempt: 2, validation: validation(2, 'Passed') })
  observe(deployment({ attempt: 1 }), first, T0)
  observe(first, failed, T0)
  observe(failed, first, T0)
  observe(first, failed, T0)
  // The second attempt was over before it was seen.
  observe(failed, passed, T0)
  observe(passed, object('ModelDeployment', {}), T0)
  observe(object('ModelDeployment', {}), passed, T0)
  t.same(await series(metrics, /validation/), [
    'model_validations_total{status="success"} 1', 'model_validations_total{status="failure"} 1',
    'sluice_validation_duration_seconds_sum{outcome="failure"} 20', 'sluice_validation_duration_seconds_count{outcome="failure"} 1',
    'sluice_validation_duration_seconds_sum{outcome="success"} 20', 'sluice_validation_duration_seconds_count{outcome="success"} 1'
  ])
})

t.test('a version that answers for the first time has taken a while, one that is taken back has not', async (t) => {
  const metrics = make()
  const { observe } = metrics.served
  const [one, two, back] = [{ active: version(1, 60) }, { active: version(2, 90) }, { active: version(1, 120) }].map((status) => deployment({ attempt: 2, ...status })) as [KubeObject, KubeObject, KubeObject]
  observe(deployment({ attempt: 1 }), one, T0)
  observe(one, two, T0)
  observe(two, back, T0)
  t.same(await series(metrics, /time_to_ready/), ['sluice_time_to_ready_seconds_sum{kind="ModelDeployment"} 150', 'sluice_time_to_ready_seconds_count{kind="ModelDeployment"} 2'])
})

t.test('every change is told until the end, to people and to programs', async (t) => {
  const metrics = make()
  const store = createStore<KubeObject>(logger, ML_MODELS.createSlim?.())
  const told: string[] = []
  const recorder = { record: ({ metadata }: Pick<KubeObject, 'metadata'>, { reason }: { reason: string }) => { told.push(`${metadata.name} ${reason}`) } }
  const versioned = (state: string, resourceVersion: string): KubeObject => ({ ...stateOf('ml-model', state), metadata: { ...stateOf('ml-model', state).metadata, resourceVersion } })
  store.put(versioned('02', '1'))
  const end = tellStories({ recorder, served: metrics.served, serverTime: () => START * 1000 }, ML_MODELS.story!, { store, subscribe: store.subscribe })
  store.put(versioned('06', '2'))
  store.put({ ...versioned('07', '3'), metadata: { ...versioned('07', '3').metadata, deletionTimestamp: at(0) } })
  t.same(told, ['iris DownloadStarted', 'iris Downloaded'], 'what is being deleted tells nothing more')
  t.match(await series(metrics, /object_info/), [/phase="Ready"/])
  end()
  store.put(versioned('29', '4'))
  t.equal(told.length, 2)
  t.same(await series(metrics, /object_info/), [])
})

t.test('sizes for people', async (t) => {
  t.same([0, 1, 1023, 1024, 1536, 2 ** 31, 3 * 2 ** 50].map(sizeOf), ['0 bytes', '1 bytes', '1023 bytes', '1 KiB', '1.5 KiB', '2 GiB', '3070 TiB'])
})
