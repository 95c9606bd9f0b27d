// What surrounds rollouts: an upgrade in the middle of one, objects that are deleted in every way, and the chart that goes.
import t from 'tap'
import { isServing, isStepping } from '../helpers/servers/watched-model.ts'
import { assertNothingForbidden } from './cleanliness.ts'
import { answeredCalls } from './hook-calls.ts'
import { CHART, RELEASE } from './release.ts'
import { openScene } from './scene.ts'
import { describeHooks, describePoller } from './sluice-programs.ts'
import { transcriptOf } from './transcript.ts'
import { until } from './until.ts'

const ALIAS = 'champion'
const KINDS = 'mlflowmodels,seldondeployments,deployments,replicasets,pods,services,virtualservices,destinationrules'
const CLUSTER_KINDS = 'clusterroles,clusterrolebindings,compositecontrollers,validatingadmissionpolicies,validatingadmissionpolicybindings'
const NAMESPACED_KINDS = 'all,configmaps,secrets,serviceaccounts,roles,rolebindings,networkpolicies,poddisruptionbudgets'

const scene = await openScene(t, { chartVersion: '0.0.1' })
if (scene) {
  const { plane: { kubectl }, release, registry, history, hooks, poller } = scene
  const record = transcriptOf('lifecycle', kubectl)
  const steps = [20, 50]

  /** What is left in the models' namespace of an object and all that was made for it. */
  const remains = async (name: string, namespace = 'models'): Promise<string[]> => {
    const found = await kubectl(['get', KINDS, '-n', namespace, '-o', 'name'])
    return found.split('\n').filter((line) => line.includes(name))
  }
  const serve = async (name: string, namespace = 'models') => {
    await registry.register(name, 3)
    await registry.setAlias(name, ALIAS, '1')
    const model = await scene.create(name, { rollout: { steps }, analysis: { checks: 3 } }, namespace)
    await model.until('version 1 serves', isServing('1'))
    return model
  }

  await t.test('what the chart has made runs', async (t) => {
    await t.resolves(kubectl(['rollout', 'status', `deployment/${RELEASE.name}`, '-n', RELEASE.namespace, '--timeout=60s']))
    await record('installed', `get deployments,pods,services -n ${RELEASE.namespace}`, 'get compositecontrollers,clusterroles -l app.kubernetes.io/instance=sluice')
  })

  await t.test('an upgrade in the middle of a rollout changes no weight and restarts no pod; hooks of the other release are asked and answer 429, until theirs come', async (t) => {
    const name = 'upgraded'
    const model = await serve(name)
    const since = Date.now()
    const stable = model.pods('1')
    await registry.setAlias(name, ALIAS, '2')
    await model.until('version 2 is judged at its first step', isStepping('2', 20))
    const canary = model.pods('2')
    // Without a poller no further check passes, however long the upgrade takes: the next weight would be given by the older hooks else.
    await poller.stop()
    await release.upgrade(CHART, { hooks: { v: 'e2e-2' } })
    await t.resolves(kubectl(['rollout', 'status', `deployment/${RELEASE.name}`, '-n', RELEASE.namespace, '--timeout=60s']))
    await until('the hooks of the older release have sent a call away', async () => (await answeredCalls(hooks.url, 429)) > 0)
    // The next poller goes on counting: what it finds waits for hooks that answer.
    await poller.start()
    await model.until('every check is reported', ({ metadata }) => (metadata.annotations?.['sluice.dev/analysis'] ?? '').includes('"passed":3'))
    t.strictSame(history.weights(name, '2', since), [0, 20], 'the weight stays')
    t.strictSame(await eventsOf(name), [], 'that is no failure, so nothing warns')

    await hooks.stop()
    const next = describeHooks(scene, { ...release, v: 'e2e-2' })
    scene.atEnd(() => next.stop())
    await next.start()
    await model.until('version 2 serves', isServing('2'))
    t.strictSame(history.weights(name, '2', since), [0, ...steps, 100], 'every step once')
    t.strictSame(history.otherChanges(name, since), [], 'nothing but traffic and the list of predictors has changed')
    t.strictSame([model.pods('1'), model.pods('2')], [stable, canary], 'no model pod was restarted')
  })

  const deletions = [
    { name: 'in-background', how: 'in the background', args: (name: string) => ['delete', 'mfm', name, '-n', 'models', '--timeout=60s'] },
    { name: 'in-foreground', how: 'in the foreground, in the middle of a rollout', midway: true, args: (name: string) => ['delete', 'mfm', name, '-n', 'models', '--cascade=foreground', '--timeout=60s'] }
  ]
  for (const { name, how, midway = false, args } of deletions) {
    await t.test(`an object that is deleted ${how} takes with it all that was made for it`, async (t) => {
      const model = await serve(name)
      if (midway) {
        await registry.setAlias(name, ALIAS, '2')
        await model.until('version 2 is judged at its first step', isStepping('2', 20))
      }
      t.ok((await remains(name)).length >= 8, 'there is much')
      await t.resolves(kubectl(args(name)), 'the deletion comes to its end')
      await until('nothing is left', async () => (await remains(name)).length === 0)
    })
  }

  await t.test('a namespace that is deleted in the middle of a rollout goes, with all that is in it', async (t) => {
    await kubectl(['create', 'namespace', 'team'])
    const model = await serve('with-namespace', 'team')
    await registry.setAlias('with-namespace', ALIAS, '2')
    await model.until('version 2 is judged at its first step', isStepping('2', 20))
    t.ok((await remains('with-namespace', 'team')).length >= 8, 'there is much')
    await t.resolves(kubectl(['delete', 'namespace', 'team', '--timeout=90s']))
    t.strictSame(await remains('with-namespace', 'team'), [])
  })

  await t.test('until here, nobody was refused anything', async (t) => { await assertNothingForbidden(t, scene) })

  await t.test('the chart is uninstalled and installed again: what serves goes on serving', async (t) => {
    const name = 'left-alone'
    const model = await serve(name)
    const pods = model.pods('1')
    await release.helm(['uninstall', RELEASE.name, '--namespace', RELEASE.namespace, '--wait', '--timeout=60s'])
    t.equal(await leftOvers(), '', 'nothing of the release is left but what is kept')
    t.strictSame(model.pods('1'), pods, 'no pod was restarted')
    t.strictSame((await remains(name)).length >= 8, true, 'what serves is there')
    await release.install()
    await release.upgrade(CHART, { hooks: { v: 'e2e-2' } })
    await poller.stop()
    const next = await describePoller(scene, release)
    scene.atEnd(() => next.stop())
    await next.start()
    await registry.setAlias(name, ALIAS, '2')
    await model.until('version 2 serves', isServing('2'))
    t.strictSame(model.pods('1'), pods, 'no pod was restarted')
  })

  await t.test('the chart is uninstalled before the objects: nothing hangs', async (t) => {
    const name = 'left-alone'
    await release.helm(['uninstall', RELEASE.name, '--namespace', RELEASE.namespace, '--wait', '--timeout=60s'])
    await t.resolves(kubectl(['delete', 'mfm', '--all', '-n', 'models', '--timeout=60s']), 'objects go without a control loop')
    await until('nothing is left', async () => (await remains(name)).length === 0)
    await t.resolves(kubectl(['delete', 'crd', 'mlflowmodels.sluice.dev', '--timeout=60s']))
    await t.resolves(kubectl(['delete', 'namespace', RELEASE.namespace, 'models', '--timeout=90s']))
  })

  /** Objects with the label of the release. The CRDs are kept on purpose. */
  async function leftOvers (): Promise<string> {
    const label = `app.kubernetes.io/instance=${RELEASE.name}`
    const found = await Promise.all([kubectl(['get', CLUSTER_KINDS, '-l', label, '-o', 'name']), kubectl(['get', NAMESPACED_KINDS, '-A', '-l', label, '-o', 'name'])])
    return found.join('')
  }

  /** Warnings that people would see of an object. */
  async function eventsOf (name: string): Promise<string[]> {
    const { items } = JSON.parse(await kubectl(['get', 'events', '-n', 'models', `--field-selector=involvedObject.kind=MlflowModel,involvedObject.name=${name},type=Warning`, '-o', 'json'])) as { items: Array<{ reason: string, message: string }> }
    return items.map(({ reason, message }) => `${reason}: ${message}`)
  }
}
