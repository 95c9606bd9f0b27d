// All that was seen of one MlflowModel and what serves it: every state of both objects, every change of the weights applied, and what was wrong.
import deepEqual from 'fast-deep-equal'
import { predictorName, sameVersion } from '../../../hooks/core/names.ts'
import type { Spec, Status } from '../../../hooks/mlflow-model/schema.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { appliedWeights, isServing, podsOf, type AppliedWeights, type World } from '../../../playground/stand-ins/seldon/world.ts'
import { brokenBy, brokenByRemoval, sumOf } from './invariants.ts'
import { byVersion, isReported, memoryOf, sharesOf, type Shares } from './serving.ts'

export interface Life {
  model: KubeObject | undefined
  serving: KubeObject | undefined
  /** Every state of the status, without repeats. */
  statuses: Status[]
  /** Every state of the serving object, Seldon's status writes included. */
  servings: KubeObject[]
  /** Weights in force by version, over all lives of the object. */
  applied: Shares[]
  /** Steps or replicas are edited, or somebody promotes: set by tests that do so. */
  freedom: { steps: boolean, replicas: boolean }
  violations: string[]
}

/** What the truth of one moment is compared with. */
export interface Eye {
  life: Life
  takeModel: (model: KubeObject | undefined) => void
  takeServing: (object: KubeObject | undefined, byPerson: boolean) => void
  look: (world: World, now: number) => void
}

/** A version that may not have traffic keeps it for as long as operator and hooks need, in milliseconds, restarts and lost writes included. */
const UNWINDING_MS = 12_000

export function openEye (name: string): Eye {
  const life: Life = { model: undefined, serving: undefined, statuses: [], servings: [], applied: [], freedom: { steps: false, replicas: false }, violations: [] }
  const router = createRouterWatch(life)
  const pods = createPodWatch(life)
  const blame = (sentences: string[], evidence: unknown): void => { life.violations.push(...sentences.map((sentence) => `${name}: ${sentence} ${JSON.stringify(evidence)}`)) }

  return {
    life,
    takeModel (model) {
      life.model = model
      const status = model?.status as Status | undefined
      if (status && !deepEqual(status, life.statuses.at(-1))) life.statuses.push(status)
    },
    takeServing (object, byPerson) {
      const before = life.serving
      life.serving = object
      if (object) life.servings.push(object)
      router.want(object)
      if (byPerson) return
      if (object) blame(brokenBy({ before, after: object, steps: stepsOf(life), scaled: life.freedom.replicas, applied: router.applied() }), { before: before && memoryOf(before), after: memoryOf(object), shares: sharesOf(object) })
      else if (before && life.model) blame(brokenByRemoval(before), memoryOf(before))
    },
    look (world, now) {
      blame([...router.look(world, now), ...pods(world)], { applied: appliedWeights(world), memory: memoryOf(life.serving) })
    }
  }
}

function stepsOf ({ freedom, model }: Life): number[] | undefined {
  return freedom.steps ? undefined : (model?.spec as Spec | undefined)?.rollout.steps
}

/** Follows the applied weights: they sum to 100, were all wanted once, in that order, and a version that failed loses its share. */
function createRouterWatch (life: Life) {
  let wanted: Shares[] = []
  let seen: readonly AppliedWeights[] = []
  let guiltySince: number | undefined
  let latest: Readonly<Shares> = {}

  function match (weights: Readonly<Shares>): string[] {
    const index = wanted.findIndex((shares) => deepEqual(shares, weights))
    wanted = index < 0 ? wanted : wanted.slice(index)
    return [...index < 0 ? ['applied weights were wanted, and not before weights already applied'] : [], ...sumOf(weights) === 100 ? [] : ['applied weights sum to 100']]
  }
  function unwinding (world: World, now: number): string[] {
    guiltySince = hasGuilty(life.serving, latest, world) ? guiltySince ?? now : undefined
    return guiltySince !== undefined && now - guiltySince > UNWINDING_MS ? ['a version that failed, or has no pod, loses its traffic'] : []
  }
  return {
    applied: () => latest,
    want (object: KubeObject | undefined): void {
      if (object) wanted.push(sharesOf(object))
    },
    look (world: World, now: number): string[] {
      const { history } = world
      const fresh = history[0] === seen[0] ? history.slice(seen.length) : history
      seen = history
      latest = appliedWeights(world)
      life.applied.push(...fresh.map(({ weights }) => byVersion(weights)))
      return [...fresh.flatMap(({ weights }) => match(weights)), ...unwinding(world, now)]
    }
  }
}

/** Whether a version that failed, or a canary without a pod, has traffic although stable could take it. */
function hasGuilty (serving: KubeObject | undefined, applied: Readonly<Shares>, world: World): boolean {
  const { stable, canary, failedVersions = [] } = memoryOf(serving) ?? {}
  if (!serving || !stable || !isReported(serving, stable)) return false
  const dead = canary !== undefined && !isServing(world, predictorName(canary)) ? [canary] : []
  return [...failedVersions, ...dead].some((version) => !sameVersion(version, stable) && (applied[predictorName(version)] ?? 0) > 0)
}

type Pods = { object: string | undefined, predictor: string, uids: string[] }

/** Pods of the version that is stable are never replaced while it is stable in the same object. */
function createPodWatch (life: Life): (world: World) => string[] {
  let before: Pods | undefined
  return (world) => {
    const last = before
    before = podsOfStable(life, world)
    if (!last || !before || last.predictor !== before.predictor || last.object !== before.object) return []
    return life.freedom.replicas || isSubset(last.uids, before.uids) ? [] : ['no pod of a stable version is replaced']
  }
}

function podsOfStable ({ serving }: Life, world: World): Pods | undefined {
  const stable = memoryOf(serving)?.stable
  if (!stable) return undefined
  const predictor = predictorName(stable)
  const uids = podsOf(world, predictor).map(({ uid }) => uid)
  return uids.length === 0 ? undefined : { object: serving?.metadata.uid, predictor, uids }
}

function isSubset (part: string[], whole: string[]): boolean {
  return part.every((element) => whole.includes(element))
}
