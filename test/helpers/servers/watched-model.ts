// One MlflowModel as a person with kubectl sees it, and what is true of it in the cluster behind.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Parent } from '../../../hooks/core/request.ts'
import type { Spec, Status } from '../../../hooks/mlflow-model/schema.ts'
import { podsOf, type World } from '../../../playground/stand-ins/seldon/world.ts'
import type { System } from '../../../playground/system/system.ts'

/** Where an object is watched: the playground's system, or a cluster that has the same. */
export interface Surroundings {
  api: Pick<System['api'], 'url'>
  seldon: Pick<System['seldon'], 'world'>
  traffic: Pick<System['traffic'], 'sent'>
  /** For an API server that asks who calls [the global fetch]. */
  fetch?: typeof fetch
}

export type Model = Parent<Spec, Status>
type Condition = NonNullable<Status['conditions']>[number]

export interface WatchedModel {
  /** Resolves with the object once `condition` is true of it. Throws after `seconds`, with the last state in words. */
  until: (what: string, condition: (model: Model) => boolean, seconds?: number) => Promise<Model>
  /** The cluster behind the object. */
  world: () => World
  /** Weights of this version, in the order in which the router applied them since the instant `since` (milliseconds), without repeats. */
  weightsSince: (since: number, version: string) => number[]
  /** Pods of a version: the identities, and when their containers started last. */
  pods: (version: string) => Array<{ uid: string, startedAt: number }>
  /** Requests that found no pod or no route so far. */
  lost: () => number
  /** Resolves with the note of the event with this reason. Throws after `seconds`. */
  event: (reason: string, seconds?: number) => Promise<string>
}

const LOOK_MS = 100

/** Watches the MlflowModel of this name. */
export function watchModel (system: Surroundings, name: string, namespace = 'models'): WatchedModel {
  const url = `${system.api.url}/apis/sluice.dev/v1alpha1/namespaces/${namespace}/mlflowmodels/${name}`
  const world = (): World => system.seldon.world(namespace, name)
  const read = async <T>(at: string): Promise<T | undefined> => await readFrom<T>(system.fetch ?? fetch, at)
  return {
    async until (what, condition, seconds = 60) {
      let last: Model | undefined
      const found = await poll(seconds, async () => {
        last = await read<Model>(url)
        return last !== undefined && condition(last) ? last : undefined
      })
      if (found === undefined) throw new Error(`not within ${seconds} s: ${what}. Last seen: ${JSON.stringify(last?.status)} ${JSON.stringify(last?.metadata.annotations)}`)
      return found
    },
    world,
    weightsSince (since, version) {
      const shares = world().history.filter(({ at }) => at >= since).map(({ weights }) => shareOf(weights, version))
      return shares.filter((share, index) => share !== shares[index - 1])
    },
    pods: (version) => predictorsOf(world(), version).flatMap((predictor) => podsOf(world(), predictor)).map(({ uid, startedAt }) => ({ uid, startedAt })),
    lost: () => system.traffic.sent(namespace, name)['unreachable'] ?? 0,
    async event (reason, seconds = 20) {
      const found = await poll(seconds, async () => {
        const list = await read<{ items: ModelEvent[] }>(`${system.api.url}/apis/events.k8s.io/v1/namespaces/${namespace}/events`)
        return list?.items.findLast((event) => event.regarding?.name === name && event.reason === reason)
      })
      if (found === undefined) throw new Error(`no event ${reason} within ${seconds} s`)
      return found.note
    }
  }
}

interface ModelEvent { reason: string, note: string, regarding?: { name?: string } }

/** A condition as `Status/Reason`, such as `True/Found`. */
export function conditionOf ({ status }: Model, type: Condition['type']): string {
  const found = status?.conditions?.find((condition) => condition.type === type)
  return found ? `${found.status}/${found.reason}` : ''
}

/** Whether this version has all traffic and nothing is under way. */
export function isServing (version: string): (model: Model) => boolean {
  return ({ status }) => status?.phase === 'Healthy' && status.currentModelVersion === version && status.canaryModelVersion === undefined && status.rollout === undefined
}

/** Whether this version has `weight` in force as a canary, judged by at least one passed check. */
export function isStepping (version: string, weight: number): (model: Model) => boolean {
  return (model) => {
    const { status } = model
    return status?.canaryModelVersion === version && status.rollout?.stage === 'Stepping' && status.weight === weight && conditionOf(model, 'AnalysisPassing') === 'True/Passed'
  }
}

function shareOf (weights: Readonly<Record<string, number>>, version: string): number {
  return Object.entries(weights).filter(([predictor]) => predictor.startsWith(`v${version}-`)).reduce((sum, [, weight]) => sum + weight, 0)
}

function predictorsOf ({ deployments }: World, version: string): string[] {
  return [...new Set(Object.values(deployments).map(({ predictor }) => predictor).filter((predictor) => predictor.startsWith(`v${version}-`)))]
}

async function readFrom<T> (ask: typeof fetch, url: string): Promise<T | undefined> {
  const answer = await ask(url)
  return answer.ok ? await answer.json() as T : undefined
}

async function poll<T> (seconds: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const giveUp = performance.now() + seconds * 1000
  while (performance.now() < giveUp) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(LOOK_MS)
  }
  return undefined
}
