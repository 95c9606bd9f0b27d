// The router: VirtualService and DestinationRules of Istio, or Ambassador's mappings, and the conditions about them.
import type { Components } from './components.ts'
import type { NewCondition } from './conditions.ts'
import type { Router, World } from './world.ts'

/** How the operator was installed. */
export interface Installation {
  readonly router: 'istio' | 'ambassador' | 'none'
  /**
   * What conditions tell about a router that is not installed. 1.17.1 reports "No … defined" with status True as soon
   * as every Deployment is ready; Absent leaves the condition out.
   */
  readonly uninstalledRouter: 'NotDefined' | 'Absent'
}

export interface Routed {
  readonly world: World
  readonly conditions: readonly NewCondition[]
}

interface Words {
  readonly type: 'istioVirtualServicesReady' | 'AmbassadorMappingsReady'
  readonly ready: string
  readonly notReady: string
  readonly notDefined: string
}

const ISTIO: Words = {
  type: 'istioVirtualServicesReady',
  ready: 'All VirtualServices created',
  notReady: 'Not all VirtualServices created',
  notDefined: 'No VirtualServices defined'
}
const AMBASSADOR: Words = {
  type: 'AmbassadorMappingsReady',
  ready: 'All Ambassador Mappings created',
  notReady: 'Not all Ambassador Mappings created',
  // Spelt like this in the operator.
  notDefined: 'No Ambassador Mappaings defined'
}

/**
 * Applies the wanted routes. Called only when every Deployment is ready. The reconcile that writes the router reports
 * False; the next one, which finds it identical, reports True.
 */
export function applyRoutes (world: World, wanted: Components, now: number, { router, uninstalledRouter }: Installation): Routed {
  const result = router === 'none' ? { world, ready: true } : write(world, wanted, now, router === 'istio')
  const conditions: NewCondition[] = []
  for (const [name, words] of [['istio', ISTIO], ['ambassador', AMBASSADOR]] as const) {
    if (router === name) conditions.push(report(words, result.ready))
    else if (uninstalledRouter === 'NotDefined') conditions.push({ type: words.type, status: 'True', reason: words.notDefined })
  }
  return { world: result.world, conditions }
}

function report ({ type, ready, notReady }: Words, isReady: boolean): NewCondition {
  return isReady ? { type, status: 'True', reason: ready } : { type, status: 'False', reason: notReady }
}

function write (world: World, { routes, mirror }: Components, now: number, keepDestinations: boolean): { world: World, ready: boolean } {
  const hosts = routes.map(({ host }) => host)
  const before = world.router
  const destinations = keepDestinations ? [...new Set([...before?.destinations ?? [], ...hosts])] : hosts
  const router: Router = { routes, mirror, destinations }
  if (before !== undefined && JSON.stringify(before) === JSON.stringify(router)) return { world, ready: true }
  const weights = effectiveWeights(router)
  const changed = JSON.stringify(world.history.at(-1)?.weights) !== JSON.stringify(weights)
  const history = changed ? [...world.history, { at: now, weights }] : world.history
  return { world: { ...world, router, history }, ready: false }
}

/** Weights as requests see them: a single destination gets everything, whatever weight is written on it. */
export function effectiveWeights ({ routes }: Router): Record<string, number> {
  if (routes.length === 1) return Object.fromEntries(routes.map(({ predictor }) => [predictor, 100]))
  return Object.fromEntries(routes.map(({ predictor, weight }) => [predictor, weight]))
}
