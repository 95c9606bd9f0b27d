// Examples for the CRD of ModelDeployment: an object that meets every demand, and objects that break the rules.
import { withValue } from '../constraints.ts'
import type { Examples } from './examples.ts'
import { PLACEMENT } from './placement.ts'

const SCALING = { stabilizationWindowSeconds: 60, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] }

/** Has a value wherever the schema constrains one. */
const COMPLETE = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'ModelDeployment',
  metadata: { name: 'complete', namespace: 'default' },
  spec: {
    modelURI: 's3://models/churn.pt',
    runtime: 'fastapi-pytorch',
    runtimeImage: 'registry.example.com/server:1',
    version: 'v1',
    resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } },
    validateScript: 'validate.py',
    validation: { activeDeadline: '10m', retries: 0, env: [{ name: 'PLAIN', value: '1' }], resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } } },
    storage: { size: '10Gi' },
    autoscale: true,
    autoscaling: { minReplicas: 1, maxReplicas: 5, targetCPUUtilization: 80, targetMemoryUtilization: 80, behavior: { scaleUp: SCALING, scaleDown: SCALING } },
    keepPrevious: '10m',
    replicas: 1,
    env: [{ name: 'PLAIN', value: '1' }],
    credentialsSecret: 's3',
    port: 9000,
    serviceAccountName: 'models',
    ...PLACEMENT,
    progressDeadline: '10m'
  }
}

const withSpec = (path: string, value: unknown) => withValue(COMPLETE, `spec.${path}`, value)
const named = (name: string) => withValue(COMPLETE, 'metadata.name', name)
const FROM = { configMapKeyRef: { name: 'checks', key: 'validate.py' } }
const REFERENCE = { name: 'keys', key: 'id' }
const SECRET = [{ name: 'SECRET', valueFrom: { secretKeyRef: REFERENCE } }]
const CONFIG = [{ name: 'CONFIG', valueFrom: { configMapKeyRef: REFERENCE } }]
const BOTH = [{ name: 'BOTH', value: '1', valueFrom: { secretKeyRef: REFERENCE } }]

const RULES: Examples['rules'] = {
  'metadata.name must be at most 40 characters': [named('a'.repeat(41)), named('1st'), named('a.b')],
  'modelURI must begin with one of': [withSpec('modelURI', 'ftp://example.com/model.pt'), withSpec('modelURI', 'file:/model.pt'), withSpec('modelURI', 's3://models/a b.pt')],
  'modelURI must not hold credentials': [withSpec('modelURI', 'https://user:password@example.com/model.pt')],
  'validateScript and validateScriptFrom exclude each other': [withSpec('validateScriptFrom', FROM)],
  'port is for a runtimeImage': [withSpec('runtimeImage', '')],
  'env: a variable has both value and valueFrom': [withSpec('env', BOTH)],
  'env must not set MODEL_PATH': [withSpec('env', [{ name: 'MODEL_PATH', value: '/elsewhere' }]), withSpec('env', [{ name: 'MODEL_VERSION', value: 'v0' }])],
  'validation.env: a variable has both value and valueFrom': [withSpec('validation.env', BOTH)],
  'validation.env must not set MODEL_PATH': [withSpec('validation.env', [{ name: 'MODEL_URI', value: 's3://other' }])],
  'validation.activeDeadline must be from 1s to 168h': [withSpec('validation.activeDeadline', '999ms'), withSpec('validation.activeDeadline', '169h')],
  'autoscaling.minReplicas must not be more than maxReplicas': [withSpec('autoscaling.minReplicas', 6)],
  'autoscaling needs an aim': [withSpec('autoscaling', { targetCPUUtilization: 0, targetMemoryUtilization: 0 })],
  'keepPrevious must be at most 168h': [withSpec('keepPrevious', '169h')],
  'progressDeadline must be from 1s to 24h': [withSpec('progressDeadline', '0s'), withSpec('progressDeadline', '25h')]
}

export const modelDeployment: Examples = {
  crd: 'manifests/crds/modeldeployments.yaml',
  complete: COMPLETE,
  rules: RULES,
  unbreakable: {},
  elsewhere: {
    'spec.validateScriptFrom': withValue(withSpec('validateScript', ''), 'spec.validateScriptFrom', FROM),
    'spec.env[].valueFrom.secretKeyRef': withSpec('env', SECRET),
    'spec.env[].valueFrom.configMapKeyRef': withSpec('env', CONFIG),
    'spec.validation.env[].valueFrom.secretKeyRef': withSpec('validation.env', SECRET),
    'spec.validation.env[].valueFrom.configMapKeyRef': withSpec('validation.env', CONFIG)
  }
}
