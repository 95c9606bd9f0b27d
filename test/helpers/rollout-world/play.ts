// Scripted plays in the world: moves one by one, and short questions about what is wanted, what is routed and what is remembered.
import { strict as assert } from 'node:assert'
import { predictorName } from '../../../hooks/core/names.ts'
import { sync } from '../../../hooks/mlflow-model/sync.ts'
import type { Status } from '../../../hooks/mlflow-model/schema.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { calmDown, checkRest } from './calm.ts'
import type { Pass } from './metacontroller.ts'
import { applyMove, type Move } from './moves.ts'
import { memoryOf, nameOf } from './reading.ts'
import { sharesOf, versionOfPredictor } from './seldon.ts'
import { makeWorld, newestChild, newestParent, VERSIONS, type VersionName, type World, type WorldOptions } from './state.ts'

export type Play = {
  world: World
  /** Does the moves and returns the last pass of the hook among them. */
  run: (...moves: Move[]) => Pass | undefined
  /** Whole rounds, everybody doing their work. */
  rounds: (count: number, options?: Omit<Extract<Move, { do: 'round' }>, 'do'>) => void
  /** Whole rounds until it is so; fails when it never is. */
  until: (isSo: () => boolean, options?: Omit<Extract<Move, { do: 'round' }>, 'do'>) => void
  calm: () => void
  status: () => Partial<Status>
  memory: () => Memory
  stage: () => string | undefined
  /** Shares asked of the router, by version: `{ '1a': 80, '2a': 20 }`. */
  wanted: () => Record<string, number>
  /** Shares of real requests. */
  routed: () => Record<string, number>
  stable: () => VersionName | undefined
  failed: () => string[]
}

/** A play in a new world. Every invariant is checked on the way. */
export function makePlay (options: WorldOptions = {}): Play {
  const world = makeWorld(options)
  const run = (...moves: Move[]) => moves.flatMap((move) => applyMove(world, sync, move)).at(-1)
  const rounds: Play['rounds'] = (count, round = {}) => {
    for (let i = 0; i < count; i++) run({ do: 'round', ...round })
  }
  return {
    world,
    run,
    rounds,
    until: (isSo, round = {}) => {
      for (let i = 0; i < 100 && !isSo(); i++) run({ do: 'round', ...round })
      assert(isSo(), `this never comes: ${isSo}; status: ${JSON.stringify(newestParent(world).status)}`)
    },
    calm: () => {
      calmDown(world, sync)
      checkRest(world)
    },
    status: () => newestParent(world).status ?? {},
    memory: () => memoryOf(newestChild(world)) ?? { sequence: -1, counter: -1 },
    stage: () => memoryOf(newestChild(world))?.rollout?.stage,
    wanted: () => byVersion(sharesOf(newestChild(world))),
    routed: () => byVersion(world.seldon.routed),
    stable: () => nameOf(memoryOf(newestChild(world))?.stable),
    failed: () => (memoryOf(newestChild(world))?.failedVersions ?? []).map((failure) => `${nameOf(failure)} ${failure.reason}`)
  }
}

/** 1a serves, at rest. */
export function servingPlay (options: WorldOptions = {}): Play {
  const play = makePlay(options)
  play.until(() => play.stable() === '1a' && play.memory().traffic?.inForce === true)
  play.rounds(1)
  return play
}

/** 2a is rolled out to this weight: wanted since a moment ago, or in force. */
export function rollingPlay (weight: number, { inForce = true, ...options }: WorldOptions & { inForce?: boolean } = {}): Play {
  const play = servingPlay(options)
  play.run({ do: 'alias', version: '2a' })
  play.until(() => play.wanted()['2a'] === weight)
  if (inForce) play.until(() => play.memory().traffic?.inForce === true, { outcome: 'Inconclusive' })
  return play
}

/** 2a is promoted, 1a still warm. */
export function promotedPlay (options: WorldOptions = {}): Play {
  const play = servingPlay(options)
  play.run({ do: 'alias', version: '2a' })
  play.until(() => play.stable() === '2a')
  return play
}

export function predictor (version: VersionName): string {
  return predictorName(VERSIONS[version])
}

function byVersion (shares: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [versionOfPredictor(name) ?? name, share]))
}
