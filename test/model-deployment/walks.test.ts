// Random walks through a small hostile world: old sights, failing Jobs and pods, edits, retries, scalers, lost status, annotations and objects. VERSION_STEPS sets
// the length (a long run: VERSION_STEPS=1000000 VERSION_SEED=$RANDOM); VERSION_SEED and VERSION_PATH, both printed on failure, repeat one walk.
import t from 'tap'
import fc from 'fast-check'
import { plans, type Plan } from '../helpers/version-world/moves.ts'
import { walk } from '../helpers/version-world/walk.ts'

const STEPS = Number(process.env.VERSION_STEPS ?? (process.env.CI === 'true' ? 6000 : 2000))
const SEED = Number(process.env.VERSION_SEED ?? 2026)
const PATH = process.env.VERSION_PATH
/** Passes of the hook that a walk makes on average. */
const STEPS_A_WALK = 25

t.setTimeout(Math.max(110_000, STEPS * 5))

t.test('whatever the world does, what the Service names stays, nothing is tried unasked, and a calm world comes to rest', async (t) => {
  let passes = 0
  const property = fc.property(plans(120), (plan) => {
    passes += walk(plan)
  })
  const result = fc.check(property, { seed: SEED, numRuns: Math.ceil(STEPS / STEPS_A_WALK), ...(PATH !== undefined && { path: PATH }) })
  if (result.failed) t.fail(`VERSION_SEED=${result.seed} VERSION_PATH=${result.counterexamplePath}`, { plan: describe(result.counterexample), error: String(result.errorInstance) })
  t.comment(`seed ${SEED}: ${passes} passes`)
  t.ok(PATH !== undefined || result.failed || passes >= STEPS / 2, `${passes} passes of the hook were made`)
})

/** One move a line. */
function describe (counterexample: [Plan] | null): string[] {
  if (!counterexample) return []
  const [{ moves, ...start }] = counterexample
  return [JSON.stringify(start), ...moves.map((move) => JSON.stringify(move))]
}
