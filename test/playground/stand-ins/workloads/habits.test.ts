// What the real controllers of Jobs, Deployments, ReplicaSets and autoscalers do and say (Kubernetes 1.35), row by row.
import t from 'tap'
import { syncAutoscaler, type Autoscaler } from '../../../../playground/stand-ins/workloads/autoscaler.ts'
import { createDatabases } from '../../../../playground/stand-ins/workloads/databases.ts'
import { syncDeployment } from '../../../../playground/stand-ins/workloads/deployment.ts'
import { makeJobPod, syncJob } from '../../../../playground/stand-ins/workloads/job.ts'
import type { Condition, Pod } from '../../../../playground/stand-ins/workloads/objects.ts'
import { podStatus, type Progress } from '../../../../playground/stand-ins/workloads/pod-status.ts'
import { syncReplicaSet } from '../../../../playground/stand-ins/workloads/replica-set.ts'
import { at, deployment, job, jobPod, progressing, replicaSet, START } from './objects.ts'

const said = (conditions: readonly Condition[] = []): string[] => conditions.map(({ type, status, reason = '' }) => `${type}=${status} ${reason}`.trim())

t.test('a Job', async (t) => {
  const begun = { startTime: at(0) }
  const failing = (reason: string, message: string) => ({ type: 'FailureTarget', status: 'True' as const, reason, message, lastTransitionTime: at(10) })
  const rows = [
    { name: 'begins with one pod', job: job(), pods: [], now: 0, want: { create: 1, conditions: [], next: 3600 } },
    { name: 'waits for a pod that runs', job: job(begun), pods: [jobPod('Running')], now: 5, want: { create: 0, conditions: [], next: 3600 } },
    { name: 'has met its aim before it is complete', job: job(begun), pods: [jobPod('Succeeded')], now: 11, want: { create: 0, succeeded: 1, conditions: ['SuccessCriteriaMet=True CompletionsReached'] } },
    { name: 'is complete', job: job({ ...begun, succeeded: 1, conditions: [{ type: 'SuccessCriteriaMet', status: 'True', lastTransitionTime: at(10) }] }), pods: [jobPod('Succeeded', { isCounted: true })], now: 11, want: { create: 0, succeeded: 1, conditions: ['SuccessCriteriaMet=True', 'Complete=True CompletionsReached'] } },
    { name: 'waits 10 s after a first failure', job: job(begun), pods: [jobPod('Failed', { exitCode: 1 })], now: 11, want: { create: 0, failed: 1, conditions: [], next: 20 } },
    { name: 'tries again after that', job: job({ ...begun, failed: 1 }), pods: [jobPod('Failed', { exitCode: 1, isCounted: true })], now: 20, want: { create: 1, failed: 1, conditions: [], next: 3600 } },
    { name: 'waits 20 s after a second failure', job: job({ ...begun, failed: 1 }), pods: [jobPod('Failed', { exitCode: 1, isCounted: true }), jobPod('Failed', { exitCode: 1, endedAt: 30 })], now: 31, want: { create: 0, failed: 2, conditions: [], next: 50 } },
    { name: 'fails when there are more failures than its limit', job: job({ ...begun, failed: 3 }), pods: [jobPod('Failed', { exitCode: 1 })], now: 11, want: { create: 0, failed: 4, conditions: ['FailureTarget=True BackoffLimitExceeded'] } },
    { name: 'fails at once by a rule for exit codes', job: job(begun), pods: [jobPod('Failed', { exitCode: 42 })], now: 11, want: { create: 0, failed: 1, conditions: ['FailureTarget=True PodFailurePolicy'] } },
    { name: 'has failed when no pod is left', job: job({ ...begun, failed: 1, conditions: [failing('PodFailurePolicy', 'why')] }), pods: [jobPod('Failed', { exitCode: 42, isCounted: true })], now: 11, want: { create: 0, failed: 1, conditions: ['FailureTarget=True PodFailurePolicy', 'Failed=True PodFailurePolicy'] } },
    { name: 'does not count what a rule ignores', job: job(begun), pods: [jobPod('Failed', { exitCode: 137, conditions: [{ type: 'DisruptionTarget', status: 'True', lastTransitionTime: at(9) }] })], now: 30, want: { create: 1, conditions: [], next: 3600 } },
    { name: 'ends its pod at its deadline', job: job(begun, { activeDeadlineSeconds: 60 }), pods: [jobPod('Running')], now: 60, want: { create: 0, remove: 1, conditions: ['FailureTarget=True DeadlineExceeded'] } },
    { name: 'waits until that has gone', job: job({ ...begun, conditions: [failing('DeadlineExceeded', 'why')] }), pods: [jobPod('Running', { isLeaving: true })], now: 61, want: { create: 0, conditions: ['FailureTarget=True DeadlineExceeded'] } },
    { name: 'with a failure policy makes no other pod while one leaves', job: job(begun), pods: [jobPod('Running', { isLeaving: true })], now: 11, want: { create: 0, conditions: [], next: 3600 } },
    { name: 'without one does', job: { ...job(begun), spec: (({ podFailurePolicy: _, ...spec }) => spec)(job().spec) }, pods: [jobPod('Running', { isLeaving: true })], now: 11, want: { create: 1, conditions: [], next: 3600 } }
  ]
  for (const { name, job: given, pods, now, want } of rows) {
    const { status, create, remove, next } = syncJob(given, pods, START + now * 1000)
    const { succeeded, failed } = status
    t.same({ create, ...(remove.length > 0 && { remove: remove.length }), ...(succeeded && { succeeded }), ...(failed && { failed }), conditions: said(status.conditions), ...(next && { next: (next - START) / 1000 }) }, want, name)
  }
  const { status } = syncJob(job(begun), [jobPod('Failed', { exitCode: 42 })], START)
  t.equal(status.conditions?.[0]?.message, 'Container download for pod models/fetch-x7k2p failed with exit code 42 matching FailJob rule at index 0', 'its message names container, pod, exit code and rule')
  t.same(makeJobPod(job()).metadata.labels, { 'job-name': 'fetch', 'batch.kubernetes.io/job-name': 'fetch', 'controller-uid': 'uid-of-fetch', 'batch.kubernetes.io/controller-uid': 'uid-of-fetch' }, 'its pods carry its name and uid')
})

t.test('a Deployment', async (t) => {
  const created = [progressing('NewReplicaSetCreated', 0)]
  const available = { type: 'Available', status: 'True' as const, reason: 'MinimumReplicasAvailable', lastTransitionTime: at(0) }
  const done = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [progressing('NewReplicaSetAvailable', 0), available] }
  const rows = [
    { name: 'makes a ReplicaSet before it says that it has seen the template', given: deployment('a'), sets: [], now: 0, want: { create: 1, conditions: ['Progressing=True NewReplicaSetCreated'] } },
    { name: 'waits for its pods', given: deployment('a', { status: { conditions: created } }), sets: [replicaSet('a', { revision: 1, replicas: 1, pods: 0 })], now: 1, want: { observed: 1, conditions: ['Progressing=True NewReplicaSetCreated', 'Available=False MinimumReplicasUnavailable'], next: 61 } },
    { name: 'progresses by pods that are made', given: deployment('a', { status: { conditions: created } }), sets: [replicaSet('a', { revision: 1, replicas: 1, answering: 0 })], now: 1, want: { observed: 1, conditions: ['Progressing=True ReplicaSetUpdated', 'Available=False MinimumReplicasUnavailable'], next: 62 } },
    { name: 'is complete when they answer', given: deployment('a', { status: { conditions: created } }), sets: [replicaSet('a', { revision: 1, replicas: 1 })], now: 1, want: { observed: 1, conditions: ['Progressing=True NewReplicaSetAvailable', 'Available=True MinimumReplicasAvailable'] } },
    { name: 'has timed out a moment after its deadline', given: deployment('a', { status: { updatedReplicas: 1, replicas: 1, conditions: [progressing('ReplicaSetUpdated', 0)] } }), sets: [replicaSet('a', { revision: 1, replicas: 1, answering: 0 })], now: 61, want: { observed: 1, conditions: ['Progressing=False ProgressDeadlineExceeded', 'Available=False MinimumReplicasUnavailable'] } },
    { name: 'and not before', given: deployment('a', { status: { updatedReplicas: 1, replicas: 1, conditions: [progressing('ReplicaSetUpdated', 0)] } }), sets: [replicaSet('a', { revision: 1, replicas: 1, answering: 0 })], now: 60, want: { observed: 1, conditions: ['Progressing=True ReplicaSetUpdated', 'Available=False MinimumReplicasUnavailable'], next: 61 } },
    { name: 'does not time out once it was complete, whatever becomes of its pods', given: deployment('a', { status: done }), sets: [replicaSet('a', { revision: 1, replicas: 1, answering: 0 })], now: 9999, want: { observed: 1, conditions: ['Progressing=True NewReplicaSetAvailable', 'Available=False MinimumReplicasUnavailable'] } },
    { name: 'is complete late, too', given: deployment('a', { status: { updatedReplicas: 1, replicas: 1, conditions: [progressing('ProgressDeadlineExceeded', 60, 'False')] } }), sets: [replicaSet('a', { revision: 1, replicas: 1 })], now: 99, want: { observed: 1, conditions: ['Progressing=True NewReplicaSetAvailable', 'Available=True MinimumReplicasAvailable'] } },
    { name: 'makes another ReplicaSet for another template, and says that it saw the old one', given: deployment('b', { generation: 2, status: done }), sets: [replicaSet('a', { revision: 1, replicas: 1 })], now: 5, want: { observed: 1, create: 1, conditions: ['Progressing=True NewReplicaSetCreated', 'Available=True MinimumReplicasAvailable'] } },
    { name: 'takes no old pod while the new one does not answer', given: deployment('b', { generation: 2, status: done }), sets: [replicaSet('a', { revision: 1, replicas: 1 }), replicaSet('b', { revision: 2, replicas: 1, answering: 0 })], now: 6, want: { observed: 2, conditions: ['Progressing=True NewReplicaSetAvailable', 'Available=True MinimumReplicasAvailable'] } },
    { name: 'takes it when it does', given: deployment('b', { generation: 2, status: { ...done, conditions: created } }), sets: [replicaSet('a', { revision: 1, replicas: 1 }), replicaSet('b', { revision: 2, replicas: 1 })], now: 6, want: { observed: 2, scale: ['m-a 0'], conditions: ['Progressing=True ReplicaSetUpdated', 'Available=True MinimumReplicasAvailable'], next: 67 } },
    { name: 'clears away the empty one at the end', given: deployment('b', { generation: 2, status: done }), sets: [replicaSet('a', { revision: 1, replicas: 0 }), replicaSet('b', { revision: 2, replicas: 1 })], now: 8, want: { observed: 2, remove: ['m-a'], conditions: ['Progressing=True NewReplicaSetAvailable', 'Available=True MinimumReplicasAvailable'] } },
    { name: 'keeps as many as its history holds', given: deployment('b', { generation: 2, status: done, limit: 1 }), sets: [replicaSet('a', { revision: 1, replicas: 0 }), replicaSet('b', { revision: 2, replicas: 1 })], now: 8, want: { observed: 2, conditions: ['Progressing=True NewReplicaSetAvailable', 'Available=True MinimumReplicasAvailable'] } },
    { name: 'ends new pods that do not answer when it returns', given: deployment('a', { generation: 3, status: { ...done, conditions: [progressing('ProgressDeadlineExceeded', 60, 'False')] } }), sets: [replicaSet('a', { revision: 1, replicas: 1 }), replicaSet('b', { revision: 2, replicas: 1, answering: 0 })], now: 70, want: { observed: 3, scale: ['m-b 0'], conditions: ['Progressing=False ProgressDeadlineExceeded', 'Available=True MinimumReplicasAvailable'], revision: '3' } },
    { name: 'is scaled up by its one ReplicaSet', given: deployment('a', { replicas: 3, generation: 2, status: done }), sets: [replicaSet('a', { revision: 1, replicas: 1 })], now: 5, want: { observed: 2, scale: ['m-a 3'], conditions: ['Progressing=True NewReplicaSetAvailable', 'Available=False MinimumReplicasUnavailable'] } }
  ]
  for (const { name, given, sets, now, want } of rows) {
    const { status, create, scale, remove, revision, next } = syncDeployment(given, sets, START + now * 1000)
    const got = {
      ...(status.observedGeneration && { observed: status.observedGeneration }), ...(create && { create: create.spec.replicas as number }), ...(scale.length > 0 && { scale: scale.map(({ set, replicas }) => `${set.metadata.name} ${replicas}`) }),
      ...(remove.length > 0 && { remove: remove.map(({ metadata }) => metadata.name) }), conditions: said(status.conditions), ...(next && { next: (next - START) / 1000 }), ...('revision' in want && { revision })
    }
    t.same(got, want, name)
  }
})

t.test('a ReplicaSet', async (t) => {
  const pod = (name: string, { phase = 'Running' as const, ready = true, age = 0 } = {}): Pod => ({ ...jobPod(phase), metadata: { name, creationTimestamp: at(-age) }, spec: { restartPolicy: 'Always', nodeName: 'n', containers: [] }, status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at(-age) }] } })
  const rows = [
    { name: 'makes what is missing', replicas: 2, pods: [pod('a')], want: { create: 1, remove: [], ready: 1 } },
    { name: 'ends those first that do not answer', replicas: 1, pods: [pod('a'), pod('b', { ready: false })], want: { create: 0, remove: ['b'], ready: 1 } },
    { name: 'and of those that do the younger', replicas: 1, pods: [pod('old', { age: 60 }), pod('young', { age: 1 })], want: { create: 0, remove: ['young'], ready: 2 } },
    { name: 'does not count pods that are over', replicas: 1, pods: [jobPod('Failed', { exitCode: 1 })], want: { create: 1, remove: [], ready: 0 } }
  ]
  for (const { name, replicas, pods, want } of rows) {
    const { status, create, remove } = syncReplicaSet(replicaSet('a', { revision: 1, replicas }), pods)
    t.same({ create, remove: remove.map(({ metadata }) => metadata.name), ready: status.readyReplicas }, want, name)
  }
})

t.test('a HorizontalPodAutoscaler', async (t) => {
  const given: Autoscaler = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'm' }, spec: { scaleTargetRef: { kind: 'Deployment', name: 'm' }, minReplicas: 2, maxReplicas: 5, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }] } }
  const rows = [
    { name: 'has nothing to scale', replicas: undefined, utilization: 80, want: { conditions: ['AbleToScale=False FailedGetScale'] } },
    { name: 'raises to the least, also unmeasured', replicas: 1, utilization: undefined, want: { replicas: 2, conditions: ['AbleToScale=True SucceededRescale'] } },
    { name: 'says so where nobody measures', replicas: 2, utilization: undefined, want: { conditions: ['AbleToScale=True SucceededGetScale', 'ScalingActive=False FailedGetResourceMetric'] } },
    { name: 'lets stopped ones be', replicas: 0, utilization: 80, want: { conditions: ['AbleToScale=True SucceededGetScale', 'ScalingActive=False ScalingDisabled'] } },
    { name: 'lets them be within a tenth', replicas: 2, utilization: 87, want: { conditions: ['AbleToScale=True SucceededGetScale', 'ScalingActive=True ValidMetricFound', 'ScalingLimited=False DesiredWithinRange'] } },
    { name: 'scales up in proportion', replicas: 2, utilization: 120, want: { replicas: 3, conditions: ['AbleToScale=True SucceededRescale', 'ScalingActive=True ValidMetricFound', 'ScalingLimited=False DesiredWithinRange'] } },
    { name: 'to the most', replicas: 4, utilization: 200, want: { replicas: 5, conditions: ['AbleToScale=True SucceededRescale', 'ScalingActive=True ValidMetricFound', 'ScalingLimited=True TooManyReplicas'] } },
    { name: 'not down while more was right lately', replicas: 4, utilization: 20, lately: [{ at: START - 60_000, replicas: 4 }], want: { conditions: ['AbleToScale=True SucceededGetScale', 'ScalingActive=True ValidMetricFound', 'ScalingLimited=False DesiredWithinRange'] } },
    { name: 'down after five minutes', replicas: 4, utilization: 20, lately: [{ at: START - 301_000, replicas: 4 }], want: { replicas: 2, conditions: ['AbleToScale=True SucceededRescale', 'ScalingActive=True ValidMetricFound', 'ScalingLimited=True TooFewReplicas'] } }
  ]
  for (const { name, replicas, utilization, lately = [], want } of rows) {
    const sync = syncAutoscaler(given, { replicas, utilization, recommendations: lately, now: START })
    t.same({ ...(sync.replicas && { replicas: sync.replicas }), conditions: said(sync.status.conditions) }, want, name)
  }
})

t.test('a pod', async (t) => {
  const ended = (exitCode: number): Progress['state'] => ({ terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: at(0), finishedAt: at(1) } })
  const running: Progress = { state: { running: { startedAt: at(0) } } }
  const pod = (restartPolicy: 'Always' | 'Never'): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { restartPolicy, initContainers: [{ name: 'download', image: 'sluice' }], containers: [{ name: 'server', image: 'server' }] } })
  const rows: Array<{ name: string, policy: 'Always' | 'Never', containers: Record<string, Progress>, want: [string, string, string] }> = [
    { name: 'is pending while an init container runs', policy: 'Always', containers: { download: running }, want: ['Pending', 'False', 'False'] },
    { name: 'that fails is tried again', policy: 'Always', containers: { download: { state: ended(1) } }, want: ['Pending', 'False', 'False'] },
    { name: 'or not', policy: 'Never', containers: { download: { state: ended(42) } }, want: ['Failed', 'False', 'False'] },
    { name: 'runs', policy: 'Always', containers: { download: { state: ended(0), ready: true }, server: running }, want: ['Running', 'True', 'False'] },
    { name: 'is ready', policy: 'Always', containers: { download: { state: ended(0), ready: true }, server: { ...running, ready: true } }, want: ['Running', 'True', 'True'] },
    { name: 'still runs between two crashes', policy: 'Always', containers: { download: { state: ended(0), ready: true }, server: { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(1), restarts: 2 } }, want: ['Running', 'True', 'False'] },
    { name: 'that cannot be made has not run', policy: 'Always', containers: { download: { state: ended(0), ready: true }, server: { state: { waiting: { reason: 'CreateContainerConfigError' } } } }, want: ['Pending', 'True', 'False'] },
    { name: 'succeeds', policy: 'Never', containers: { download: { state: ended(0), ready: true }, server: { state: ended(0) } }, want: ['Succeeded', 'True', 'False'] },
    { name: 'fails', policy: 'Never', containers: { download: { state: ended(0), ready: true }, server: { state: ended(1) } }, want: ['Failed', 'True', 'False'] }
  ]
  for (const { name, policy, containers, want } of rows) {
    const { phase, conditions = [] } = podStatus(pod(policy), { containers, startedAt: START }, START)
    const statusOf = (type: string): string => conditions.find((condition) => condition.type === type)?.status ?? ''
    t.same([phase, statusOf('Initialized'), statusOf('Ready')], want, name)
  }
})

t.test('a database of MLflow', async (t) => {
  const databases = createDatabases()
  const folder = '/somewhere/claims/one'
  const at = (image: string, variables: Record<string, string> = {}) => ({ image: `mlflow:${image}`, variables: { MLFLOW_BACKEND_STORE_URI: 'sqlite:////mlflow/mlflow.db', ...variables }, mounts: [{ mountPath: '/mlflow', folder }] })
  const run = (mode: string, image: string, variables = {}): { exitCode: number, told: any } => {
    const { exitCode, message } = databases.migrate(at(image, { MIGRATION_MODE: mode, ...variables }))
    return { exitCode, told: JSON.parse(message) }
  }
  const revision = (): string | undefined => databases.revision(`${folder}/mlflow.db`)
  t.match(run('preflight', 'v3.17.2'), { exitCode: 0, told: { version: '3.17.2', stores: [{ store: 'backend', dialect: 'sqlite', before: null, after: null }] } }, 'that nobody has used has no tables, and a look makes none')
  const made = run('migrate', 'v3.17.2')
  t.strictSame([made.told.stores[0].before, made.told.stores[0].after, revision()], [null, made.told.stores[0].head, made.told.stores[0].head], 'gets them by a migration')
  t.strictSame([databases.open(at('v3.17.9')), revision()], [undefined, made.told.stores[0].head], 'does for every patch release')
  t.match(databases.open(at('v3.18.0')), /out-of-date database schema/, 'must be migrated for a newer one')
  t.match(run('migrate', 'v3.18.0-migration-fails-15'), { exitCode: 15, told: { reason: 'PlaygroundFailure', result: { stores: [{ before: revision(), after: revision() }] } } }, 'is not touched by a migration that fails at once')
  const before = revision()
  t.match(run('migrate', 'v3.18.0-migration-breaks-13'), { exitCode: 13, told: { result: { stores: [{ before }] } } })
  t.not(revision(), before, 'is touched by one that breaks')
  t.match(databases.open(at('v3.17.2')), /out-of-date/, 'which nothing starts with')
  t.match([run('migrate', 'v3.18.0').exitCode, databases.open(at('v3.18.0'))], [0, undefined], 'until it is migrated')
  t.match(run('preflight', 'v3.17.2'), { exitCode: 10, told: { reason: 'UnknownRevision' } }, 'is unknown to an older MLflow')
  t.match(run('preflight', 'v3.18.0-preflight-fails-14'), { exitCode: 14 })
  t.match([run('preflight', 'v3', { MLFLOW_BACKEND_STORE_URI: 'mssql://x' }).exitCode, run('preflight', 'v3.18', { MLFLOW_REGISTRY_STORE_URI: 'file:///x' }).exitCode], [11, 12], 'is of a kind that can be migrated')
  databases.put('postgresql://x/y', '3.16.0')
  t.ok(databases.open(at('v3.17', { MLFLOW_BACKEND_STORE_URI: 'postgresql://x/y' })), 'may have been there before')
})
