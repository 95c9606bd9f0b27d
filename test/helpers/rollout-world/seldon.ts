// Seldon Core's operator as a model: Deployments of predictors, their pods, the router, and the status it writes, with its habits:
// no traffic is applied while any Deployment is unready; the router's condition turns False in the reconcile that applies new traffic and True in the next;
// deploymentStatus shows a Deployment one reconcile after its creation. A predictor that left keeps its last counts there: once traffic is applied
// without it one reconcile deletes its Deployment, and a later one the entry, so a version that comes back soon looks ready before it exists.
import deepEqual from 'fast-deep-equal'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { predictorName } from '../../../hooks/core/names.ts'
import { VERSIONS, VERSION_NAMES, newestChild, writeChild, type Deployment, type VersionName, type World } from './state.ts'

export type Predictor = { name: string, traffic?: number, shadow?: boolean, replicas?: number, [field: string]: unknown }
type Condition = { type: string, status: 'True' | 'False', reason: string, lastTransitionTime: string }
type DeploymentStatus = { replicas?: number, availableReplicas?: number }
export type SeldonStatus = { state?: string, description?: string, deploymentStatus?: Record<string, DeploymentStatus>, conditions?: Condition[] }

const WRITER = { manager: 'seldon-controller', subresource: 'status' }
/** Kubernetes' own progressDeadlineSeconds: after it Seldon calls the object Failed. */
const FAILED_AFTER = 600

export function predictorsOf (child: KubeObject | undefined): Predictor[] {
  return (child?.spec as { predictors?: Predictor[] } | undefined)?.predictors ?? []
}

/** The shares that are asked of the router; a predictor alone has all of it, and a shadow gets copies and no share. */
export function sharesOf (child: KubeObject | undefined): Record<string, number> {
  const predictors = predictorsOf(child).filter(({ shadow }) => !shadow)
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
  if (child.metadata.uid !== world.seldon.owner) world.seldon = { ...world.seldon, owner: child.metadata.uid ?? '', deployments: {}, routed: {} }
  const status = reconcileObject(world, child, slowClean)
  if (!loseStatus && !deepEqual(status, child.status)) writeChild(world, WRITER, { ...world.children.at(-1), object: { ...child, status } })
}

function reconcileObject (world: World, child: KubeObject, slowClean: boolean): SeldonStatus {
  const predictors = predictorsOf(child)
  const created = reconcileDeployments(world, predictors)
  const deploymentStatus = describeDeployments(world, child, created)
  const unready = predictors.filter(({ name }) => isUnready(world.seldon.deployments[name]))
  if (unready.length === 0) return { state: 'Available', ...routeAndClean(world, child, deploymentStatus, slowClean) }
  return { state: unreadyState(world, unready), deploymentStatus, conditions: statusOf(child).conditions ?? [] }
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

/** Counts of what is wanted and was there before; of the others what was last known. Zero counts are left out, as Go's omitempty does. */
function describeDeployments (world: World, child: KubeObject, created: string[]): Record<string, DeploymentStatus> {
  const known = { ...statusOf(child).deploymentStatus }
  for (const { name } of predictorsOf(child)) {
    const deployment = world.seldon.deployments[name]
    if (!deployment || created.includes(name)) continue
    const { replicas, available } = deployment
    known[deploymentKey(child, name)] = { replicas, ...(available > 0 && { availableReplicas: available }) }
  }
  return known
}

function routeAndClean (world: World, child: KubeObject, deploymentStatus: Record<string, DeploymentStatus>, slowClean: boolean): SeldonStatus {
  const shares = sharesOf(child)
  const changed = !deepEqual(world.seldon.routed, shares)
  if (!world.seldon.jammed) world.seldon.routed = shares
  const waits = slowClean || (world.seldon.jammed && changed)
  return {
    deploymentStatus: waits ? deploymentStatus : cleanUp(world, child, deploymentStatus),
    conditions: routerConditions(world, statusOf(child).conditions ?? [], changed)
  }
}

/** What the status still names goes: Deployments first, entries once those are gone. A Deployment that was never counted is never found. */
function cleanUp (world: World, child: KubeObject, deploymentStatus: Record<string, DeploymentStatus>): Record<string, DeploymentStatus> {
  const wanted = new Set(predictorsOf(child).map(({ name }) => deploymentKey(child, name)))
  const names = Object.keys(world.seldon.deployments)
  const gone = Object.keys(deploymentStatus).filter((key) => !wanted.has(key) && !names.some((name) => deploymentKey(child, name) === key))
  for (const name of names) {
    const key = deploymentKey(child, name)
    if (!wanted.has(key) && key in deploymentStatus) delete world.seldon.deployments[name]
  }
  return Object.fromEntries(Object.entries(deploymentStatus).filter(([key]) => !gone.includes(key)))
}

const ROUTERS = {
  istioVirtualServicesReady: { name: 'VirtualServices', undefined: 'No VirtualServices defined' },
  // Spelt like this in the operator.
  AmbassadorMappingsReady: { name: 'Ambassador Mappings', undefined: 'No Ambassador Mappaings defined' }
} as const

/** Of the two routers one applied the shares, just now or before; of the other one nothing is defined, which is True too. */
function routerConditions (world: World, conditions: Condition[], changed: boolean): Condition[] {
  if (world.router === 'absent') return conditions
  return Object.entries(ROUTERS).reduce((all, [type, words]) => {
    if (type !== world.router) return withCondition(all, { type, status: 'True', reason: words.undefined }, world.now)
    const reason = `${changed ? 'Not all' : 'All'} ${words.name} created`
    return withCondition(all, { type, status: changed ? 'False' : 'True', reason }, world.now)
  }, conditions)
}

function withCondition (conditions: Condition[], wanted: Omit<Condition, 'lastTransitionTime'>, now: number): Condition[] {
  const old = conditions.find(({ type }) => type === wanted.type)
  if (old?.status === wanted.status && old.reason === wanted.reason) return conditions
  return [...conditions.filter((condition) => condition !== old), { ...wanted, lastTransitionTime: formatInstant(now) }]
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
