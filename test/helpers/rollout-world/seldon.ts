// Seldon Core's operator as a model: Deployments of predictors, their pods, the router, and the status it writes, with its habits:
// no traffic is applied while any Deployment is unready; the router's condition turns False in the reconcile that applies new traffic and True in the next;
// deploymentStatus shows a Deployment one reconcile after its creation and drops it in the reconcile that cleans up.
import deepEqual from 'fast-deep-equal'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { predictorName } from '../../../hooks/core/names.ts'
import { VERSIONS, VERSION_NAMES, newestChild, writeChild, type Deployment, type VersionName, type World } from './state.ts'

export type Predictor = { name: string, traffic?: number, replicas?: number, [field: string]: unknown }
type Condition = { type: string, status: 'True' | 'False', lastTransitionTime: string }
type DeploymentStatus = { replicas?: number, availableReplicas?: number }
export type SeldonStatus = { state?: string, description?: string, deploymentStatus?: Record<string, DeploymentStatus>, conditions?: Condition[] }

const WRITER = { manager: 'seldon-controller', subresource: 'status' }
/** Kubernetes' own progressDeadlineSeconds: after it Seldon calls the object Failed. */
const FAILED_AFTER = 600

export function predictorsOf (child: KubeObject | undefined): Predictor[] {
  return (child?.spec as { predictors?: Predictor[] } | undefined)?.predictors ?? []
}

/** The shares that are asked of the router; a predictor alone has all of it. */
export function sharesOf (child: KubeObject | undefined): Record<string, number> {
  const predictors = predictorsOf(child)
  return Object.fromEntries(predictors.map((predictor) => [predictor.name, predictor.traffic ?? (predictors.length === 1 ? 100 : 0)]))
}

export function statusOf (child: KubeObject | undefined): SeldonStatus {
  return (child?.status ?? {}) as SeldonStatus
}

/** Seldon's key for a predictor's Deployment; all our predictors have the graph `model`. */
export function deploymentKey (child: KubeObject, predictor: string): string {
  return `${child.metadata.name}-${predictor}-0-model`
}

/** What the child's status says of a predictor's pods. */
export function knownPods (child: KubeObject | undefined, predictor: string): { available: number, ready: boolean } {
  if (!child) return { available: 0, ready: false }
  const entry = statusOf(child).deploymentStatus?.[deploymentKey(child, predictor)]
  const available = entry?.availableReplicas ?? 0
  return { available, ready: available > 0 && available >= (entry?.replicas ?? 0) }
}

export function versionOfPredictor (predictor: string): VersionName | undefined {
  return VERSION_NAMES.find((name) => predictorName(VERSIONS[name]) === predictor)
}

/** One reconcile. `loseStatus`: its status write conflicts, while all else it did stays done. `slowClean`: cleaning waits for the next one. */
export function reconcileSeldon (world: World, { loseStatus = false, slowClean = false } = {}): void {
  const child = newestChild(world)
  if (!child || child.metadata.deletionTimestamp) return removeEverything(world, child)
  const predictors = predictorsOf(child)
  const created = reconcileDeployments(world, predictors)
  const deploymentStatus = describeDeployments(world, child, created)
  const unready = predictors.filter(({ name }) => isUnready(world.seldon.deployments[name]))
  const conditions = statusOf(child).conditions ?? []
  let status: SeldonStatus = { state: unreadyState(world, unready), deploymentStatus, conditions }
  if (unready.length === 0) status = { state: 'Available', ...routeAndClean(world, child, deploymentStatus, slowClean) }
  if (!loseStatus && !deepEqual(status, child.status)) writeChild(world, WRITER, { ...world.children.at(-1), object: { ...child, status } })
}

function removeEverything (world: World, child: KubeObject | undefined): void {
  world.seldon.deployments = {}
  world.seldon.routed = {}
  if (child) writeChild(world, WRITER, {})
}

/** Creates, scales and restarts; returns the names of those created now. */
function reconcileDeployments (world: World, predictors: Predictor[]): string[] {
  const { deployments, restarted } = world.seldon
  const created: string[] = []
  predictors.forEach((predictor, index) => {
    const replicas = predictor.replicas ?? 1
    const template = templateOf(predictor, index)
    const existing = deployments[predictor.name]
    if (!existing) {
      created.push(predictor.name)
      deployments[predictor.name] = { replicas, available: 0, template, unreadySince: world.now }
      return
    }
    if (existing.template !== template) {
      restarted.push(predictor.name)
      existing.template = template
      existing.available = 0
    }
    existing.replicas = replicas
    existing.available = Math.min(existing.available, replicas)
    if (!isUnready(existing)) existing.unreadySince = world.now
  })
  return created
}

/** Everything but traffic and replicas is hashed into the pods; so is the place in the list, unless the metrics port is named. */
function templateOf ({ traffic: _traffic, replicas: _replicas, ...rest }: Predictor, index: number): string {
  const text = JSON.stringify(rest)
  return text.includes('"name":"metrics"') ? text : `${index} ${text}`
}

function isUnready (deployment: Deployment | undefined): boolean {
  return !deployment || deployment.available < deployment.replicas
}

function unreadyState (world: World, unready: Predictor[]): string {
  const since = Math.min(...unready.map(({ name }) => world.seldon.deployments[name]?.unreadySince ?? world.now))
  return world.now - since >= FAILED_AFTER ? 'Failed' : 'Creating'
}

/** Zero counts are left out, as Go's omitempty does. */
function describeDeployments (world: World, child: KubeObject, created: string[]): Record<string, DeploymentStatus> {
  const entries = Object.entries(world.seldon.deployments).filter(([name]) => !created.includes(name))
  return Object.fromEntries(entries.map(([name, { replicas, available }]) => [
    deploymentKey(child, name),
    { replicas, ...(available > 0 && { availableReplicas: available }) }
  ]))
}

function routeAndClean (world: World, child: KubeObject, deploymentStatus: Record<string, DeploymentStatus>, slowClean: boolean): SeldonStatus {
  const shares = sharesOf(child)
  const changed = !deepEqual(world.seldon.routed, shares)
  world.seldon.routed = shares
  let cleaned = deploymentStatus
  if (!slowClean) {
    for (const name of Object.keys(world.seldon.deployments)) {
      if (name in shares) continue
      delete world.seldon.deployments[name]
      const { [deploymentKey(child, name)]: _gone, ...rest } = cleaned
      cleaned = rest
    }
  }
  return { deploymentStatus: cleaned, conditions: routerConditions(world, statusOf(child).conditions ?? [], changed) }
}

function routerConditions (world: World, conditions: Condition[], changed: boolean): Condition[] {
  if (world.router === 'none') return conditions
  const type = world.router
  const status = changed ? 'False' : 'True'
  const old = conditions.find((condition) => condition.type === type)
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : formatInstant(world.now)
  return [...conditions.filter((condition) => condition !== old), { type, status, lastTransitionTime }]
}

/** Pods that can load do so. */
export function loadPods (world: World, only?: VersionName): void {
  for (const [name, deployment] of Object.entries(world.seldon.deployments)) {
    const version = versionOfPredictor(name)
    if (version && world.broken.includes(version)) continue
    if (only && version !== only) continue
    deployment.available = deployment.replicas
  }
}

/** Pods of a version die: one of them, or all. */
export function killPods (world: World, version: VersionName, count: 'one' | 'all'): void {
  const deployment = world.seldon.deployments[predictorName(VERSIONS[version])]
  if (!deployment) return
  if (!isUnready(deployment)) deployment.unreadySince = world.now
  deployment.available = count === 'all' ? 0 : Math.max(0, deployment.available - 1)
}
