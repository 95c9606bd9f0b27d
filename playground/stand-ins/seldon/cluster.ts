// What the Deployment controller and the kubelet do with Deployments: make pods, load models, replace, give up.
import { isDown } from './world.ts'
import type { Deployment, Pod, World } from './world.ts'

export interface PodKind {
  readonly predictor: string
  readonly modelUri: string
  readonly image: string
}

export interface Cluster {
  /** Milliseconds from a container's start until it is ready. */
  readonly loadTime: (pod: PodKind) => number
  /** True for models and images that never come up. */
  readonly isBroken: (pod: PodKind) => boolean
  /** progressDeadlineSeconds where a predictor sets none, in milliseconds; Kubernetes's default is 600 s. */
  readonly progressDeadline: number
}

/** The parts of a Deployment's status that the operator reads. */
export interface DeploymentView {
  readonly replicas: number
  readonly ready: number
  readonly unavailable: number
  readonly available: boolean
  readonly progressing: boolean
}

const SURGE = 0.25

/** The world at `now`: pods made, readied and replaced. Calling it again at the same instant changes nothing. */
export function advanceCluster (world: World, now: number, cluster: Cluster): World {
  let nextUid = world.nextUid
  const deployments: Record<string, Deployment> = {}
  for (const deployment of Object.values(world.deployments)) {
    if (deployment.deleting) continue
    const made = countMissing(deployment)
    const fresh = Array.from({ length: made }, (_, i) => makePod(deployment, nextUid + i, now))
    nextUid += made
    deployments[deployment.name] = settle(world, { ...deployment, pods: [...deployment.pods, ...fresh] }, now, cluster)
  }
  return { ...world, deployments, nextUid }
}

function templateText ({ template }: Deployment): string {
  return JSON.stringify(template)
}

// maxSurge is 25 % rounded up. The operator means maxUnavailable 10 %, but what it writes amounts to 0.
function countMissing (deployment: Deployment): number {
  const current = deployment.pods.filter(pod => pod.template === templateText(deployment)).length
  const room = deployment.replicas + Math.ceil(deployment.replicas * SURGE) - deployment.pods.length
  const wanted = deployment.replicas - current
  return deployment.pods.length > current ? Math.max(0, Math.min(wanted, room)) : Math.max(0, wanted)
}

function makePod (deployment: Deployment, uid: number, now: number): Pod {
  return {
    uid: `pod-${uid}`,
    template: templateText(deployment),
    modelUri: deployment.template.modelUri,
    image: deployment.template.containers[0]?.image ?? '',
    createdAt: now,
    startedAt: now,
    down: false,
    ready: false
  }
}

function settle (world: World, deployment: Deployment, now: number, cluster: Cluster): Deployment {
  const outage = world.outages[deployment.predictor] ?? 'none'
  const loaded = deployment.pods.map((pod, index) => {
    const isNew = pod.createdAt === now && !pod.ready
    const down = isNew ? isDown(outage, index, deployment.pods.length) : pod.down
    return { ...pod, down, ready: !down && readyAt(deployment, pod, cluster) <= now }
  })
  const pods = withoutSurplus({ ...deployment, pods: loaded })
  const completed = deployment.completed || isComplete({ ...deployment, pods })
  const progressed = countReady(pods) > countReady(deployment.pods)
  return { ...deployment, pods, completed, progressedAt: progressed ? now : deployment.progressedAt }
}

function readyAt ({ predictor }: Deployment, pod: Pod, cluster: Cluster): number {
  const kind = { predictor, modelUri: pod.modelUri, image: pod.image }
  return cluster.isBroken(kind) ? Infinity : pod.startedAt + cluster.loadTime(kind)
}

// Old pods go as new ones become ready; when scaling down, the unready and the newest go first.
function withoutSurplus (deployment: Deployment): Pod[] {
  const text = templateText(deployment)
  const current = deployment.pods.filter(pod => pod.template === text)
  const kept = current.length <= deployment.replicas
    ? current
    : [...current].sort((a, b) => Number(b.ready) - Number(a.ready)).slice(0, deployment.replicas)
  const old = deployment.pods.filter(pod => pod.template !== text)
  const oldWanted = Math.max(0, deployment.replicas - kept.filter(({ ready }) => ready).length)
  const oldKept = [...old].sort((a, b) => Number(b.ready) - Number(a.ready)).slice(0, oldWanted)
  return [...oldKept, ...kept]
}

function isComplete (deployment: Deployment): boolean {
  const text = templateText(deployment)
  return deployment.pods.length === deployment.replicas && deployment.pods.every(pod => pod.ready && pod.template === text)
}

function countReady (pods: readonly Pod[]): number {
  return pods.filter(({ ready }) => ready).length
}

/** The Deployment's status as the operator sees it. 0 replicas are "available", and still never ready. */
export function viewDeployment (deployment: Deployment, now: number, cluster: Cluster): DeploymentView {
  if (deployment.reported) return deployment.reported
  const ready = countReady(deployment.pods)
  return {
    replicas: deployment.pods.length,
    ready,
    unavailable: deployment.pods.length - ready,
    available: ready >= deployment.replicas,
    progressing: deployment.completed || now < givesUpAt(deployment, cluster)
  }
}

function givesUpAt ({ progressedAt, progressDeadlineSeconds }: Deployment, { progressDeadline }: Cluster): number {
  return progressedAt + (progressDeadlineSeconds === undefined ? progressDeadline : progressDeadlineSeconds * 1000)
}

/** The next instant at which something happens by itself, or undefined. */
export function nextInstant (world: World, now: number, cluster: Cluster): number | undefined {
  const instants = Object.values(world.deployments).flatMap(deployment => [
    ...deployment.pods.filter(pod => !pod.ready && !pod.down).map(pod => readyAt(deployment, pod, cluster)),
    ...deployment.completed ? [] : [givesUpAt(deployment, cluster)]
  ]).filter(instant => instant > now && Number.isFinite(instant))
  return instants.length === 0 ? undefined : Math.min(...instants)
}
