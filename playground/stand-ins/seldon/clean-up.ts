// Removal of what the spec no longer names: known to the operator only through its own status.
import type { Components } from './components.ts'
import type { SeldonStatus } from './seldon-deployment.ts'
import type { World } from './world.ts'

export interface Cleaned {
  readonly world: World
  readonly status: SeldonStatus
  readonly error: string | undefined
}

/**
 * First left-over Deployments of deploymentStatus (one that was never counted there, e.g. with 0 replicas, is never
 * found), in a later reconcile their entries, and only then Services. An entry of serviceStatus whose Service is gone
 * fails this and every following reconcile: nothing ever takes the entry out.
 */
export function cleanUp (world: World, status: SeldonStatus, wanted: Components): Cleaned {
  const left = Object.keys(status.deploymentStatus ?? {}).filter(name => !wanted.deployments.some(deployment => deployment.name === name))
  if (left.length > 0) return { ...cleanDeployments(world, status, left), error: undefined }
  return cleanServices(world, status, wanted)
}

function cleanDeployments (world: World, status: SeldonStatus, left: readonly string[]): Omit<Cleaned, 'error'> {
  const gone = left.filter(name => world.deployments[name] === undefined)
  const deployments = Object.fromEntries(Object.entries(world.deployments)
    .map(([name, deployment]) => [name, left.includes(name) ? { ...deployment, deleting: true } : deployment]))
  const deploymentStatus = Object.fromEntries(Object.entries(status.deploymentStatus ?? {}).filter(([name]) => !gone.includes(name)))
  return { world: { ...world, deployments }, status: { ...status, deploymentStatus } }
}

function cleanServices (world: World, status: SeldonStatus, wanted: Components): Cleaned {
  const left = Object.keys(status.serviceStatus ?? {}).filter(name => wanted.services[name] === undefined)
  const lost = left.find(name => !world.services.includes(name))
  const removed = lost === undefined ? left : left.slice(0, left.indexOf(lost))
  const next: Cleaned = {
    world: { ...world, services: world.services.filter(name => !removed.includes(name)) },
    status: {
      ...status,
      ...(status.serviceStatus !== undefined && {
        serviceStatus: Object.fromEntries(Object.entries(status.serviceStatus).filter(([name]) => !removed.includes(name)))
      })
    },
    error: undefined
  }
  if (lost !== undefined) return { ...next, error: `services "${lost}" not found` }
  // Services that carry the object's label and are wanted by nobody go, too.
  return { ...next, world: { ...next.world, services: next.world.services.filter(name => wanted.services[name] !== undefined) } }
}
