// The two Jobs, as objects, and what is made of a request for the state machine.
import t from 'tap'
import type { SyncRequest } from '../../../hooks/core/request.ts'
import { mlflow } from '../../../hooks/mlflow/index.ts'
import { makeChildren } from '../../../hooks/mlflow/make-children.ts'
import { decideMigration } from '../../../hooks/mlflow/migration/decide.ts'
import type { JobOrder, Wanted } from '../../../hooks/mlflow/migration/evidence.ts'
import { makeOrderedJob } from '../../../hooks/mlflow/migration/jobs.ts'
import { formatMemory, type MigrationMemory } from '../../../hooks/mlflow/migration/memory.ts'
import { findCommand, observeMigration } from '../../../hooks/mlflow/migration/observe.ts'
import { MIGRATION_LAUNCHER, MIGRATION_PROGRAM } from '../../../hooks/mlflow/migration/program.ts'
import { recallMigration } from '../../../hooks/mlflow/migration/recall.ts'
import type { Request } from '../../../hooks/mlflow/place.ts'
import type { Plan } from '../../../hooks/mlflow/plan.ts'
import { marksOf } from '../../../hooks/mlflow/references.ts'
import { serverPod } from '../../../hooks/mlflow/resources/server-pod.ts'
import { readSpec } from '../../../hooks/core/spec.ts'
import { requestFor } from '../../helpers/requests.ts'

const spec = {
  image: { image: 'mlflow:2' },
  backendStoreUriFrom: { name: 'db', key: 'uri' },
  readReplicaBackendStoreUri: 'postgresql://replica/x',
  storage: {},
  serveArtifacts: true,
  caBundleConfigMap: { name: 'ca' },
  resources: { claims: [{ name: 'gpu' }], limits: { memory: '3Gi' } },
  resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }],
  env: [{ name: 'MIGRATION_MODE', value: 'mine' }, { name: 'PGSSLMODE', value: 'verify-full' }]
}

function request (more: object = {}): Request {
  const call = requestFor(mlflow, { spec: { ...spec, ...more }, metadata: { name: 'mlflow' } })
  return { ...call, parent: { ...call.parent, spec: readSpec(mlflow, call.parent.spec).spec } } as SyncRequest as Request
}

const order = (kind: JobOrder['kind']): JobOrder => ({ kind, name: `mlflow-${kind}`, attempt: 1, try: 1, state: '{"sequence":1}' })

type Pod = { metadata: { labels: Record<string, string> }, spec: Record<string, unknown> & { containers: Array<{ env: Array<{ name: string, value?: string }>, volumeMounts: Array<{ name: string }>, resources?: object }>, volumes: Array<{ name: string }>, initContainers: Array<{ name: string }> } }
type Job = { metadata: object, spec: { template: Pod } & Record<string, unknown> }

function job (kind: JobOrder['kind'], more?: object): Job {
  const call = request(more)
  return makeOrderedJob(call, serverPod(call), order(kind)) as unknown as Job
}

t.test('a Job carries the memory by which it was ordered, has a deadline (D6), and stops at what no other try mends', async (t) => {
  const limits = ({ spec: { template: _template, ...rest } }: Job) => rest
  const podFailurePolicy = {
    rules: [
      { action: 'FailJob', onExitCodes: { containerName: 'db-migrate', operator: 'In', values: [10, 11, 12, 13, 14] } },
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }
    ]
  }
  t.strictSame(limits(job('preflight')), { backoffLimit: 3, activeDeadlineSeconds: 1800, podFailurePolicy })
  t.strictSame(limits(job('migrate')), { backoffLimit: 3, activeDeadlineSeconds: 21_600, ttlSecondsAfterFinished: 86_400, podFailurePolicy })
  t.match(limits(job('migrate', { migration: { ttlSecondsAfterFinished: 3600, activeDeadline: '90m' } })), { activeDeadlineSeconds: 5400, ttlSecondsAfterFinished: 3600 })
  t.match(job('migrate').metadata, { name: 'mlflow-migrate', namespace: 'mlflow', annotations: { 'sluice.dev/state': '{"sequence":1}' } })
})

t.test("D5: the server's policy, Service and Deployment do not select its pod; where the volume is, it goes", async (t) => {
  const shared = { 'sluice.dev/parent': 'mlflow.mlflow', 'mlflow.opendatahub.io/migration-job': 'true', 'mlflow.opendatahub.io/migration-instance': 'mlflow', 'sluice.dev/source': 'mlflow-pvc' }
  t.strictSame(job('preflight').spec.template.metadata, { labels: { ...shared, 'app.kubernetes.io/component': 'preflight' } })
  t.strictSame(job('migrate').spec.template.metadata, { labels: { ...shared, 'app.kubernetes.io/component': 'migration' } })
  t.match(job('migrate').spec.template.spec, { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }] } } })
})

t.test('its pod has what databases need, and nothing that only the server does: no certificate (D6), no devices, no replica', async (t) => {
  const { spec: pod } = job('migrate').spec.template
  const [container] = pod.containers
  t.strictSame(container?.volumeMounts.map(({ name }) => name), ['tmp', 'mlflow-storage', 'combined-ca-bundle'])
  t.strictSame(pod.volumes.map(({ name }) => name), ['tmp', 'mlflow-storage', 'ca-bundle-0', 'combined-ca-bundle'])
  t.strictSame(pod.initContainers.map(({ name }) => name), ['combine-ca-bundles'])
  t.strictSame([pod.restartPolicy, pod.serviceAccountName, pod.automountServiceAccountToken, 'resourceClaims' in pod], ['Never', 'mlflow-sa', false, false])
  t.notOk('claims' in (container?.resources ?? {}))
  t.match(container?.resources, { limits: { memory: '3Gi' } })
  t.strictSame(job('preflight').spec.template.spec.containers[0]?.resources, { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } }, 'a look finds room beside the server')
  const { env = [] } = container ?? {}
  t.equal(new Set(env.map(({ name }) => name)).size, env.length, 'no variable twice')
  const values = Object.fromEntries(env.map(({ name, ...rest }) => [name, rest]))
  t.strictSame(values.MLFLOW_READ_REPLICA_BACKEND_STORE_URI, {}, 'there, and empty')
  t.strictSame(values.MLFLOW_BACKEND_STORE_URI, { valueFrom: { secretKeyRef: { name: 'db', key: 'uri' } } })
  t.strictSame([values.MIGRATION_MODE, values.PGSSLMODE, values.TERMINATION_LOG], [{ value: 'migrate' }, { value: 'verify-full' }, { value: '/dev/termination-log' }])
  t.equal(job('preflight').spec.template.spec.containers[0]?.env.find(({ name }) => name === 'MIGRATION_MODE')?.value, 'preflight')
})

t.test('CronJobs are of the image of the spec, so that they wait where nothing is decided for it', async (t) => {
  const call = request({ garbageCollection: { schedule: '@daily' } })
  const suspended = (plan: Partial<Plan>) => makeChildren(call, { deployment: undefined, marks: marksOf(call, undefined, undefined), problem: undefined, migration: undefined, ...plan })
    .filter(({ kind }) => kind === 'CronJob').map(({ spec }) => (spec as { suspend?: boolean }).suspend)
  const going = decideMigration({ ...settled, target: { ...settled.target, image: 'mlflow:1' } }, { ...wanted, image: 'mlflow:1' }, { look: () => ({ state: { state: 'Absent' } }), now: 0 })
  t.equal(going.stage, 'Settled')
  const problem = { reason: 'CABundleConfigMapError', message: 'It is missing' } as const
  t.strictSame(suspended({ migration: going }), [false])
  t.strictSame(suspended({ migration: going, problem }), [true], 'the memory is of the image before')
  t.strictSame(suspended({ problem }), [true])
})

t.test('Kubernetes replaces $(NAME) in commands and variables: there is none', async (t) => {
  t.notMatch(MIGRATION_LAUNCHER, /\$\(/)
  t.notMatch(MIGRATION_PROGRAM, /\$\(/)
})

t.test('a request by annotation counts only with the number of the newest attempt, under either name', async (t) => {
  t.equal(findCommand({ 'sluice.dev/retry': '3' }, 3), '3')
  t.equal(findCommand({ 'sluice.dev/retry': '1', 'mlflow.opendatahub.io/force-migrate': '3' }, 3), '3')
  t.equal(findCommand({ 'mlflow.opendatahub.io/force-migrate': 'true' }, 3), undefined)
  t.equal(findCommand(undefined, 0), undefined)
})

const memory: MigrationMemory = { sequence: 5, attempt: 2, stage: 'Migrating', trigger: 'bootstrap', target: { image: 'i', storesKey: 's', generation: 1 }, preflights: 1, migrations: 1, down: true }
const carrying = (kind: string, state: MigrationMemory | string | undefined, rest: object = {}) => ({ apiVersion: 'v1', kind, metadata: { name: 'x', ...(state !== undefined && { annotations: { 'sluice.dev/state': typeof state === 'string' ? state : formatMemory(state) } }) }, ...rest })
const deployment = (state: MigrationMemory | string | undefined, replicas = 0) => carrying('Deployment', state, { spec: { replicas } })
const over = { status: { conditions: [{ type: 'Complete', status: 'True' }] } }
const settled: MigrationMemory = { ...memory, stage: 'Settled', sequence: 8 }
const wanted: Wanted = { name: 'mlflow', object: { name: 'mlflow', namespace: 'mlflow' }, image: 'i', storesKey: 's', generation: 1, mode: 'Automatic', replicas: 1 }

const memories: Array<{ name: string, given: Parameters<typeof recallMigration>[0], want: Partial<MigrationMemory> | undefined }> = [
  { name: 'nothing at all is no memory', given: { deployment: undefined, jobs: [] }, want: undefined },
  { name: 'that of the Deployment counts', given: { deployment: deployment(settled), jobs: [carrying('Job', memory, over)] }, want: settled },
  { name: 'that of a Job is newer than an old read of the Deployment', given: { deployment: deployment({ ...memory, stage: 'ScalingDown', sequence: 4 }), jobs: [carrying('Job', memory, over)] }, want: memory },
  { name: 'a migration that runs is believed whatever has been written', given: { deployment: deployment(settled, 2), jobs: [carrying('Job', memory)] }, want: { ...memory, sequence: 9 } },
  { name: 'also one that is being deleted', given: { deployment: deployment(settled, 2), jobs: [{ ...carrying('Job', memory), metadata: { ...carrying('Job', memory).metadata, deletionTimestamp: '2027-01-01T00:00:00Z' } }] }, want: { ...memory, sequence: 9 } },
  { name: 'a Deployment that has lost its memory and asks for pods is past a Job that is over', given: { deployment: deployment(undefined, 2), jobs: [carrying('Job', memory, over)] }, want: undefined },
  { name: 'one that asks for none may not be', given: { deployment: deployment('{', 0), jobs: [carrying('Job', memory, over)] }, want: memory },
  { name: 'without a Deployment a Job tells', given: { deployment: undefined, jobs: [carrying('Job', memory, over), carrying('Job', undefined)] }, want: memory }
]

for (const { name, given, want } of memories) {
  t.test(name, async (t) => { t.strictSame(recallMigration(given).memory, want) })
}

t.test('numbers that were given are known where the memory is lost', async (t) => {
  t.strictSame(recallMigration({ deployment: deployment(undefined, 2), jobs: [carrying('Job', memory, over)], status: { attempt: 7, version: '3.17.0' } }), { known: { attempt: 7, sequence: 5, version: '3.17.0' } })
  t.strictSame(recallMigration({ deployment: undefined, jobs: [] }), { known: { attempt: 0, sequence: 1 } })
})

t.test('D10: pods that are ending count where the server counts them, and have their time where it does not', async (t) => {
  const seen = (status: object, pod: object = {}) => {
    const call = request()
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'mlflow', namespace: 'mlflow' }, spec: { replicas: 0, template: { metadata: { labels: { app: 'mlflow' } }, spec: { containers: [{ name: 'mlflow' }], ...pod } } }, status }
    const found = observeMigration({ ...call, children: { ...call.children, 'Deployment.apps/v1': { 'mlflow/mlflow': object } } }, 0).evidence.deployment
    return [found?.pods, found?.grace]
  }
  t.strictSame(seen({ replicas: 1, terminatingReplicas: 2 }), [3, 0])
  t.strictSame(seen({ replicas: 1 }), [1, 30])
  t.strictSame(seen({}, { terminationGracePeriodSeconds: 90 }), [0, 90])
})

t.test('pods that answer and whose template cannot be read are never ended for it', async (t) => {
  const call = request()
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'mlflow', namespace: 'mlflow', generation: 1 }, spec: { replicas: 1 }, status: { observedGeneration: 1, replicas: 1, availableReplicas: 1 } }
  t.throws(() => observeMigration({ ...call, children: { ...call.children, 'Deployment.apps/v1': { 'mlflow/mlflow': object } } }, 0), { name: 'UnprocessableError' })
})
