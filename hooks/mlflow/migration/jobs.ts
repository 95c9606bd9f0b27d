// The two Jobs: the preflight, which reads, and the migration. Both are made of the parts of the server's pod, for they need the same way to the same databases.
import { COMPONENT_LABEL, parentLabel, STATE_ANNOTATION } from '../../core/labels.ts'
import { defined, withoutEmpty } from '../../core/plain-value.ts'
import type { Child } from '../../core/request.ts'
import { fieldSeconds } from '../../core/time.ts'
import { JOB } from '../children.ts'
import { namespacedMetadata, type Request } from '../place.ts'
import type { Fields } from '../resources/given.ts'
import type { ServerPod } from '../resources/server-pod.ts'
import type { JobOrder } from './evidence.ts'
import { TERMINAL_EXITS } from './outcome.ts'
import { MIGRATION_LAUNCHER, MIGRATION_PROGRAM } from './program.ts'

const CONTAINER = 'db-migrate'

/** Pods of one Job that may fail before the Job has. */
const RETRIES = 3

/** Seconds: a look at a few tables, and before it the pull of an image of gigabytes. A pod that cannot start is told of long before. */
const PREFLIGHT_DEADLINE = 1800

/** It finds room beside the server, on its very node where the volume is: a look takes little more than to import MLflow, which is 300 to 500 MB. */
const PREFLIGHT_RESOURCES: Fields = { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } }

/** A day. */
const KEPT = 86_400

const FAILURE_POLICY = {
  rules: [
    // What another try cannot mend.
    { action: 'FailJob', onExitCodes: { containerName: CONTAINER, operator: 'In', values: Object.keys(TERMINAL_EXITS).map(Number) } },
    // A drained node says nothing of a database.
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }
  ]
}

/** Of the server alone: a Secret of it that is missing must not keep the databases from being migrated. */
const NOT_NEEDED = ['mlflow-tls', 'metrics', 'trace-archival-config']

/** It is kept until the next attempt. */
export function makePreflightJob (request: Request, pod: ServerPod, order: JobOrder): Child {
  return jobOf(request, order, { activeDeadlineSeconds: PREFLIGHT_DEADLINE }, templateOf(request, pod, 'preflight'))
}

export function makeMigrationJob (request: Request, pod: ServerPod, order: JobOrder): Child {
  const { ttlSecondsAfterFinished = KEPT, activeDeadline } = request.parent.spec.migration
  return jobOf(request, order, { activeDeadlineSeconds: fieldSeconds(activeDeadline), ttlSecondsAfterFinished }, templateOf(request, pod, 'migration'))
}

/** Either, by the kind that the order names. */
export function makeOrderedJob (request: Request, pod: ServerPod, order: JobOrder): Child {
  return order.kind === 'preflight' ? makePreflightJob(request, pod, order) : makeMigrationJob(request, pod, order)
}

function jobOf (request: Request, { name, state }: JobOrder, limits: Fields, template: Fields): Child {
  const { apiVersion, kind } = JOB
  const metadata = { ...namespacedMetadata(request, name), annotations: { [STATE_ANNOTATION]: state } }
  return { apiVersion, kind, metadata, spec: { backoffLimit: RETRIES, ...limits, podFailurePolicy: FAILURE_POLICY, template } }
}

/**
 * Neither `app` nor `app.kubernetes.io/instance`: the server's Deployment, its Service and its NetworkPolicy would take the pod for a server's, and what policies
 * allow adds up.
 */
function templateOf (request: Request, pod: ServerPod, component: 'preflight' | 'migration'): Fields {
  const mounts = pod.mounts.filter(({ name }) => !NOT_NEEDED.includes(String(name)))
  const init = pod.caInit ? [pod.caInit] : []
  const mounted = new Set([...mounts, ...init.flatMap(({ volumeMounts }) => volumeMounts as Fields[])].map(({ name }) => name))
  const { metadata } = request.parent
  return {
    metadata: {
      labels: {
        ...parentLabel(request.parent),
        [COMPONENT_LABEL]: component,
        'mlflow.opendatahub.io/migration-job': 'true',
        'mlflow.opendatahub.io/migration-instance': metadata.name,
        ...pod.sharedLabels
      }
    },
    spec: {
      restartPolicy: 'Never',
      serviceAccountName: pod.serviceAccountName,
      // Databases are spoken to, and nothing of the cluster.
      automountServiceAccountToken: false,
      securityContext: pod.podSecurityContext,
      ...withoutEmpty({ ...pod.placement, imagePullSecrets: pod.imagePullSecrets, initContainers: init, volumes: pod.volumes.filter(({ name }) => mounted.has(name)) }),
      containers: [containerOf(pod, mounts, component === 'preflight' ? 'preflight' : 'migrate')]
    }
  }
}

function containerOf (pod: ServerPod, mounts: Fields[], mode: 'preflight' | 'migrate'): Fields {
  const { requests, limits } = mode === 'preflight' ? PREFLIGHT_RESOURCES : pod.resources
  return withoutEmpty(defined({
    name: CONTAINER,
    image: pod.image,
    imagePullPolicy: pod.imagePullPolicy,
    command: ['/bin/sh', '-ec', MIGRATION_LAUNCHER],
    env: environmentOf(pod.env, mode),
    envFrom: pod.envFrom,
    // Claims of devices are the server's.
    resources: defined({ requests, limits }),
    securityContext: pod.securityContext,
    volumeMounts: mounts,
    terminationMessagePolicy: 'FallbackToLogsOnError'
  }))
}

/** Ours win. A replica is not migrated, and an entry without a value is an empty one, in the only form that the API server keeps. */
function environmentOf (env: Fields[], mode: 'preflight' | 'migrate'): Fields[] {
  const ours: Fields[] = [
    { name: 'MLFLOW_READ_REPLICA_BACKEND_STORE_URI' },
    { name: 'MIGRATION_MODE', value: mode },
    { name: 'TERMINATION_LOG', value: '/dev/termination-log' },
    { name: 'MIGRATION_PYTHON_SCRIPT', value: MIGRATION_PROGRAM }
  ]
  return [...env.filter(({ name }) => !ours.some((entry) => entry.name === name)), ...ours]
}
