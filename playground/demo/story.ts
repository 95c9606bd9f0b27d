// The story that the demo tells: what is done in the registry, and what must come of it. A chapter that does not come true fails the demo.
import type { RegistryClient } from './registry-client.ts'
import type { Snapshot } from './snapshot.ts'

export interface Chapter {
  title: string
  act: (registry: RegistryClient) => Promise<void>
  /** True once the chapter has come true; `seen` are all snapshots since it began. */
  isOver: (now: Snapshot, seen: readonly Snapshot[]) => boolean
  /** Reasons of the Events that people must have been told. */
  events: string[]
  /** Seconds after which it counts as not come true. */
  patience: number
}

export const MODEL = 'bank-churn'
export const ALIAS = 'champion'

/** Versions of the story that answer badly. */
export const BAD_VERSIONS: ReadonlySet<string> = new Set(['3'])

const source = (version: number) => `s3://models/${MODEL}/${version}`

function isServing (version: string, { phase, stable, canary }: Snapshot): boolean {
  return stable === version && canary === undefined && phase === 'Healthy'
}

/** Weights of the canary in the order in which they were in force, without repeats. */
export function weightsOf (version: string, seen: readonly Snapshot[]): number[] {
  const weights = seen.filter(({ canary }) => canary === version).map(({ weight }) => weight)
  return weights.filter((weight, index) => weight !== weights[index - 1])
}

export const CHAPTERS: Chapter[] = [
  {
    title: `alias ${ALIAS} is set to version 1`,
    async act (registry) {
      await registry.createModel(MODEL)
      for (const version of [1, 2, 3]) await registry.createVersion(MODEL, source(version))
      await registry.setAlias(MODEL, ALIAS, '1')
    },
    isOver: (now) => isServing('1', now),
    events: ['NewModelVersionDetected', 'Deployed'],
    patience: 30
  },
  {
    title: `alias ${ALIAS} moves to version 2, which is as good`,
    act: async (registry) => { await registry.setAlias(MODEL, ALIAS, '2') },
    isOver: (now, seen) => isServing('2', now) && [20, 50, 80].every((weight) => weightsOf('2', seen).includes(weight)),
    events: ['NewModelVersionDetected', 'TrafficIncrease', 'PromotionComplete'],
    patience: 60
  },
  {
    title: `alias ${ALIAS} moves to version 3, which is slower and fails more often`,
    act: async (registry) => { await registry.setAlias(MODEL, ALIAS, '3') },
    isOver: (now, seen) => now.phase === 'Degraded' && now.stable === '2' && now.canary === undefined && weightsOf('3', seen).includes(20) && !weightsOf('3', seen).includes(80),
    events: ['NewModelVersionDetected', 'PromotionFailed', 'RolledBack'],
    patience: 60
  },
  {
    title: `alias ${ALIAS} moves back to version 2`,
    act: async (registry) => { await registry.setAlias(MODEL, ALIAS, '2') },
    isOver: (now) => isServing('2', now),
    events: [],
    patience: 30
  }
]
