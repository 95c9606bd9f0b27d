// Examples for the CRD of MlflowModel: an object that meets every demand, and objects that break the rules.
import { withValue } from '../constraints.ts'
import type { Examples } from './examples.ts'

/** Has a value wherever the schema constrains one. */
const COMPLETE = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'MlflowModel',
  metadata: { name: 'complete', namespace: 'default' },
  spec: {
    modelName: 'bank-churn',
    modelAlias: 'champion',
    monitoringInterval: 60,
    minioSecret: 'minio-rclone',
    registry: 'default',
    workspace: 'team',
    whenAliasMissing: 'Retain',
    serving: {
      backend: 'Seldon',
      replicas: 1,
      protocol: 'v2',
      resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } },
      modelUri: '{uri}',
      serviceAccountName: 'models',
      env: [{ name: 'PLAIN', value: '1' }],
      seldon: { implementation: 'MLFLOW_SERVER', annotations: {} }
    },
    rollout: { steps: [10, 50], approval: 'Automatic', paused: false, newVersion: 'Replace', progressDeadline: '10m', keepStable: '10m', keepFailed: '30s' },
    analysis: {
      enabled: true,
      provider: 'default',
      interval: '10s',
      checks: 6,
      initialDelay: '60s',
      window: '5m',
      minRequests: 20,
      proof: 'Harm',
      confidence: 0.95,
      failureLimit: 2,
      inconclusiveLimit: 60,
      errorLimit: 12,
      whenPaused: 'Hold',
      metrics: [{ name: 'drift', query: 'vector(0)', max: '0.2', maxIncrease: '5%', dryRun: true }]
    }
  }
}

const withSpec = (path: string, value: unknown) => withValue(COMPLETE, `spec.${path}`, value)
const named = (name: string) => withValue(COMPLETE, 'metadata.name', name)
const withMetric = (metric: object) => withSpec('analysis.metrics', [metric])
const REFERENCE = { name: 'keys', key: 'id' }

/** For each rule in CEL, by the beginning of its message: objects that break it. */
const RULES: Record<string, unknown[]> = {
  'metadata.name must be at most 40 characters': [named('a'.repeat(41)), named('1st'), named('a.b')],
  "modelAlias must not be 'latest'": [withSpec('modelAlias', 'Latest'), withSpec('modelAlias', 'v7')],
  'serving.env: a variable has both value and valueFrom': [withSpec('serving.env', [{ name: 'BOTH', value: '1', valueFrom: { secretKeyRef: REFERENCE } }])],
  'serving.env must not set MLSERVER_* variables': [withSpec('serving.env', [{ name: 'MLSERVER_HTTP_PORT', value: '1' }])],
  'serving.seldon.annotations: a key is a name': [withSpec('serving.seldon.annotations', { 'no key': '1' })],
  'rollout.steps must rise strictly': [withSpec('rollout.steps', [50, 10]), withSpec('rollout.steps', [10, 10])],
  'rollout.keepStable must be at least 2m': [withSpec('rollout.keepStable', '119s')],
  'analysis.interval must be at least 1s': [withSpec('analysis.interval', '999ms')],
  'analysis.window must be from 1m to 30m': [withSpec('analysis.window', '59s'), withSpec('analysis.window', '31m')],
  'a metric needs a limit': [withMetric({ name: 'error-rate' })],
  'a metric other than latency-p95, latency-mean and error-rate needs a query': [withMetric({ name: 'drift', max: '1' })],
  'the built-in metrics take no query': [withMetric({ name: 'error-rate', max: '1', query: 'vector(0)' })]
}

/** Rules that nothing can break yet, and why. */
const UNBREAKABLE: Record<string, string> = { 'serving.backend is immutable': 'there is one backend so far, so none to change to' }

/** Values that COMPLETE cannot have, for they exclude others. */
const ELSEWHERE: Record<string, unknown> = {
  'spec.serving.env[].valueFrom.secretKeyRef': withSpec('serving.env', [{ name: 'SECRET', valueFrom: { secretKeyRef: REFERENCE } }]),
  'spec.serving.env[].valueFrom.configMapKeyRef': withSpec('serving.env', [{ name: 'CONFIG', valueFrom: { configMapKeyRef: REFERENCE } }])
}

export const mlflowModel: Examples = { crd: 'manifests/crds/mlflowmodels.yaml', complete: COMPLETE, rules: RULES, unbreakable: UNBREAKABLE, elsewhere: ELSEWHERE }
