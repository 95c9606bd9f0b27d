// The habits of the Seldon Core v1 operator, one test each, on the pure core.
import t from 'tap'

import { makeComponents } from '../../../../playground/stand-ins/seldon/components.ts'
import type { EnvVar } from '../../../../playground/stand-ins/seldon/seldon-deployment.ts'
import { isServing } from '../../../../playground/stand-ins/seldon/world.ts'
import { predictor, START, startLife, withoutMetricsPort } from './life.ts'

const V1 = 'bank-v1-0-model'
const V2 = 'bank-v2-0-model'
const ROUTER = 'istioVirtualServicesReady'

t.test('the first reconcile creates the Deployment and says Creating; the entry of deploymentStatus comes one later', async t => {
  const life = startLife([predictor('v1', 100)])
  life.pass()
  t.match(life.status, { state: 'Creating', deploymentStatus: undefined })
  t.strictSame(Object.keys(life.world.deployments), [V1])
  life.pass()
  t.strictSame(life.status.deploymentStatus, { [V1]: { replicas: 1 } })
  life.settle()
  t.match(life.status, { state: 'Available', deploymentStatus: { [V1]: { replicas: 1, availableReplicas: 1 } } })
})

t.test('pods become ready after their load time, each model its own', async t => {
  const life = startLife([predictor('v1', 50), predictor('v2', 50)], { loadTime: ({ predictor }) => predictor === 'v1' ? 2000 : 9000 })
  life.calm()
  life.wait(2000)
  t.strictSame([isServing(life.world, 'v1'), isServing(life.world, 'v2')], [true, false])
  life.wait(7000)
  t.ok(isServing(life.world, 'v2'))
})

t.test('observedGeneration is never set, and the old Available is stale until the reconcile that creates the Deployment', async t => {
  const life = startLife([predictor('v1', 100)])
  life.settle()
  life.set(predictor('v1', 100), predictor('v2', 0))
  t.equal(life.status.state, 'Available', 'before the reconcile')
  life.pass()
  t.equal(life.status.state, 'Creating', 'in the reconcile')
  t.notOk('observedGeneration' in life.status)
})

t.test('no weight is applied while any Deployment is unready', async t => {
  const life = startLife([predictor('v1', 100)])
  life.settle()
  life.set(predictor('v1', 90), predictor('v2', 10))
  life.wait(4999)
  t.strictSame(life.weights(), { v1: 100 })
  life.wait(1)
  t.strictSame(life.weights(), { v1: 90, v2: 10 })
  life.kill('v1', 'all')
  life.set(predictor('v1', 50), predictor('v2', 50))
  life.wait(60_000)
  t.strictSame(life.weights(), { v1: 90, v2: 10 }, 'a dead pod of any predictor holds every weight')
  life.kill('v1', 'none')
  life.wait(5000)
  t.strictSame(life.weights(), { v1: 50, v2: 50 })
})

t.test('one dead pod of two holds every weight, although the predictor answers', async t => {
  const life = startLife([predictor('v1', 100, { replicas: 2 })])
  life.settle()
  life.kill('v1', 'some')
  life.set(predictor('v1', 90, { replicas: 2 }), predictor('v2', 10))
  life.wait(60_000)
  t.strictSame(life.weights(), { v1: 100 })
  t.ok(isServing(life.world, 'v1'))
  t.match(life.status, { state: 'Creating', deploymentStatus: { [V1]: { replicas: 2, availableReplicas: 1 } } })
})

t.test('removing the dead predictor gives the rest all traffic at once', async t => {
  const life = startLife([predictor('v1', 50), predictor('v2', 50)])
  life.settle()
  life.kill('v2', 'all')
  life.calm()
  life.set(predictor('v1', 100))
  life.calm()
  t.strictSame(life.weights(), { v1: 100 })
})

t.test('left-over Deployments are deleted only when every wanted one is ready, and their entries linger until then', async t => {
  const life = startLife([predictor('v1', 100)])
  life.settle()
  life.set(predictor('v2', 100))
  life.wait(4999)
  t.strictSame(Object.keys(life.world.deployments), [V1, V2], 'v1 still runs while v2 loads')
  t.strictSame(Object.keys(life.status.deploymentStatus ?? {}), [V1, V2])
  life.now += 1
  life.pass()
  t.ok(life.world.deployments[V1]?.deleting)
  t.ok(life.status.deploymentStatus?.[V1], 'the entry outlives the reconcile that deletes')
  life.pass()
  t.strictSame(Object.keys(life.status.deploymentStatus ?? {}), [V2], 'the next one finds it gone')
  t.ok(life.status.serviceStatus?.['bank-v1'], 'Services go last')
  life.calm()
  t.strictSame(Object.keys(life.status.serviceStatus ?? {}).sort(), ['bank-v2', 'bank-v2-model'])
})

t.test('replicas 0 is never ready, holds every weight, and its Deployment is orphaned on removal', async t => {
  const life = startLife([predictor('v1', 100)])
  life.settle()
  life.set(predictor('v1', 60), predictor('v2', 40, { replicas: 0 }))
  life.wait(700_000)
  t.match(life.status, { state: 'Creating', deploymentStatus: { [V2]: undefined } })
  t.strictSame(life.weights(), { v1: 100 })
  life.set(predictor('v1', 100))
  life.settle()
  t.strictSame(Object.keys(life.world.deployments), [V1, V2])
})

t.test('state stays Available through a change of weights', async t => {
  const life = startLife([predictor('v1', 100), predictor('v2', 0)])
  life.settle()
  life.set(predictor('v1', 50), predictor('v2', 50))
  const states: unknown[] = []
  for (let i = 0; i < 3; i++) { life.now += 1000; life.pass(); states.push(life.status.state) }
  t.strictSame(states, ['Available', 'Available', 'Available'])
})

t.test('the router condition flips to False and back to True around each change of the applied traffic', async t => {
  const life = startLife([predictor('v1', 100), predictor('v2', 0)])
  life.settle()
  const before = life.condition(ROUTER)?.lastTransitionTime
  life.set(predictor('v1', 70), predictor('v2', 30))
  life.now = START + 60_400
  life.pass()
  t.match(life.condition(ROUTER), { status: 'False', reason: 'Not all VirtualServices created', lastTransitionTime: '2023-11-14T22:14:20Z' })
  t.strictSame(life.weights(), { v1: 70, v2: 30 }, 'the weights are in force from the write on')
  life.now += 1700
  life.pass()
  t.match(life.condition(ROUTER), { status: 'True', reason: 'All VirtualServices created', lastTransitionTime: '2023-11-14T22:14:22Z' })
  t.not(before, life.condition(ROUTER)?.lastTransitionTime)
})

t.test('a flip within one second leaves the transition time of the flip before it', async t => {
  const life = startLife([predictor('v1', 100), predictor('v2', 0)])
  life.settle()
  life.wait(10_000)
  life.set(predictor('v1', 90), predictor('v2', 10))
  life.calm()
  const first = life.condition(ROUTER)
  life.now += 400
  life.set(predictor('v1', 80), predictor('v2', 20))
  life.calm()
  t.strictSame(life.condition(ROUTER), first)
  t.strictSame(life.weights(), { v1: 80, v2: 20 })
})

t.test('a flip is lost when its status write conflicts', async t => {
  const life = startLife([predictor('v1', 100), predictor('v2', 0)])
  life.settle()
  const before = life.condition(ROUTER)
  life.now += 30_000
  life.set(predictor('v1', 90), predictor('v2', 10))
  life.pass(true)
  life.wait(1000)
  t.strictSame(life.condition(ROUTER), before, 'True all the time, with the old time')
  t.strictSame(life.weights(), { v1: 90, v2: 10 })
})

t.test('a dead pod keeps the router condition as it was', async t => {
  const life = startLife([predictor('v1', 100), predictor('v2', 0)])
  life.settle()
  const before = life.condition(ROUTER)
  life.kill('v2', 'all')
  life.wait(30_000)
  life.set(predictor('v1', 50), predictor('v2', 50))
  life.wait(30_000)
  t.strictSame(life.condition(ROUTER), before)
  t.match(life.condition('DeploymentsReady'), { status: 'False' })
  t.match(life.condition('Ready'), { status: 'False' })
})

t.test('without a router both conditions say so with status True, and traffic has no effect', async t => {
  const life = startLife([predictor('v1', 100)], { router: 'none' })
  life.settle()
  t.match(life.condition(ROUTER), { status: 'True', reason: 'No VirtualServices defined' })
  t.match(life.condition('AmbassadorMappingsReady'), { status: 'True', reason: 'No Ambassador Mappaings defined' })
  t.strictSame(life.weights(), {})
})

t.test('installed so that absent routers are not reported, neither condition appears', async t => {
  const life = startLife([predictor('v1', 100)], { router: 'none', uninstalledRouter: 'Absent' })
  life.settle()
  t.strictSame([life.condition(ROUTER), life.condition('AmbassadorMappingsReady')], [undefined, undefined])
  t.equal(life.status.state, 'Available')
})

t.test('before everything was ready once, neither router condition is there', async t => {
  const life = startLife([predictor('v1', 100)])
  life.wait(4000)
  t.strictSame([life.condition(ROUTER), life.condition('AmbassadorMappingsReady')], [undefined, undefined])
})

t.test('with Ambassador its own condition flips, and the one about Istio stays True', async t => {
  const life = startLife([predictor('v1', 100), predictor('v2', 0)], { router: 'ambassador' })
  life.settle()
  const istio = life.condition(ROUTER)
  life.set(predictor('v1', 50), predictor('v2', 50))
  life.now += 20_000
  life.pass()
  t.match(life.condition('AmbassadorMappingsReady'), { status: 'False' })
  life.pass()
  t.match(life.condition('AmbassadorMappingsReady'), { status: 'True', reason: 'All Ambassador Mappings created' })
  t.strictSame(life.condition(ROUTER), istio)
})

t.test('a model that never loads is Creating until the progress deadline, then Failed; others keep serving', async t => {
  const broken = predictor('v2', 0, { graph: { name: 'model', implementation: 'MLFLOW_SERVER', modelUri: 's3://models/broken' } })
  const life = startLife([predictor('v1', 100)])
  life.settle()
  life.set(predictor('v1', 100), broken)
  life.wait(599_999)
  t.equal(life.status.state, 'Creating')
  life.wait(1)
  t.match(life.status, { state: 'Failed', description: 'Deployment is no longer progressing and not available.' })
  t.ok(isServing(life.world, 'v1'))
  life.set(predictor('v1', 100))
  life.settle()
  t.match(life.status, { state: 'Available', description: undefined })
})

t.test('progressDeadlineSeconds of a predictor is heeded', async t => {
  const life = startLife([predictor('v1', 100, { progressDeadlineSeconds: 30, graph: { name: 'model', implementation: 'MLFLOW_SERVER', modelUri: 'broken' } })])
  life.calm()
  life.wait(30_000)
  t.equal(life.status.state, 'Failed')
})

t.test('a Deployment that was complete once is never Failed for dead pods', async t => {
  const life = startLife([predictor('v1', 100)])
  life.settle()
  life.kill('v1', 'all')
  life.wait(3_600_000)
  t.equal(life.status.state, 'Creating')
})

t.test('an entry of serviceStatus whose Service is gone fails for good, while weights are still applied', async t => {
  const life = startLife([predictor('v1', 50), predictor('v2', 50)])
  life.settle()
  life.set(predictor('v1', 100))
  life.pass()
  life.pass()
  // The reconcile that deletes the Services loses its status write.
  life.pass(true)
  life.calm()
  t.match(life.status, { state: 'Failed', description: /^services "bank-v2(-model)?" not found$/ })
  life.set(predictor('v1', 90), predictor('v3', 10))
  life.settle()
  life.wait(3_600_000)
  t.equal(life.status.state, 'Failed')
  t.strictSame(life.weights(), { v1: 90, v3: 10 })
})

t.test('status.address and status.replicas speak of the first predictor only', async t => {
  const life = startLife([predictor('v1', 90, { replicas: 3 }), predictor('v2', 10)])
  life.settle()
  t.match(life.status, { replicas: 3, address: { url: 'http://bank-v1.models.svc.cluster.local:8000/v2/models/model/infer' } })
})

t.test('no pod restarts when weights change, nor when the first predictor goes, if every container declares its metrics port', async t => {
  const life = startLife([predictor('v1', 100), predictor('v2', 0)])
  life.settle()
  const pods = life.pods('v2')
  for (const weight of [10, 50, 100]) { life.set(predictor('v1', 100 - weight), predictor('v2', weight)); life.settle() }
  life.set(predictor('v2', 100))
  life.settle()
  t.strictSame(life.pods('v2'), pods)
  t.equal(life.world.deployments[V2]?.generation, 1)
})

t.test('without a declared metrics port, removing the first predictor renumbers the next one\'s and restarts its pods', async t => {
  const life = startLife([withoutMetricsPort('v1', 100), withoutMetricsPort('v2', 0)])
  life.settle()
  const pods = life.pods('v2')
  life.set(withoutMetricsPort('v2', 100))
  life.settle()
  t.equal(life.world.deployments[V2]?.generation, 2)
  t.notSame(life.pods('v2'), pods)
})

t.test('predictors[].replicas scales without a restart, componentSpecs[].replicas rolls the pods', async t => {
  const life = startLife([predictor('v1', 100)])
  life.settle()
  const pods = life.pods('v1')
  life.set(predictor('v1', 100, { replicas: 2 }))
  life.settle()
  t.strictSame(life.pods('v1').slice(0, 1), pods)
  t.equal(life.pods('v1').length, 2)
  const [component] = predictor('v1', 100).componentSpecs ?? []
  life.set(predictor('v1', 100, { replicas: 2, componentSpecs: [{ spec: { containers: [] }, ...component, replicas: 2 }] }))
  life.settle()
  t.notOk(life.pods('v1').includes(pods[0] as string))
})

t.test('a new modelUri rolls one Deployment: the old pod serves until the new one is ready', async t => {
  const life = startLife([predictor('v1', 100)])
  life.settle()
  const [old] = life.pods('v1')
  life.set(predictor('v1', 100, { graph: { name: 'model', implementation: 'MLFLOW_SERVER', modelUri: 's3://models/other' } }))
  life.wait(4000)
  t.ok(isServing(life.world, 'v1'))
  t.ok(life.pods('v1').includes(old as string))
  t.equal(life.status.state, 'Creating')
  life.settle()
  t.notOk(life.pods('v1').includes(old as string))
  t.equal(life.status.state, 'Available')
})

function environmentOf (env: EnvVar[], protocol = 'v2'): Record<string, string | undefined> {
  const one = predictor('v1', 100, { componentSpecs: [{ spec: { containers: [{ name: 'model', env }] } }] })
  const { deployments } = makeComponents({ metadata: { name: 'bank', namespace: 'models' }, spec: { protocol, predictors: [one] } })
  const variables = deployments[0]?.template.containers[0]?.env ?? []
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]))
}

t.test('user environment', async t => {
  const tracking = { name: 'MLFLOW_TRACKING_URI', value: 'http://mlflow' }
  const rows: Array<[string, EnvVar[], Record<string, string | undefined>]> = [
    ['an ordinary variable reaches the pod', [tracking], { MLFLOW_TRACKING_URI: 'http://mlflow', MLSERVER_MODEL_URI: '/mnt/models' }],
    ['MLSERVER_MODEL_URI drops all of it', [tracking, { name: 'MLSERVER_MODEL_URI', value: '/x' }], { MLFLOW_TRACKING_URI: undefined, MLSERVER_MODEL_URI: '/mnt/models' }],
    ['MLSERVER_HTTP_PORT drops all of it', [tracking, { name: 'MLSERVER_HTTP_PORT', value: '1' }], { MLFLOW_TRACKING_URI: undefined, MLSERVER_HTTP_PORT: '9000' }],
    ['MLSERVER_GRPC_PORT drops all of it', [tracking, { name: 'MLSERVER_GRPC_PORT', value: '1' }], { MLFLOW_TRACKING_URI: undefined, MLSERVER_GRPC_PORT: '9500' }],
    ['MLSERVER_MODEL_NAME cannot be overridden', [tracking, { name: 'MLSERVER_MODEL_NAME', value: 'x' }], { MLFLOW_TRACKING_URI: 'http://mlflow', MLSERVER_MODEL_NAME: 'model' }],
    ['MLSERVER_METRICS_PORT cannot be overridden', [{ name: 'MLSERVER_METRICS_PORT', value: '1' }], { MLSERVER_METRICS_PORT: '6000' }]
  ]
  for (const [name, env, want] of rows) t.match(environmentOf(env), want, name)
})

t.test('with MLServer the port named metrics does not reach the pod', async t => {
  const { deployments } = makeComponents({ metadata: { name: 'bank', namespace: 'models' }, spec: { protocol: 'v2', predictors: [predictor('v1', 100)] } })
  t.strictSame(deployments[0]?.template.containers[0]?.ports?.map(({ name, containerPort }) => [name, containerPort]), [['grpc', 9500], ['http', 9000]])
})

t.test('a shadow gets a copy and no share', async t => {
  const life = startLife([predictor('v1', 100), predictor('v2', 20, { shadow: true })])
  life.settle()
  t.strictSame(life.weights(), { v1: 100 })
  t.strictSame(life.world.router?.mirror, { predictor: 'v2', percent: 20 })
})

t.test('DestinationRules of removed predictors stay', async t => {
  const life = startLife([predictor('v1', 50), predictor('v2', 50)])
  life.settle()
  life.set(predictor('v2', 100))
  life.settle()
  t.strictSame(life.world.router?.destinations, ['bank-v1.models.svc.cluster.local', 'bank-v2.models.svc.cluster.local'])
})

t.test('the history of applied weights carries times', async t => {
  const life = startLife([predictor('v1', 100)])
  life.settle()
  life.set(predictor('v1', 90), predictor('v2', 10))
  life.settle()
  t.strictSame(life.world.history, [
    { at: START + 5000, weights: { v1: 100 } },
    { at: START + 10_000, weights: { v1: 90, v2: 10 } }
  ])
})

t.test('at rest nothing is written', async t => {
  const life = startLife([predictor('v1', 60), predictor('v2', 40)])
  life.settle()
  life.now += 60_000
  t.equal(life.pass().changed, false)
})
