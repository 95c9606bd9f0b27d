// After a storm: everything is mended, and within a bound the loop rests in the state that the registry asks for.
import { parseFacts } from '../../../hooks/core/facts.ts'
import type { Spec, Status } from '../../../hooks/mlflow-model/schema.ts'
import type { MlflowStandIn } from '../../../playground/stand-ins/mlflow/server.ts'
import { ALIAS } from './models.ts'
import { byVersion, sharesOf } from './serving.ts'
import { BAD, type LoopWorld } from './world.ts'

/** Seconds by which time is put forward when nobody has anything to do, and how often: long enough for a lost flip of the router and for keepStable. */
const LEAP_S = 130
const LEAPS = 4
/** Nobody writes anything for so long: then only time can bring it on. */
const STILL_MS = 2000
/** And after so long the last trailing writes are done. */
const DONE_MS = 800
/** Rounds of looks, of some seconds each: two histories that stale reads have set going are one after ten seconds (hooks/core/conditions.ts). */
const ROUNDS = 6

/** Ends every outage of these objects. */
export function mend ({ system: { seldon }, people }: LoopWorld, names: readonly string[]): void {
  seldon.loseStatusWrites(0)
  for (const name of names) {
    for (const predictor of Object.keys(seldon.world('models', name).outages)) seldon.kill('models', name, predictor, 'none')
    people.mendServing(name)
  }
}

/** Waits until every object is where it belongs. Fails with what is wrong. */
export async function settle (world: LoopWorld, names: readonly string[]): Promise<void> {
  const { witness, writes, people, passTime } = world
  const missing = (): string[] => names.flatMap((name) => faultsOf(world, name))
  for (let leaps = 0; ; leaps++) {
    let still = { writes: writes.length, since: performance.now() }
    await witness.until(`the world comes to rest; ${missing().join('; ')}`, () => {
      if (writes.length !== still.writes) still = { writes: writes.length, since: performance.now() }
      return performance.now() - still.since > (missing().length === 0 ? DONE_MS : STILL_MS)
    }, 60)
    if (missing().length === 0) return
    if (leaps === LEAPS) throw new Error(`nothing happens any more, but ${missing().join('; ')}`)
    for (const name of names) people.mendServing(name)
    await passTime(LEAP_S)
  }
}

/**
 * Waits until the poller has asked about every object and nobody has written anything meanwhile. The last trailing writes are let pass: some
 * such rounds at most. `mlflow` is the registry that all of them name. Returns the writes of the last one, none if all is well.
 */
export async function restingWrites ({ witness, system: { api, mlflow: usual }, writes }: LoopWorld, mlflow: MlflowStandIn = usual): Promise<string[]> {
  const asked = new Set(api.store.list('sluice.dev/mlflowmodels').map(({ spec }) => `name=${(spec as Spec).modelName}`))
  let written: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const [before, looks] = [writes.length, mlflow.calls.length]
    await witness.until('the poller has asked about every object', () => [...asked].every((name) => mlflow.calls.slice(looks).some((call) => call.endsWith(name))))
    written = writes.slice(before)
    if (written.length === 0) return written
  }
  return written
}

/** What keeps an object from being at rest in the right state. */
function faultsOf ({ system: { mlflow }, witness }: LoopWorld, name: string): string[] {
  const { model, serving, applied } = witness.of(name)
  const status = (model?.status ?? {}) as Status
  const wanted = mlflow.registry().byAlias(name, ALIAS).version
  const whole = JSON.stringify({ [status.currentModelVersion ?? '']: 100 })
  const compare = (what: string, actual: unknown, expected: unknown): string => actual === expected ? '' : `${what} ${String(actual)}, not ${String(expected)}`
  return [
    compare('the poller tells of version', parseFacts(model?.metadata.annotations).registry?.version, wanted),
    compare('the rollout is', status.rollout?.stage, undefined),
    compare('the object serves', JSON.stringify(serving && byVersion(sharesOf(serving))), whole),
    compare('the router applies', JSON.stringify(applied.at(-1)), whole),
    isRight(status, wanted) ? '' : `it is ${status.phase} (${status.reason}) with version ${status.currentModelVersion}, and the alias on ${wanted}`
  ].filter((fault) => fault !== '').map((fault) => `${name}: ${fault}`)
}

/** The version of the alias serves, or it has failed, the object says so and another good one serves. */
function isRight ({ phase, currentModelVersion, failedVersions = [] }: Status, wanted: string): boolean {
  if (currentModelVersion === BAD) return false
  if (currentModelVersion === wanted) return phase === 'Healthy'
  return phase === 'Degraded' && failedVersions.some(({ version }) => version === wanted)
}
