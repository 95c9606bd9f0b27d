// One MlflowModel as a story tells of it: what it is asked to do, what is waited for, and what was seen.
import deepEqual from 'fast-deep-equal'
import type { Status } from '../../../hooks/mlflow-model/schema.ts'
import type { Condition } from '../../../hooks/core/schema.ts'
import type { MlflowStandIn } from '../../../playground/stand-ins/mlflow/server.ts'
import { podsOf } from '../../../playground/stand-ins/seldon/world.ts'
import { ALIAS, quickModel, register, type Parts } from './models.ts'
import type { Life } from './life.ts'
import { sharesOf, type Shares } from './serving.ts'
import type { LoopWorld } from './world.ts'

export interface Actor {
  life: Life
  status: () => Status
  condition: (type: string) => Condition | undefined
  /** UIDs of the pods of a version that is deployed. */
  pods: (version: string) => string[]
  until: (what: string, condition: (status: Status) => boolean) => Promise<Status>
  moveAlias: (version: string) => void
  dropAlias: () => void
  /** Creates it; resolves when version 1 serves. */
  begin: () => Promise<Status>
  /** Resolves when this version serves and nothing is under way. */
  serves: (version: string) => Promise<Status>
  /** Resolves when the canary's weight is in force and being measured. */
  reaches: (weight: number) => Promise<Status>
  /** Resolves when the router applies these shares, by version. */
  applies: (shares: Shares) => Promise<Status>
  /** Resolves when a check of the rollout has been made. */
  checked: () => Promise<Status>
  /** Resolves when the poller asks the registry about it once more. */
  nextLook: () => Promise<void>
}

/** An actor of this name, in the namespace models. `mlflow` is the registry that its object names. */
export function makeActor ({ system, witness, people }: LoopWorld, name: string, parts: Parts = {}, mlflow: MlflowStandIn = system.mlflow): Actor {
  const life = witness.of(name)
  const registry = mlflow.registry()
  const status = (): Status => (life.model?.status ?? {}) as Status
  const condition = (type: string): Condition | undefined => status().conditions?.find((found) => found.type === type)
  const until = async (what: string, holds: (status: Status) => boolean): Promise<Status> =>
    await witness.until(`${name}: ${what}`, () => holds(status()) && status())
  return {
    life,
    status,
    condition,
    until,
    pods: (version) => Object.keys(life.serving ? sharesOf(life.serving) : {}).filter((predictor) => predictor.startsWith(`v${version}-`))
      .flatMap((predictor) => podsOf(system.seldon.world('models', name), predictor)).map(({ uid }) => uid),
    moveAlias: (version) => { registry.setAlias(name, ALIAS, version) },
    dropAlias: () => { registry.deleteAlias(name, ALIAS) },
    async begin () {
      if (!registry.models.has(name)) register(registry, name)
      people.create(quickModel(name, parts))
      return await until('the first version serves', ({ phase, currentModelVersion }) => phase === 'Healthy' && currentModelVersion === '1')
    },
    serves: async (version) => await until(`version ${version} serves`, ({ phase, currentModelVersion, rollout }) => phase === 'Healthy' && currentModelVersion === version && !rollout),
    reaches: async (weight) => await until(`${weight} % are in force`, (now) => now.weight === weight && now.rollout?.stepStartedAt !== undefined),
    applies: async (shares) => await until(`${JSON.stringify(shares)} is applied`, () => deepEqual(life.applied.at(-1), shares)),
    checked: async () => await until('a check is made', () => condition('AnalysisPassing')?.status !== 'Unknown'),
    async nextLook () {
      const asked = (): number => mlflow.calls.filter((call) => call.endsWith(`name=${name}`)).length
      const before = asked()
      await witness.until(`${name}: the poller looks`, () => asked() > before)
    }
  }
}
