// Trouble with MLflow and Prometheus, met by the real poller and told by the real hooks: stable keeps its traffic, the object says what is
// wrong, and goes on by itself once the trouble is over. All at once in one system, each object with a registry or a provider of its own.
import type { Test } from 'tap'
import { HEALTHY, HTML_500, TEXT_503, type Fault } from '../../../playground/stand-ins/faults.ts'
import { startMlflow, type MlflowStandIn } from '../../../playground/stand-ins/mlflow/server.ts'
import { makeActor } from '../../helpers/loop/actor.ts'
import { startFront, type Front } from '../../helpers/loop/front.ts'
import { startWorld, type LoopWorld } from '../../helpers/loop/world.ts'

type Trouble<S> = { entry: string, name: string, begin: (server: S) => unknown, end: (server: S) => unknown }

const fault = (kind: Fault) => ({ begin: (server: { setFault: (fault: Fault) => void }) => { server.setFault(kind) }, end: (server: { setFault: (fault: Fault) => void }) => { server.setFault(HEALTHY) } })

const ANY_HOST = ['127.0.0.1:*']

const registries: Array<Trouble<MlflowStandIn>> = [
  { entry: 'refused', name: 'refuses connections', begin: (server) => server.stop(), end: (server) => server.start() },
  { entry: 'reset', name: 'cuts connections', ...fault({ kind: 'reset' }) },
  { entry: 'html', name: 'answers 500 with a page', ...fault(HTML_500) },
  { entry: 'host', name: 'refuses our Host header', begin: (server) => { server.setAllowedHosts(['mlflow.example']) }, end: (server) => { server.setAllowedHosts(ANY_HOST) } }
]

const providers: Array<Trouble<Front>> = [
  { entry: 'refused', name: 'refuses connections', begin: (server) => server.stop(), end: (server) => server.start() },
  { entry: 'html', name: 'answers 500 with a page', ...fault(HTML_500) },
  { entry: 'starting', name: 'replays its log', ...fault(TEXT_503) },
  { entry: 'silent', name: 'never answers', ...fault({ kind: 'slow', milliseconds: Infinity }) }
]

/** A step of one check, unjudged: the story is about the registry. */
const UNJUDGED = { rollout: { steps: [30] }, analysis: { enabled: false, checks: 1 } }

async function tellOfRegistry (t: Test, world: LoopWorld, { entry, begin, end }: Trouble<MlflowStandIn>, server: MlflowStandIn): Promise<void> {
  const story = makeActor(world, `registry-${entry}`, { ...UNJUDGED, spec: { registry: entry } }, server)
  await story.begin()
  await begin(server)
  story.moveAlias('2')
  await story.until('it says that the registry is silent', () => story.condition('RegistryFound')?.reason === 'RegistryUnreachable')
  t.match(story.condition('RegistryFound'), { status: 'Unknown', message: `Registry ${entry} has not answered` })
  t.match(story.status(), { phase: 'Healthy', currentModelVersion: '1' }, 'the last answer stays in force')
  t.same(story.life.applied, [{ 1: 100 }], 'stable is untouched')
  await end(server)
  await story.until('it goes on', ({ canaryModelVersion, currentModelVersion }) => [canaryModelVersion, currentModelVersion].includes('2'))
  t.match(story.condition('RegistryFound'), { status: 'True', reason: 'Found' })
}

async function tellOfProvider (t: Test, world: LoopWorld, { entry, begin, end }: Trouble<Front>, server: Front): Promise<void> {
  const story = makeActor(world, `provider-${entry}`, { rollout: { steps: [30] }, analysis: { provider: entry, errorLimit: 1 } })
  await story.begin()
  await begin(server)
  story.moveAlias('2')
  const paused = await story.until('it pauses', ({ reason }) => reason === 'MetricsUnavailable')
  t.equal(paused.phase, 'Paused')
  t.match(paused.error, /measurements cannot be had from Prometheus/)
  t.match(story.condition('AnalysisPassing'), { status: 'Unknown', reason: 'Error' })
  t.same(story.life.applied, [{ 1: 100 }, { 1: 100, 2: 0 }, { 1: 70, 2: 30 }], 'nothing moves')
  await end(server)
  t.equal((await story.serves('2')).lastOutcome, 'Promoted')
  t.equal(story.status().failedVersions, undefined)
}

/** Late answers are answers: nothing is paused or called silent. */
async function tellOfSlowness (t: Test, world: LoopWorld, registry: MlflowStandIn, provider: Front): Promise<void> {
  const story = makeActor(world, 'slow', { rollout: { steps: [30] }, analysis: { provider: 'slow', checks: 1 }, spec: { registry: 'slow' } }, registry)
  await story.begin()
  registry.setFault({ kind: 'slow', milliseconds: 700 })
  provider.setFault({ kind: 'slow', milliseconds: 300 })
  story.moveAlias('2')
  await story.serves('2')
  t.same(story.life.statuses.filter(({ phase }) => phase === 'Paused'), [])
  t.equal(story.condition('RegistryFound')?.status, 'True')
}

/** Tells of all troubles in one system. */
export async function tellOfTrouble (t: Test): Promise<void> {
  const behind = { url: '' }
  const mlflows = await startAll(t, [...registries.map(({ entry }) => entry), 'slow'], async () => await startMlflow())
  const fronts = await startAll(t, [...providers.map(({ entry }) => entry), 'slow'], async () => await startFront(() => behind.url))
  const world = await startWorld(t, {
    controlLoop: { timeScale: 0.1 },
    entries: {
      registries: mapValues(mlflows, ({ url }) => ({ url, minInterval: '1s', staleAfter: '1s' })),
      prometheus: mapValues(fronts, ({ url }, entry) => ({ url, ...(entry === 'silent' && { timeout: '1s' }) }))
    }
  })
  behind.url = world.system.prometheusUrl
  await t.test('side by side', { jobs: registries.length + providers.length + 1 }, async (t) => {
    for (const trouble of registries) {
      t.test(`a registry that ${trouble.name} leaves stable alone`, { buffered: true }, async (t) => { await tellOfRegistry(t, world, trouble, mlflows[trouble.entry] as MlflowStandIn) })
    }
    for (const trouble of providers) {
      t.test(`a Prometheus that ${trouble.name} pauses the rollout`, { buffered: true }, async (t) => { await tellOfProvider(t, world, trouble, fronts[trouble.entry] as Front) })
    }
    t.test('servers that are slow are waited for', { buffered: true }, async (t) => { await tellOfSlowness(t, world, mlflows['slow'] as MlflowStandIn, fronts['slow'] as Front) })
  })
  t.same(world.witness.violations(), [])
}

async function startAll<S extends { close: () => Promise<void> }> (t: Test, entries: string[], start: () => Promise<S>): Promise<Record<string, S>> {
  const servers = await Promise.all(entries.map(async (entry) => [entry, await start()] as const))
  t.teardown(async () => { await Promise.all(servers.map(([, server]) => server.close())) })
  return Object.fromEntries(servers)
}

function mapValues<S, R> (record: Record<string, S>, map: (value: S, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))
}
