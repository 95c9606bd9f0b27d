// Random walks through a small hostile world: Jobs that fail, vanish and are silent, old reads, edits, requests, lost annotations and status. MIGRATION_WALKS sets
// their number; MIGRATION_SEED and MIGRATION_PATH, both printed on failure, repeat one.
import t from 'tap'
import fc from 'fast-check'
import { beginning, calmDown, checkRest, move, moves, type Move } from '../../helpers/migration-world/walk.ts'
import type { Fate } from '../../helpers/migration-world/world.ts'

const WALKS = Number(process.env.MIGRATION_WALKS ?? (process.env.CI === 'true' ? 400 : 150))
const SEED = Number(process.env.MIGRATION_SEED ?? 2026)
const PATH = process.env.MIGRATION_PATH

const beginnings = fc.record({
  serves: fc.boolean(),
  mode: fc.constantFrom('Automatic' as const, 'Always' as const),
  autoscaling: fc.boolean(),
  counts: fc.boolean(),
  fate: fc.constantFrom<Fate>('succeeds', 'succeeds', 'halfway', 'refused', 'unreachable', 'silent'),
  edit: fc.constantFrom<Move>({ do: 'image', image: 'b' }, { do: 'image', image: 'b' }, { do: 'stores' }, { do: 'command' }, { do: 'report' }),
  calm: fc.nat({ max: 40 }),
  steps: fc.array(moves, { maxLength: 40, size: 'max' })
})

t.test('whatever happens, no pods and migrations meet, nothing runs twice, pods fit the databases, and a calm world comes to rest', async (t) => {
  const property = fc.property(beginnings, ({ serves, mode, autoscaling, counts, fate, edit, calm, steps }) => {
    const world = beginning({ serves, mode, autoscaling })
    world.counts = counts
    move(world, edit)
    for (let turn = 0; turn < calm; turn++) move(world, { do: 'next', fate: 'succeeds' })
    for (const step of steps) move(world, step)
    calmDown(world, fate)
    checkRest(world)
  })
  const result = fc.check(property, { seed: SEED, numRuns: WALKS, ...(PATH !== undefined && { path: PATH }) })
  if (result.failed) t.fail(`MIGRATION_SEED=${result.seed} MIGRATION_PATH=${result.counterexamplePath}`, { walk: (result.counterexample ?? []).map(({ steps, ...rest }) => [JSON.stringify(rest), ...steps.map((step) => JSON.stringify(step))]).flat(), error: String(result.errorInstance) })
  else t.pass(`${WALKS} walks`)
})
