// What is read off a SeldonDeployment: memory, shares, versions, router, pods, failure.
import t from 'tap'
import { seldon } from '../../hooks/serving/seldon.ts'
import type { Observation } from '../../hooks/serving/backend.ts'
import { P1, P2, V1, V2 } from '../helpers/rollout.ts'
import { callWith, type SeldonDeployment } from '../helpers/seldon-deployment.ts'

const NO_ROUTER = { present: false, applied: false, transition: '' }
const NOTHING: Omit<Observation, 'readiness'> = { shares: {}, versions: [], router: NO_ROUTER }

/** All that was observed but the function for readiness, which has its own rows. */
function observe (object: SeldonDeployment): Omit<Observation, 'readiness'> {
  const { readiness: _readiness, ...rest } = seldon.observe(callWith(object)) as Observation
  return rest
}

t.test('without an object there is nothing to observe', async (t) => {
  t.equal(seldon.observe(callWith()), undefined)
})

t.test("another object's SeldonDeployment is not ours", async (t) => {
  const request = structuredClone(callWith({}, 'other'))
  request.parent.metadata.name = 'first'
  t.equal(seldon.observe(request), undefined)
})

const annotations = (version: string, createdAt: string) => ({ version, 'sluice.dev/created-at': createdAt })
const first = { name: P1, traffic: 90, annotations: annotations('1', V1.createdAt), graph: { modelUri: V1.uri } }
const second = { name: P2, traffic: 10, annotations: annotations('2', V2.createdAt), graph: { modelUri: V2.uri } }

const UNIDENTIFIED = 'SeldonDeployment first has traffic, and neither it nor the status says which version that is: the annotations that Sluice wrote are gone. Restore them, or delete it: kubectl delete seldondeployment first -n home'

const described: Array<{ name: string, object: SeldonDeployment, want: Partial<Observation> }> = [
  { name: 'an object without anything says nothing', object: { spec: {} }, want: {} },
  { name: 'the memory annotation is handed on as text', object: { annotations: { 'sluice.dev/state': '{' }, predictors: [] }, want: { state: '{' } },
  { name: 'other annotations are no memory', object: { annotations: { other: 'x' }, predictors: [] }, want: {} },
  { name: 'shares and versions are read off two predictors', object: { predictors: [first, second] }, want: { shares: { [P1]: 90, [P2]: 10 }, versions: [{ ...V1, share: 90 }, { ...V2, share: 10 }] } },
  { name: 'a single predictor has everything without being told', object: { predictors: [{ ...first, traffic: undefined }] }, want: { shares: { [P1]: 100 }, versions: [{ ...V1, share: 100 }] } },
  { name: 'a single predictor keeps the share it was told', object: { predictors: [{ ...first, traffic: 0 }] }, want: { shares: { [P1]: 0 }, versions: [{ ...V1, share: 0 }] } },
  { name: 'of two predictors one that was told nothing has nothing', object: { predictors: [{ ...first, traffic: undefined }, { ...second, traffic: 100 }] }, want: { shares: { [P1]: 0, [P2]: 100 }, versions: [{ ...V1, share: 0 }, { ...V2, share: 100 }] } },
  { name: 'a shadow that somebody else put in is left alone', object: { predictors: [first, { name: 'shadow', shadow: true, traffic: 100 }] }, want: { shares: { [P1]: 90 }, versions: [{ ...V1, share: 90 }] } },
  { name: 'a predictor of somebody else without traffic too', object: { predictors: [first, { name: 'other', annotations: { version: '1' }, graph: { modelUri: 's3://x' } }] }, want: { shares: { [P1]: 90 }, versions: [{ ...V1, share: 90 }] } },
  { name: 'a predictor without version is counted and not recovered', object: { predictors: [{ ...first, annotations: { 'sluice.dev/created-at': V1.createdAt } }] }, want: { shares: { [P1]: 90 }, unidentified: UNIDENTIFIED } },
  { name: 'a predictor without URI is not recovered', object: { predictors: [{ ...first, graph: {} }] }, want: { shares: { [P1]: 90 }, unidentified: UNIDENTIFIED } },
  { name: 'what memory could not hold is not recovered', object: { predictors: [first, { ...second, annotations: annotations('2', 'yesterday') }, { ...second, annotations: annotations('2'.repeat(65), V2.createdAt) }, { ...second, graph: { modelUri: 'x'.repeat(2049) } }] }, want: { shares: { [P1]: 90, [P2]: 10 }, versions: [{ ...V1, share: 90 }] } },
  { name: 'values of other types are as if they were not there', object: { predictors: [first, null, 7, { ...second, name: 5, traffic: '10', annotations: { ...annotations('2', V2.createdAt), other: 5 }, graph: [] }] as object[], status: { state: 5, description: {}, deploymentStatus: { [`first-${P1}-0-model`]: null }, serviceStatus: [], conditions: [null, { type: 5 }, { type: 'istioVirtualServicesReady', status: 'True', reason: 7, lastTransitionTime: ',1'.repeat(100_000) }] } }, want: { shares: { [P1]: 90, '': 0 }, versions: [{ ...V1, share: 90 }], router: { present: true, applied: false, transition: '' } } },
  { name: 'so are lists that are none', object: { spec: { predictors: 'x' }, status: { conditions: {}, deploymentStatus: 'x' } }, want: {} }
]

for (const { name, object, want } of described) {
  t.test(name, async (t) => {
    t.strictSame(observe(object), { ...NOTHING, ...want })
  })
}

const ISTIO = { type: 'istioVirtualServicesReady', status: 'True', lastTransitionTime: '2026-11-21T04:00:00Z' }
const AMBASSADOR = { type: 'AmbassadorMappingsReady', status: 'True', lastTransitionTime: '2026-11-21T03:00:00Z' }
const applied = { present: true, applied: true, transition: ISTIO.lastTransitionTime }

const routers: Array<{ name: string, state?: string | null, conditions?: object[], want: Observation['router'] }> = [
  { name: 'Istio that says True has applied the weights', conditions: [ISTIO], want: applied },
  { name: 'Ambassador that says True has applied them', conditions: [AMBASSADOR], want: { ...applied, transition: AMBASSADOR.lastTransitionTime } },
  { name: 'Istio that says False has not applied them', conditions: [{ ...ISTIO, status: 'False' }], want: { ...applied, applied: false } },
  { name: 'Istio that says Unknown has not applied them', conditions: [{ ...ISTIO, status: 'Unknown' }], want: { ...applied, applied: false } },
  { name: 'nothing is applied while the object is being created', state: 'Creating', conditions: [ISTIO], want: { ...applied, applied: false } },
  { name: 'nothing is applied while the object has no state', state: null, conditions: [ISTIO], want: { ...applied, applied: false } },
  { name: 'of two routers both must have applied them', conditions: [ISTIO, { ...AMBASSADOR, status: 'False' }], want: { present: true, applied: false, transition: '2026-11-21T03:00:00Z,2026-11-21T04:00:00Z' } },
  { name: 'the transitions of two routers are told in order of time, whichever comes first', conditions: [ISTIO, AMBASSADOR], want: { present: true, applied: true, transition: '2026-11-21T03:00:00Z,2026-11-21T04:00:00Z' } },
  { name: 'a router without a transition has none', conditions: [{ type: ISTIO.type, status: 'True' }], want: { ...applied, transition: '' } },
  { name: 'no condition is no router', want: NO_ROUTER },
  { name: 'other conditions are no router', conditions: [{ ...ISTIO, type: 'Ready' }, { ...ISTIO, type: 'DeploymentsReady' }], want: NO_ROUTER },
  { name: 'a router without anything defined is none, although it says True', conditions: [{ ...ISTIO, reason: 'No VirtualServices defined' }, { ...AMBASSADOR, reason: 'No Ambassador Mappaings defined' }], want: NO_ROUTER },
  { name: 'beside one without anything defined the other one counts alone', conditions: [ISTIO, { ...AMBASSADOR, status: 'False', reason: 'No Ambassador Mappaings defined' }], want: applied },
  { name: 'another reason is no reason to look away', conditions: [{ ...ISTIO, reason: 'All VirtualServices created' }], want: applied }
]

for (const { name, state = 'Available', conditions, want } of routers) {
  t.test(name, async (t) => {
    const status = { ...(state !== null && { state }), ...(conditions && { conditions }) }
    t.strictSame(observe({ predictors: [], status }), { ...NOTHING, router: want })
  })
}

const NONE = { available: 0, ready: false, progress: '' }
const LONG_NAME = 'a'.repeat(40)
const LONG_VERSION = { ...V1, version: '1234567' }
/** printf '%s' aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-v1234567-x2cqo0-0-model | md5sum */
const LONG_DEPLOYMENT = 'seldon-0d09c72bf453996eed1a983e06990dc2'

const pods: Array<{ name: string, entries?: Record<string, object>, object?: string, version?: typeof V1, want: object }> = [
  { name: 'a version without an entry is not deployed', want: NONE },
  { name: 'a version with all replicas is ready', entries: { 'first-v1-x2cqo0-0-model': { replicas: 2, availableReplicas: 2 } }, want: { available: 2, ready: true, progress: '2/2' } },
  { name: 'a version with some replicas is available and not ready', entries: { 'first-v1-x2cqo0-0-model': { replicas: 2, availableReplicas: 1 } }, want: { available: 1, ready: false, progress: '1/2' } },
  { name: 'a version without an available replica is neither', entries: { 'first-v1-x2cqo0-0-model': { replicas: 2 } }, want: { available: 0, ready: false, progress: '0/2' } },
  { name: 'no replicas are never ready', entries: { 'first-v1-x2cqo0-0-model': { replicas: 0, availableReplicas: 0 } }, want: { available: 0, ready: false, progress: '0/0' } },
  { name: 'an empty entry is a Deployment that has only just come', entries: { 'first-v1-x2cqo0-0-model': {} }, want: { available: 0, ready: false, progress: '0/0' } },
  { name: 'more replicas than wanted, while it is scaled down, are ready', entries: { 'first-v1-x2cqo0-0-model': { replicas: 1, availableReplicas: 2 } }, want: { available: 2, ready: true, progress: '2/1' } },
  { name: 'the entry of another version says nothing', entries: { 'first-v2-yhslc0-0-model': { replicas: 1, availableReplicas: 1 } }, want: NONE },
  { name: 'the entry of another life of the same number says nothing', entries: { 'first-v1-000000-0-model': { replicas: 1, availableReplicas: 1 } }, want: NONE },
  { name: 'a name of 63 characters is written out', object: LONG_NAME, version: { ...V1, version: '123456' }, entries: { [`${LONG_NAME}-v123456-x2cqo0-0-model`]: { replicas: 1, availableReplicas: 1 } }, want: { available: 1, ready: true, progress: '1/1' } },
  { name: 'a name of 64 characters is an MD5', object: LONG_NAME, version: LONG_VERSION, entries: { [LONG_DEPLOYMENT]: { replicas: 1, availableReplicas: 1 } }, want: { available: 1, ready: true, progress: '1/1' } },
  { name: 'and is not looked for in full', object: LONG_NAME, version: LONG_VERSION, entries: { [`${LONG_NAME}-v1234567-x2cqo0-0-model`]: { replicas: 1, availableReplicas: 1 } }, want: NONE }
]

for (const { name, entries, object = 'first', version = V1, want } of pods) {
  t.test(name, async (t) => {
    const request = callWith({ predictors: [first], status: { ...(entries && { deploymentStatus: entries }) } }, object)
    t.strictSame(seldon.observe(request)?.readiness(version), want)
  })
}

t.test('pods of a version that has left are still told, for as long as the operator names them', async (t) => {
  const lingering = { 'first-v2-yhslc0-0-model': { replicas: 1, availableReplicas: 1 } }
  t.strictSame(seldon.observe(callWith({ predictors: [first], status: { deploymentStatus: lingering } }))?.readiness(V2), { available: 1, ready: true, progress: '1/1' })
})

const failures: Array<{ name: string, status: object, want?: string }> = [
  { name: 'an object that works has no failure', status: { state: 'Available', description: 'all good' } },
  { name: 'an object in creation has none', status: { state: 'Creating' } },
  {
    name: 'a failure says what Seldon says, and what to do',
    status: { state: 'Failed', description: 'services "first-v1" not found' },
    want: 'Seldon reports SeldonDeployment first as Failed: services "first-v1" not found. See kubectl describe seldondeployment first; if a Service in its status no longer exists, delete that status entry.'
  },
  {
    name: 'a failure without words is one too',
    status: { state: 'Failed' },
    want: 'Seldon reports SeldonDeployment first as Failed: no description. See kubectl describe seldondeployment first; if a Service in its status no longer exists, delete that status entry.'
  },
  {
    name: 'a long description is cut',
    status: { state: 'Failed', description: 'x'.repeat(1000) },
    want: `Seldon reports SeldonDeployment first as Failed: ${'x'.repeat(300)}. See kubectl describe seldondeployment first; if a Service in its status no longer exists, delete that status entry.`
  }
]

t.test('predictors of others with traffic are a failure: Seldon would refuse our shares', async (t) => {
  const object = { predictors: [first, { name: 'theirs', traffic: 10 }, { name: 'shadow', shadow: true, traffic: 100 }, { name: 'idle' }] }
  t.equal(observe(object).failure, "SeldonDeployment first has predictors with traffic that Sluice did not write (theirs). Shares of Sluice's own sum to 100, so Seldon refuses every change: remove them, or make them shadows.")
})

t.test('an object that is being deleted is one too, until it is made again', async (t) => {
  const request = structuredClone(callWith({ predictors: [first], status: { state: 'Available' } }))
  const object = request.children['SeldonDeployment.machinelearning.seldon.io/v1']?.['home/first']
  if (object) object.metadata.deletionTimestamp = '2026-01-05T10:00:00Z'
  t.equal(seldon.observe(request)?.failure, 'SeldonDeployment first is being deleted, and is made again once it is gone. If this lasts, a finalizer holds it: see kubectl get seldondeployment first -n home -o yaml.')
})

for (const { name, status, want } of failures) {
  t.test(name, async (t) => {
    t.strictSame(observe({ predictors: [], status }), { ...NOTHING, ...(want !== undefined && { failure: want }) })
  })
}
