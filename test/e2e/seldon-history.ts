// Every state that the API server has shown of the SeldonDeployments: the weights they asked for, and whether anything else moved.
import equal from 'fast-deep-equal'
import type { Predictor } from '../../playground/stand-ins/seldon/seldon-deployment.ts'
import type { Api } from './api.ts'

export interface SeldonObject {
  metadata: { name: string, namespace: string, uid: string, labels?: object, annotations?: Record<string, string>, ownerReferences?: object[], finalizers?: string[], deletionTimestamp?: string }
  spec: { predictors: Predictor[], [field: string]: unknown }
}

/** What the API server has shown of one object, and when (milliseconds). */
export interface State { at: number, type: string, object: SeldonObject }

export interface SeldonHistory {
  /** Weights of a version in the order in which the spec asked for them since the instant `since` (milliseconds), without repeats; 0 where it was not named. */
  weights: (name: string, version: string, since: number) => number[]
  /** Sums of all weights that differ from 100. */
  wrongSums: (name: string) => number[]
  /** What has changed since `since` besides traffic, the list of predictors and the memory in the annotation; against the state that was the newest then. */
  otherChanges: (name: string, since: number) => string[]
}

/** The memory of the rollout, and the control loop's copy of the whole object. */
const MEMORY = ['sluice.dev/state', 'metacontroller.k8s.io/last-applied-configuration']

/** Follows all SeldonDeployments; resolves when those that exist are known. */
export async function followSeldon (api: Api): Promise<SeldonHistory> {
  const states: State[] = []
  await api.follow<SeldonObject>('/apis/machinelearning.seldon.io/v1/seldondeployments', (type, object) => { states.push({ at: Date.now(), type, object }) })
  const of = (name: string, since = 0): State[] => states.filter(({ at, type, object }) => at >= since && type !== 'DELETED' && object.metadata.name === name)
  return {
    weights (name, version, since) {
      const shares = of(name, since).map(({ object }) => shareOf(object, version))
      return shares.filter((share, index) => share !== shares[index - 1])
    },
    wrongSums: (name) => of(name).map(({ object }) => object.spec.predictors.reduce((sum, { traffic = 0 }) => sum + traffic, 0)).filter((sum) => sum !== 100),
    otherChanges: (name, since) => otherChanges(states.filter(({ object }) => object.metadata.name === name), since)
  }
}

/**
 * What has changed from state to state of one object since `since`, in words, besides traffic, the list of predictors and the memory. The state that was
 * the newest at `since` is the first to be compared with: what comes after it is the write that begins a rollout. A deletion ends all comparing.
 */
export function otherChanges (states: readonly State[], since: number): string[] {
  let before: SeldonObject | undefined
  return states.flatMap(({ at, type, object }) => {
    const known = before
    const ends = type === 'DELETED' || object.metadata.deletionTimestamp !== undefined
    before = ends ? undefined : object
    return known && before && at >= since ? differences(known, before) : []
  })
}

function shareOf ({ spec }: SeldonObject, version: string): number {
  return spec.predictors.filter(({ name }) => name.startsWith(`v${version}-`)).reduce((sum, { traffic = 0 }) => sum + traffic, 0)
}

function differences (before: SeldonObject, after: SeldonObject): string[] {
  const parts = Object.keys({ ...fixed(before), ...fixed(after) }).filter((part) => !equal(fixed(before)[part], fixed(after)[part]))
  const predictors = after.spec.predictors.filter((predictor) => {
    const known = before.spec.predictors.find(({ name }) => name === predictor.name)
    return known && !equal({ ...known, traffic: 0 }, { ...predictor, traffic: 0 })
  })
  return [...parts, ...predictors.map(({ name }) => `predictor ${name}`)].map((what) => `${what} changed`)
}

/** What must stay while weights move. */
function fixed ({ metadata, spec: { predictors: _predictors, ...spec } }: SeldonObject): Record<string, unknown> {
  const annotations = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !MEMORY.includes(key)))
  const { uid, labels, ownerReferences, finalizers } = metadata
  return { uid, labels, ownerReferences, finalizers, annotations, spec }
}
