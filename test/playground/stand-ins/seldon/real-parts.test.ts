// The Seldon stand-in whose Deployments, Services and routes are objects of the API server, with a test in place of the Deployment controller.
import t from 'tap'
import type { Test } from 'tap'

import { startApiServer } from '../../../../playground/api-server/server.ts'
import { startSeldonOperator } from '../../../../playground/stand-ins/seldon/operator.ts'
import type { Predictor, SeldonStatus } from '../../../../playground/stand-ins/seldon/seldon-deployment.ts'
import { appliedWeights, isServing, podsOf } from '../../../../playground/stand-ins/seldon/world.ts'
import { predictor } from './life.ts'

const CRDS = ['seldondeployments.machinelearning.seldon.io', 'virtualservices.networking.istio.io', 'destinationrules.networking.istio.io']
  .map((name) => new URL(`../../../crds/${name}.yaml`, import.meta.url).pathname)
const SELDON = '/apis/machinelearning.seldon.io/v1/namespaces/models/seldondeployments'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/models/deployments'
const ISTIO = '/apis/networking.istio.io/v1beta1/namespaces/models'

interface Stored { metadata: { name: string, uid: string, generation: number, ownerReferences?: object[], labels?: Record<string, string> }, spec: Record<string, unknown>, status?: object }

async function setUp (t: Test) {
  const server = await startApiServer({ crds: CRDS, namespaces: ['models'] })
  const operator = startSeldonOperator({ apiServer: { url: server.url }, parts: 'real' })
  t.teardown(async () => {
    await operator.close()
    await server.close()
  })
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const response = await fetch(server.url + path, { method, headers: { 'content-type': type }, ...(body !== undefined && { body: JSON.stringify(body) }) })
    return response.status === 404 ? undefined : await response.json()
  }
  const spec = (predictors: Predictor[]) => ({ protocol: 'v2', predictors })
  const world = () => operator.world('models', 'bank')
  return {
    world,
    weights: () => appliedWeights(world()),
    create: async (...predictors: Predictor[]) => { await call('POST', SELDON, { apiVersion: 'machinelearning.seldon.io/v1', kind: 'SeldonDeployment', metadata: { name: 'bank' }, spec: spec(predictors) }) },
    patch: async (...predictors: Predictor[]) => { await call('PATCH', `${SELDON}/bank`, { spec: spec(predictors) }) },
    remove: async () => { await call('DELETE', `${SELDON}/bank`) },
    seldon: async () => await call('GET', `${SELDON}/bank`) as Stored & { status: SeldonStatus },
    names: async (path: string) => (await call('GET', path) as { items: Stored[] }).items.map(({ metadata }) => metadata.name),
    get: async (path: string) => await call('GET', path) as Stored,
    until: async (condition: () => boolean) => { await operator.until(condition); await operator.settled() },
    /** What the Deployment controller and a kubelet would do: a pod, and a status that counts it. */
    async ready (name: string) {
      const { spec } = await call('GET', `${DEPLOYMENTS}/${name}`) as { spec: { template: { metadata: { labels: object }, spec: { containers: Array<{ name: string, image: string }> } } } }
      const [container] = spec.template.spec.containers
      await call('POST', '/api/v1/namespaces/models/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-0`, labels: spec.template.metadata.labels }, spec: { containers: [container] } })
      await call('PATCH', `/api/v1/namespaces/models/pods/${name}-0/status`, { status: { conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'model', state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }] } })
      await call('PATCH', `${DEPLOYMENTS}/${name}/status`, { status: { replicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{ type: 'Available', status: 'True' }, { type: 'Progressing', status: 'True' }] } })
    }
  }
}

t.test('a promotion from the first version to the second leaves one Deployment, its Services and one route', async t => {
  const bench = await setUp(t)
  await bench.create(predictor('v1', 100))
  await bench.until(() => 'bank-v1-0-model' in bench.world().deployments)
  t.match(await bench.seldon(), { status: { state: 'Creating' } })
  t.strictSame(bench.weights(), {}, 'nothing is routed before it is ready')
  await bench.ready('bank-v1-0-model')
  await bench.until(() => bench.weights()['v1'] === 100)
  t.match((await bench.seldon()).status, { state: 'Available', deploymentStatus: { 'bank-v1-0-model': { replicas: 1, availableReplicas: 1 } } })
  t.ok(isServing(bench.world(), 'v1'))
  t.match(podsOf(bench.world(), 'v1'), [{ startedAt: Date.parse('2026-01-01T00:00:00Z'), ready: true }])

  await bench.patch(predictor('v1', 70), predictor('v2', 30))
  await bench.until(() => 'bank-v2-0-model' in bench.world().deployments)
  t.strictSame(bench.weights(), { v1: 100 }, 'not before the new pod is ready')
  await bench.ready('bank-v2-0-model')
  await bench.until(() => bench.weights()['v2'] === 30)
  const second = await bench.get(`${DEPLOYMENTS}/bank-v2-0-model`)
  t.match(await bench.get(`${ISTIO}/virtualservices/bank`), {
    spec: {
      http: [{
        route: [
          { destination: { host: 'bank-v1.models.svc.cluster.local', subset: 'v1' }, weight: 70 }, { destination: { host: 'bank-v2.models.svc.cluster.local', subset: 'v2' }, weight: 30 }
        ]
      }]
    }
  })

  await bench.patch(predictor('v2', 100))
  await bench.until(() => bench.weights()['v2'] === 100 && !bench.world().services.includes('bank-v1'))
  t.strictSame(await bench.names(DEPLOYMENTS), ['bank-v2-0-model'])
  t.strictSame(await bench.names('/api/v1/namespaces/models/services'), ['bank-v2', 'bank-v2-model'])
  t.strictSame((await bench.get(`${DEPLOYMENTS}/bank-v2-0-model`)).metadata, second.metadata, 'the Deployment that stays was not written')
  t.strictSame(bench.world().history.map(({ weights }) => weights), [{ v1: 100 }, { v1: 70, v2: 30 }, { v2: 100 }])
})

t.test('all parts belong to the SeldonDeployment and go with it', async t => {
  const bench = await setUp(t)
  await bench.create(predictor('v1', 100))
  await bench.until(() => 'bank-v1-0-model' in bench.world().deployments)
  await bench.ready('bank-v1-0-model')
  await bench.until(() => bench.weights()['v1'] === 100)
  const { metadata: { uid } } = await bench.seldon()
  for (const path of [`${DEPLOYMENTS}/bank-v1-0-model`, '/api/v1/namespaces/models/services/bank-v1', `${ISTIO}/virtualservices/bank`, `${ISTIO}/destinationrules/bank-v1`]) {
    t.match((await bench.get(path)).metadata, { labels: { 'seldon-deployment-id': 'bank' }, ownerReferences: [{ kind: 'SeldonDeployment', name: 'bank', uid, controller: true }] }, path)
  }
  await bench.remove()
  for (const path of [DEPLOYMENTS, '/api/v1/namespaces/models/services', `${ISTIO}/virtualservices`, `${ISTIO}/destinationrules`]) t.strictSame(await bench.names(path), [], path)
})

t.test('a template that changes is replaced, a number of replicas is scaled', async t => {
  const bench = await setUp(t)
  await bench.create(predictor('v1', 100))
  await bench.until(() => 'bank-v1-0-model' in bench.world().deployments)
  await bench.ready('bank-v1-0-model')
  await bench.until(() => bench.weights()['v1'] === 100)
  await bench.patch(predictor('v1', 100, { replicas: 3 }))
  await bench.until(() => bench.world().deployments['bank-v1-0-model']?.replicas === 3)
  await bench.patch(predictor('v1', 100, { replicas: 3, labels: { team: 'risk' } }))
  await bench.until(() => bench.world().deployments['bank-v1-0-model']?.template.labels['team'] === 'risk')
  t.match((await bench.get(`${DEPLOYMENTS}/bank-v1-0-model`)).spec, { replicas: 3, template: { metadata: { labels: { team: 'risk', version: 'v1' } } } })
})
