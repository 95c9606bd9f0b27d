// What an MlflowModel goes through, told side by side in one system. Every story is judged by what the router really applied and by what was
// really written.
import type { Test } from 'tap'
import { FACTS } from '../../../hooks/core/labels.ts'
import { predictorName } from '../../../hooks/core/names.ts'
import type { Status } from '../../../hooks/mlflow-model/schema.ts'
import type { Outage } from '../../../playground/stand-ins/seldon/world.ts'
import { makeActor } from '../../helpers/loop/actor.ts'
import { restingWrites } from '../../helpers/loop/calm.ts'
import { ALIAS, quickModel, register } from '../../helpers/loop/models.ts'
import { memoryOf, sharesOf } from '../../helpers/loop/serving.ts'
import { BAD, startWorld, type LoopWorld } from '../../helpers/loop/world.ts'

const ROLLED_OUT = [{ 1: 100 }, { 1: 100, 2: 0 }, { 1: 70, 2: 30 }, { 1: 40, 2: 60 }, { 1: 0, 2: 100 }]

/** Steps that last long enough for something to be done in the middle of one, on a busy machine too. */
const UNHURRIED = { analysis: { checks: 5 } }

type Story = { name: string, tell: (t: Test, world: LoopWorld) => Promise<void> }

const stories: Story[] = [
  {
    name: 'a good version is promoted by exactly the steps without a restart, and a return to the version before is instant',
    async tell (t, world) {
      const story = makeActor(world, 'promotion')
      await story.begin()
      const first = story.pods('1')
      const unanswered = (): number => world.system.traffic.sent('models', 'promotion')['unreachable'] ?? 0
      const before = unanswered()
      story.moveAlias('2')
      await story.reaches(30)
      const second = story.pods('2')
      await story.serves('2')
      t.same(story.life.applied, ROLLED_OUT, 'the router applied exactly the steps')
      t.same(story.pods('1'), first, 'the old version keeps its pods')
      t.same(story.pods('2'), second, 'the new version keeps its pods')
      t.equal(story.status().lastOutcome, 'Promoted')
      story.moveAlias('1')
      const back = await story.serves('1')
      await story.applies({ 1: 100, 2: 0 })
      t.same(story.life.applied, [...ROLLED_OUT, { 1: 100, 2: 0 }], 'everything went back in one change')
      t.equal(back.lastOutcome, 'FastRolledBack')
      t.same(story.pods('1'), first, 'to the same pods')
      t.equal(unanswered(), before, 'every request was answered all the while')
    }
  },
  {
    name: 'a bad version is stopped, its failure is remembered, and retry tries it once more',
    async tell (t, world) {
      const story = makeActor(world, 'rollback')
      await story.begin()
      story.moveAlias(BAD)
      const degraded = await story.until('the bad version is out', ({ phase, rollout }) => phase === 'Degraded' && !rollout)
      await story.applies({ 1: 100 })
      t.same(story.life.applied.filter((weights) => (weights[BAD] ?? 0) > 60), [], 'it never got everything')
      const [failure] = degraded.failedVersions ?? []
      t.match(failure, { version: BAD, reason: 'AnalysisFailed' })
      t.match(degraded.error, `sluice.dev/retry=${failure?.rollout}`)
      const tries = story.life.applied.length
      world.people.command('rollback', 'retry', failure?.rollout ?? '')
      await story.until('it is tried again', ({ rollout }) => rollout !== undefined && rollout.id !== failure?.rollout)
      const again = await story.until('it has failed again', ({ phase, rollout }) => phase === 'Degraded' && !rollout)
      t.not(again.failedVersions?.[0]?.rollout, failure?.rollout, 'under another id')
      t.equal(again.failedVersions?.length, 1)
      t.ok(story.life.applied.slice(tries).some((weights) => weights[BAD] === 30), 'it had traffic again')
      await story.applies({ 1: 100 })
    }
  },
  {
    name: 'a rollout that needs approval waits at its last step for promote',
    async tell (t, world) {
      const story = makeActor(world, 'approval', { rollout: { approval: 'Manual' } })
      await story.begin()
      story.moveAlias('2')
      const waiting = await story.until('it waits', ({ reason }) => reason === 'AwaitingApproval')
      t.equal(waiting.phase, 'Paused')
      t.same(story.life.applied, ROLLED_OUT.slice(0, -1))
      const id = waiting.rollout?.id ?? ''
      t.match(waiting.error, `sluice.dev/promote=${id}`)
      world.people.command('approval', 'promote', 'v2-aaaaaa-1')
      await story.nextLook()
      t.equal(story.status().rollout?.stage, 'AwaitingApproval', 'another id promotes nothing')
      world.people.command('approval', 'promote', id)
      t.equal((await story.serves('2')).lastOutcome, 'Promoted')
      t.same(story.life.applied, ROLLED_OUT)
    }
  },
  {
    name: 'an aborted version leaves at once and is not tried again',
    async tell (t, world) {
      const story = makeActor(world, 'abort', UNHURRIED)
      await story.begin()
      story.moveAlias('2')
      const { rollout } = await story.reaches(30)
      // Two changes of weight within a second look like none to a router that counts seconds; the abort would last a minute.
      await story.checked()
      world.people.command('abort', 'abort', rollout?.id ?? '')
      const aborted = await story.until('it is out', (now) => now.phase === 'Degraded' && !now.rollout)
      await story.applies({ 1: 100 })
      // On a busy machine another step may have come before the word of the person.
      t.same(story.life.applied.slice(-2), [{ 1: 100, 2: 0 }, { 1: 100 }], 'all traffic first, then the pods')
      t.same(story.life.applied.slice(0, -2), ROLLED_OUT.slice(0, story.life.applied.length - 2))
      t.match(aborted.failedVersions, [{ version: '2', reason: 'Aborted' }])
      await story.nextLook()
      t.notOk(story.status().rollout, 'the alias still names it, and nothing happens')
      story.moveAlias('1')
      await story.serves('1')
    }
  },
  {
    name: 'a pause holds the weight, and edited steps go on from where the rollout is',
    async tell (t, world) {
      const story = makeActor(world, 'pause', UNHURRIED)
      await story.begin()
      story.moveAlias('2')
      await story.reaches(30)
      world.people.edit('pause', { rollout: { paused: true } })
      const paused = await story.until('it is paused', ({ reason }) => reason === 'Paused')
      const checks = story.life.model?.metadata.annotations?.[FACTS.analysis]
      story.life.freedom.steps = true
      world.people.edit('pause', { rollout: { steps: [45] } })
      await story.nextLook()
      t.equal(story.status().rollout?.id, paused.rollout?.id)
      t.same(story.life.applied, ROLLED_OUT.slice(0, 3), 'nothing moved meanwhile')
      t.equal(story.life.model?.metadata.annotations?.[FACTS.analysis], checks, 'and nothing was checked')
      world.people.edit('pause', { rollout: { paused: false } })
      await story.serves('2')
      t.same(story.life.applied, [...ROLLED_OUT.slice(0, 3), { 1: 55, 2: 45 }, { 1: 0, 2: 100 }])
    }
  },
  {
    name: 'a canary that loses its pods gives its traffic back at once, and is tried again from the beginning when they are back',
    async tell (t, world) {
      const story = makeActor(world, 'loss', UNHURRIED)
      await story.begin()
      story.moveAlias('2')
      await story.reaches(30)
      // As above: not in the second of the last change.
      const { canary } = await story.checked()
      const kill = (outage: Outage): void => { if (canary) world.system.seldon.kill('models', 'loss', predictorName(canary), outage) }
      kill('all')
      await story.until('the loss is noted', ({ rollout }) => rollout?.losses === 1)
      await story.applies({ 1: 100 })
      kill('none')
      await story.serves('2')
      t.same(story.life.applied, [...ROLLED_OUT.slice(0, 3), { 1: 100 }, ...ROLLED_OUT.slice(1)])
    }
  },
  {
    name: 'an alias that is gone leaves the version where it is',
    async tell (t, world) {
      const story = makeActor(world, 'retain')
      await story.begin()
      const pods = story.pods('1')
      story.dropAlias()
      await story.until('the alias is missed', () => story.condition('RegistryFound')?.status === 'False')
      t.match(story.condition('RegistryFound'), { reason: 'AliasNotFound' })
      t.same(story.life.applied, [{ 1: 100 }])
      story.moveAlias('1')
      await story.until('it is found', () => story.condition('RegistryFound')?.status === 'True')
      t.same(story.pods('1'), pods)
    }
  },
  {
    name: 'with whenAliasMissing Delete the serving goes with the alias, and comes back with it as a first version',
    async tell (t, world) {
      const story = makeActor(world, 'delete', { spec: { whenAliasMissing: 'Delete' } })
      await story.begin()
      story.dropAlias()
      const pending = await story.until('nothing is served', ({ phase, stable }) => phase === 'Pending' && !stable && !story.life.serving)
      t.match(pending, { currentModelVersion: undefined, rollout: undefined })
      t.ok(memoryOf(story.life.servings.at(-1))?.deleting, 'it was marked first')
      story.moveAlias('2')
      await story.serves('2')
      await story.applies({ 2: 100 })
      t.same(story.life.applied, [{ 1: 100 }, { 2: 100 }])
    }
  },
  {
    name: 'an object that is deleted in the middle of a rollout takes everything with it',
    async tell (t, world) {
      const story = makeActor(world, 'deletion')
      await story.begin()
      story.moveAlias('2')
      await story.reaches(30)
      world.people.remove('deletion')
      await world.witness.until('the garbage collector has been here', () => !story.life.serving)
      // Whatever was under way when it was deleted has come to an end when an object that was made later serves: a sync of the loop may
      // have made it once more, for the garbage collector to take again.
      await makeActor(world, 'after-deletion').begin()
      t.equal(story.life.serving, undefined)
      t.notOk(world.system.mlflow.calls.slice(-1)[0]?.includes('name=deletion'))
    }
  },
  {
    name: 'replicas that are edited in the middle of a rollout scale both versions and restart neither',
    async tell (t, world) {
      const story = makeActor(world, 'scaling')
      await story.begin()
      story.moveAlias('2')
      const before = await story.reaches(30)
      const pods = { 1: story.pods('1'), 2: story.pods('2') }
      story.life.freedom.replicas = true
      world.people.edit('scaling', { serving: { replicas: 2 } })
      const after = await story.serves('2')
      t.equal(after.lastOutcome, 'Promoted')
      t.same(story.life.statuses.filter(({ rollout }) => rollout && rollout.id !== before.rollout?.id && rollout.id.startsWith('v2')), [], 'the rollout was not started again')
      t.same(story.life.applied, ROLLED_OUT)
      for (const version of ['1', '2'] as const) {
        t.equal(story.pods(version).length, 2)
        t.ok(story.pods(version).includes(pods[version][0] ?? ''), `version ${version} keeps its first pod`)
      }
    }
  },
  {
    name: 'two objects of one registered model follow their own aliases',
    async tell (t, world) {
      const registry = world.system.mlflow.registry()
      register(registry, 'shared')
      registry.setAlias('shared', 'challenger', '2')
      const [left, right] = [makeActor(world, 'left', { spec: { modelName: 'shared' } }), makeActor(world, 'right', { spec: { modelName: 'shared', modelAlias: 'challenger' } })]
      world.people.create(quickModel('left', { spec: { modelName: 'shared' } }))
      world.people.create(quickModel('right', { spec: { modelName: 'shared', modelAlias: 'challenger' } }))
      await Promise.all([left.serves('1'), right.serves('2')])
      const untouched = right.life.serving?.metadata.generation
      registry.setAlias('shared', ALIAS, '2')
      await left.serves('2')
      t.same(left.life.applied, ROLLED_OUT)
      t.same(right.life.applied, [{ 2: 100 }])
      t.equal(right.life.serving?.metadata.generation, untouched)
    }
  }
]

/** Tells all stories in one system. */
export async function tellStories (t: Test): Promise<void> {
  const world = await startWorld(t, { controlLoop: { timeScale: 0.1 } })
  await t.test('side by side', { jobs: stories.length }, async (t) => {
    for (const { name, tell } of stories) t.test(name, { buffered: true }, async (t) => { await tell(t, world) })
  })

  await t.test('once nothing is left to do, nothing is written', async (t) => {
    const { witness, system, passTime } = world
    const names = system.api.store.list('sluice.dev/mlflowmodels').map(({ metadata }) => metadata.name)
    // keepStable passes for all that were promoted.
    await passTime(130)
    await witness.until('only what is trusted is left', () => names.every((name) => {
      const { model, serving, applied } = witness.of(name)
      return serving !== undefined && Object.keys(sharesOf(serving)).length === 1 && Object.keys(applied.at(-1) ?? {}).length === 1 && (model?.status as Status).previous === undefined
    }))
    t.same(await restingWrites(world), [], 'nobody writes anything')
  })
  t.same(world.witness.violations(), [])
}
