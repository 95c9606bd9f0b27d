// Storms over the whole loop: stale reads, lost writes, lost memories, dying pods, killed programs, an alias that moves at random. The invariants
// of helpers/loop hold all the while, and a calm loop comes to rest in the right state without another write. LOOP_RUNS=20 for more storms,
// LOOP_SEED and LOOP_PATH (printed on failure) for the same plan again; the programs may interleave with it in another way.
import t, { type Test } from 'tap'
import fc from 'fast-check'
import { mend, restingWrites, settle } from '../helpers/loop/calm.ts'
import { quickModel, register } from '../helpers/loop/models.ts'
import { makeWeather, OBJECTS, plans, rage, type Plan } from '../helpers/loop/storm.ts'
import { startWorld } from '../helpers/loop/world.ts'

const RUNS = Number(process.env['LOOP_RUNS'] ?? 1)
const SEED = Number(process.env['LOOP_SEED'] ?? 2026)
const PATH = process.env['LOOP_PATH']
const ACTS = Number(process.env['LOOP_ACTS'] ?? 20)
const CALM_LAG_MS = 20

/** Milliseconds that all storms together may take. */
const PATIENCE_MS = 60_000 + RUNS * 120_000

/** As many storms as asked for, one after the other. */
async function weatherStorms (t: Test): Promise<void> {
  const property = fc.asyncProperty(plans(ACTS), async (plan) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    await t.test(`storm ${plan.seed}`, async (t) => { await weather(t, plan).then(resolve, reject) })
    await promise
  })
  // A failing storm is not made smaller: the next one would interleave in another way.
  const result = await fc.check(property, { seed: SEED, numRuns: RUNS, endOnFailure: true, ...(PATH !== undefined && { path: PATH }) })
  if (result.failed) t.fail(`LOOP_SEED=${result.seed} LOOP_PATH=${result.counterexamplePath}`)
  else t.pass(`${RUNS} storms of seed ${SEED}`)
}

/** One storm and the calm after it, in a world of its own. */
async function weather (t: Test, plan: Plan): Promise<void> {
  const sky = makeWeather(plan)
  let raging = false
  const world = await startWorld(t, {
    seldonLag: () => raging ? sky.lag() : CALM_LAG_MS,
    controlLoop: {
      // A read that was stale on purpose is made good by the resync, which comes every 1.5 s.
      timeScale: 0.005,
      view: (kind, key, versions) => raging ? sky.view(kind, key, versions) : versions.at(-1),
      viewDepth: 6,
      interfere: (write) => raging ? sky.interfere(write) : undefined
    }
  })
  const { witness, people, system: { mlflow } } = world
  for (const name of OBJECTS) {
    register(mlflow.registry(), name)
    people.create(quickModel(name, { serving: { replicas: name === 'memory-loser' ? 2 : 1 }, rollout: { progressDeadline: '5m' }, analysis: { checks: 1 } }))
  }
  await witness.until('all serve their first version', () => OBJECTS.every((name) => (witness.of(name).model?.status as { phase?: string } | undefined)?.phase === 'Healthy'))
  raging = true
  try {
    await rage(world, plan, sky)
    t.comment('calm')
    raging = false
    sky.end()
    mend(world, OBJECTS)
    await settle(world, OBJECTS)
    const written = await restingWrites(world)
    if (written.length > 0) throw new Error(`it goes on writing: ${written.join(', ')}`)
    t.same(witness.violations(), [])
  } catch (error) {
    t.fail(String(error), { plan })
    throw error
  }
}

t.setTimeout(PATIENCE_MS)
t.test('the loop goes through storms, and comes to rest', weatherStorms)
