// The Seldon stand-in against the in-memory API server: what a hook would read is what the core says.
import t from 'tap'
import type { Test } from 'tap'

import { startApiServer } from '../../../../playground/api-server/server.ts'
import { createManualClock } from '../../../../playground/stand-ins/clock.ts'
import type { ManualClock } from '../../../../playground/stand-ins/clock.ts'
import { startSeldonOperator } from '../../../../playground/stand-ins/seldon/operator.ts'
import type { OperatorOptions, SeldonOperator } from '../../../../playground/stand-ins/seldon/operator.ts'
import type { Predictor, SeldonStatus } from '../../../../playground/stand-ins/seldon/seldon-deployment.ts'
import { refuseInvalid } from '../../../../playground/stand-ins/seldon/webhook.ts'
import { appliedWeights, podsOf } from '../../../../playground/stand-ins/seldon/world.ts'
import { predictor, START } from './life.ts'

const CRD = new URL('../../../crds/seldondeployments.machinelearning.seldon.io.yaml', import.meta.url).pathname
const PATH = '/apis/machinelearning.seldon.io/v1/namespaces/models/seldondeployments'

interface Bench {
  clock: ManualClock
  operator: SeldonOperator
  create (...predictors: Predictor[]): Promise<void>
  patch (...predictors: Predictor[]): Promise<void>
  remove (): Promise<void>
  status (): Promise<SeldonStatus>
  weights (): Readonly<Record<string, number>>
}

async function setUp (t: Test, surroundings: OperatorOptions['surroundings'] = {}): Promise<Bench> {
  const server = await startApiServer({ crds: [CRD], namespaces: ['models'], fault: refuseInvalid })
  const clock = createManualClock(START)
  const operator = startSeldonOperator({ apiServer: { url: server.url }, clock, surroundings: { loadTime: () => 5000, ...surroundings } })
  t.teardown(async () => {
    await operator.close()
    await server.close()
  })
  const call = async (method: string, path: string, body?: object, type = 'application/json'): Promise<unknown> => {
    const response = await fetch(server.url + path, { method, headers: { 'content-type': type }, ...(body !== undefined && { body: JSON.stringify(body) }) })
    if (!response.ok) throw new Error(await response.text())
    return await response.json()
  }
  const spec = (predictors: Predictor[]): object => ({ protocol: 'v2', predictors })
  return {
    clock,
    operator,
    create: async (...predictors) => {
      await call('POST', PATH, { apiVersion: 'machinelearning.seldon.io/v1', kind: 'SeldonDeployment', metadata: { name: 'bank' }, spec: spec(predictors) })
    },
    patch: async (...predictors) => { await call('PATCH', `${PATH}/bank`, { spec: spec(predictors) }, 'application/merge-patch+json') },
    remove: async () => { await call('DELETE', `${PATH}/bank`) },
    status: async () => (await call('GET', `${PATH}/bank`) as { status?: SeldonStatus }).status ?? {},
    weights: () => appliedWeights(operator.world('models', 'bank'))
  }
}

async function until (bench: Bench, weights: Record<string, number>): Promise<void> {
  await bench.operator.until(() => JSON.stringify(bench.weights()) === JSON.stringify(weights))
  await bench.operator.settled()
}

async function deployed (bench: Bench, count: number): Promise<void> {
  const pods = (): number => ['v1', 'v2'].flatMap(name => podsOf(bench.operator.world('models', 'bank'), name)).length
  await bench.operator.until(() => pods() === count)
  await bench.operator.settled()
}

t.test('a promotion from the first version to the second', async t => {
  const bench = await setUp(t)
  await bench.create(predictor('v1', 100))
  await deployed(bench, 1)
  t.match(await bench.status(), { state: 'Creating', deploymentStatus: { 'bank-v1-0-model': { replicas: 1 } } })
  bench.clock.advance(5000)
  await until(bench, { v1: 100 })
  t.match(await bench.status(), { state: 'Available', deploymentStatus: { 'bank-v1-0-model': { availableReplicas: 1 } } })

  await bench.patch(predictor('v1', 70), predictor('v2', 30))
  await deployed(bench, 2)
  t.strictSame(bench.weights(), { v1: 100 }, 'not before the new pod is ready')
  bench.clock.advance(5000)
  await until(bench, { v1: 70, v2: 30 })
  const pods = podsOf(bench.operator.world('models', 'bank'), 'v2')

  await bench.patch(predictor('v2', 100))
  await until(bench, { v2: 100 })
  const { state, deploymentStatus, conditions } = await bench.status()
  t.strictSame({ state, deploymentStatus }, { state: 'Available', deploymentStatus: { 'bank-v2-0-model': { replicas: 1, availableReplicas: 1 } } })
  t.match(conditions?.find(({ type }) => type === 'istioVirtualServicesReady'), { status: 'True', lastTransitionTime: '2023-11-14T22:13:30Z' })
  t.strictSame(podsOf(bench.operator.world('models', 'bank'), 'v2').map(({ uid }) => uid), pods.map(({ uid }) => uid), 'no pod restarted')
})

t.test('killed pods show in the status, and come back after loading again', async t => {
  const bench = await setUp(t)
  await bench.create(predictor('v1', 100))
  await deployed(bench, 1)
  bench.clock.advance(5000)
  await until(bench, { v1: 100 })
  bench.operator.kill('models', 'bank', 'v1', 'all')
  await bench.operator.settled()
  t.match(await bench.status(), { state: 'Creating', deploymentStatus: { 'bank-v1-0-model': { replicas: 1, availableReplicas: undefined } } })
  bench.operator.kill('models', 'bank', 'v1', 'none')
  await bench.operator.settled()
  bench.clock.advance(5000)
  await bench.operator.settled()
  t.match(await bench.status(), { state: 'Available' })
})

t.test('a lost status write hides the flip of the router condition', async t => {
  const bench = await setUp(t)
  await bench.create(predictor('v1', 100), predictor('v2', 0))
  await deployed(bench, 2)
  bench.clock.advance(5000)
  await until(bench, { v1: 100, v2: 0 })
  const before = await bench.status()
  bench.clock.advance(30_000)
  await bench.operator.settled()
  bench.operator.loseStatusWrites(1)
  await bench.patch(predictor('v1', 50), predictor('v2', 50))
  await until(bench, { v1: 50, v2: 50 })
  t.strictSame(await bench.status(), before)
})

t.test('the progress deadline passes on the clock', async t => {
  const bench = await setUp(t, { isBroken: () => true, progressDeadline: 60_000 })
  await bench.create(predictor('v1', 100))
  await deployed(bench, 1)
  bench.clock.advance(60_000)
  await bench.operator.settled()
  t.match(await bench.status(), { state: 'Failed', description: 'Deployment is no longer progressing and not available.' })
})

t.test('deleted and created again, it begins anew', async t => {
  const bench = await setUp(t)
  await bench.create(predictor('v1', 100))
  await deployed(bench, 1)
  await bench.remove()
  await deployed(bench, 0)
  await bench.create(predictor('v1', 100))
  await deployed(bench, 1)
  t.strictSame(bench.weights(), {})
})

t.test('the webhook refuses a sum of 110 through the API server', async t => {
  const bench = await setUp(t)
  await t.rejects(bench.create(predictor('v1', 100), predictor('v2', 10)), /denied the request: .*Traffic must sum to 100 for multiple predictors/)
  await bench.create(predictor('v1', 90), predictor('v2', 10))
})
