// Random moves for fast-check: mostly work getting done, so that walks get far, and faults of every kind in between.
import fc from 'fast-check'
import type { Move } from './moves.ts'
import { VERSION_NAMES, type SpecChange, type World, type WorldOptions } from './state.ts'

const version = fc.constantFrom(...VERSION_NAMES)
const age = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 5)
const outcome = fc.constantFrom('Passed', 'Passed', 'Passed', 'Failed', 'Inconclusive', 'Error' as const)

const edits: SpecChange[] = [
  { rollout: { paused: true } },
  { rollout: { paused: false } },
  { rollout: { paused: false } },
  { rollout: { steps: [20, 60] } },
  { rollout: { steps: [10, 80] } },
  { rollout: { steps: [] } },
  { rollout: { approval: 'Manual' } },
  { rollout: { approval: 'Automatic' } },
  { rollout: { newVersion: 'Queue' } },
  { rollout: { newVersion: 'Replace' } },
  { serving: { replicas: 1 } },
  { serving: { replicas: 2 } },
  { whenAliasMissing: 'Delete' },
  { whenAliasMissing: 'Retain' },
  { modelAlias: 'challenger' },
  { modelAlias: 'champion' },
  { analysis: { whenPaused: 'Promote' } },
  { analysis: { whenPaused: 'Rollback' } },
  { analysis: { whenPaused: 'Hold' } }
]

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: fc.constant('round' as const), outcome, seconds: fc.constantFrom(0, 1, 5, 20, 61) }) },
  { weight: 14, arbitrary: fc.record({ do: fc.constant('sync' as const), parentAge: age, childAge: age, lose: fc.constantFrom('nothing', 'nothing', 'nothing', 'child', 'status', 'both' as const) }) },
  { weight: 5, arbitrary: fc.constant<Move>({ do: 'sync' }) },
  { weight: 3, arbitrary: fc.constant<Move>({ do: 'settle' }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('seldon' as const), loseStatus: fc.boolean(), slowClean: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('load' as const), version }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('kill', 'kill-one', 'kill', 'break', 'mend', 'mend' as const), version }) },
  { weight: 1, arbitrary: fc.constantFrom<Move>({ do: 'jam' }, { do: 'unjam' }, { do: 'unjam' }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(0, 1, 1, 7, 29, 61, 130, 700) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('alias' as const), version }) },
  { weight: 1, arbitrary: fc.constantFrom<Move>({ do: 'no-alias' }, { do: 'no-model' }, { do: 'not-ready', version: '3a' }, { do: 'unreachable' }, { do: 'refuse' }) },
  { weight: 5, arbitrary: fc.constantFrom<Move>({ do: 'poll' }, { do: 'clock' }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('check' as const), outcome, parentAge: age }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('command' as const), verb: fc.constantFrom('promote', 'abort', 'retry' as const), id: fc.constantFrom('current', 'current', 'old', 'older', 'future', 'none' as const) }) },
  { weight: 4, arbitrary: fc.constantFrom(...edits).map((spec): Move => ({ do: 'edit', spec })) },
  { weight: 1, arbitrary: fc.constantFrom<Move>({ do: 'wipe-status' }, { do: 'wipe-status' }, { do: 'wipe-memory' }, { do: 'delete-child' }, { do: 'mark-child-deleted' }, { do: 'add-shadow' }, { do: 'remove-shadow' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore-status' as const), parentAge: age }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('edit-weights' as const), first: fc.constantFrom(0, 50, 100) }) }
)

const options: fc.Arbitrary<WorldOptions> = fc.record({
  spec: fc.constantFrom<SpecChange>({}, {}, {}, { serving: { replicas: 2 } }, { rollout: { steps: [] } }, { rollout: { approval: 'Manual' } }, { whenAliasMissing: 'Delete' }, { rollout: { newVersion: 'Queue' } }),
  router: fc.constantFrom<World['router']>('istioVirtualServicesReady', 'istioVirtualServicesReady', 'istioVirtualServicesReady', 'AmbassadorMappingsReady', 'undefined', 'absent')
})

/** Where a walk begins, so that most of it happens where the danger is: rounds from a new object on. */
const round: Move = { do: 'round' }
const ONWARDS: Move[] = [round, round, round, round]
const ROLLING: Move[] = [...ONWARDS, { do: 'alias', version: '2a' }, round, round, round, round]
export const STARTS: Record<string, Move[]> = {
  new: [],
  serving: ONWARDS,
  stepping: ROLLING,
  promoting: [...ROLLING, round, round, round, round, round],
  promoted: [...ROLLING, round, round, round, round, round, round, round, round, round]
}

export type Walk = { options: WorldOptions, start: string, moves: Move[], failing: boolean }

/** A walk of up to `length` moves from one of a few worlds. */
export function walks (length: number): fc.Arbitrary<Walk> {
  return fc.record({
    options,
    start: fc.constantFrom(...Object.keys(STARTS)),
    moves: fc.array(move, { maxLength: length, size: 'max' }),
    failing: fc.boolean()
  })
}
