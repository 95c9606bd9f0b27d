// What a cluster does with Jobs, Deployments, autoscalers and volume claims: the pure controllers, run against the API server until nothing is left to do.
import type { KubeObject } from '../../api-server/kube-object.ts'
import type { Clock } from '../clock.ts'
import { LOOK_MS, syncAutoscaler, type Autoscaler, type Recommendations } from './autoscaler.ts'
import type { Cluster } from './cluster.ts'
import type { Deployment } from './deployment-status.ts'
import { CLAIM_FINALIZER, STOPPING_FINALIZER, withoutFinalizer } from './finalizers.ts'
import { REVISION_ANNOTATION, revisionOf, syncDeployment } from './deployment.ts'
import { makeJobPod, syncJob, TRACKING_FINALIZER, type Job } from './job.ts'
import { controllerOf, isOver, isOwnedBy, makePod, type Pod, type ReplicaSet } from './objects.ts'
import { syncReplicaSet } from './replica-set.ts'

export interface ControllersOptions {
  cluster: Cluster
  clock: Clock
  /** Use of what the pods of a Deployment have asked for, in percent; undefined where nobody measures. */
  utilization: (deployment: KubeObject) => number | undefined
  /** How long a pod takes to go, in milliseconds. */
  stopTime: (pod: Pod) => number
}

export interface Controllers {
  /** Does what there is to do now; returns when it is to be called again at the latest, in milliseconds. */
  pass (): number
}

/** The controllers, with what they remember of autoscalers. */
export function createControllers ({ cluster, clock, utilization, stopTime }: ControllersOptions): Controllers {
  const scaling = new Map<string, { look: number, recommendations: Recommendations }>()
  return {
    pass () {
      const now = clock.now()
      const pods = cluster.list<Pod>('Pod')
      for (const claim of cluster.list('PersistentVolumeClaim')) keepClaim(cluster, claim, pods)
      releaseOrphans(cluster, pods)
      const jobs = cluster.list<Job>('Job').map((job) => runJob(cluster, job, { pods, now }))
      for (const set of cluster.list<ReplicaSet>('ReplicaSet')) runReplicaSet(cluster, set, { pods, stopTime })
      const deployments = cluster.list<Deployment>('Deployment').map((deployment) => runDeployment(cluster, deployment, now))
      const autoscalers = cluster.list<Autoscaler>('HorizontalPodAutoscaler')
      const looks = autoscalers.map((autoscaler) => {
        const uid = autoscaler.metadata.uid ?? ''
        const { look, recommendations } = scaling.get(uid) ?? { look: now, recommendations: [] }
        if (now < look) return look
        scaling.set(uid, { look: now + LOOK_MS, recommendations: runAutoscaler(cluster, autoscaler, { recommendations, utilization, now }) })
        return now + LOOK_MS
      })
      for (const uid of scaling.keys()) if (!autoscalers.some(({ metadata }) => metadata.uid === uid)) scaling.delete(uid)
      return Math.min(...jobs, ...deployments, ...looks)
    }
  }
}

function isLeaving ({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}

/** Bound at once to a volume of the size that is asked for. */
function keepClaim (cluster: Cluster, claim: KubeObject, pods: readonly Pod[]): void {
  const { uid, finalizers = [] } = claim.metadata
  if (isLeaving(claim)) {
    if (finalizers.includes(CLAIM_FINALIZER) && !pods.some((pod) => hasMounted(pod, claim))) cluster.change(claim, withoutFinalizer(CLAIM_FINALIZER))
    return
  }
  if (claim.status?.phase === 'Bound') {
    // An expansion takes no time.
    cluster.putStatus(claim, { ...claim.status, capacity: claim.spec.resources.requests })
    return
  }
  cluster.change(claim, ({ metadata, spec, ...object }) => ({ ...object, metadata: { ...metadata, finalizers: [...finalizers, CLAIM_FINALIZER] }, spec: { ...spec, volumeName: `pvc-${uid}` } }))
  cluster.putStatus(claim, { phase: 'Bound', accessModes: claim.spec.accessModes, capacity: claim.spec.resources.requests })
}

function hasMounted ({ metadata, spec: { volumes = [] }, status }: Pod, claim: KubeObject): boolean {
  return metadata.namespace === claim.metadata.namespace && !isOver(status) && volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim.metadata.name)
}

/** Pods of Jobs that are gone wait for nobody. */
function releaseOrphans (cluster: Cluster, pods: readonly Pod[]): void {
  for (const pod of pods) {
    if (!pod.metadata.finalizers?.includes(TRACKING_FINALIZER)) continue
    const owner = controllerOf(pod)
    if (!owner || cluster.find('Job', pod.metadata.namespace, owner.name)?.metadata.uid !== owner.uid) cluster.change(pod, withoutFinalizer(TRACKING_FINALIZER))
  }
}

function runJob (cluster: Cluster, job: Job, { pods, now }: { pods: readonly Pod[], now: number }): number {
  if (isLeaving(job)) return Infinity
  const end = expiryOf(job)
  if (now >= end) {
    cluster.remove(job)
    return Infinity
  }
  const sync = syncJob(job, pods.filter((pod) => isOwnedBy(job, pod)), now)
  cluster.putStatus(job, sync.status)
  for (const pod of sync.release) cluster.change(pod, withoutFinalizer(TRACKING_FINALIZER))
  for (const pod of sync.remove) cluster.remove(pod)
  for (let made = 0; made < sync.create; made++) cluster.create(makeJobPod(job), job.metadata.namespace)
  return sync.next ?? end
}

/** When a Job that is over is to be cleared away, in milliseconds. */
function expiryOf ({ spec: { ttlSecondsAfterFinished: kept }, status }: Job): number {
  const over = status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
  return over && kept !== undefined ? Date.parse(over.lastTransitionTime) + kept * 1000 : Infinity
}

function runReplicaSet (cluster: Cluster, set: ReplicaSet, { pods, stopTime }: { pods: readonly Pod[], stopTime: ControllersOptions['stopTime'] }): void {
  if (isLeaving(set)) return
  const sync = syncReplicaSet(set, pods.filter((pod) => isOwnedBy(set, pod)))
  cluster.putStatus(set, sync.status)
  for (const pod of sync.remove) cluster.remove(pod)
  for (let made = 0; made < sync.create; made++) cluster.create(makeServerPod(set, stopTime), set.metadata.namespace)
}

function makeServerPod (set: ReplicaSet, stopTime: ControllersOptions['stopTime']): KubeObject {
  const pod = makePod(set, set.spec.template)
  return stopTime(pod as Pod) > 0 ? makePod(set, set.spec.template, { finalizers: [STOPPING_FINALIZER] }) : pod
}

function runDeployment (cluster: Cluster, deployment: Deployment, now: number): number {
  if (isLeaving(deployment)) return Infinity
  const sets = cluster.list<ReplicaSet>('ReplicaSet').filter((set) => isOwnedBy(deployment, set))
  const sync = syncDeployment(deployment, sets, now)
  const numbered = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [REVISION_ANNOTATION]: sync.revision } } })
  if (sync.create) cluster.create(sync.create, deployment.metadata.namespace)
  for (const { set, replicas } of sync.scale) cluster.scale(set, replicas)
  for (const set of sync.remove) cluster.remove(set)
  if (sync.current && String(revisionOf(sync.current)) !== sync.revision) cluster.change(sync.current, numbered)
  if (String(revisionOf(deployment)) !== sync.revision) cluster.change(deployment, numbered)
  cluster.putStatus(deployment, sync.status)
  return sync.next ?? Infinity
}

function runAutoscaler (cluster: Cluster, autoscaler: Autoscaler, { recommendations, utilization, now }: { recommendations: Recommendations, utilization: ControllersOptions['utilization'], now: number }): Recommendations {
  const target = cluster.find<Deployment>('Deployment', autoscaler.metadata.namespace, autoscaler.spec.scaleTargetRef.name)
  const sync = syncAutoscaler(autoscaler, { replicas: target?.spec.replicas, utilization: target && utilization(target), recommendations, now })
  if (target && sync.replicas !== undefined) cluster.scale(target, sync.replicas)
  cluster.putStatus(autoscaler, sync.status)
  return sync.recommendations
}
