// What is promised of bytes: an upgrade of Sluice restarts nothing, a failed start gives back exactly what ran, and the same spec has the same names.
import { readdirSync } from 'node:fs'
import t from 'tap'
import { answerSync } from '../../hooks/core/answer.ts'
import { readSpec } from '../../hooks/core/spec.ts'
import type { Child, SyncRequest } from '../../hooks/core/request.ts'
import { mlModel } from '../../hooks/ml-model/index.ts'
import { isImpossible, wantedOf } from '../../hooks/ml-model/wanted.ts'
import type { Spec, Status } from '../../hooks/ml-model/schema.ts'
import { requestFor } from '../helpers/requests.ts'
import { readYaml } from '../helpers/scenarios.ts'

const story = (name: string) => readYaml(`test/fixtures/ml-model/${name}/input.yaml`) as SyncRequest
const find = (children: Child[], kind: string) => children.filter((child) => child.kind === kind)
const templateOf = (children: Child[]) => JSON.stringify((find(children, 'Deployment')[0]?.spec as { template: object }).template)

t.test('other images in the settings change neither what serves nor its download', async (t) => {
  const request = story('07-serving')
  const images = { jobs: 'registry.example.com/sluice:9', runtimes: { 'tensorflow-serving': 'registry.example.com/serving:9' } }
  t.strictSame(answerSync(mlModel, { ...request, images }), answerSync(mlModel, request))
  const failed = story('16-failed')
  const jobs = (of: SyncRequest) => find(answerSync(mlModel, of).children, 'Job').map(({ metadata }) => metadata.name)
  t.strictSame(jobs({ ...failed, images }), jobs(failed), 'nor is a failed one tried again')
  const [job] = find(answerSync(mlModel, { ...story('01-first-sync'), images }).children, 'Job')
  t.match(JSON.stringify(job), /"image":"registry.example.com\/sluice:9"/, 'what is new has them')
})

t.test('a failed start gives back the accepted template, byte for byte', async (t) => {
  const accepted = templateOf(answerSync(mlModel, story('07-serving')).children)
  const two = story('33-update-deadline')
  t.notMatch(JSON.stringify(Object.values(two.children['Deployment.apps/v1'] ?? {})[0]?.spec), /"SETTING","value":"1"/)
  t.equal(templateOf(answerSync(mlModel, two).children), accepted)
})

const wanted = (spec: object, { attempt = 1, uid = 'u1' } = {}) => {
  const request = requestFor(mlModel, { spec: readSpec(mlModel, { source: { uri: 's3://models/a.tar.gz' }, ...spec }).spec, metadata: { uid } }) as SyncRequest<Spec, Status>
  const found = wantedOf(request, attempt)
  if (isImpossible(found)) throw new Error(found.problem.message)
  return { key: found.key, content: found.content, recipe: found.recipe }
}

t.test('what a change of the spec does', async (t) => {
  const before = wanted({})
  const many = wanted({ storage: { accessMode: 'ReadWriteMany' } })
  const rows = [
    { name: 'replicas', spec: { replicas: 3 }, changes: [] },
    { name: 'progressDeadline', spec: { progressDeadline: '1h' }, changes: [] },
    { name: 'env', spec: { env: [{ name: 'A', value: '1' }] }, changes: ['recipe'] },
    { name: 'image', spec: { image: 'x:1' }, changes: ['recipe'] },
    { name: 'credentialsSecret', spec: { credentialsSecret: 's' }, changes: ['key'] },
    { name: 'download.retries', spec: { download: { retries: 0 } }, changes: ['key'] },
    { name: 'serviceAccountName', spec: { serviceAccountName: 's' }, changes: ['key', 'recipe'] },
    { name: 'source.uri', spec: { source: { uri: 's3://models/b.tar.gz' } }, changes: ['key', 'content'] },
    { name: 'storage.size', spec: { storage: { size: '20Gi' } }, changes: ['key', 'content'] },
    { name: 'storage.size in other words', spec: { storage: { size: '10240Mi' } }, changes: [] },
    { name: 'runtime', spec: { runtime: 'triton' }, changes: ['key', 'content', 'recipe'] },
    { name: 'nodeSelector, on a volume of one node', spec: { nodeSelector: { a: 'b' } }, changes: ['key', 'content', 'recipe'] }
  ]
  const changed = (a: Record<string, string>, b: Record<string, string>) => Object.keys(a).filter((name) => a[name] !== b[name])
  for (const { name, spec, changes } of rows) t.strictSame(changed(before, wanted(spec)), changes, name)
  t.strictSame(changed(many, wanted({ storage: { accessMode: 'ReadWriteMany' }, nodeSelector: { a: 'b' } })), ['key', 'recipe'], 'nodeSelector, on a volume of many nodes')
  t.strictSame(changed(before, wanted({}, { attempt: 2 })), ['key', 'content'], 'another attempt')
  t.strictSame(changed(before, wanted({}, { uid: 'u2' })), ['key', 'content'], 'an object that is made again')
})

t.test('a Job that has failed stays until that is written down, even when the spec asks for nothing that could be downloaded', async (t) => {
  const request = story('09-download-wrong-hash')
  const { source } = request.parent.spec as { source: object }
  const spec = { ...request.parent.spec as object, source: { ...source, uri: 'https://example.com/model.pt' } }
  const impossible = answerSync(mlModel, { ...request, parent: { ...request.parent, spec } })
  t.match(impossible.status, { phase: 'Failed', reason: 'SourceUnsupported' })
  const [job] = Object.values(request.children['Job.batch/v1'] ?? {})
  t.strictSame(find(impossible.children, 'Job'), [{ ...job, metadata: find(answerSync(mlModel, request).children, 'Job')[0]?.metadata, status: undefined }].map(({ status: _status, ...kept }) => kept))
})

t.test('a volume stays while the Deployment mounts it, whoever has edited that in', async (t) => {
  const request = story('27-old-volume-leaves')
  const [old] = find(Object.values(request.children['PersistentVolumeClaim.v1'] ?? {}), 'PersistentVolumeClaim').map(({ metadata }) => metadata.name).filter((name) => name.includes('94907149d1'))
  const text = JSON.stringify(Object.values(request.children['Deployment.apps/v1'] ?? {})[0])
  const template = /"claimName":"iris-model-[0-9a-f]{10}"/g
  const edited = JSON.parse(text.replace(template, `"claimName":"${old}"`)) as Child
  const volumes = (of: SyncRequest) => find(answerSync(mlModel, of).children, 'PersistentVolumeClaim').map(({ metadata }) => metadata.name)
  t.notOk(volumes(request).includes(old ?? ''), 'it goes, where nobody has')
  t.ok(volumes({ ...request, children: { ...request.children, 'Deployment.apps/v1': { 'models/iris-model': edited } } }).includes(old ?? ''))
})

t.test('pods of which neither memory nor label is left go on', async (t) => {
  const request = story('07-serving')
  const deployment = structuredClone(Object.values(request.children['Deployment.apps/v1'] ?? {})[0]) as Child & { spec: { template: { metadata: { labels: Record<string, string> } } } }
  delete deployment.metadata.annotations
  delete deployment.spec.template.metadata.labels['sluice.dev/source']
  const [kept] = find(answerSync(mlModel, { ...request, children: { ...request.children, 'Deployment.apps/v1': { 'models/iris-model': deployment } } }).children, 'Deployment')
  t.ok(kept)
  t.match(JSON.stringify(kept), /"claimName":"iris-model-94907149d1"/)
})

t.test('when a spec is left, only failures that lie in it are remembered', async (t) => {
  const text = JSON.stringify(story('31-failed-update-taken-back'))
  for (const [reason, isRemembered] of [['NotFound', false], ['Unreachable', false], ['HashMismatch', true], ['OOMKilled', true]] as const) {
    const [deployment] = find(answerSync(mlModel, JSON.parse(text.replaceAll('NotFound', reason)) as SyncRequest).children, 'Deployment')
    const { failed = [] } = JSON.parse(deployment?.metadata.annotations?.['sluice.dev/state'] ?? '') as { failed?: object[] }
    t.match(failed, isRemembered ? [{ key: 'c72e83e896', reason }] : [], reason)
    t.equal(failed.length, isRemembered ? 1 : 0, reason)
  }
})

t.test('a Deployment that has lost its memory, and whose pods have no labels any more, is asked for as it is', async (t) => {
  const request = story('07-serving')
  const [deployment] = Object.values(request.children['Deployment.apps/v1'] ?? {})
  const spec = deployment?.spec as { template: object }
  for (const metadata of [null, undefined, {}, { labels: null }]) {
    const bare = { ...deployment, metadata: { ...deployment?.metadata, annotations: {} }, spec: { ...spec, template: { ...spec.template, metadata } } } as Child
    const answer = answerSync(mlModel, { ...request, children: { ...request.children, 'Deployment.apps/v1': { 'models/iris-model': bare } } })
    t.match(templateOf(answer.children), /"claimName":"iris-model-94907149d1"/, String(JSON.stringify(metadata)))
  }
})

t.test('pods that answer, and of which nothing can be read back, are left alone', async (t) => {
  const request = story('07-serving')
  const deployment = structuredClone(Object.values(request.children['Deployment.apps/v1'] ?? {})[0]) as Child & { spec: { template: { spec: object } }, status?: object }
  delete deployment.metadata.annotations
  deployment.spec.template.spec = { ...deployment.spec.template.spec, terminationGracePeriodSeconds: 2 ** 62 }
  const asked = (of: Child) => answerSync(mlModel, { ...request, children: { ...request.children, 'Deployment.apps/v1': { 'models/iris-model': of } } })
  t.throws(() => asked(deployment), { name: 'UnprocessableError', message: /Deployment iris-model has pods that answer.*put the annotation back/ })
  const { status: _, ...quiet } = deployment
  t.doesNotThrow(() => asked(quiet as Child), 'without pods there is nothing to lose')
})

t.test('memory that somebody wrote onto the Service brings no template of theirs into a Deployment', async (t) => {
  const request = story('50-deployment-deleted')
  const service = Object.values(request.children['Service.v1'] ?? {})[0]
  const state = JSON.parse(service?.metadata.annotations?.['sluice.dev/state'] ?? '{}') as { accepted: object }
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'server', image: 'evil' }], hostNetwork: true } }
  const forged = { ...service, metadata: { ...service?.metadata, annotations: { 'sluice.dev/state': JSON.stringify({ ...state, accepted: { ...state.accepted, template } }) } } } as Child
  const answer = answerSync(mlModel, { ...request, children: { ...request.children, 'Service.v1': { 'models/iris-model': forged } } })
  t.notMatch(templateOf(answer.children), /evil|hostNetwork/)
})

t.test('memory that is no memory is as if it were not there', async (t) => {
  for (const text of ['', 'null', '{}', '[]', '{"attempt":0}', '{"attempt":1}', '{"attempt":1,"accepted":{}}', '{"attempt":1e9}', '{"attempt":1,"leaving":[{}]}']) {
    const request = story('07-serving')
    const deployment = Object.values(request.children['Deployment.apps/v1'] ?? {})[0] as Child
    const broken = { ...deployment, metadata: { ...deployment.metadata, annotations: { 'sluice.dev/state': text } } }
    const answer = answerSync(mlModel, { ...request, children: { ...request.children, 'Deployment.apps/v1': { 'models/iris-model': broken } } })
    t.match(templateOf(answer.children), /"claimName":"iris-model-94907149d1"/, text || 'empty')
  }
})

t.test('each sample has its answer', async (t) => {
  const files = readdirSync('manifests/samples').filter((name) => /^ml-model[.-]/.test(name))
  t.equal(files.length, 5)
  for (const file of files) {
    const { spec, metadata } = readYaml(`manifests/samples/${file}`) as { spec: object, metadata: object }
    const { children, status } = answerSync(mlModel, requestFor(mlModel, { spec, metadata }))
    t.strictSame(children.map(({ kind }) => kind), ['PersistentVolumeClaim', 'Job', 'Service'], file)
    t.match(status, { phase: 'Pending', conditions: [{ type: 'Ready' }] })
  }
})
