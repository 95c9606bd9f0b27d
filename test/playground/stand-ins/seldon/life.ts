// A SeldonDeployment's life for tests: pure core, a clock in the hand, and the status written back after each pass.
import { advanceCluster, nextInstant } from '../../../../playground/stand-ins/seldon/cluster.ts'
import { reconcileSeldon } from '../../../../playground/stand-ins/seldon/reconcile.ts'
import type { Reconciled, Surroundings } from '../../../../playground/stand-ins/seldon/reconcile.ts'
import type { Condition, Predictor, SeldonDeployment, SeldonSpec, SeldonStatus } from '../../../../playground/stand-ins/seldon/seldon-deployment.ts'
import { appliedWeights, EMPTY_WORLD, podsOf, setOutage } from '../../../../playground/stand-ins/seldon/world.ts'
import type { Outage, World } from '../../../../playground/stand-ins/seldon/world.ts'

/** All lives begin here: 2023-11-14T22:13:20Z. */
export const START = 1_700_000_000_000

const SURROUNDINGS: Surroundings = {
  loadTime: () => 5000,
  isBroken: ({ modelUri }) => modelUri.includes('broken'),
  progressDeadline: 600_000,
  router: 'istio',
  uninstalledRouter: 'NotDefined'
}

/** A predictor that follows the rules; `overrides` break them. */
export function predictor (name: string, traffic: number, overrides: Partial<Predictor> = {}): Predictor {
  return {
    name,
    traffic,
    replicas: 1,
    annotations: { version: name.slice(1) },
    graph: { name: 'model', implementation: 'MLFLOW_SERVER', modelUri: `s3://models/${name}` },
    componentSpecs: [{ spec: { containers: [{ name: 'model', ports: [{ name: 'metrics', containerPort: 6000, protocol: 'TCP' }] }] } }],
    ...overrides
  }
}

/** The same without the port named metrics. */
export function withoutMetricsPort (name: string, traffic: number): Predictor {
  return predictor(name, traffic, { componentSpecs: [{ spec: { containers: [{ name: 'model' }] } }] })
}

export interface Life {
  now: number
  world: World
  status: SeldonStatus
  /** Replaces the predictors, as one PUT. */
  set (...predictors: Predictor[]): void
  /** Cluster first, then one reconcile; `loseStatus` drops the status write, as a conflict does. */
  pass (loseStatus?: boolean): Reconciled
  /** Passes at this very instant until nothing changes; returns how many changed something. */
  calm (): number
  /** Is calm, moves the clock, and is calm again. */
  wait (milliseconds: number): void
  /** Lets time run until nothing is left to happen by itself. */
  settle (): void
  kill (predictor: string, outage: Outage): void
  weights (): Readonly<Record<string, number>>
  pods (predictor: string): string[]
  condition (type: string): Condition | undefined
}

export function startLife (predictors: Predictor[], overrides: Partial<Surroundings> = {}): Life {
  const surroundings = { ...SURROUNDINGS, ...overrides }
  let spec: SeldonSpec = { protocol: 'v2', predictors }

  const life: Life = {
    now: START,
    world: EMPTY_WORLD,
    status: {},
    set: (...predictors) => { spec = { ...spec, predictors } },
    pass (loseStatus = false) {
      const sdep: SeldonDeployment = { metadata: { name: 'bank', namespace: 'models' }, spec, status: life.status }
      const result = reconcileSeldon(sdep, advanceCluster(life.world, life.now, surroundings), life.now, surroundings)
      life.world = result.world
      if (result.changed && !loseStatus) life.status = result.status
      return result
    },
    calm () {
      for (let passes = 0; passes < 50; passes++) {
        const before = JSON.stringify([life.world, life.status])
        life.pass()
        if (JSON.stringify([life.world, life.status]) === before) return passes
      }
      throw new Error('does not come to rest')
    },
    wait (milliseconds) {
      life.calm()
      life.now += milliseconds
      life.calm()
    },
    settle () {
      life.calm()
      for (let next = nextInstant(life.world, life.now, surroundings); next !== undefined; next = nextInstant(life.world, life.now, surroundings)) {
        life.now = next
        life.calm()
      }
    },
    kill: (predictor, outage) => { life.world = setOutage(life.world, predictor, outage, life.now) },
    weights: () => appliedWeights(life.world),
    pods: predictor => podsOf(life.world, predictor).map(({ uid }) => uid),
    condition: type => life.status.conditions?.find(condition => condition.type === type)
  }
  return life
}
