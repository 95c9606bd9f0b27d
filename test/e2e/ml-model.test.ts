// MLModels on a real control plane: first start, an update beside what serves, failures that change nothing, and what deletion leaves.
import t, { type Test } from 'tap'
import { assertNothingForbidden, restOf } from './cleanliness.ts'
import { componentOf, versionIn } from './models/history.ts'
import { downloaded, endPod, refused, type End } from './models/kubelets.ts'
import { openModelScene } from './models/scene.ts'
import { commandIn, conditionIn, watch } from './models/watched.ts'
import { transcriptOf } from './transcript.ts'
import { until } from './until.ts'

const NAME = 'half-plus-two'
const PARENT = `mlmodel.${NAME}`
const SERVICE = `${NAME}-model`
const SAMPLES = 'manifests/samples'
const KINDS = 'mlmodels,jobs,deployments,replicasets,pods,services,endpointslices,persistentvolumeclaims'
const LOOKS = ['get mlm -n models', 'get mlm -n models -o wide', `describe mlm ${NAME} -n models`, `events -n models --for mlmodel/${NAME}`, 'get jobs,deployments,pods,services,pvc -n models -o wide']

const shas = { first: 'a'.repeat(64), second: 'b'.repeat(64), third: 'c'.repeat(64) }
const uriOf = (version: string): string => `https://example.com/models/half_plus_${version}.tar.gz`
const resultOf = (version: string, sha256: string): End => downloaded({ uri: uriOf(version), sha256, bytes: 12_345_678, files: 4 })

const scene = await openModelScene(t)
if (scene) {
  const { plane: { api, kubectl }, history } = scene
  const record = transcriptOf('ml-model', kubectl)
  const model = watch(api, 'mlmodels', NAME)
  const patch = async (spec: object): Promise<void> => { await kubectl(['patch', 'mlm', NAME, '-n', 'models', '--type=merge', '-p', JSON.stringify({ spec })]) }

  const assertRest = async (t: Test): Promise<void> => {
    const { writes, syncs } = await restOf(scene, 10, 'sluice-mlmodels')
    t.strictSame(writes, { counts: {}, by: [] }, 'nothing was written for 10 s')
    t.ok(syncs >= 3, `though the hooks were asked ${syncs} times`)
  }
  /** The key of the download that serves. */
  const serving = (): string => history.served(SERVICE, Date.now()).at(-1) ?? ''

  await t.test('a model of a few lines is downloaded, started and Ready', async (t) => {
    await record('apply', `apply -f ${SAMPLES}/ml-model.yaml`)
    const pod = await history.work(PARENT)
    await model.until('it is being downloaded', ({ status }) => status?.phase === 'Downloading')
    t.strictSame(history.ever('deployments', PARENT), [], 'nothing is started before')
    await record('downloading', ...LOOKS)
    await endPod(api, pod, { download: resultOf('two', shas.first) })
    const ready = await model.until('it is Ready and says what it serves', ({ status }) => status?.phase === 'Ready' && status.model?.sha256 !== undefined)
    t.match(ready.status, { attempt: 1, replicas: '1/1', url: `http://${SERVICE}.models.svc:8501/v1/models/${NAME}:predict`, model: { uri: uriOf('two'), sha256: shas.first, bytes: 12_345_678 }, error: undefined })
    t.equal(conditionIn(ready, 'Ready'), 'True/Serving')
    await until('its pod is behind the Service', async () => serving() === versionIn(pod.metadata.labels))
    const [server] = history.now('pods', PARENT).filter(({ metadata }) => history.servers(PARENT).includes(metadata.uid))
    t.equal(server?.spec.nodeName, pod.spec.nodeName, 'the server runs where the volume is, of two nodes')
    t.match(history.now('persistentvolumeclaims', PARENT).map(({ status }) => status?.phase), ['Bound'])
    await record('ready', ...LOOKS)
  })

  await t.test('at rest nothing is written, by whichever sync', async (t) => { await assertRest(t) })

  await t.test('a new version is downloaded and started beside the one that serves, and the old volume goes after it', async (t) => {
    const since = Date.now()
    const before = serving()
    const servers = history.servers(PARENT)
    await patch({ source: { uri: uriOf('three') } })
    const pod = await history.work(PARENT)
    const next = versionIn(pod.metadata.labels)
    const updating = await model.until('it is being downloaded', ({ status }) => status?.phase === 'Updating')
    t.match(updating.status, { replicas: '1/1', model: { uri: uriOf('two'), sha256: shas.first } }, 'the status tells of what serves')
    t.equal(conditionIn(updating, 'Ready'), 'True/Serving')
    t.equal(conditionIn(updating, 'Progressing'), 'True/Downloading')
    t.strictSame(history.servers(PARENT), servers, 'the pod that serves is not touched')
    t.equal(history.now('persistentvolumeclaims', PARENT).length, 2, 'there is a volume for each')
    await record('updating', ...LOOKS)
    t.strictSame(history.served(SERVICE, since), [before], 'until it is downloaded, the old version answers')
    await endPod(api, pod, { download: resultOf('three', shas.second) })
    await model.until('the new version is what is Ready', ({ status }) => status?.phase === 'Ready' && status.model?.sha256 === shas.second)
    await until('the new version alone answers', async () => serving() === next)
    t.strictSame(history.served(SERVICE, since).filter((versions) => versions !== [before, next].toSorted().join('+')), [before, next], 'somebody answered all the time, and nobody else')
    t.notOk(history.available(SERVICE, since).includes(0), 'and never was no pod available')
    await until('the old volume is gone', async () => history.now('persistentvolumeclaims', PARENT).every(({ metadata }) => metadata.name.endsWith(next)))
    t.equal(history.now('persistentvolumeclaims', PARENT).length, 1)
    await until('the Job is gone, for its result is told', async () => history.now('jobs', PARENT).length === 0)
  })

  await t.test('a download that fails for good keeps what serves, says why, and is not tried again; sluice.dev/retry does', async (t) => {
    const since = Date.now()
    const [before, servers, earlier] = [serving(), history.servers(PARENT), history.ever('jobs', PARENT)]
    await patch({ source: { uri: uriOf('four') } })
    await endPod(api, await history.work(PARENT), { download: refused('NotFound', `${uriOf('four')} answered 404. Correct the URI.`) })
    const failed = await model.until('it says why', ({ status }) => status?.reason === 'NotFound')
    t.match(failed.status, { phase: 'Ready', attempt: 1, replicas: '1/1', model: { uri: uriOf('three') } }, 'what serves is Ready')
    t.equal(conditionIn(failed, 'Ready'), 'True/Serving')
    t.equal(conditionIn(failed, 'Progressing'), 'False/NotFound')
    t.match(failed.status?.error, /four\.tar\.gz answered 404\. Correct the URI\./)
    await until('an Event warns', async () => (await warnings()).includes('404'))
    const [list] = await record('download-failed', ...LOOKS)
    t.match(list, new RegExp(`^${NAME} .* Ready +NotFound +1/1 `, 'm'), 'a list shows it')
    await assertRest(t)
    t.equal(history.ever('jobs', PARENT).length, earlier.length + 1, 'there was one Job')
    t.equal(history.now('pods', PARENT).filter(({ metadata }) => componentOf(metadata) === 'download').length, 1, 'with one pod, though the Job has retries: another try cannot mend it')

    await record('retry', commandIn(failed.status?.error))
    const pod = await history.work(PARENT)
    const again = await model.until('it is downloaded anew', ({ status }) => status?.phase === 'Updating')
    t.equal(again.status?.attempt, 2)
    t.strictSame([history.served(SERVICE, since), history.servers(PARENT)], [[before], servers], 'all that time the old version answered')
    await endPod(api, pod, { download: resultOf('four', shas.third) })
    const ready = await model.until('it is Ready and says what it serves', ({ status }) => status?.phase === 'Ready' && status.model?.sha256 === shas.third)
    t.equal(ready.status?.error, undefined)
    await until('it answers', async () => serving() === versionIn(pod.metadata.labels))
    t.notOk(history.served(SERVICE, since).includes(''), 'somebody answered all the time')
  })

  await t.test('pods that do not come up are given up after progressDeadline, and the pod that serves was never touched', async (t) => {
    const since = Date.now()
    const [before, servers] = [serving(), history.servers(PARENT)]
    const template = await templateOf()
    await patch({ progressDeadline: '3s', env: [{ name: 'START', value: 'crash' }] })
    const failed = await model.until('it says why', ({ status }) => status?.reason === 'CrashLoopBackOff' && status.phase === 'Ready')
    t.match(failed.status?.error, /unknown option --warp-speed.*sluice\.dev\/retry=2.*The version before it goes on serving\./)
    t.equal(conditionIn(failed, 'Ready'), 'True/Serving')
    t.equal(conditionIn(failed, 'Progressing'), 'False/CrashLoopBackOff')
    await until('the pod that crashes is gone', async () => history.servers(PARENT).length === 1)
    t.strictSame(await templateOf(), template, 'the template of before is back')
    t.strictSame([history.served(SERVICE, since), history.servers(PARENT)], [[before], servers], 'all that time the old pod answered')
    await record('start-failed', ...LOOKS)
    await assertRest(t)

    await patch({ env: [] })
    const well = await model.until('the complaint is over', ({ status }) => status?.phase === 'Ready' && status.error === undefined)
    t.equal(conditionIn(well, 'Progressing'), 'False/UpToDate')
    t.strictSame(history.servers(PARENT), servers, 'that restarts nothing')
  })

  await t.test('a first download that fails leaves nothing that serves; tried again, it tells the version that an alias stood for', async (t) => {
    const [name, parent] = ['bank-churn', 'mlmodel.bank-churn']
    const churn = watch(api, 'mlmodels', name)
    await record('apply-registry', `apply -f ${SAMPLES}/ml-model-mlflow.yaml`)
    await endPod(api, await history.work(parent), { download: refused('AccessDenied', 'The MLflow server answered 403. Correct the Secret that credentialsSecret names.') })
    const failed = await churn.until('it says why', ({ status }) => status?.reason === 'AccessDenied')
    t.match(failed.status, { phase: 'Failed', attempt: 1, model: undefined, replicas: undefined, url: undefined })
    t.strictSame(['Ready', 'Downloaded', 'Progressing'].map((type) => conditionIn(failed, type)), ['False/AccessDenied', 'False/AccessDenied', 'False/AccessDenied'])
    t.strictSame(history.ever('deployments', parent), [], 'nothing was started')
    await record('first-failed', 'get mlm -n models', `describe mlm ${name} -n models`)
    await record('retry-first', commandIn(failed.status?.error))
    await endPod(api, await history.work(parent), { download: downloaded({ uri: 's3://models/bank-churn/7', version: '7', sha256: 'd'.repeat(64), bytes: 45_678, files: 6 }) })
    const ready = await churn.until('it is Ready and says what it serves', ({ status }) => status?.phase === 'Ready' && status.model?.version !== undefined)
    t.match(ready.status, { attempt: 2, replicas: '1/1', url: `http://${name}-model.models.svc:8080/v2/models/${name}/infer`, model: { version: '7', sha256: 'd'.repeat(64), uri: 's3://models/bank-churn/7' }, error: undefined })
    await record('first-mended', 'get mlm -n models -o wide')
  })

  await t.test('an object that is deleted in the background takes with it all that was made for it', async (t) => { await assertDeletion(t, 'bank-churn', 'background') })

  await t.test('so does one that is deleted in the foreground, in the middle of an update', async (t) => {
    await patch({ source: { uri: uriOf('five') } })
    await history.work(PARENT)
    await assertDeletion(t, NAME, 'foreground')
  })

  await t.test('all along, nobody was refused anything', async (t) => { await assertNothingForbidden(t, scene) })

  async function assertDeletion (t: Test, name: string, cascade: 'background' | 'foreground'): Promise<void> {
    const remains = async (): Promise<string[]> => (await kubectl(['get', KINDS, '-n', 'models', '-o', 'name'])).split('\n').filter((line) => line.includes(name))
    t.ok((await remains()).length >= 6, 'there is much')
    await t.resolves(kubectl(['delete', 'mlm', name, '-n', 'models', `--cascade=${cascade}`, '--timeout=60s']), 'the deletion comes to its end')
    await until('nothing is left', async () => (await remains()).length === 0)
  }
  async function templateOf (): Promise<string> {
    return await kubectl(['get', 'deployment', SERVICE, '-n', 'models', '-o', 'jsonpath={.spec.template}'])
  }
  async function warnings (): Promise<string> {
    return await kubectl(['events', '-n', 'models', '--for', `mlmodel/${NAME}`, '--types=Warning'])
  }
}
