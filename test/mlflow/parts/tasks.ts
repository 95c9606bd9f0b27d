// What runs beside an MLflow server by a schedule.
import t from 'tap'
import { parse } from 'yaml'
import type { Child } from '../../../hooks/core/request.ts'
import { makeGarbageCollection } from '../../../hooks/mlflow/resources/garbage-collection.ts'
import { makeTraceArchival } from '../../../hooks/mlflow/resources/trace-archival.ts'
import { onlyOf, partRequest } from './part-request.ts'

type Env = { name: string, value?: string, valueFrom?: { secretKeyRef: object } }
type Container = { name: string, image: string, imagePullPolicy?: string, command: string[], args: string[], env: Env[], envFrom?: object[], resources: object, volumeMounts: Array<{ name: string, mountPath: string }> }
type Pod = { serviceAccountName: string, automountServiceAccountToken: boolean, restartPolicy: string, nodeSelector?: object, affinity?: object, initContainers?: Container[], containers: Container[], volumes: Array<{ name: string, [source: string]: unknown }> }
type CronJob = { schedule: string, timeZone?: string, suspend: boolean, concurrencyPolicy: string, jobTemplate: { spec: { backoffLimit: number, template: { metadata: { labels: Record<string, string> }, spec: Pod } } } }

const WEEKLY = { garbageCollection: { schedule: '0 2 * * 0' } }
const TO_S3 = { traceArchival: { enabled: true, location: 's3://b/traces', retention: '30d' } }
const ALL = { ...WEEKLY, ...TO_S3 }

const MAKERS = { 'garbage-collection': makeGarbageCollection, 'trace-archival': makeTraceArchival } as const

function look (children: Child[]) {
  const cronJob = onlyOf<CronJob>(children, 'CronJob')
  const { metadata: { labels }, spec: pod } = cronJob.spec.jobTemplate.spec.template
  const [container] = pod.containers
  if (!container) throw new Error('the pod has no container')
  return { cronJob, labels, pod, container, env: Object.fromEntries(container.env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom])) }
}

t.test('45, 49: without their blocks, or switched off, there are none', async (t) => {
  t.strictSame(makeGarbageCollection(partRequest()), [])
  t.strictSame(makeTraceArchival(partRequest()), [])
  t.strictSame(makeTraceArchival(partRequest({ spec: { traceArchival: { enabled: false, location: 's3://b/a', retention: '30d' } } })), [])
})

t.test('46, D1: garbage collection runs weekly, as somebody who may delete in all workspaces and nothing else', async (t) => {
  const children = makeGarbageCollection(partRequest({ spec: WEEKLY }))
  t.strictSame(children.map(({ kind, metadata: { name, namespace } }) => [kind, name, namespace]), [
    ['CronJob', 'mlflow-gc', 'test-ns'], ['ServiceAccount', 'mlflow-gc-sa', 'test-ns'], ['ClusterRole', 'mlflow-gc', undefined], ['ClusterRoleBinding', 'mlflow-gc', undefined]
  ])
  const { cronJob, pod } = look(children)
  t.match(cronJob.spec, { schedule: '0 2 * * 0', concurrencyPolicy: 'Forbid', suspend: false, jobTemplate: { spec: { backoffLimit: 1 } } })
  t.match(pod, { serviceAccountName: 'mlflow-gc-sa', automountServiceAccountToken: true, restartPolicy: 'Never' })
  t.equal(children[1]?.automountServiceAccountToken, false)
  t.strictSame(onlyOf(children, 'ClusterRole').rules, [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['mlflow.kubeflow.org'], resources: ['mlflowconfigs'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['mlflow.kubeflow.org'], resources: ['experiments'], verbs: ['get', 'list', 'update'] }
  ])
  const { roleRef, subjects } = onlyOf(children, 'ClusterRoleBinding')
  t.strictSame({ roleRef, subjects }, {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'mlflow-gc' },
    subjects: [{ kind: 'ServiceAccount', name: 'mlflow-gc-sa', namespace: 'test-ns' }]
  })
})

t.test('D2, D19: it calls the server under its prefix, trusts its issuer, and no address of a database is to be seen', async (t) => {
  const { container, env, pod } = look(makeGarbageCollection(partRequest({ name: 'team', spec: { garbageCollection: { schedule: '@daily', olderThan: '30d' } } })))
  t.strictSame([container.command, container.args], [['mlflow'], ['gc', '--backend-store-uri=$(MLFLOW_BACKEND_STORE_URI)', '--older-than=30d', '--all-workspaces']])
  const bundle = '/etc/pki/tls/certs/combined/ca-bundle.crt'
  t.strictSame(env, {
    MLFLOW_DISABLE_TELEMETRY: 'true',
    MLFLOW_BACKEND_STORE_URI: 'postgresql://db-host:5432/mlflow',
    MLFLOW_REGISTRY_STORE_URI: 'postgresql://db-host:5432/mlflow',
    MLFLOW_ENABLE_WORKSPACES: 'true',
    MLFLOW_WORKSPACE_STORE_URI: 'kubernetes://',
    MLFLOW_TRACKING_URI: 'https://mlflow-team.test-ns.svc:8443/mlflow-team',
    MLFLOW_TRACKING_INSECURE_TLS: 'false',
    MLFLOW_TRACKING_AUTH: 'kubernetes',
    ...Object.fromEntries(['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'AWS_CA_BUNDLE', 'PGSSLROOTCERT'].map((name) => [name, bundle])),
    MLFLOW_S3_IGNORE_TLS: 'false'
  })
  t.strictSame(pod.initContainers?.map(({ name }) => name), ['combine-ca-bundles'])
  t.strictSame(pod.volumes.map(({ name, secret }) => [name, (secret as { secretName: string } | undefined)?.secretName]), [['tmp', undefined], ['ca-bundle-0', 'mlflow-tls-team'], ['combined-ca-bundle', undefined]])
  t.notOk(pod.volumes.some(({ secret }) => JSON.stringify(secret ?? '').includes('tls.key')), 'the key is not mounted')
})

t.test('whom the server takes garbage collection for', async (t) => {
  const basic = { mode: 'Basic', adminPasswordSecret: { name: 'admin', key: 'password' }, secretKeySecret: { name: 'flask', key: 'key' }, databaseUri: 'postgresql://db-host/users' }
  const credentials = (env: Record<string, unknown>) => Object.fromEntries(['MLFLOW_TRACKING_AUTH', 'MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD', 'MLFLOW_ENABLE_WORKSPACES'].flatMap((name) => env[name] === undefined ? [] : [[name, env[name]]]))
  const rows: Array<{ name: string, auth: object, want: object }> = [
    { name: 'Kubernetes: its ServiceAccount', auth: { mode: 'Kubernetes' }, want: { MLFLOW_TRACKING_AUTH: 'kubernetes', MLFLOW_ENABLE_WORKSPACES: 'true' } },
    { name: 'Basic: the administrator', auth: basic, want: { MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: { secretKeyRef: { name: 'admin', key: 'password' } } } },
    { name: 'None: anybody', auth: { mode: 'None' }, want: {} }
  ]
  for (const { name, auth, want } of rows) {
    const children = makeGarbageCollection(partRequest({ spec: { ...WEEKLY, auth } }))
    const { env, pod, container } = look(children)
    const isKubernetes = name.startsWith('Kubernetes')
    t.strictSame(credentials(env), want, name)
    t.strictSame([pod.automountServiceAccountToken, container.args.includes('--all-workspaces'), children.some(({ kind }) => kind === 'ClusterRole')], [isKubernetes, isKubernetes, isKubernetes], `${name}: rights in the cluster`)
  }
})

t.test('49: archival of traces runs every six hours by the first Python that has an MLflow, and is told the rest in a file', async (t) => {
  const children = makeTraceArchival(partRequest({ spec: { traceArchival: { ...TO_S3.traceArchival, longRetentionAllowlist: ['1', '7'] }, defaultArtifactRoot: 's3://b/root' } }))
  t.strictSame(children.map(({ kind, metadata: { name } }) => [kind, name]), [['CronJob', 'mlflow-trace-archival'], ['ServiceAccount', 'mlflow-trace-archival-sa'], ['ConfigMap', 'mlflow-trace-archival-config']])
  const { cronJob, container, env, pod } = look(children)
  t.match(cronJob.spec, { schedule: '0 */6 * * *', concurrencyPolicy: 'Forbid', suspend: false })
  t.equal(pod.serviceAccountName, 'mlflow-trace-archival-sa')
  t.match(container.command, ['/bin/sh', '-ec', /run_trace_archival_scheduler\(\)/])
  t.strictSame(env, {
    MLFLOW_DISABLE_TELEMETRY: 'true',
    MLFLOW_TRACE_ARCHIVAL_CONFIG: '/etc/mlflow/trace-archival.yaml',
    MLFLOW_BACKEND_STORE_URI: 'postgresql://db-host:5432/mlflow',
    MLFLOW_REGISTRY_STORE_URI: 'postgresql://db-host:5432/mlflow',
    MLFLOW_ENABLE_WORKSPACES: 'true',
    MLFLOW_WORKSPACE_STORE_URI: 'kubernetes://',
    MLFLOW_DEFAULT_ARTIFACT_ROOT: 's3://b/root'
  })
  t.strictSame(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath]), [['tmp', '/tmp'], ['trace-archival-config', '/etc/mlflow']])
  const { data } = onlyOf(children, 'ConfigMap') as { data?: Record<string, string> }
  t.strictSame(parse(data?.['trace-archival.yaml'] ?? ''), { trace_archival: { enabled: true, location: 's3://b/traces', retention: '30d', max_traces_per_pass: 1000, long_retention_allowlist: ['1', '7'], interval_seconds: 1 } })
})

for (const [component, make] of Object.entries(MAKERS)) {
  t.test(`${component} is made of the parts of the server's pod`, async (t) => {
    const spec = {
      ...ALL,
      image: { image: 'custom/mlflow:v2', imagePullPolicy: 'Always' },
      temporaryStorage: { sizeLimit: '5Gi' },
      storage: { size: '10Gi' },
      env: [{ name: 'MLFLOW_S3_ENDPOINT_URL', value: 'http://minio:9000' }, { name: 'MLFLOW_ENABLE_WORKSPACES', value: 'false' }],
      envFrom: [{ secretRef: { name: 'aws-credentials' } }],
      nodeSelector: { disk: 'ssd' },
      caBundleConfigMap: { name: 'authorities' },
      extraVolumes: [{ name: 'gcs', secret: { secretName: 'gcs' } }, { name: 'unused', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'gcs', mountPath: '/var/run/gcs', readOnly: true }],
      serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/mlflow' },
      resources: { requests: { cpu: '3' } }
    }
    const children = make(partRequest({ spec, platform: { caBundleConfigMap: 'odh-trusted-ca-bundle' } }))
    const { labels, pod, container, env } = look(children)
    t.match(container, { image: 'custom/mlflow:v2', imagePullPolicy: 'Always', envFrom: spec.envFrom, resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' } } })
    t.match(env, { MLFLOW_S3_ENDPOINT_URL: 'http://minio:9000', MLFLOW_ENABLE_WORKSPACES: 'false', SSL_CERT_FILE: /ca-bundle.crt$/ }, "with the server's environment, in which the user's word is the last")
    t.strictSame(container.env.length, Object.keys(env).length, 'D4: no name twice')
    t.strictSame(pod.volumes.find(({ name }) => name === 'tmp'), { name: 'tmp', emptyDir: { sizeLimit: '5Gi' } }, '30: /tmp is as large as the server')
    const mounted = new Set([...container.volumeMounts, ...pod.initContainers?.flatMap(({ volumeMounts }) => volumeMounts) ?? []].map(({ name }) => name))
    t.strictSame(new Set(pod.volumes.map(({ name }) => name)), mounted, 'volumes are those that are mounted')
    t.strictSame(['mlflow-storage', 'gcs', 'combined-ca-bundle', 'mlflow-tls', 'metrics'].map((name) => container.volumeMounts.some((mount) => mount.name === name)), [true, true, true, false, false])
    t.match(labels, { app: component === 'garbage-collection' ? 'mlflow-gc' : 'mlflow-trace-archival', 'app.kubernetes.io/instance': 'mlflow', 'app.kubernetes.io/component': component, 'sluice.dev/parent': 'mlflow.mlflow', 'sluice.dev/source': 'mlflow-pvc' })
    t.match(pod, { nodeSelector: { disk: 'ssd' }, affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { 'sluice.dev/source': 'mlflow-pvc' } }, topologyKey: 'kubernetes.io/hostname' }] } } }, 'D13: it runs where the volume is')
    t.match(onlyOf(children, 'ServiceAccount').metadata.annotations, spec.serviceAccountAnnotations)
  })

  t.test(`${component}: when`, async (t) => {
    const rows: Array<{ name: string, block: object, want: object }> = [
      { name: 'a time zone is one', block: { schedule: '0 3 * * *', timeZone: 'Europe/Berlin' }, want: { schedule: '0 3 * * *', timeZone: 'Europe/Berlin', suspend: false } },
      { name: 'one in the schedule, which CronJobs refuse, too', block: { schedule: 'CRON_TZ=Asia/Tokyo 0 3 * * *' }, want: { schedule: '0 3 * * *', timeZone: 'Asia/Tokyo', suspend: false } },
      { name: 'not for now', block: { schedule: '@hourly', suspend: true }, want: { schedule: '@hourly', timeZone: undefined, suspend: true } }
    ]
    for (const { name, block, want } of rows) {
      const { cronJob } = look(make(partRequest({ spec: { garbageCollection: block, traceArchival: { ...TO_S3.traceArchival, ...block } } })))
      const { schedule, timeZone, suspend } = cronJob.spec
      t.strictSame({ schedule, timeZone, suspend }, want, name)
    }
  })

  t.test(`${component}: claims of devices are the server's`, async (t) => {
    const resources = { requests: { cpu: '1' }, claims: [{ name: 'gpu' }] }
    const { container } = look(make(partRequest({ spec: { garbageCollection: { schedule: '@daily', resources }, traceArchival: { ...TO_S3.traceArchival, resources } } })))
    t.strictSame(container.resources, { requests: { cpu: '1', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } })
  })
}
