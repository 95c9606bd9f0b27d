// Controllers and kubelet at work around an API server: pods come, wait for what they need, and leave nothing behind. No program is run.
import t, { type Test } from 'tap'
import type { KubeObject } from '../../../../playground/api-server/kube-object.ts'
import { startApiServer, type ApiServer } from '../../../../playground/api-server/server.ts'
import { createClock } from '../../../../playground/stand-ins/clock.ts'
import { startModelServer } from '../../../../playground/stand-ins/models/server.ts'
import { accessCluster, type Cluster } from '../../../../playground/stand-ins/workloads/cluster.ts'
import { readConduct } from '../../../../playground/stand-ins/workloads/contents.ts'
import type { Pod } from '../../../../playground/stand-ins/workloads/objects.ts'
import { startWorkloads, type Workloads, type WorkloadsOptions } from '../../../../playground/stand-ins/workloads/workloads.ts'

const SPEED = 50

interface World { api: ApiServer, cluster: Cluster, workloads: Workloads, pods: () => Pod[], until: (what: string, condition: () => unknown) => Promise<void> }

async function begin (t: Test, surroundings: WorkloadsOptions['surroundings'] = {}): Promise<World> {
  const clock = createClock(SPEED)
  const api = await startApiServer({ namespaces: ['models'], clock: clock.now })
  const workloads = await startWorkloads({ api, clock, surroundings })
  t.teardown(async () => {
    await workloads.close()
    await api.close()
  })
  const cluster = accessCluster(api, 'kubectl')
  const until = async (what: string, condition: () => unknown): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => { if (condition()) resolve() }
    const stop = api.store.subscribe('*', look)
    look()
    await promise
    stop()
    t.pass(what)
  }
  return { api, cluster, workloads, pods: () => cluster.list<Pod>('Pod'), until }
}

const make = (apiVersion: string, kind: string, spec: object): KubeObject => ({ apiVersion, kind, metadata: { name: 'm' }, spec })
const labels = { app: 'm' }

function deployment (container: object = {}, volumes: object[] = []): KubeObject {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'server', image: 'server:1', ...container }], volumes } }
  return make('apps/v1', 'Deployment', { replicas: 2, selector: { matchLabels: labels }, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, template })
}

const isComplete = ({ cluster }: World) => () => cluster.list('Deployment').every(({ status }) => status?.conditions?.some(({ reason }: { reason: string }) => reason === 'NewReplicaSetAvailable'))

t.test('a Deployment', async (t) => {
  const world = await begin(t)
  const { cluster, workloads, pods, until } = world
  cluster.create(make('v1', 'Service', { selector: labels, ports: [{ port: 80 }] }), 'models')
  cluster.create(deployment(), 'models')
  await until('gets pods, which answer', isComplete(world))
  t.equal(workloads.answering('models', 'm').length, 2, 'the Service leads to both')
  const before = pods().map(({ metadata }) => metadata.name)
  const [first] = pods()
  if (first) cluster.remove(first)
  await until('one that is deleted is replaced', () => pods().length === 2 && workloads.answering('models', 'm').length === 2 && pods().some(({ metadata }) => !before.includes(metadata.name)))
  const [whole] = cluster.list('Deployment')
  if (whole) cluster.change(whole, (object) => ({ ...object, spec: { ...object.spec, template: { ...object.spec.template, spec: { containers: [{ name: 'server', image: 'server:2' }] } } } }))
  const least = { answering: Infinity }
  await until('another template takes over', () => {
    least.answering = Math.min(least.answering, workloads.answering('models', 'm').length)
    return pods().length === 2 && pods().every(({ spec }) => spec.containers[0]?.image === 'server:2')
  })
  t.equal(least.answering, 2, 'no pod was taken before another answered')
  if (whole) cluster.remove(whole)
  await until('leaves nothing', () => pods().length === 0 && cluster.list('ReplicaSet').length === 0)
})

t.test('a pod', async (t) => {
  const { cluster, pods, until } = await begin(t)
  cluster.create(deployment({ envFrom: [{ secretRef: { name: 'keys' } }], volumeMounts: [{ name: 'model', mountPath: '/models' }] }, [{ name: 'model', persistentVolumeClaim: { claimName: 'm' } }]), 'models')
  const waiting = () => pods()[0]?.status?.containerStatuses?.[0]?.state.waiting
  await until('waits for its claim', () => waiting()?.reason === 'ContainerCreating')
  cluster.create(make('v1', 'PersistentVolumeClaim', { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }), 'models')
  await until('then for its Secret', () => waiting()?.reason === 'CreateContainerConfigError')
  t.equal(waiting()?.message, 'secret "keys" not found')
  cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' } }, 'models')
  await until('and runs', () => pods().every(({ status }) => status?.phase === 'Running'))
  for (const object of cluster.list('PersistentVolumeClaim')) cluster.change(object, (known) => ({ ...known, spec: { ...known.spec, resources: { requests: { storage: '2Gi' } } } }))
  await until('its claim can grow', () => cluster.list('PersistentVolumeClaim')[0]?.status?.capacity?.storage === '2Gi')
  const [claim] = cluster.list('PersistentVolumeClaim')
  if (claim) cluster.remove(claim)
  t.ok(cluster.list('PersistentVolumeClaim')[0]?.metadata.deletionTimestamp, 'its claim stays as long as it has it mounted')
  for (const object of cluster.list('Deployment')) cluster.remove(object)
  await until('and goes with it', () => pods().length === 0 && cluster.list('PersistentVolumeClaim').length === 0)
})

t.test('a server that takes time to go', async (t) => {
  const world = await begin(t, { stopTime: () => 10_000 })
  const { cluster, pods, until } = world
  cluster.create(deployment(), 'models')
  await until('answers', isComplete(world))
  const status = () => cluster.list('Deployment')[0]?.status
  for (const object of cluster.list('Deployment')) cluster.scale(object, 0)
  await until('is told to', () => status()?.terminatingReplicas === 2)
  t.same([status()?.replicas, pods().map(({ metadata, status }) => [metadata.deletionTimestamp !== undefined, status?.phase])], [undefined, [[true, 'Running'], [true, 'Running']]], 'its pods are no replicas any more, and still there')
  await until('and goes', () => pods().length === 0 && status()?.terminatingReplicas === 0)
})

t.test('a Job', async (t) => {
  const { cluster, pods, until } = await begin(t)
  const job = make('batch/v1', 'Job', { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'script', image: 'script:1' }] } } })
  cluster.create(job, 'models')
  await until('is complete', () => cluster.list('Job')[0]?.status?.completionTime)
  t.match(cluster.list('Job')[0]?.status, { succeeded: 1, active: 0 })
  t.same(pods().map(({ status, metadata }) => [status?.phase, metadata.finalizers]), [['Succeeded', undefined]], 'its pod is counted and held by nobody')
  for (const object of cluster.list('Job')) cluster.change(object, (known) => ({ ...known, spec: { ...known.spec, ttlSecondsAfterFinished: 1 } }))
  await until('leaves nothing when its time is over', () => pods().length === 0)
  cluster.create(job, 'models')
  await until('runs again', () => pods()[0]?.status?.phase === 'Running')
  for (const object of cluster.list('Job')) cluster.remove(object)
  await until('leaves nothing in the middle of its work either', () => pods().length === 0)
})

t.test('a model', async (t) => {
  const folder = t.testdir({ good: { 'model.pt': 'weights' }, bad: { deep: { 'model.pt': 'weights\nplayground: fails validation: accuracy 0.71\nplayground: crashes' } } })
  t.same(await readConduct([`${folder}/good`, `${folder}/none`]), new Map(), 'that says nothing is good')
  t.same(await readConduct([`${folder}/bad`]), new Map([['fails validation', 'accuracy 0.71'], ['crashes', 'the model crashes']]), 'says in which way it is bad')
  const server = await startModelServer()
  t.teardown(async () => { await server.close() })
  const { url, sha256 } = await server.put('/m/version-1.tar.gz', { 'm/saved_model.pb': 'weights' })
  t.equal((await server.put('/m/version-2.tar.gz', { 'm/saved_model.pb': 'weights' })).sha256, sha256, 'that is packed twice has the same hash')
  const [whole, part] = [await fetch(url), await fetch(url, { headers: { range: 'bytes=10-' } })]
  t.equal(Buffer.from(await part.arrayBuffer()).compare(Buffer.from(await whole.arrayBuffer()).subarray(10)), 0, 'is served in parts, too')
  await fetch(`${server.url}/bad.pt`, { method: 'PUT', body: 'playground: crashes' })
  t.equal(await (await fetch(`${server.url}/bad.pt`)).text(), 'playground: crashes', 'can be put there by anybody')
  t.same(['s3://models/x/y.onnx', 'models:/churn@champion', 'https://models.example.com/x.pt', 'https://huggingface.co/x.pt'].map((uri) => server.locate(uri).replace(server.url, '')), ['/models/x/y.onnx', '/churn/champion.tar.gz', '/x.pt', 'https://huggingface.co/x.pt'], 'that is nowhere is here')
})
