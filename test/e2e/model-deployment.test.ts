// ModelDeployments on a real control plane: validated, then run; a new version beside the one that answers; an autoscaler that nobody fights.
import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { assertNothingForbidden, restOf } from './cleanliness.ts'
import { versionIn } from './models/history.ts'
import { downloaded, endPod, refused, silencePod, type End } from './models/kubelets.ts'
import { openModelScene } from './models/scene.ts'
import { commandIn, conditionIn, watch } from './models/watched.ts'
import { transcriptOf } from './transcript.ts'
import { until } from './until.ts'

const NAME = 'custom-model'
const PARENT = `modeldeployment.${NAME}`
const SERVICE = `${NAME}-service`
const CONTROLLER = 'sluice-modeldeployments'
const KINDS = 'modeldeployments,jobs,deployments,replicasets,pods,services,endpointslices,horizontalpodautoscalers'
const LOOKS = ['get mdep', 'get mdep -o wide', `describe mdep ${NAME}`, `events --for modeldeployment/${NAME}`, 'get jobs,deployments,hpa,pods,services -o wide']

const PASSED: End = { exitCode: 0 }
const resultOf = (letter: string): End => downloaded({ uri: 'https://example.com/model.pt', sha256: letter.repeat(64), bytes: 46_830_571, files: 1 })

/** A sample of the operator whose users we want to serve, with another apiVersion and nothing else. */
async function upstream (name: string): Promise<string> {
  const text = await readFile(new URL(`models/upstream/${name}.yaml`, import.meta.url), 'utf8')
  return text.replace(/^apiVersion: .*$/m, 'apiVersion: sluice.dev/v1alpha1')
}

const scene = await openModelScene(t)
if (scene) {
  const { plane: { api, kubectl }, history, load } = scene
  const record = transcriptOf('model-deployment', kubectl)
  const model = watch(api, 'modeldeployments', NAME, 'default')
  const patch = async (spec: object): Promise<void> => { await kubectl(['patch', 'mdep', NAME, '--type=merge', '-p', JSON.stringify({ spec })]) }
  const remains = async (name: string): Promise<string[]> => (await kubectl(['get', KINDS, '-o', 'name'])).split('\n').filter((line) => line.includes(name))

  const assertRest = async (t: Test, seconds: number): Promise<void> => {
    const told = load.writes()
    const { writes, syncs } = await restOf(scene, seconds, CONTROLLER)
    t.strictSame(writes, { counts: {}, by: [] }, `nothing was written for ${seconds} s`)
    t.ok(syncs >= 2, `though the hooks were asked ${syncs} times`)
    t.equal(load.writes(), told, 'and nobody moved the load')
  }
  /** The id of the version that answers. */
  const serving = (service = SERVICE): string => history.served(service, Date.now()).at(-1) ?? ''
  const deploymentOf = (id: string): string => `${NAME}-${id}`
  const deployments = (): string[] => history.now('deployments', PARENT).map(({ metadata }) => metadata.name).toSorted()

  /** Has the validation that runs pass, with this hash; resolves with the id of its version. */
  const pass = async (letter: string): Promise<string> => {
    const pod = await history.work(PARENT)
    await endPod(api, pod, { download: resultOf(letter), validate: PASSED })
    return versionIn(pod.metadata.labels)
  }

  await t.test('the first sample of the other operator is downloaded, started and Ready', async (t) => {
    const dummy = watch(api, 'modeldeployments', 'dummy-model', 'default')
    await kubectl(['apply', '-f', '-'], { input: await upstream('dummy-model') })
    const pod = await history.work('modeldeployment.dummy-model')
    await dummy.until('it is being validated', ({ status }) => status?.phase === 'Validating')
    t.strictSame([history.ever('deployments', 'modeldeployment.dummy-model'), history.ever('services', 'modeldeployment.dummy-model')], [[], []], 'nothing is started before')
    await endPod(api, pod, { download: resultOf('d') })
    const ready = await dummy.until('it is Ready', ({ status }) => status?.phase === 'Ready')
    t.match(ready.status, { attempt: 1, activeVersion: 'v1', replicas: 1, url: 'http://dummy-model-service.default.svc:8000/predict', sha256: 'd'.repeat(64), error: undefined })
    await until('its pod is behind the Service', async () => serving('dummy-model-service') === versionIn(pod.metadata.labels))
    t.strictSame(history.now('services', 'modeldeployment.dummy-model').map(({ spec }) => spec.ports.map(({ port }) => port)), [[8000]])
    t.strictSame(history.ever('horizontalpodautoscalers', 'modeldeployment.dummy-model'), [], 'nothing scales it')
  })

  await t.test('the second is validated by its script, started and scaled', async (t) => {
    await load.set(PARENT, 100)
    await kubectl(['apply', '-f', '-'], { input: await upstream(NAME) })
    const pod = await history.work(PARENT)
    await model.until('it is being validated', ({ status }) => status?.phase === 'Validating')
    t.strictSame(pod.spec.initContainers?.map(({ name }) => name), ['download'], 'first our program downloads')
    t.strictSame(pod.spec.containers.map(({ name, image }) => [name, image]), [['validate', 'localhost/fastapi-pytorch:dev']], 'then the script runs in the image of the server')
    await record('validating', ...LOOKS)
    await endPod(api, pod, { download: resultOf('a'), validate: PASSED })
    const ready = await model.until('it is Ready, and the autoscaler measures', (found) => found.status?.phase === 'Ready' && conditionIn(found, 'Scaling') === 'True/Active')
    t.match(ready.status, { activeVersion: 'v1', replicas: 1, url: `http://${SERVICE}.default.svc:8000/predict`, sha256: 'a'.repeat(64), error: undefined })
    t.equal(conditionIn(ready, 'Ready'), 'True/PodsAvailable')
    await until('its pod is behind the Service', async () => serving() === versionIn(pod.metadata.labels))
    await record('ready', ...LOOKS)
    await assertRest(t, 10)
  })

  await t.test('the autoscaler owns the number of pods: it moves it, and no sync moves it back', async (t) => {
    const since = Date.now()
    const deployment = deploymentOf(serving())
    // Of 500m that a pod requests, 80 % are aimed at.
    await load.set(PARENT, 1000)
    await model.until('there are three pods', ({ status }) => status?.replicas === 3)
    await patch({ autoscaling: { minReplicas: 4 } })
    const scaled = await model.until('there are four pods', ({ status }) => status?.replicas === 4)
    t.equal(scaled.status?.attempt, 1, 'that makes no other version')
    await record('scaled', ...LOOKS)
    await assertRest(t, 30)
    t.strictSame(history.replicas(deployment, since), [1, 3, 4], 'the number went up, and never back')
  })

  await t.test('a new version is validated and started beside the one that answers, and the Service is switched when it is ready', async (t) => {
    const since = Date.now()
    const [before, servers] = [serving(), history.servers(PARENT)]
    await patch({ version: 'v2', keepPrevious: '5s' })
    const pod = await history.work(PARENT)
    const next = versionIn(pod.metadata.labels)
    const validating = await model.until('it is being validated', ({ status }) => status?.candidateVersion === 'v2')
    t.match(validating.status, { phase: 'Validating', activeVersion: 'v1', replicas: 4, sha256: 'a'.repeat(64) }, 'the status tells of what answers')
    t.strictSame([history.selected(SERVICE, since), history.served(SERVICE, since), history.servers(PARENT)], [[before], [before], servers], 'and that is not touched')
    await record('updating', ...LOOKS)
    await endPod(api, pod, { download: resultOf('b'), validate: PASSED })
    const switched = await model.until('it has been switched to', ({ status }) => status?.activeVersion === 'v2')
    t.match(switched.status, { phase: 'Ready', previousVersion: 'v1', candidateVersion: undefined, replicas: 4, sha256: 'b'.repeat(64) })
    t.match(switched.status?.nextDeadline, /^20/, 'the one before is kept for a while')
    t.strictSame(deployments(), [before, next].map(deploymentOf).toSorted())
    await record('switched', ...LOOKS)
    await until('the new version alone answers', async () => serving() === next)
    t.strictSame(history.selected(SERVICE, since), [before, next], 'the Service was switched once')
    t.strictSame(history.served(SERVICE, since).filter((versions) => versions !== [before, next].toSorted().join('+')), [before, next], 'somebody answered all the time, and nobody else')
    t.notOk(history.available(deploymentOf(before), since).includes(0), 'and never was no pod of the old version available')
    t.equal(history.replicas(deploymentOf(next), since)[0], 4, 'the new one began with as many pods as the old one had')
    await model.until('its time is over', ({ status }) => status?.previousVersion === undefined)
    await until('the version before is gone, and so are its pods', async () => deployments().join() === deploymentOf(next) && history.servers(PARENT).length === 4)
    t.strictSame(history.now('horizontalpodautoscalers', PARENT).map(({ metadata }) => metadata.name), [deploymentOf(next)], 'the autoscaler is that of the new one')
  })

  await t.test('a validation that fails keeps what answers, says why, and is not tried again; sluice.dev/retry does', async (t) => {
    const since = Date.now()
    const [before, servers, earlier] = [serving(), history.servers(PARENT), history.ever('jobs', PARENT)]
    await patch({ version: 'v3', keepPrevious: '10m' })
    await endPod(api, await history.work(PARENT), { download: resultOf('c'), validate: { exitCode: 1, message: 'accuracy 0.71 is below 0.9' } })
    const failed = await model.until('it says why', ({ status }) => status?.error?.includes('0.71') === true && status.phase === 'Ready')
    t.match(failed.status, { phase: 'Ready', attempt: 3, activeVersion: 'v2', replicas: 4, sha256: 'b'.repeat(64), candidateVersion: undefined })
    t.match(failed.status?.error, /v3 did not pass its validation.*accuracy 0\.71 is below 0\.9.*v2 goes on answering/)
    t.strictSame(['Ready', 'Validated', 'Progressing'].map((type) => conditionIn(failed, type)), ['True/PodsAvailable', 'False/Error', 'False/Error'])
    const [list] = await record('validation-failed', ...LOOKS)
    t.match(list, new RegExp(`^${NAME} .* v2 +4 +Ready +Error `, 'm'), 'a list shows it')
    await assertRest(t, 10)
    t.equal(history.ever('jobs', PARENT).length, earlier.length + 1, 'there was one Job')

    await record('retry', commandIn(failed.status?.error))
    await endPod(api, await history.work(PARENT), { download: refused('AccessDenied', 'example.com answered 403. Name a Secret with credentials in credentialsSecret.') })
    const again = await model.until('the second try has failed, too', ({ status }) => status?.reason === 'AccessDenied')
    t.match(again.status, { phase: 'Ready', attempt: 4, activeVersion: 'v2' })
    t.match(again.status?.error, /answered 403\. Name a Secret/)
    await until('an Event warns', async () => (await warnings()).includes('403'))
    await record('download-failed', ...LOOKS)
    t.strictSame([history.selected(SERVICE, since), history.served(SERVICE, since), history.servers(PARENT)], [[before], [before], servers], 'all that time the same pods answered')
    t.equal(history.ever('jobs', PARENT).length, earlier.length + 2)
    t.strictSame(deployments(), [deploymentOf(before)], 'nothing was started')
  })

  await t.test('pods that do not come up are given up after progressDeadline, and what answers was never touched', async (t) => {
    const since = Date.now()
    const [before, servers] = [serving(), history.servers(PARENT)]
    await patch({ version: 'v4', progressDeadline: '3s', env: [{ name: 'START', value: 'never' }] })
    const next = await pass('e')
    const failed = await model.until('it says why', ({ status }) => status?.reason === 'ProgressDeadlineExceeded' && status.phase === 'Ready')
    t.match(failed.status, { activeVersion: 'v2', candidateVersion: undefined, replicas: 4, sha256: 'b'.repeat(64) })
    t.match(failed.status?.error, /v4 did not become ready within progressDeadline.*v2 goes on answering/)
    t.strictSame(['Ready', 'Progressing'].map((type) => conditionIn(failed, type)), ['True/PodsAvailable', 'False/ProgressDeadlineExceeded'])
    await until('what failed is gone', async () => deployments().join() === deploymentOf(before) && history.servers(PARENT).length === servers.length)
    t.ok(history.ever('deployments', PARENT).includes(deploymentOf(next)), 'it had been started')
    t.strictSame([history.selected(SERVICE, since), history.served(SERVICE, since), history.servers(PARENT)], [[before], [before], servers], 'all that time the same pods answered')
    await record('start-failed', ...LOOKS)
  })

  await t.test('a version that loses all its pods gives way to the one before', async (t) => {
    const before = serving()
    await patch({ version: 'v5', progressDeadline: '10m', env: [] })
    const next = await pass('f')
    await model.until('it has been switched to', ({ status }) => status?.activeVersion === 'v5' && status.replicas === 4)
    await until('it answers', async () => serving() === next)
    const since = Date.now()
    for (const pod of history.now('pods', PARENT).filter(({ metadata, status }) => versionIn(metadata.labels) === next && status?.phase === 'Running')) {
      await silencePod(api, pod, { exitCode: 137, message: 'cannot allocate 2 GiB' })
    }
    const returned = await model.until('the one before is back, and the poller has told why', ({ status }) => status?.activeVersion === 'v2' && status.failure !== undefined)
    t.match(returned.status, { phase: 'Ready', replicas: 4, sha256: 'b'.repeat(64), failure: { stage: 'Serving', version: 'v5' } })
    t.match(returned.status?.error, /v5 lost all its pods, and the version before was taken back.*v2 goes on answering/)
    t.strictSame(history.selected(SERVICE, since), [next, before])
    await until('it answers', async () => serving() === before)
    await record('taken-back', ...LOOKS)
  })

  await t.test('autoscale switched off leaves the number as it is', async (t) => {
    const since = Date.now()
    const deployment = deploymentOf(serving())
    await patch({ version: 'v2', autoscale: false })
    await until('the autoscaler is gone', async () => history.now('horizontalpodautoscalers', PARENT).length === 0)
    await model.until('all is well', ({ status }) => status?.phase === 'Ready' && status.error === undefined)
    await load.set(PARENT, 0)
    await assertRest(t, 5)
    t.strictSame(history.replicas(deployment, since), [4])
  })

  for (const [name, cascade] of [['dummy-model', 'background'], [NAME, 'foreground']] as const) {
    await t.test(`${name}, deleted in the ${cascade}, takes with it all that was made for it`, async (t) => {
      t.ok((await remains(name)).length >= 6, 'there is much')
      await t.resolves(kubectl(['delete', 'mdep', name, `--cascade=${cascade}`, '--timeout=60s']), 'the deletion comes to its end')
      await until('nothing is left', async () => (await remains(name)).length === 0)
    })
  }

  await t.test('all along, nobody was refused anything', async (t) => { await assertNothingForbidden(t, scene) })

  async function warnings (): Promise<string> {
    return await kubectl(['events', '--for', `modeldeployment/${NAME}`, '--types=Warning'])
  }
}
