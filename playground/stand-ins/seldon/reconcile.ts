// One reconcile of the Seldon Core v1 operator (1.17.1) as a function: the order of its steps is its behaviour.
import { viewDeployment } from './cluster.ts'
import type { Cluster, DeploymentView } from './cluster.ts'
import { cleanUp } from './clean-up.ts'
import { makeComponents } from './components.ts'
import type { Components, WantedDeployment } from './components.ts'
import { isSameStatus, setCondition } from './conditions.ts'
import type { NewCondition } from './conditions.ts'
import { applyRoutes } from './routing.ts'
import type { Installation } from './routing.ts'
import type { SeldonDeployment, SeldonStatus } from './seldon-deployment.ts'
import type { Deployment, World } from './world.ts'

export interface Surroundings extends Cluster, Installation {}

export interface Reconciled {
  readonly world: World
  /** The whole status to write. */
  readonly status: SeldonStatus
  /** False when it equals the observed one but for transition times: then the operator does not write. */
  readonly changed: boolean
  /** Set when the reconcile failed; it is tried again. */
  readonly error: string | undefined
}

/** Working copy of one reconcile. */
interface Pass {
  world: World
  status: SeldonStatus
  readonly wanted: Components
  readonly now: number
  readonly surroundings: Surroundings
}

/**
 * Brings the world one step closer to the spec and derives the status. Nothing waits: what a write changes is seen by
 * the next call. The world may have moved although the status write is lost afterwards.
 */
export function reconcileSeldon (sdep: SeldonDeployment, world: World, now: number, surroundings: Surroundings): Reconciled {
  const pass: Pass = { world, status: structuredClone(sdep.status ?? {}), wanted: makeComponents(sdep), now, surroundings }
  const error = run(pass)
  if (error !== undefined) pass.status = { ...pass.status, state: 'Failed', description: error }
  return { world: pass.world, status: pass.status, changed: !isSameStatus(sdep.status ?? {}, pass.status), error }
}

function run (pass: Pass): string | undefined {
  const servicesReady = reconcileServices(pass)
  report(pass, { type: 'ServicesReady', status: 'False', reason: 'Not all services created' })
  report(pass, { type: 'HpasReady', status: 'True', reason: 'No HPAs defined' })
  report(pass, { type: 'KedaReady', status: 'True', reason: 'No KEDA resources defined' })
  report(pass, { type: 'PdbsReady', status: 'True', reason: 'No PDBs defined' })
  const { ready, progressing } = reconcileDeployments(pass)
  if (ready) {
    const error = complete(pass)
    if (error !== undefined) return error
  }
  setState(pass, ready && servicesReady, progressing || ready)
  return undefined
}

function report (pass: Pass, condition: NewCondition): void {
  pass.status = { ...pass.status, conditions: setCondition(pass.status.conditions ?? [], condition, pass.now) }
}

// Services are never waited for: found or created.
function reconcileServices (pass: Pass): boolean {
  const names = Object.keys(pass.wanted.services)
  const found = names.filter(name => pass.world.services.includes(name))
  const known = pass.status.serviceStatus ?? {}
  const details = Object.fromEntries(found.filter(name => known[name] === undefined).map(name => [name, pass.wanted.services[name]]))
  pass.status = {
    ...pass.status,
    ...(found.length > 0 && { address: { url: pass.wanted.addressUrl }, serviceStatus: { ...known, ...details } as SeldonStatus['serviceStatus'] & object })
  }
  pass.world = { ...pass.world, services: [...new Set([...pass.world.services, ...names])] }
  return found.length === names.length
}

interface Readiness {
  ready: boolean
  progressing: boolean
}

function reconcileDeployments (pass: Pass): Readiness {
  const readiness: Readiness = { ready: true, progressing: true }
  pass.wanted.deployments.forEach((wanted, index) => {
    const found = pass.world.deployments[wanted.name]
    if (found === undefined) {
      store(pass, create(pass, wanted))
      readiness.ready = false
    } else if (differs(found, wanted)) {
      store(pass, update(found, wanted, pass.now))
      // A change of replicas alone leaves the template as it is, and is not waited for in this pass.
      if (!sameTemplate(found, wanted)) readiness.ready = false
      else inspect(pass, pass.world.deployments[wanted.name] as Deployment, index === 0, readiness)
    } else {
      inspect(pass, found, index === 0, readiness)
    }
  })
  if (readiness.ready) report(pass, { type: 'DeploymentsReady', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' })
  return readiness
}

function store (pass: Pass, deployment: Deployment): void {
  pass.world = { ...pass.world, deployments: { ...pass.world.deployments, [deployment.name]: deployment } }
}

function create (pass: Pass, { name, predictor, replicas, template, progressDeadlineSeconds }: WantedDeployment): Deployment {
  const uid = `deployment-${pass.world.nextUid}`
  pass.world = { ...pass.world, nextUid: pass.world.nextUid + 1 }
  return {
    name,
    uid,
    predictor,
    generation: 1,
    replicas: replicas ?? 1,
    template,
    createdAt: pass.now,
    progressedAt: pass.now,
    completed: false,
    progressDeadlineSeconds,
    deleting: false,
    pods: []
  }
}

function differs (found: Deployment, wanted: WantedDeployment): boolean {
  const { replicas, progressDeadlineSeconds } = wanted
  return (replicas !== undefined && replicas !== found.replicas) || progressDeadlineSeconds !== found.progressDeadlineSeconds ||
    !sameTemplate(found, wanted)
}

function update (found: Deployment, wanted: WantedDeployment, now: number): Deployment {
  const changed = {
    ...found,
    replicas: wanted.replicas ?? found.replicas,
    progressDeadlineSeconds: wanted.progressDeadlineSeconds,
    generation: found.generation + 1
  }
  // Scaling alone does not start a rollout, so it cannot miss the progress deadline either.
  return sameTemplate(found, wanted) ? changed : { ...changed, template: wanted.template, progressedAt: now, completed: false }
}

function sameTemplate (found: Deployment, wanted: WantedDeployment): boolean {
  return JSON.stringify(found.template) === JSON.stringify(wanted.template)
}

// Copies counts into the status once they differ from 0, and judges. Only the first unready Deployment is looked at
// for "no longer progressing".
function inspect (pass: Pass, deployment: Deployment, isDefault: boolean, readiness: Readiness): void {
  const view = viewDeployment(deployment, pass.now, pass.surroundings)
  copyCounts(pass, deployment.name, view, isDefault)
  if (view.ready > 0 && view.unavailable === 0) return
  if (readiness.ready) {
    report(pass, view.available
      ? { type: 'DeploymentsReady', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
      : { type: 'DeploymentsReady', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' })
    if (!view.progressing && !view.available) readiness.progressing = false
  }
  readiness.ready = false
}

function copyCounts (pass: Pass, name: string, view: DeploymentView, isDefault: boolean): void {
  const { replicas = 0, availableReplicas = 0 } = pass.status.deploymentStatus?.[name] ?? {}
  if (replicas === view.replicas && availableReplicas === view.ready) return
  const counts = { ...(view.replicas > 0 && { replicas: view.replicas }), ...(view.ready > 0 && { availableReplicas: view.ready }) }
  pass.status = {
    ...pass.status,
    deploymentStatus: { ...pass.status.deploymentStatus, [name]: counts },
    ...(isDefault && { replicas: view.replicas })
  }
}

// Everything that waits for all Deployments: the router, then the removal of what is left over.
function complete (pass: Pass): string | undefined {
  report(pass, { type: 'ServicesReady', status: 'True', reason: 'All services created' })
  const routed = applyRoutes(pass.world, pass.wanted, pass.now, pass.surroundings)
  pass.world = routed.world
  for (const condition of routed.conditions) report(pass, condition)
  const cleaned = cleanUp(pass.world, pass.status, pass.wanted)
  pass.world = cleaned.world
  pass.status = cleaned.status
  return cleaned.error
}

function setState (pass: Pass, available: boolean, progressing: boolean): void {
  const { description: _, ...status } = pass.status
  if (available) pass.status = { ...status, state: 'Available' }
  else if (progressing) pass.status = { ...status, state: 'Creating' }
  else pass.status = { ...status, state: 'Failed', description: 'Deployment is no longer progressing and not available.' }
}
