// The cluster behind one SeldonDeployment, as values: Deployments, pods, Services and the router's applied weights.
import type { DeploymentView } from './cluster.ts'
import type { PodTemplate, Route } from './components.ts'

export interface Pod {
  readonly uid: string
  /** Text of the template it was made from; a pod with another than its Deployment's is being replaced. */
  readonly template: string
  readonly modelUri: string
  readonly image: string
  readonly createdAt: number
  /** When its container started last, milliseconds. */
  readonly startedAt: number
  /** Made to fail from outside. */
  readonly down: boolean
  readonly ready: boolean
}

export interface Deployment {
  readonly name: string
  readonly uid: string
  readonly predictor: string
  /** Grows with every change of its spec, as metadata.generation. */
  readonly generation: number
  readonly replicas: number
  readonly template: PodTemplate
  readonly createdAt: number
  /** Its last progress in the sense of the Deployment controller, milliseconds. */
  readonly progressedAt: number
  /** Its template was fully rolled out once; later losses never count as "not progressing". */
  readonly completed: boolean
  readonly progressDeadlineSeconds: number | undefined
  readonly deleting: boolean
  readonly pods: readonly Pod[]
  /** What its status says, where a real Deployment controller writes one. */
  readonly reported?: DeploymentView
}

/** What the router applies: routes of the VirtualService or of the Ambassador mappings. */
export interface Router {
  readonly routes: readonly Route[]
  readonly mirror: { readonly predictor: string, readonly percent: number } | undefined
  /** DestinationRules; those of removed predictors stay until the SeldonDeployment goes. */
  readonly destinations: readonly string[]
}

export interface AppliedWeights {
  readonly at: number
  readonly weights: Readonly<Record<string, number>>
}

/** none, some (half of the pods, rounded down, so one of one stays) or all of a predictor's pods. */
export type Outage = 'none' | 'some' | 'all'

export interface World {
  readonly deployments: Readonly<Record<string, Deployment>>
  readonly services: readonly string[]
  readonly router: Router | undefined
  /** Every change of the applied weights, oldest first; the last is in force. */
  readonly history: readonly AppliedWeights[]
  readonly outages: Readonly<Record<string, Outage>>
  readonly nextUid: number
}

export const EMPTY_WORLD: World = { deployments: {}, services: [], router: undefined, history: [], outages: {}, nextUid: 1 }

/** Weights that requests see now: none without a router, or before everything was ready once. */
export function appliedWeights (world: World): Readonly<Record<string, number>> {
  return world.history.at(-1)?.weights ?? {}
}

/** Pods of a predictor, those under replacement included. */
export function podsOf (world: World, predictor: string): readonly Pod[] {
  return Object.values(world.deployments).filter(deployment => deployment.predictor === predictor).flatMap(({ pods }) => pods)
}

/** Ready for requests: every Deployment of the predictor has a ready pod. */
export function isServing (world: World, predictor: string): boolean {
  const deployments = Object.values(world.deployments).filter(deployment => deployment.predictor === predictor)
  return deployments.length > 0 && deployments.every(({ pods }) => pods.some(({ ready }) => ready))
}

/** Kills pods of a predictor, or lets them start again; pods made later share the fate. `now` in milliseconds. */
export function setOutage (world: World, predictor: string, outage: Outage, now: number): World {
  const deployments = Object.entries(world.deployments).map(([name, deployment]) => {
    if (deployment.predictor !== predictor) return [name, deployment] as const
    const pods = deployment.pods.map((pod, index) => {
      const down = isDown(outage, index, deployment.pods.length)
      if (down === pod.down) return pod
      // A pod that comes back has to load its model again.
      return down ? { ...pod, down, ready: false } : { ...pod, down, ready: false, startedAt: now }
    })
    return [name, { ...deployment, pods }] as const
  })
  return { ...world, deployments: Object.fromEntries(deployments), outages: { ...world.outages, [predictor]: outage } }
}

/** Whether pod `index` of `count` is hit by an outage. */
export function isDown (outage: Outage, index: number, count: number): boolean {
  switch (outage) {
    case 'none': return false
    case 'some': return index < Math.floor(count / 2)
    case 'all': return true
    default: return outage satisfies never
  }
}
