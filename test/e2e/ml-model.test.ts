// MLModels on a real control plane: first start, an update beside what serves, failures that change nothing, and what deletion leaves.
import t, { type Test } from 'tap'
import { assertNothingForbidden, restOf } from './cleanliness.ts'
import { versionIn } from './models/history.ts'
import { downloaded, endPod, refused, type End } from './models/kubelets.ts'
import { openModelScene } from './models/scene.ts'
import { conditionIn, watch } from './models/watched.ts'
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
  const remains = async (name: string): Promise<string[]> => (await kubectl(['get', KINDS, '-n', 'models', '-o', 'name'])).split('\n').filter((line) => line.includes(name))

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

  await t.test('all along, nobody was refused anything', async (t) => { await assertNothingForbidden(t, scene) })
  void [refused, conditionIn, remains, patch]
}
