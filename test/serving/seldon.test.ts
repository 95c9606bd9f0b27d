// What a SeldonDeployment is made to look like. Each rule keeps a promotion from restarting a pod, or a weight from not being applied.
import t from 'tap'
import type { Child, SyncRequest } from '../../hooks/core/request.ts'
import type { Served, ServingOptions } from '../../hooks/serving/backend.ts'
import { seldon } from '../../hooks/serving/seldon.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'
import { P1, P2, P3, V1, V2, V3 } from '../helpers/rollout.ts'
import { callWith } from '../helpers/seldon-deployment.ts'

const OPTIONS: ServingOptions = deepFreeze({
  replicas: 1,
  protocol: 'v2',
  serviceAccountName: '',
  credentialsSecret: '',
  env: [],
  seldon: { implementation: 'MLFLOW_SERVER', annotations: {} }
})

const one = [{ ...V1, share: 100 }]
const two = [{ ...V1, share: 90 }, { ...V2, share: 10 }]

const container = { name: 'model', ports: [{ name: 'metrics', containerPort: 6000, protocol: 'TCP' }] }
const graph = { name: 'model', implementation: 'MLFLOW_SERVER', modelUri: 's3://models/1' }
const predictor1 = {
  name: 'v1-x2cqo0',
  traffic: 100,
  replicas: 1,
  labels: { 'sluice.dev/parent': 'mlflowmodel.first' },
  annotations: { version: '1', 'sluice.dev/created-at': '2026-11-01T00:00:00.000Z' },
  graph,
  componentSpecs: [{ spec: { containers: [container] } }]
}
const predictor2 = {
  ...predictor1,
  name: 'v2-yhslc0',
  traffic: 10,
  annotations: { version: '2', 'sluice.dev/created-at': '2026-11-02T00:00:00.000Z' },
  graph: { ...graph, modelUri: 's3://models/2' }
}

function objectWith (...predictors: object[]) {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: {
      name: 'first',
      namespace: 'home',
      labels: { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/parent': 'mlflowmodel.first' },
      annotations: { 'sluice.dev/state': '{"sequence":1}' }
    },
    spec: { protocol: 'v2', predictors }
  }
}

function make (served: Served[], { request = callWith(), options = {} }: { request?: SyncRequest, options?: Partial<ServingOptions> } = {}): Child[] {
  return seldon.make(request, { ...OPTIONS, ...options }, deepFreeze({ served, state: '{"sequence":1}' }))
}

const withContainer = (change: object) => ({ ...predictor1, componentSpecs: [{ spec: { containers: [{ ...container, ...change }] } }] })
const withGraph = (change: object) => ({ ...predictor1, graph: { ...graph, ...change } })

const rendered: Array<{ name: string, served?: Served[], options?: Partial<ServingOptions>, want: object[] }> = [
  { name: 'one version is one predictor with all traffic, the declared metrics port and nothing that was not asked for', want: [objectWith(predictor1)] },
  { name: 'two versions share the traffic, with the same graph name and the same ports', served: two, want: [objectWith({ ...predictor1, traffic: 90 }, predictor2)] },
  { name: 'a version at weight 0 keeps its replicas: Seldon never calls 0 replicas ready', served: [...one, { ...V2, share: 0 }], want: [objectWith(predictor1, { ...predictor2, traffic: 0 })] },
  { name: 'nothing to serve is no object', served: [], want: [] },
  { name: 'replicas stand on the predictor, not on its componentSpecs', options: { replicas: 3 }, want: [objectWith({ ...predictor1, replicas: 3 })] },
  { name: 'resources are spread in when given', options: { resources: { limits: { memory: '2Gi' } } }, want: [objectWith(withContainer({ resources: { limits: { memory: '2Gi' } } }))] },
  { name: 'env is spread in when given', options: { env: [{ name: 'LOG', value: 'debug' }] }, want: [objectWith(withContainer({ env: [{ name: 'LOG', value: 'debug' }] }))] },
  { name: 'a service account is named in the graph', options: { serviceAccountName: 'reader' }, want: [objectWith(withGraph({ serviceAccountName: 'reader' }))] },
  { name: 'credentials are a Secret for the storage initializer', options: { credentialsSecret: 'minio' }, want: [objectWith(withGraph({ envSecretRefName: 'minio' }))] },
  { name: 'another prepackaged server can be named', options: { seldon: { implementation: 'OURS', annotations: {} } }, want: [objectWith(withGraph({ implementation: 'OURS' }))] },
  { name: "Seldon's own protocol can be asked for", options: { protocol: 'seldon' }, want: [{ ...objectWith(predictor1), spec: { protocol: 'seldon', predictors: [predictor1] } }] },
  {
    name: 'annotations are added beside the memory',
    options: { seldon: { implementation: 'MLFLOW_SERVER', annotations: { 'seldon.io/istio-gateway': 'public' } } },
    want: [{ ...objectWith(predictor1), metadata: { ...objectWith().metadata, annotations: { 'seldon.io/istio-gateway': 'public', 'sluice.dev/state': '{"sequence":1}' } } }]
  },
  {
    name: 'an annotation of the user never takes the place of the memory',
    options: { seldon: { implementation: 'MLFLOW_SERVER', annotations: { 'sluice.dev/state': 'mine' } } },
    want: [objectWith(predictor1)]
  }
]

for (const { name, served = one, options = {}, want } of rendered) {
  t.test(name, async (t) => {
    t.strictSame(make(served, { options }), want)
  })
}

const orders: Array<{ name: string, observed?: string[], served: Served[], want: string[] }> = [
  { name: 'without an object the order is the one given', served: two, want: [P1, P2] },
  { name: 'the observed order is kept', observed: [P2, P1], served: two, want: [P2, P1] },
  { name: 'a new predictor comes last', observed: [P2], served: two, want: [P2, P1] },
  { name: 'several new ones come in the order given', observed: [P3], served: [...two, { ...V3, share: 0 }], want: [P3, P1, P2] },
  { name: 'the first predictor can leave', observed: [P1, P2], served: [{ ...V2, share: 100 }], want: [P2] },
  { name: 'predictors of somebody else do not count', observed: ['other', P2], served: two, want: [P2, P1] }
]

for (const { name, observed, served, want } of orders) {
  t.test(name, async (t) => {
    const request = callWith(observed && { predictors: observed.map((name) => ({ name })) })
    const [object] = make(served, { request })
    t.strictSame((object?.spec as { predictors: Array<{ name: string }> }).predictors.map(({ name }) => name), want)
  })
}

t.test('no rule of the operator is broken by any predictor', async (t) => {
  const everything = { replicas: 2, resources: { requests: { cpu: 1 } }, serviceAccountName: 'reader', credentialsSecret: 'minio', env: [{ name: 'LOG', value: 'debug' }] }
  const text = JSON.stringify(make(two, { options: everything }))
  t.notMatch(text, /MLSERVER_/, 'such a variable would make Seldon drop the whole environment')
  t.notMatch(text, /svc-name/, 'changing it would create the Deployment anew')
  t.equal(text.match(/"containerPort":6000/g)?.length, 2)
  t.equal(text.match(/"replicas":2/g)?.length, 2, 'never in componentSpecs too')
})

t.test('what leaves takes nothing of what stays with it', async (t) => {
  const [before] = make([{ ...V1, share: 0 }, { ...V2, share: 100 }])
  const [after] = make([{ ...V2, share: 100 }], { request: callWith({ predictors: [{ name: P1 }, { name: P2 }] }) })
  const ofSecond = (object: Child | undefined) => (object?.spec as { predictors: Array<{ name: string }> }).predictors.filter(({ name }) => name === P2)
  t.strictSame(ofSecond(after), ofSecond(before))
})

t.test('a parent without a namespace gives an object without one', async (t) => {
  const request = structuredClone(callWith())
  delete request.parent.metadata.namespace
  const { namespace: _namespace, ...metadata } = objectWith().metadata
  t.strictSame(make(one, { request }), [{ ...objectWith(predictor1), metadata }])
})

t.test('predictions are answered at a path of namespace and name', async (t) => {
  t.equal(seldon.url(callWith()), '/seldon/home/first')
})

t.test('people are told in terms of the SeldonDeployment', async (t) => {
  t.strictSame(seldon.words(callWith()), {
    look: 'See kubectl describe seldondeployment first -n home, and the pods of that name',
    noRouter: 'SeldonDeployment first reports no router (istioVirtualServicesReady or AmbassadorMappingsReady with something defined), so traffic cannot be split. Switch on Istio or Ambassador in the Seldon operator',
    beingMade: 'SeldonDeployment first is being made. If this lasts, the name is taken by an object that belongs to somebody else: see kubectl get seldondeployment first -n home -o yaml'
  })
})

t.test('the SeldonDeployment is the one child, updated in place, behind a switch', async (t) => {
  t.strictSame(seldon.children, [{ apiVersion: 'machinelearning.seldon.io/v1', kind: 'SeldonDeployment', resource: 'seldondeployments', method: 'InPlace', capability: 'seldon' }])
})
