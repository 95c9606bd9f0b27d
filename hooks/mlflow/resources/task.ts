// What runs beside an MLflow server by a schedule: a CronJob made of the parts of the server's pod, and whom it is for the API server.
import { childLabels, COMPONENT_LABEL } from '../../core/labels.ts'
import { defined, withoutEmpty } from '../../core/plain-value.ts'
import type { Child } from '../../core/request.ts'
import { CRON_JOB, SERVICE_ACCOUNT } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, type Request } from '../place.ts'
import type { ServerResources } from '../schema/fields.ts'
import { withAnnotations } from '../user-metadata.ts'
import { mergedResources, TASK } from './compute.ts'
import type { Fields } from './given.ts'
import { lookOf, serverPod } from './server-pod.ts'

export type Task = {
  name: string
  component: 'garbage-collection' | 'trace-archival'
  account: string
  when: { schedule: string, timeZone?: string, suspend?: boolean }
  /** Seconds after which a run is given up: none begins before the last one has ended, so one that hangs would be the last. */
  activeDeadlineSeconds: number
  container: { command: string[], args?: string[], env: Fields[], mounts: Fields[] }
  /** Volumes that its mounts may name. */
  volumes: Fields[]
  init: Fields[]
  resources: ServerResources | undefined
}

/** Seconds: a run that was due while a migration went on is made up for within the hour. */
const LATEST_START = 3600

export function makeTask (request: Request, task: Task): Child {
  const { apiVersion, kind } = CRON_JOB
  const labels = { app: task.name, labels: { [COMPONENT_LABEL]: task.component } }
  return {
    apiVersion,
    kind,
    metadata: namespacedMetadata(request, task.name, labels),
    spec: {
      ...timesOf(task.when),
      startingDeadlineSeconds: LATEST_START,
      concurrencyPolicy: 'Forbid',
      suspend: task.when.suspend === true,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: { spec: { backoffLimit: 1, activeDeadlineSeconds: task.activeDeadlineSeconds, template: templateOf(request, task) } }
    }
  }
}

/** With the annotations of the server's, for clouds that give permissions by them: it reaches the same places. */
export function makeTaskAccount (request: Request, { name, account }: Pick<Task, 'name' | 'account'>): Child {
  const { apiVersion, kind } = SERVICE_ACCOUNT
  const metadata = withAnnotations(namespacedMetadata(request, account, { app: name }), request.parent.spec.serviceAccountAnnotations)
  return { apiVersion, kind, metadata, automountServiceAccountToken: false }
}

/** A time zone in the schedule is refused by the API server, which has a field for it. */
function timesOf ({ schedule, timeZone }: Task['when']): Fields {
  const [, zone, rest] = /^(?:CRON_)?TZ=([^ ]+) +(.*)$/.exec(schedule) ?? []
  return defined({ schedule: rest ?? schedule, timeZone: timeZone ?? zone })
}

/** The instance is the server's: one NetworkPolicy is for both. */
function templateOf (request: Request, task: Task): Fields {
  const { parent } = request
  const pod = serverPod(request)
  const mounted = new Set([...task.container.mounts, ...task.init.flatMap(({ volumeMounts }) => volumeMounts as Fields[])].map(({ name }) => name))
  return {
    metadata: {
      labels: {
        ...childLabels(parent),
        app: task.name,
        'app.kubernetes.io/instance': namesOf(parent.metadata.name).server,
        [COMPONENT_LABEL]: task.component,
        component: 'mlflow',
        ...pod.sharedLabels
      }
    },
    spec: withoutEmpty({
      restartPolicy: 'Never',
      serviceAccountName: task.account,
      // The Kubernetes plugin lists workspaces, and shows the server the token.
      automountServiceAccountToken: parent.spec.auth.mode === 'Kubernetes',
      imagePullSecrets: pod.imagePullSecrets,
      securityContext: pod.podSecurityContext,
      ...pod.placement,
      initContainers: task.init,
      containers: [containerOf(request, task)],
      volumes: task.volumes.filter(({ name }) => mounted.has(name))
    })
  }
}

function containerOf (request: Request, { component, container, resources }: Task): Fields {
  const { image, securityContext } = lookOf(request)
  const { envFrom } = serverPod(request)
  const { command, args, env, mounts } = container
  // Claims of devices are the server's.
  const { claims: _claims, ...amounts } = resources ?? {}
  return withoutEmpty(defined({
    name: component,
    ...image,
    command,
    args,
    env,
    envFrom,
    resources: mergedResources(amounts, TASK),
    securityContext,
    volumeMounts: mounts,
    terminationMessagePolicy: 'FallbackToLogsOnError'
  }))
}

/** Mounts of the server that are not for it alone: scratch space, the volume, and what the user adds. `also`: further ones by the names of their volumes. */
export function sharedMounts (request: Request, also: string[] = []): Fields[] {
  const users = (request.parent.spec.extraVolumeMounts ?? []).map(({ name }) => name)
  const names = new Set(['tmp', 'mlflow-storage', ...users, ...also])
  return serverPod(request).mounts.filter(({ name }) => names.has(String(name)))
}

/** Variables that only a server looks at, and the replica, which may lag behind what is to be deleted or moved. */
const SERVER_ONLY = new Set([
  'MLFLOW_SERVER_ENABLE_JOB_EXECUTION', 'MLFLOW_SERVER_CORS_ALLOWED_ORIGINS', 'MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE', 'MLFLOW_K8S_AUTH_AUTHORIZATION_MODE',
  'UVICORN_SSL_CIPHERS', 'MLFLOW_READ_REPLICA_BACKEND_STORE_URI', 'POD_IP'
])

/** The server's environment, as far as it is not for servers alone, and `own` beside it. Of one name there is one entry: the user's, or else the first. */
export function taskEnvironment (request: Request, own: Fields[]): Fields[] {
  const users = new Set((request.parent.spec.env ?? []).map(({ name }) => name))
  const servers = serverPod(request).env.filter(({ name }) => users.has(String(name)) || !SERVER_ONLY.has(String(name)))
  const names = new Set(servers.map(({ name }) => name))
  return [...servers, ...own.filter(({ name }) => !names.has(name))]
}

/** What makes MLflow look into all workspaces, where the server has them. */
export function workspaceEnvironment ({ parent: { spec } }: Request): Fields[] {
  return spec.auth.mode === 'Kubernetes' ? [{ name: 'MLFLOW_ENABLE_WORKSPACES', value: 'true' }, { name: 'MLFLOW_WORKSPACE_STORE_URI', value: 'kubernetes://' }] : []
}
