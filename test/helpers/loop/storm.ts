// A storm: what happens to the loop at random, as data, and how it is done. What chance decides on the way (which read is stale, which write
// is lost) comes from the plan's own seed; only the interleaving with the programs is left to the machine.
import fc from 'fast-check'
import { setTimeout as sleep } from 'node:timers/promises'
import { predictorName } from '../../../hooks/core/names.ts'
import type { View } from '../../../playground/control-loop/object-cache.ts'
import type { Interference, Write } from '../../../playground/control-loop/resource-client.ts'
import { createRandom } from '../../../playground/stand-ins/seldon/random.ts'
import type { Outage } from '../../../playground/stand-ins/seldon/world.ts'
import { ALIAS } from './models.ts'
import { memoryOf } from './serving.ts'
import type { LoopWorld } from './world.ts'

/** Objects of a storm. One memory may be lost at a time, so each loses only its status, or only its serving object or the annotation on it. */
export const OBJECTS = ['status-loser', 'memory-loser', 'object-loser'] as const

type Name = (typeof OBJECTS)[number]

export type Act =
  | { do: 'alias', name: Name, version: string }
  | { do: 'forget', name: Name }
  | { do: 'pods', name: Name, of: 'stable' | 'canary', outage: Outage }
  | { do: 'restart', program: 'hooks' | 'poller', signal: 'SIGTERM' | 'SIGKILL' }
  | { do: 'lose-seldon-status', count: number }

export interface Plan {
  seed: number
  /** Shares of reads that are stale, and of writes that are lost or fail. */
  stale: number
  lost: number
  /** Each with the milliseconds before it. */
  acts: Array<{ after: number, act: Act }>
}

/** Plans of that many acts. */
export function plans (length: number): fc.Arbitrary<Plan> {
  const name = fc.constantFrom(...OBJECTS)
  const act: fc.Arbitrary<Act> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('alias' as const), name, version: fc.constantFrom('1', '2', '2', '3') }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('forget' as const), name }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('pods' as const), name, of: fc.constantFrom('stable' as const, 'canary' as const), outage: fc.constantFrom<Outage>('none', 'none', 'some', 'all') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), program: fc.constantFrom('hooks' as const, 'poller' as const), signal: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-seldon-status' as const), count: fc.integer({ min: 1, max: 2 }) }) }
  )
  return fc.record({
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
    stale: fc.constantFrom(0.1, 0.3, 0.5),
    lost: fc.constantFrom(0, 0.1, 0.25),
    acts: fc.array(fc.record({ after: fc.integer({ min: 0, max: 700 }), act }), { minLength: length, maxLength: length })
  })
}

/** The part of a storm that the control loop feels. */
export interface Weather {
  view: View
  interfere: (write: Write) => Interference
  /** How late the operator is, in milliseconds. */
  lag: () => number
  /** Reads of this object are fresh for a while: nobody claims anything for a memory that was lost under a stale read. */
  clear: (name: string) => void
  end: () => void
}

const CLEAR_MS = 1500
const OLDEST = 3
const LONGEST_LAG_MS = 2500

export function makeWeather ({ seed, stale, lost }: Pick<Plan, 'seed' | 'stale' | 'lost'>): Weather {
  const random = createRandom(seed)
  const clearUntil = new Map<string, number>()
  let over = false
  return {
    view (_kind, key, versions) {
      const newest = versions.at(-1)
      const isClear = over || performance.now() < (clearUntil.get(key.slice(key.indexOf('/') + 1)) ?? 0)
      if (isClear || random.uniform() >= stale) return newest
      return versions.at(-Math.min(versions.length, 2 + Math.floor(random.uniform() * OLDEST)))
    },
    interfere () {
      if (over || random.uniform() >= lost) return undefined
      return random.uniform() < 0.7 ? 'lose' : 'fail'
    },
    lag: () => random.uniform() < 0.7 ? 20 : random.uniform() * LONGEST_LAG_MS,
    clear: (name) => { clearUntil.set(name, performance.now() + CLEAR_MS) },
    end () { over = true }
  }
}

/** Lets the storm pass over the world. Resolves when both programs run again. */
export async function rage (world: LoopWorld, { acts }: Plan, weather: Weather): Promise<void> {
  const restarts = new Map<string, Promise<void>>()
  for (const { after, act } of acts) {
    await sleep(after)
    if (act.do === 'restart') restarts.set(act.program, (restarts.get(act.program) ?? Promise.resolve()).then(async () => { await restart(world, act) }))
    else perform(world, act, weather)
  }
  await Promise.all(restarts.values())
}

async function restart ({ system, people }: LoopWorld, { program, signal }: Extract<Act, { do: 'restart' }>): Promise<void> {
  await system.restart(program, signal)
  if (program === 'poller' && signal === 'SIGKILL') people.removeLease()
}

function perform (world: LoopWorld, act: Exclude<Act, { do: 'restart' }>, weather: Weather): void {
  const { system: { mlflow, seldon }, witness } = world
  switch (act.do) {
    case 'alias': return mlflow.registry().setAlias(act.name, ALIAS, act.version)
    case 'forget':
      weather.clear(act.name)
      return forget(world, act.name)
    case 'pods': {
      const version = memoryOf(witness.of(act.name).serving)?.[act.of]
      return version && seldon.kill('models', act.name, predictorName(version), act.outage)
    }
    case 'lose-seldon-status': return seldon.loseStatusWrites(act.count)
    default: return act satisfies never
  }
}

function forget ({ people }: LoopWorld, name: Name): void {
  switch (name) {
    case 'status-loser': return people.wipeStatus(name)
    case 'memory-loser': return people.wipeMemory(name)
    case 'object-loser': return people.removeServing(name)
    default: return name satisfies never
  }
}
