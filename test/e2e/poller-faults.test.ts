// What happens to the poller itself in the middle of rollouts: two of them lead, it is cut off for twenty minutes, its clock is wrong, the registry
// shows what was before, and ten thousand objects are listed anew. Facts stay what they are, nobody writes what stands already, and all goes on.
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { conditionOf, isServing, type Model } from '../helpers/servers/watched-model.ts'
import { startFront, type Front } from '../real/front.ts'
import { assertNothingForbidden, restOf } from './cleanliness.ts'
import { countWrites, difference } from './counters.ts'
import { CROWD, gatherCrowd, joinCrowd } from './crowd.ts'
import { forgetHistory } from './etcd.ts'
import { startFaultProxy, type Ask, type FaultProxy } from './fault-proxy.ts'
import { isLeading, metricOf } from './poller-metrics.ts'
import { factOf, followPasses, passesOf, promotionsOf } from './promotion.ts'
import { RELEASE } from './release.ts'
import { openScene } from './scene.ts'
import { describePoller } from './sluice-programs.ts'
import { until } from './until.ts'

const NAME = 'churn-by-region'
const ALIAS = 'champion'
const STEPS = [50]
const MINUTES = 60_000
const BAD = ['5', '7']

let proxy: FaultProxy | undefined
let front: Front | undefined
const scene = await openScene(t, {
  bad: BAD,
  registry: { replicaLag: '5s' },
  apiServerArgs: ['--watch-cache=false'],
  async ways (stage) {
    proxy = await startFaultProxy(stage)
    return { poller: proxy.url }
  },
  front: async (url) => { front = await startFront(url); return front }
})
if (scene && proxy && front) {
  await play({ ...scene, proxy, front })
}

type Played = NonNullable<typeof scene> & { proxy: FaultProxy, front: Front }

async function play (scene: Played): Promise<void> {
  const { plane, registry, history, release, poller: elder, loop, proxy, front, atEnd } = scene
  const preload = (file: string): string => `--import=${fileURLToPath(new URL(file, import.meta.url))}`
  const pollerWith = async (env: Record<string, string>): Promise<typeof elder> => {
    const poller = await describePoller(scene, release, { url: proxy.url, env })
    atEnd(() => poller.stop())
    return poller
  }
  await registry.register(NAME, 9)
  await registry.setAlias(NAME, ALIAS, '1')
  const model = await scene.create(NAME, { rollout: { steps: STEPS, keepStable: '10m' }, analysis: { checks: 8 } })
  await model.until('version 1 serves', isServing('1'))
  const patch = async (spec: object): Promise<void> => { await plane.kubectl(['patch', 'mfm', NAME, '-n', 'models', '--type=merge', '-p', JSON.stringify({ spec })]) }
  const begin = promotionsOf(scene, model, { name: NAME, alias: ALIAS, steps: STEPS })
  const reported = await followPasses(scene)

  /** No step began twice, and no check that was made was forgotten. */
  function assertCounts (t: Test, version: string): void {
    const counts = [...reported].filter(([key]) => key.startsWith(`v${version}-`)).map(([, passes]) => passes)
    t.equal(counts.length, STEPS.length, 'no step began twice')
    t.strictSame(counts, counts.map((passes) => passes.toSorted((a, b) => a - b)), 'no check that was made was forgotten')
  }

  const younger = await pollerWith({ POD_NAME: 'e2e-younger', NODE_OPTIONS: preload('jumping-clock.ts'), CLOCK_JUMP_MS: String(20 * MINUTES) })
  await t.test('a leader that was stopped wakes up beside its successor, and steps down', async (t) => {
    await younger.start()
    const rollout = await begin('1', '2')
    elder.freeze()
    await until('the younger one leads', async () => await isLeading(younger))
    const before = passesOf(await model.until('it has made a check', ({ status }) => status?.phase === 'Progressing'))
    await model.until('it has made another', (found) => passesOf(found) > before)
    elder.thaw()
    await until('the elder knows that it leads no longer', async () => !await isLeading(elder))
    await rollout.end(t)
    assertCounts(t, '2')
    t.strictSame([await isLeading(elder), await isLeading(younger)], [false, true])
    const { writes, syncs } = await restOf(scene, 10)
    t.strictSame(writes, { counts: {}, by: [] }, 'at rest nothing is written for 10 s: they do not write over each other')
    t.ok(syncs >= 3, `though the hooks were asked ${syncs} times`)
  })

  await t.test('a poller that was cut off for twenty minutes holds the rollout, says so, and goes on', async (t) => {
    await elder.leave()
    const rollout = await begin('2', '3')
    const asked = proxy.suffer(() => 'cut')
    proxy.cutWatches()
    await until('it says that it leads no longer', async () => !await isLeading(younger))
    younger.signal('SIGUSR2')
    await forgetHistory(plane.etcd.url)
    t.ok(asked.length < 60, `it has tried ${asked.length} times`)
    t.strictSame(rollout.weights(), [0, 50], 'the weight stays')
    const held = await model.until('it can be read', () => true)
    t.match(held.status, { phase: 'Progressing', weight: 50, currentModelVersion: '2', canaryModelVersion: '3', failedVersions: undefined })
    proxy.suffer()
    await rollout.end(t, 90)
    assertCounts(t, '3')
    await assertTimes(t)
  })

  /** Everything that the poller has written as an instant is near the API server's time, which is ours. */
  async function assertTimes (t: Test): Promise<void> {
    const found = await model.until('it can be read', () => true)
    const lease = await plane.api.get<{ spec: { renewTime: string } }>(`/apis/coordination.k8s.io/v1/namespaces/${RELEASE.namespace}/leases/sluice-poller`)
    const { annotations = {} } = found.metadata
    const observed = (JSON.parse(annotations['sluice.dev/registry'] ?? '{}') as { observedAt?: string }).observedAt
    // Whoever has waited for no deadline yet has been told no time.
    const instants = { observed, checked: factOf(found).last?.at, lease: lease?.spec.renewTime, told: annotations['sluice.dev/clock'] ?? lease?.spec.renewTime }
    const wrong = Object.entries(instants).filter(([, instant]) => !(Math.abs(Date.now() - Date.parse(instant ?? '')) < 5 * MINUTES))
    t.strictSame(wrong, [], `in the API server's time: ${JSON.stringify(instants)}`)
  }

  let leader = younger
  for (const { sentence, minutes, from, good, bad } of [
    { sentence: 'ahead of', minutes: 10, from: '3', good: '4', bad: '5' },
    { sentence: 'behind', minutes: -10, from: '4', good: '6', bad: '7' }
  ]) {
    await t.test(`with a clock ten minutes ${sentence} the API server's, a good version is promoted and a bad one rolled back in their time`, async (t) => {
      // Checks are not counted any more: fewer will do.
      await patch({ analysis: { checks: 3 } })
      const skewed = await pollerWith({ NODE_OPTIONS: preload('../helpers/shifted-clock.ts'), CLOCK_OFFSET_MS: String(minutes * MINUTES) })
      await leader.leave()
      await skewed.start()
      leader = skewed
      const rollout = await begin(from, good)
      await rollout.end(t)
      const since = Date.now()
      await registry.setAlias(NAME, ALIAS, bad)
      const degraded = await model.until(`version ${bad} has failed and is unloaded`, ({ status }) => status?.phase === 'Degraded' && status.rollout === undefined)
      t.match(degraded.status, { currentModelVersion: good, reason: 'AnalysisFailed', lastOutcome: 'Aborted' })
      t.strictSame(history.weights(NAME, bad, since), [0, 50, 0])
      await assertTimes(t)
    })
  }

  await t.test('a replica of the registry that shows where the alias was does not turn a rollout round', async (t) => {
    // Long enough for some looks at the registry, one every five seconds.
    await patch({ analysis: { checks: 12 } })
    front.behave('Lagging')
    const rollout = await begin('6', '8')
    await rollout.end(t)
    t.ok(front.repeated() >= 2, `though it has shown it ${front.repeated()} times`)
    const { status } = await model.until('the registry is believed', (found) => conditionOf(found, 'RegistryFound') === 'True/Found')
    t.strictSame(status?.failedVersions?.map(({ version }) => version).toSorted(), BAD, 'no other version has failed')
    front.behave('Passing')
    await registry.setAlias(NAME, ALIAS, '6')
    t.match((await model.until('a person moves it back', isServing('6'))).status, { lastOutcome: 'FastRolledBack' })
  })

  await t.test('until here, weights added up and nobody was refused anything', async (t) => {
    t.strictSame(history.wrongSums(NAME), [])
    await assertNothingForbidden(t, scene)
  })

  // Comes last: nobody clears up after it.
  await t.test(`${CROWD} objects are listed anew, and whose fact stands is not written`, async (t) => {
    await loop.stop()
    await gatherCrowd(plane)
    await until('all are known', async () => await metricOf(leader, 'sluice_objects') > CROWD)
    t.comment(`all are known: ${await megabytes()} MB`)
    const before = await countWrites(plane.api)
    proxy.suffer(() => 'cut')
    proxy.cutWatches()
    for (const name of ['moves-the-present-on', 'and-on']) await joinCrowd(plane, name)
    await forgetHistory(plane.etcd.url)
    let pages = 0
    const asked = proxy.suffer((ask) => {
      // In the middle of the list its token expires, too.
      if (!isPage(ask) || pages++ !== 8) return undefined
      joinCrowd(plane, 'comes-meanwhile').then(async () => { await forgetHistory(plane.etcd.url) }).catch((error: unknown) => { t.fail(String(error)) })
      return { delay: 2000 }
    })
    await until('a list has begun', async () => asked.some(isPage))
    const path = await joinCrowd(plane, 'comes-late')
    await until('the one that came meanwhile is looked at', async () => factOfRegistry(await plane.api.get<Model>(path)) === 'ModelMissing')
    await until('a watch is open again', async () => asked.some(({ verb, resource, at }) => verb === 'watch' && resource === 'mlflowmodels' && at > (asked.findLast(isPage)?.at ?? 0)))
    t.comment(`listed anew: ${await megabytes()} MB`)
    // Nine until the token has expired; then once more from the beginning, or all in one.
    t.ok(pages > 9 && pages <= 9 + 2 * CROWD / 500, `${pages} pages`)
    const { 'PATCH mlflowmodels': patches = 0, 'POST events': events = 0 } = difference(before, await countWrites(plane.api))
    t.ok(patches <= 6 && events <= 6, `only those that came were written: ${patches} times, with ${events} Events`)
  })

  async function megabytes (): Promise<number> {
    return Math.round(await metricOf(leader, 'process_resident_memory_bytes') / 2 ** 20)
  }
}

function isPage ({ verb, resource }: Ask): boolean {
  return verb === 'list' && resource === 'mlflowmodels'
}

function factOfRegistry (model: Model | undefined): string | undefined {
  return (JSON.parse(model?.metadata.annotations?.['sluice.dev/registry'] ?? '{}') as { state?: string }).state
}
