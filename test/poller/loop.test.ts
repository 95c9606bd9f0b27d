import t, { type Test } from 'tap'
import type { AnalysisFact, RegistryFact } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import { createEventRecorder } from '../../poller/cluster/event-recorder.ts'
import { createAnnotationWriter } from '../../poller/cluster/patch.ts'
import { startReflector } from '../../poller/cluster/reflector.ts'
import { createWriteQueue } from '../../poller/cluster/write-queue.ts'
import { createLoop, type Loop, type LoopParts } from '../../poller/loop.ts'
import { createMetrics } from '../../poller/metrics.ts'
import type { Model } from '../../poller/model.ts'
import { MLFLOW_MODELS } from '../../poller/watched.ts'
import type { Fault } from '../../playground/api-server/faults.ts'
import { logger, MODELS, monotonic, startCluster, until, type Cluster } from '../helpers/poller-cluster.ts'
import { at, CHECK, FAILURE, ROLLOUT, SERVING, specOf, STEPPING, T0, V8 } from '../helpers/poller-model.ts'

const FOUND: RegistryFact = { server: 'default', workspace: '', model: 'churn', alias: 'champion', state: 'Found', version: '8', createdAt: V8.createdAt, uri: V8.uri, observedAt: at(0) }
const never = new Promise<never>(() => undefined)

/** A registry whose alias names version 8 for every object, and that is due when it has new models. */
function registryOf (changes: Partial<LoopParts['registry']> = {}): LoopParts['registry'] {
  return {
    observe: async (models) => models.flatMap((model) => carries(model, FACTS.registry) ? [] : [findingOf(model, FOUND)]),
    refusals: () => [],
    hint () {},
    nextDue: () => Infinity,
    ...changes
  }
}

const idle: LoopParts['analyst'] = { check: async () => [], nextDue: () => Infinity }
const carries = ({ metadata }: Model, key: string) => metadata.annotations?.[key] !== undefined
const findingOf = <Fact>({ metadata: { uid = '', namespace = '', name } }: Model, fact: Fact) => ({ uid, namespace, name, fact })

type Running = { loop: Loop, stop: () => Promise<void>, led: Promise<void>, metrics: ReturnType<typeof createMetrics> }

/** A leader at work on the cluster. */
function lead (t: Test, { client }: Cluster, parts: Partial<Pick<LoopParts, 'registry' | 'analyst' | 'onRound' | 'retryMs'>> = {}): Running {
  const reflector = startReflector<KubeObject & Model>({ client, path: MODELS, logger, monotonic, backoff: { initialMs: 1, maxMs: 10 } })
  const queue = createWriteQueue({ perSecond: 1000 })
  const writer = createAnnotationWriter({ client, queue, store: reflector.store, pathOf: ({ name }) => `${MODELS}/${name}`, monotonic, logger })
  const recorder = createEventRecorder({ client, queue, instance: 'test', logger, retryMs: 1 })
  const metrics = createMetrics({ monotonic, objects: () => ({}), processMetrics: false })
  const models = { reflector, writer }
  const loop = createLoop({ kinds: [{ watched: MLFLOW_MODELS, ...models } as never], models, registry: registryOf(), analyst: idle, recorder, metrics: metrics.rollouts, served: metrics.served, serverTime: client.serverTime, logger, shortestMs: 1, ...parts })
  const ended = new AbortController()
  const led = loop.lead(ended.signal)
  const stop = async () => {
    ended.abort()
    await Promise.race([led, new Promise((resolve) => { setTimeout(resolve, 50) })])
    await queue.close()
    await recorder.close()
    await reflector.close()
  }
  t.teardown(stop)
  return { loop, stop, led, metrics }
}

const annotationOf = ({ get }: Cluster, name: string, key: string): string | undefined => get(name).metadata.annotations?.[key]
const writes = ({ server: { counts } }: Cluster) => counts.patch + counts.create + counts.update

/** Until nothing has been written for a while: the time in which a mistake would show. */
async function quiet (cluster: Cluster): Promise<void> {
  let last = -1
  while (last !== writes(cluster)) {
    last = writes(cluster)
    await new Promise((resolve) => { setTimeout(resolve, 60) })
  }
}

async function reasons ({ client }: Cluster): Promise<string[]> {
  const { items } = await client.list<{ items: Array<{ reason: string }> }>('/apis/events.k8s.io/v1/namespaces/models/events')
  return items.map(({ reason }) => reason).sort()
}

t.test('facts are written on those that do not carry them, and then nothing more', async (t) => {
  const cluster = await startCluster(t)
  for (const name of ['a', 'b', 'c']) cluster.create(name, { spec: specOf() })
  lead(t, cluster)
  await until(() => ['a', 'b', 'c'].every((name) => annotationOf(cluster, name, FACTS.registry) !== undefined))
  t.same(JSON.parse(annotationOf(cluster, 'a', FACTS.registry) ?? ''), FOUND)
  await quiet(cluster)
  const steady = writes(cluster)
  // Looks and changes that mean nothing are no reason to write.
  cluster.setStatus('a', { phase: 'Pending' })
  cluster.annotate('b', { theirs: 'x' })
  await quiet(cluster)
  t.equal(writes(cluster), steady)
})

t.test('a new object and a new wish are looked at without delay, a new status is not', async (t) => {
  const cluster = await startCluster(t)
  let looks = 0
  const registry = registryOf()
  lead(t, cluster, { registry: { ...registry, async observe (models) { looks += 1; return await registry.observe(models) } } })
  await until(() => looks >= 1)
  cluster.create('a', { spec: specOf() })
  await until(() => annotationOf(cluster, 'a', FACTS.registry) !== undefined)
  await quiet(cluster)
  const before = looks
  cluster.setStatus('a', { phase: 'Pending' })
  await quiet(cluster)
  t.equal(looks, before)
  cluster.setSpec('a', { modelAlias: 'challenger' })
  await until(() => looks > before)
})

t.test('objects that are being deleted are not looked at', async (t) => {
  const cluster = await startCluster(t)
  const seen: string[] = []
  cluster.create('kept', { spec: specOf() })
  lead(t, cluster, { registry: registryOf({ async observe (models) { seen.push(...models.map(({ metadata }) => metadata.name)); return [] } }) })
  await until(() => seen.length > 0)
  cluster.create('going', { spec: specOf(), finalizers: ['sluice.dev/test'] })
  await until(() => seen.includes('going'))
  cluster.remove('going')
  t.ok(cluster.get('going').metadata.deletionTimestamp, 'it waits for its finalizer')
  await quiet(cluster)
  seen.length = 0
  cluster.setSpec('kept', { modelAlias: 'other' })
  await until(() => seen.length > 0)
  t.notOk(seen.includes('going'))
})

t.test('a hint goes to the registry, and is lost on a follower', async (t) => {
  const cluster = await startCluster(t)
  const hints: Array<string | undefined> = []
  let due = Infinity
  let looks = 0
  const { loop, stop } = lead(t, cluster, { registry: registryOf({ hint (name) { hints.push(name); due = 0 }, nextDue: () => due, async observe () { looks += 1; due = Infinity; return [] } }) })
  loop.hint('too early')
  await until(() => looks >= 1)
  loop.hint('churn')
  await until(() => looks >= 2)
  await stop()
  loop.hint('too late')
  t.same(hints, ['churn'])
})

t.test('a deadline that has passed is told once, in the API server\'s time', async (t) => {
  let now = T0 * 1000
  const cluster = await startCluster(t, { clock: () => now })
  cluster.create('a', { spec: specOf(), status: { nextDeadline: at(-5) } })
  cluster.create('b', { spec: specOf(), status: { nextDeadline: at(3600) } })
  lead(t, cluster, { registry: registryOf({ observe: async () => [] }) })
  await until(() => annotationOf(cluster, 'a', FACTS.clock) !== undefined)
  t.equal(annotationOf(cluster, 'a', FACTS.clock), at(0))
  await quiet(cluster)
  const patches = cluster.server.counts.patch
  now += 60_000
  cluster.annotate('a', { theirs: 'x' })
  await quiet(cluster)
  t.equal(cluster.server.counts.patch, patches, 'the hooks have been told, and need no reminder')
  t.equal(annotationOf(cluster, 'b', FACTS.clock), undefined)
  cluster.setStatus('a', { nextDeadline: at(2) })
  await until(() => (annotationOf(cluster, 'a', FACTS.clock) ?? '') > at(0))
  t.ok((annotationOf(cluster, 'a', FACTS.clock) ?? '') >= at(2), 'never before the deadline')
})

t.test('a registry that hangs delays neither check nor clock', async (t) => {
  const cluster = await startCluster(t, { clock: () => T0 * 1000 })
  cluster.create('a', { spec: specOf(), status: { ...STEPPING, nextDeadline: at(-1) } })
  const analyst = { check: async (models: Model[]) => models.filter((model) => !carries(model, FACTS.analysis)).map((model) => findingOf<AnalysisFact>(model, CHECK)), nextDue: (models: Model[]) => models.some((model) => !carries(model, FACTS.analysis)) ? 0 : Infinity }
  lead(t, cluster, { registry: registryOf({ observe: async () => await never }), analyst })
  await until(() => annotationOf(cluster, 'a', FACTS.analysis) !== undefined && annotationOf(cluster, 'a', FACTS.clock) !== undefined)
  t.same(JSON.parse(annotationOf(cluster, 'a', FACTS.analysis) ?? ''), CHECK)
})

t.test('a Prometheus that hangs, or a bug in judging, delays neither registry nor clock', async (t) => {
  for (const check of [async () => await never, async () => { throw new Error('a bug') }]) {
    const cluster = await startCluster(t, { clock: () => T0 * 1000 })
    cluster.create('a', { spec: specOf(), status: { ...STEPPING, nextDeadline: at(-1) } })
    const { stop } = lead(t, cluster, { analyst: { check, nextDue: () => 0 } })
    await until(() => annotationOf(cluster, 'a', FACTS.registry) !== undefined && annotationOf(cluster, 'a', FACTS.clock) !== undefined)
    await stop()
  }
  t.pass()
})

t.test('a check sees what was counted before, however slow the watch is', async (t) => {
  let cutWatches = false
  const cluster = await startCluster(t, { fault: ({ verb }): Fault | undefined => cutWatches && verb === 'watch' ? { cut: 'before' } : undefined })
  cluster.create('a', { spec: specOf(), status: STEPPING })
  const seen: number[] = []
  const passedOf = (model: Model): number => (JSON.parse(model.metadata.annotations?.[FACTS.analysis] ?? '{"passed":0}') as { passed: number }).passed
  const analyst = {
    async check (models: Model[]) {
      cutWatches = true
      for (const watch of cluster.server.watches()) watch.end({ cut: true })
      seen.push(...models.map(passedOf))
      return models.map((model) => findingOf<AnalysisFact>(model, { ...CHECK, passed: passedOf(model) + 1 }))
    },
    nextDue: () => seen.length < 3 ? 0 : Infinity
  }
  lead(t, cluster, { registry: registryOf({ observe: async () => [] }), analyst })
  await until(() => seen.length >= 3)
  t.same(seen.slice(0, 3), [0, 1, 2])
})

t.test('writes that fail for a while are made in the end', async (t) => {
  let broken = 3
  const cluster = await startCluster(t, { clock: () => T0 * 1000, fault: ({ verb }) => verb === 'patch' && broken-- > 0 ? { answer: broken === 1 ? 429 : 500, retryAfter: 0 } : undefined })
  cluster.create('a', { spec: specOf(), status: { nextDeadline: at(-1) } })
  lead(t, cluster, { registry: registryOf({ observe: async () => [] }) })
  await until(() => annotationOf(cluster, 'a', FACTS.clock) !== undefined)
  t.pass()
})

t.test('what happens is told, once, also by a poller that starts later', async (t) => {
  const cluster = await startCluster(t, { clock: () => (T0 + 100) * 1000 })
  cluster.create('a', { spec: specOf(), status: SERVING, annotations: { [FACTS.registry]: JSON.stringify(FOUND) } })
  const first = lead(t, cluster)
  await until(() => cluster.server.counts.create >= 1)
  cluster.setStatus('a', STEPPING)
  await until(() => cluster.server.counts.create >= 2)
  await first.stop()
  const told = ['NewModelVersionDetected', 'TrafficIncrease']
  t.same(await reasons(cluster), told)

  // While nobody looked, the rollout failed.
  cluster.setStatus('a', { ...STEPPING, rollout: { ...ROLLOUT, stage: 'Draining', outcome: 'Aborted' }, failedVersions: [FAILURE] })
  lead(t, cluster)
  await until(() => cluster.server.counts.create >= 5)
  await quiet(cluster)
  t.same(await reasons(cluster), ['NewModelVersionDetected', 'PromotionFailed', 'RolledBack', 'TrafficIncrease'])
})

t.test('two leaders for a moment do no harm', async (t) => {
  const cluster = await startCluster(t, { clock: () => (T0 + 100) * 1000 })
  cluster.create('a', { spec: specOf(), status: { ...STEPPING, nextDeadline: at(50) } })
  lead(t, cluster)
  lead(t, cluster)
  await until(() => annotationOf(cluster, 'a', FACTS.clock) !== undefined && annotationOf(cluster, 'a', FACTS.registry) !== undefined)
  await quiet(cluster)
  t.match(cluster.get('a').metadata.annotations, { [FACTS.clock]: at(100) })
  t.same(JSON.parse(annotationOf(cluster, 'a', FACTS.registry) ?? ''), FOUND)
  t.same(await reasons(cluster), ['NewModelVersionDetected', 'TrafficIncrease'])
})

t.test('an object that may not use its registry is told so once', async (t) => {
  const cluster = await startCluster(t)
  const { uid = '' } = cluster.create('a', { spec: specOf() }).metadata
  const refusal = { uid, namespace: 'models', name: 'a', reason: 'UnknownRegistry' as const, message: 'there is no registry other' }
  let looks = 0
  lead(t, cluster, { registry: registryOf({ async observe () { looks += 1; return [] }, refusals: () => [refusal, { ...refusal, uid: 'gone' }], nextDue: () => looks < 5 ? 0 : Infinity }) })
  await until(() => looks >= 5)
  await quiet(cluster)
  t.same(await reasons(cluster), ['UnknownRegistry'])
})

t.test('who no longer leads writes nothing and shows nothing', async (t) => {
  const cluster = await startCluster(t)
  cluster.create('a', { spec: specOf(), status: SERVING })
  const { stop, led, metrics } = lead(t, cluster)
  await until(() => annotationOf(cluster, 'a', FACTS.registry) !== undefined)
  t.match(await metrics.render(), /sluice_rollout_info\{/)
  await stop()
  await led
  t.notMatch(await metrics.render(), /sluice_rollout_info\{/)
  const before = writes(cluster)
  cluster.create('b', { spec: specOf() })
  await quiet(cluster)
  t.equal(writes(cluster), before)
})

t.test('who is told to stop before the first list has come just stops', async (t) => {
  const cluster = await startCluster(t, { fault: () => ({ answer: 500 }) })
  const { stop, led } = lead(t, cluster)
  await stop()
  await led
  t.equal(writes(cluster), 0)
})

t.test('one object that takes no annotation delays no other, in none of the rounds', async (t) => {
  let now = T0 * 1000
  const cluster = await startCluster(t, { clock: () => now, fault: ({ verb, path }) => verb === 'patch' && path.endsWith('/bad') ? { answer: 422 } : undefined })
  const rounds: Array<{ name: string, ok: boolean }> = []
  for (const name of ['bad', 'good']) cluster.create(name, { spec: specOf(), status: { ...STEPPING, nextDeadline: at(0) } })
  let checks = 0
  const analyst: LoopParts['analyst'] = {
    async check (models) {
      if (checks === 20) return []
      checks += 1
      return models.map((model) => findingOf<AnalysisFact>(model, { ...CHECK, passed: checks }))
    },
    nextDue: () => checks < 20 ? 0 : Infinity
  }
  lead(t, cluster, { analyst, onRound: (report) => { rounds.push(report) } })
  // Deadlines of the good one, each after the one before has been told: with pauses of the whole round this would take minutes.
  for (let i = 0; i < 6; i++) {
    await until(() => annotationOf(cluster, 'good', FACTS.clock) === at(i))
    now += 1000
    cluster.setStatus('good', { nextDeadline: at(i + 1) })
  }
  await until(() => checks === 20 && annotationOf(cluster, 'good', FACTS.registry) !== undefined)
  await until(() => (JSON.parse(annotationOf(cluster, 'good', FACTS.analysis) ?? '{}') as { passed?: number }).passed === 20)
  t.same(cluster.get('bad').metadata.annotations ?? {}, {})
  t.same(rounds.filter(({ ok }) => !ok), [], 'and no round has failed')
})

t.test('a check whose result could not be written is not done again, and its result is written in the end', async (t) => {
  let broken = 2
  const cluster = await startCluster(t, { fault: ({ verb }) => verb === 'patch' && broken-- > 0 ? { answer: 500 } : undefined })
  cluster.create('a', { spec: specOf(), status: STEPPING })
  let checks = 0
  lead(t, cluster, { registry: registryOf({ observe: async () => [] }), analyst: { async check (models) { return checks++ === 0 ? models.map((model) => findingOf<AnalysisFact>(model, CHECK)) : [] }, nextDue: () => checks === 0 ? 0 : Infinity }, retryMs: 1 })
  await until(() => annotationOf(cluster, 'a', FACTS.analysis) !== undefined)
  t.same(JSON.parse(annotationOf(cluster, 'a', FACTS.analysis) ?? ''), CHECK)
})

t.test('a clock that somebody has set ahead is set right', async (t) => {
  const cluster = await startCluster(t, { clock: () => T0 * 1000 })
  cluster.create('a', { spec: specOf(), annotations: { [FACTS.clock]: '2099-01-01T00:00:00Z' } })
  lead(t, cluster)
  await until(() => annotationOf(cluster, 'a', FACTS.clock) === at(0))
  t.pass()
})
