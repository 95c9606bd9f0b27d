// Examples for the CRD of MLModel: an object that meets every demand, and objects that break the rules.
import { withValue } from '../constraints.ts'
import type { Examples } from './examples.ts'
import { PLACEMENT } from './placement.ts'

/** Has a value wherever the schema constrains one. */
const COMPLETE = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'MLModel',
  metadata: { name: 'complete', namespace: 'default' },
  spec: {
    source: { uri: 's3://models/iris.onnx', sha256: '0'.repeat(64) },
    credentialsSecret: 's3',
    runtime: 'custom',
    image: 'registry.example.com/server:1',
    port: 9000,
    readinessPath: '/ready',
    livenessPath: '/live',
    args: ['--verbose'],
    storage: { size: '10Gi', storageClassName: 'fast', accessMode: 'ReadWriteOnce' },
    replicas: 1,
    resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } },
    env: [{ name: 'PLAIN', value: '1' }],
    ...PLACEMENT,
    serviceAccountName: 'models',
    download: { activeDeadline: '1h', retries: 3 },
    progressDeadline: '10m'
  }
}

const withSpec = (path: string, value: unknown) => withValue(COMPLETE, `spec.${path}`, value)
const named = (name: string) => withValue(COMPLETE, 'metadata.name', name)
const BARE = { source: { uri: 's3://models/iris.tar.gz' } }
const bare = (fields: object) => ({ ...COMPLETE, spec: { ...BARE, ...fields } })
const REFERENCE = { name: 'keys', key: 'id' }

const RULES: Examples['rules'] = {
  'metadata.name must be at most 40 characters': [named('a'.repeat(41)), named('1st'), named('a.b')],
  'source.uri must begin with one of': [withSpec('source.uri', 'ftp://example.com/model.zip'), withSpec('source.uri', 'file:/model'), withSpec('source.uri', 's3://models/a b')],
  'source.uri must not hold credentials': [withSpec('source.uri', 'https://user:password@example.com/model.zip')],
  'env: a variable has both value and valueFrom': [withSpec('env', [{ name: 'BOTH', value: '1', valueFrom: { secretKeyRef: REFERENCE } }])],
  'download.activeDeadline must be from 1s to 168h': [withSpec('download.activeDeadline', '999ms'), withSpec('download.activeDeadline', '169h')],
  'progressDeadline must be from 1s to 24h': [withSpec('progressDeadline', '0s'), withSpec('progressDeadline', '25h')],
  'runtime custom needs image, port, readinessPath and livenessPath': [withSpec('image', ''), withSpec('port', undefined), withSpec('readinessPath', undefined), withSpec('livenessPath', undefined)],
  'port, readinessPath and livenessPath are for runtime custom only': [bare({ port: 80 }), bare({ readinessPath: '/' }), bare({ runtime: 'triton', livenessPath: '/' })],
  'args: mlserver takes none': [bare({ runtime: 'mlserver', args: ['x'] })]
}

export const mlModel: Examples = {
  crd: 'manifests/crds/mlmodels.yaml',
  complete: COMPLETE,
  rules: RULES,
  unbreakable: {},
  elsewhere: {
    'spec.env[].valueFrom.secretKeyRef': withSpec('env', [{ name: 'SECRET', valueFrom: { secretKeyRef: REFERENCE } }]),
    'spec.env[].valueFrom.configMapKeyRef': withSpec('env', [{ name: 'CONFIG', valueFrom: { configMapKeyRef: REFERENCE } }])
  }
}
