// Random walks through a hostile world: stale caches, lost writes, dying pods, Seldon's habits, and people. The invariants hold after every
// pass, and once the world is calm it comes to rest where it should. WALK_STEPS sets the length, which is longer where CI is true
// (a long run: WALK_STEPS=2000000 WALK_SEED=$RANDOM);
// WALK_SEED and WALK_PATH, both printed on failure, repeat one walk.
import t from 'tap'
import fc from 'fast-check'
import { sync } from '../../hooks/mlflow-model/sync.ts'
import { walks } from '../helpers/rollout-world/arbitraries.ts'
import { walk } from '../helpers/rollout-world/walk.ts'

const STEPS = Number(process.env.WALK_STEPS ?? (process.env.CI === 'true' ? 100_000 : 25_000))
const SEED = Number(process.env.WALK_SEED ?? 2026)
const PATH = process.env.WALK_PATH
const LONGEST = 160
/** Passes of the hook that a walk makes on average, its calm end included. */
const STEPS_A_WALK = 90

t.setTimeout(Math.max(110_000, STEPS))

t.test('whatever the world does, the invariants hold and a calm world comes to rest', async (t) => {
  let passes = 0
  const property = fc.property(walks(LONGEST), (plan) => {
    passes += walk(plan, sync)
  })
  const result = fc.check(property, { seed: SEED, numRuns: Math.ceil(STEPS / STEPS_A_WALK), ...(PATH !== undefined && { path: PATH }) })
  if (result.failed) t.fail(`WALK_SEED=${result.seed} WALK_PATH=${result.counterexamplePath}`, { plan: describe(result.counterexample), error: String(result.errorInstance) })
  t.comment(`seed ${SEED}: ${passes} passes`)
  t.ok(PATH !== undefined || result.failed || passes >= STEPS * 0.9, `${passes} passes of the hook were made`)
})

/** One move a line, to be pasted into a trace. */
function describe (plans: unknown[] | null): string[] {
  const [plan] = (plans ?? []) as Array<{ moves: unknown[] }>
  if (!plan) return []
  const { moves, ...start } = plan
  return [JSON.stringify(start), ...moves.map((move) => JSON.stringify(move))]
}
