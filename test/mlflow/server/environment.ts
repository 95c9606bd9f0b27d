// The environment of the server, by the numbers of the acceptance cases.
import t from 'tap'
import { mergedEnvironment } from '../../../hooks/mlflow/resources/user-environment.ts'
import { podOf } from './rendered.ts'

const SECRET = { name: 'db', key: 'uri' }
const from = (secret: object) => ({ valueFrom: { secretKeyRef: secret } })
const named = (spec: object, name: string) => podOf({ spec }).server.env.filter((entry) => entry.name === name).map(({ name: _name, ...rest }) => rest)

t.test('case 12, 14, 15: databases', async (t) => {
  const rows: Array<{ name: string, spec: object, variable: string, want: object[] }> = [
    { name: 'case 12: the registry is the database of experiments', spec: {}, variable: 'MLFLOW_REGISTRY_STORE_URI', want: [{ value: 'postgresql://db-host:5432/mlflow' }] },
    { name: 'case 12: from the same Secret, if that is in one', spec: { backendStoreUri: undefined, backendStoreUriFrom: SECRET }, variable: 'MLFLOW_REGISTRY_STORE_URI', want: [from(SECRET)] },
    { name: 'or another', spec: { registryStoreUriFrom: SECRET }, variable: 'MLFLOW_REGISTRY_STORE_URI', want: [from(SECRET)] },
    { name: 'case 14: of both forms the Secret wins', spec: { backendStoreUriFrom: SECRET }, variable: 'MLFLOW_BACKEND_STORE_URI', want: [from(SECRET)] },
    { name: 'case 14: for the replica, too', spec: { readReplicaBackendStoreUri: 'postgresql://r/a', readReplicaBackendStoreUriFrom: SECRET }, variable: 'MLFLOW_READ_REPLICA_BACKEND_STORE_URI', want: [from(SECRET)] },
    { name: 'case 15: no replica, no variable', spec: {}, variable: 'MLFLOW_READ_REPLICA_BACKEND_STORE_URI', want: [] },
    { name: 'case 15: an address', spec: { readReplicaBackendStoreUri: 'postgresql://r/a' }, variable: 'MLFLOW_READ_REPLICA_BACKEND_STORE_URI', want: [{ value: 'postgresql://r/a' }] },
    { name: 'case 15: the optional flag is kept', spec: { readReplicaBackendStoreUriFrom: { ...SECRET, optional: true } }, variable: 'MLFLOW_READ_REPLICA_BACKEND_STORE_URI', want: [from({ ...SECRET, optional: true })] },
    { name: 'case 25: jobs of the server stay off', spec: {}, variable: 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION', want: [{ value: 'false' }] },
    { name: 'case 25: with archival, too', spec: { traceArchival: { enabled: true, location: 's3://b/t', retention: '30d' } }, variable: 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION', want: [{ value: 'false' }] },
    { name: 'case 49: archival is configured by a file', spec: { traceArchival: { enabled: true, location: 's3://b/t', retention: '30d' } }, variable: 'MLFLOW_TRACE_ARCHIVAL_CONFIG', want: [{ value: '/etc/mlflow/trace-archival.yaml' }] },
    { name: 'case 21: no selector, no variable', spec: {}, variable: 'MLFLOW_K8S_WORKSPACE_LABEL_SELECTOR', want: [] },
    { name: 'case 21: an empty one, neither', spec: { workspaceLabelSelector: {} }, variable: 'MLFLOW_K8S_WORKSPACE_LABEL_SELECTOR', want: [] },
    { name: 'a selector is one line', spec: { workspaceLabelSelector: { matchLabels: { team: 'a' }, matchExpressions: [{ key: 'env', operator: 'In', values: ['prod', 'dev'] }, { key: 'old', operator: 'DoesNotExist' }, { key: 'x', operator: 'NotIn', values: ['y'] }] } }, variable: 'MLFLOW_K8S_WORKSPACE_LABEL_SELECTOR', want: [{ value: 'env in (dev,prod),!old,team=a,x notin (y)' }] }
  ]
  for (const { name, spec, variable, want } of rows) t.strictSame(named(spec, variable), want, name)
})

t.test("case 17, 18, D4: the user's variables", async (t) => {
  const env = [{ name: 'A', value: '1' }, { name: 'B', ...from({ name: 's', key: 'k' }) }, { name: 'C', valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } }]
  const { server } = podOf({ spec: { env, envFrom: [{ secretRef: { name: 's' } }, { configMapRef: { name: 'c' } }] } })
  t.strictSame(server.env.filter(({ name }) => name.length === 1), env, 'case 17: unchanged')
  t.strictSame(server.envFrom, [{ secretRef: { name: 's' } }, { configMapRef: { name: 'c' } }], 'case 18: sources')
  t.notOk('envFrom' in podOf().server, 'case 18: none, no field')
  t.strictSame(named({ env: [{ name: 'MLFLOW_DISABLE_TELEMETRY', value: 'false' }] }, 'MLFLOW_DISABLE_TELEMETRY'), [{ value: 'false' }], 'D4: of one name there is one entry, and it is the user\'s')
  const names = podOf({ spec: { env: ['MLFLOW_BACKEND_STORE_URI', 'AWS_CA_BUNDLE', 'POD_IP', 'X', 'X'].map((name) => ({ name, value: 'mine' })), caBundleConfigMap: { name: 'ca' } } }).server.env.map(({ name }) => name)
  t.equal(new Set(names).size, names.length, 'D4: whatever is repeated')
  const rows: Array<{ name: string, given: Parameters<typeof mergedEnvironment>[1], want: object[] }> = [
    { name: 'an empty value is none', given: [{ name: 'A', value: '' }], want: [{ name: 'A' }] },
    { name: 'a field has its version', given: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }], want: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.hostIP' } } }] },
    { name: 'a resource has its divisor', given: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1024Ki' } } }], want: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } }] },
    { name: 'of value and valueFrom the value', given: [{ name: 'A', value: '1', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }], want: [{ name: 'A', value: '1' }] },
    { name: 'what decides about security is not theirs', given: [{ name: 'MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE', value: 'true' }], want: [] }
  ]
  for (const { name, given, want } of rows) t.strictSame(mergedEnvironment([], given), want, name)
})

t.test('case 19: ciphers of OpenShift', async (t) => {
  const ciphers = (openshift: boolean, env: object[] = []) => podOf({ platform: { openshift }, spec: { env } }).server.env.filter(({ name }) => name === 'UVICORN_SSL_CIPHERS').map(({ value }) => value)
  t.strictSame(ciphers(true), ['PROFILE=SYSTEM'])
  t.strictSame(ciphers(true, [{ name: 'UVICORN_SSL_CIPHERS', value: 'DEFAULT' }]), ['DEFAULT'])
  t.strictSame(ciphers(false), [])
})

t.test('case 22, 24: origins', async (t) => {
  const origins = (given: Parameters<typeof podOf>[0]) => podOf(given).env.MLFLOW_SERVER_CORS_ALLOWED_ORIGINS?.value?.split(',')
  const own = ['https://mlflow:8443', 'https://mlflow.opendatahub.svc:8443', 'https://mlflow.opendatahub.svc.cluster.local:8443', 'localhost:*', '127.0.0.1:*']
  const platform = { externalUrl: 'https://gateway.example.com' }
  t.strictSame(origins({ platform, spec: { namespace: 'opendatahub' } }), [...own, 'https://gateway.example.com'], 'case 22')
  t.strictSame(origins({ spec: { namespace: 'opendatahub', extraAllowedOrigins: ['', '  ', 'https://a.com,https://b.com', 'https://notebooks.example.com'] } }), [...own, 'https://notebooks.example.com'], 'case 24: what is no single origin is left out')
  t.strictSame(origins({ name: 'mlflow-2', spec: { tls: { mode: 'Off' } } })?.[0], 'http://mlflow-mlflow-2:8443', 'without TLS and with a name of its own')
})

t.test('authentication of its own', async (t) => {
  const { server, env, spec } = podOf({ spec: { auth: { mode: 'Basic', adminPasswordSecret: { name: 'users', key: 'password' }, secretKeySecret: { name: 'users', key: 'key' }, databaseUriFrom: { name: 'users', key: 'uri' } } } })
  t.ok(server.args.includes('--app-name=basic-auth'))
  t.strictSame([env.MLFLOW_AUTH_ADMIN_PASSWORD, env.MLFLOW_FLASK_SERVER_SECRET_KEY, env.MLFLOW_K8S_AUTH_AUTHORIZATION_MODE], [{ name: 'MLFLOW_AUTH_ADMIN_PASSWORD', ...from({ name: 'users', key: 'password' }) }, { name: 'MLFLOW_FLASK_SERVER_SECRET_KEY', ...from({ name: 'users', key: 'key' }) }, undefined])
  t.strictSame(spec.initContainers?.map(({ name, env }) => [name, env.at(-1)]), [['write-auth-config', { name: 'MLFLOW_AUTH_DATABASE_URI', ...from({ name: 'users', key: 'uri' }) }]], 'the database of users is named in a file, which an init container writes')
  t.notOk(env.MLFLOW_AUTH_DATABASE_URI, 'and nowhere else')
  t.equal(spec.automountServiceAccountToken, false, 'nobody asks the API server')
})
