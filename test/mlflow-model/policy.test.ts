// From the spec to what the rollout and the backend obey.
import t from 'tap'
import { policyOf, servingOptionsOf } from '../../hooks/mlflow-model/policy.ts'
import type { Policy } from '../../hooks/mlflow-model/rollout/facts.ts'
import type { ServingOptions } from '../../hooks/serving/backend.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'
import { specOf } from '../helpers/poller-model.ts'

const DEFAULTS: Policy = {
  steps: [10, 20, 30, 40, 50, 60, 70, 80, 90],
  approval: 'Automatic',
  paused: false,
  newVersion: 'Replace',
  progressDeadline: 600,
  keepStable: 600,
  keepFailed: 30,
  checks: 6,
  failureLimit: 2,
  inconclusiveLimit: 60,
  errorLimit: 12,
  whenPaused: 'Hold',
  whenAliasMissing: 'Retain'
}

const policies: Array<{ name: string, spec?: object, want: Partial<Policy> }> = [
  { name: 'the defaults are those of the documentation', want: {} },
  { name: 'steps that nobody checked rise all the same', spec: { rollout: { steps: [20, 60, 20, 5] } }, want: { steps: [5, 20, 60] } },
  { name: 'how to move is taken over', spec: { rollout: { steps: [5], approval: 'Manual', paused: true, newVersion: 'Queue' } }, want: { steps: [5], approval: 'Manual', paused: true, newVersion: 'Queue' } },
  { name: 'spans are told in seconds', spec: { rollout: { progressDeadline: '1h30m', keepStable: '2m', keepFailed: '90s' } }, want: { progressDeadline: 5400, keepStable: 120, keepFailed: 90 } },
  { name: 'a span of 0 is 0', spec: { rollout: { keepFailed: '0s' } }, want: { keepFailed: 0 } },
  { name: 'a broken second is a whole one', spec: { rollout: { keepFailed: '1ms', progressDeadline: '1s500ms' } }, want: { keepFailed: 1, progressDeadline: 2 } },
  { name: 'limits are taken over', spec: { analysis: { checks: 1, failureLimit: 0, inconclusiveLimit: 5, errorLimit: 3, whenPaused: 'Rollback' } }, want: { checks: 1, failureLimit: 0, inconclusiveLimit: 5, errorLimit: 3, whenPaused: 'Rollback' } },
  { name: 'what a missing alias means is taken over', spec: { whenAliasMissing: 'Delete' }, want: { whenAliasMissing: 'Delete' } }
]

for (const { name, spec, want } of policies) {
  t.test(name, async (t) => {
    t.strictSame(policyOf(deepFreeze(specOf(spec))), { ...DEFAULTS, ...want })
  })
}

const OPTIONS: ServingOptions = {
  replicas: 1,
  protocol: 'v2',
  serviceAccountName: '',
  credentialsSecret: '',
  env: [],
  seldon: { implementation: 'MLFLOW_SERVER', annotations: {} }
}

const resources = { limits: { memory: '2Gi' } }
const env = [{ name: 'LOG', value: 'debug' }, { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'a' } } }]
const seldon = { implementation: 'OURS', annotations: { 'seldon.io/istio-gateway': 'public' } }

const options: Array<{ name: string, spec?: object, want: Partial<ServingOptions> }> = [
  { name: 'the defaults ask for nothing but one replica', want: {} },
  { name: 'the Secret for the object store is the credentials', spec: { minioSecret: 'minio' }, want: { credentialsSecret: 'minio' } },
  { name: 'how it is run is taken over', spec: { serving: { replicas: 3, protocol: 'seldon', serviceAccountName: 'reader', resources, env, seldon } }, want: { replicas: 3, protocol: 'seldon', serviceAccountName: 'reader', resources, env, seldon } },
  { name: 'an empty request of resources says nothing', spec: { serving: { resources: { requests: {}, limits: {} } } }, want: {} },
  { name: 'beside an empty one the other stays', spec: { serving: { resources: { requests: {}, ...resources } } }, want: { resources } },
  { name: 'the empty text of a variable is a value', spec: { serving: { env: [{ name: 'NONE', value: '' }] } }, want: { env: [{ name: 'NONE', value: '' }] } }
]

for (const { name, spec, want } of options) {
  t.test(name, async (t) => {
    t.strictSame(servingOptionsOf(deepFreeze(specOf(spec))), { ...OPTIONS, ...want })
  })
}
