// One rollout that something happens to, and what must be true of its promotion whatever that was.
import type { Test } from 'tap'
import { isServing, isStepping, type Model, type WatchedModel } from '../helpers/servers/watched-model.ts'
import type { Scene } from './scene.ts'

export interface Promotion {
  /** Weights of the canary that the spec has asked for so far. */
  weights: () => number[]
  /** Waits for the promotion, and asserts that it was an ordinary one. */
  end: (t: Test, seconds?: number) => Promise<Model>
}

/** Moves the alias from one version to the next at each call; resolves when that is judged at its first step. */
export type Begin = (from: string, to: string) => Promise<Promotion>

/** Rollouts of one model that goes through these steps. */
export function promotionsOf (scene: Scene, model: WatchedModel, { name, alias, steps }: { name: string, alias: string, steps: number[] }): Begin {
  const { registry, history } = scene
  return async (from, to) => {
    const since = Date.now()
    const lost = model.lost()
    const stable = model.pods(from)
    await registry.setAlias(name, alias, to)
    await model.until(`version ${to} is judged at its first step`, isStepping(to, steps[0] ?? 0))
    const canary = model.pods(to)
    return {
      weights: () => history.weights(name, to, since),
      async end (t, seconds) {
        const promoted = await model.until(`version ${to} serves`, isServing(to), seconds)
        t.match(promoted.status, { lastOutcome: 'Promoted', currentModelVersion: to, previousModelVersion: from })
        t.notOk(promoted.status?.failedVersions?.some(({ version }) => version === to), 'nothing is held against it')
        t.strictSame(history.weights(name, to, since), [0, ...steps, 100], 'the spec asked for every step once')
        t.strictSame(model.weightsSince(since, to), [0, ...steps, 100], 'the router applied every step once')
        t.strictSame(history.otherChanges(name, since), [], 'nothing else was touched')
        t.strictSame([model.pods(from), model.pods(to)], [stable, canary], 'no pod was restarted')
        t.equal(model.lost(), lost, 'no request found no pod')
        return promoted
      }
    }
  }
}

export interface Fact { rollout?: string, step?: number, stepStartedAt?: string, passed?: number, last?: { at?: string } }

/** What the poller has written of its checks. */
export function factOf ({ metadata }: Pick<Model, 'metadata'>): Fact {
  return JSON.parse(metadata.annotations?.['sluice.dev/analysis'] ?? '{}') as Fact
}

/** Checks of the first step that the poller has reported. */
export function passesOf (model: Model): number {
  const { status } = model
  const fact = factOf(model)
  return fact.rollout === status?.rollout?.id && fact.step === 1 ? fact.passed ?? 0 : 0
}

/** Numbers of passed checks that the poller reports from now on, in the order of its reports, by `rollout step stepStartedAt`. */
export async function followPasses ({ plane: { api } }: Pick<Scene, 'plane'>): Promise<Map<string, number[]>> {
  const reported = new Map<string, number[]>()
  await api.follow<Model>('/apis/sluice.dev/v1alpha1/namespaces/models/mlflowmodels', (_type, { metadata }) => {
    const { rollout, step, stepStartedAt, passed = 0 } = factOf({ metadata })
    const key = `${rollout} ${step} ${stepStartedAt}`
    reported.set(key, [...reported.get(key) ?? [], passed])
  })
  return reported
}
