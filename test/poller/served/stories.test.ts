// What MLModels and ModelDeployments tell people in the course of their lives. The states are those of the golden stories, as the hooks report them.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { parseInstant } from '../../../hooks/core/time.ts'
import { cutNote } from '../../../poller/cluster/event-recorder.ts'
import { dueClocks } from '../../../poller/clock.ts'
import { findNews, type ObjectEvent, type Story } from '../../../poller/object-event.ts'
import { ML_MODELS, MODEL_DEPLOYMENTS, type Watched } from '../../../poller/watched.ts'
import { readYaml } from '../../helpers/scenarios.ts'

const FIXTURES = path.join(import.meta.dirname, '../../fixtures')
const KINDS: Record<string, Watched> = { 'ml-model': ML_MODELS, 'model-deployment': MODEL_DEPLOYMENTS }

const read = new Map<string, KubeObject>()

/** The object of a golden state, slim, with the status that is the answer to it. */
function stateOf (folder: string, state: string): KubeObject {
  const key = `${folder}/${state}`
  return read.get(key) ?? read.set(key, readState(folder, state)).get(key)!
}

function readState (folder: string, state: string): KubeObject {
  const name = readdirSync(path.join(FIXTURES, folder)).find((name) => name.startsWith(`${state}-`)) ?? ''
  const { parent } = readYaml(path.join(FIXTURES, folder, name, 'input.yaml')) as { parent: KubeObject }
  const { status } = readYaml(path.join(FIXTURES, folder, name, 'want.yaml')) as { status: object }
  const slim = KINDS[folder]?.createSlim?.()
  if (!slim) throw new Error(`${folder} keeps everything`)
  return slim({ ...parent, metadata: { ...parent.metadata, uid: 'u' }, status })
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
  { name: 'people go back to the version before', states: ['33', '36', '37'], want: ['Normal Switched', 'Normal ValidationPassed', 'Normal Switched'] },
  { name: 'the version that answers does so no longer, and again', states: ['39', '40', '39'], want: ['Normal Deployed', 'Normal ValidationPassed', 'Warning Degraded'] },
  { name: 'nothing can be made of the spec any more', states: ['13', '21'], want: ['Normal Deployed', 'Normal ValidationPassed', 'Warning Degraded'] },
  { name: 'an autoscaler changes nothing that is told', states: ['13', '14', '15', '16', '17', '18'], want: ['Normal Deployed', 'Normal ValidationPassed'] }
]

for (const [folder, rows] of [['ml-model', MODEL_ROWS], ['model-deployment', DEPLOYMENT_ROWS]] as const) {
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
