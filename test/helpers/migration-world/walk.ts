// Moves of that world, walks through it, and the rest that every walk comes to.
import fc from 'fast-check'
import type { Decision } from '../../../hooks/mlflow/migration/evidence.ts'
import { checkWorld, cloneWorld, endJobs, endPods, finishJob, headOf, makeWorld, remember, removeJob, report, runDeployment, sync, Violation, type Fate, type Image, type World } from './world.ts'

export type Move =
  | { do: 'sync', deploymentAge?: number, jobAge?: number, seesStatus?: boolean }
  | { do: 'deployment' | 'pods' | 'jobs-gone' | 'report' | 'wait' | 'long-wait' | 'command' | 'wipe-annotation' | 'wipe-status' | 'busy' | 'idle' | 'stores' | 'generation' }
  | { do: 'finish', kind: 'preflight' | 'migrate', fate: Fate }
  | { do: 'delete-job', kind: 'preflight' | 'migrate' }
  | { do: 'image', image: Image }
  /** What would happen next in a calm world. */
  | { do: 'next', fate: Fate }

export function move (world: World, step: Move): void {
  switch (step.do) {
    case 'sync': { sync(world, step); break }
    case 'deployment': { runDeployment(world); break }
    case 'pods': { endPods(world); break }
    case 'jobs-gone': { endJobs(world); break }
    case 'report': { report(world); break }
    case 'wait': { wait(world, 31); break }
    case 'long-wait': { wait(world, 121); break }
    case 'command': { world.command = String(world.status.attempt ?? 0); break }
    case 'wipe-status': { world.status = {}; break }
    case 'wipe-annotation': { wipe(world); break }
    case 'busy': { world.active = 1; break }
    case 'idle': { world.active = 0; break }
    case 'stores': { edit(world, { stores: world.spec.stores + 1 }); break }
    case 'generation': { edit(world, {}); break }
    case 'next': { next(world, step.fate); break }
    case 'image': { edit(world, { image: step.image }); break }
    case 'finish': { finishJob(world, step.kind, step.fate); break }
    case 'delete-job': { for (const [name, { kind }] of Object.entries(world.jobs)) if (kind === step.kind) removeJob(world, name); break }
    default: throw new Error(`no move: ${JSON.stringify(step satisfies never)}`)
  }
  checkWorld(world)
}

/** In the order in which an attempt that meets nothing needs them. */
function next (world: World, fate: Fate): void {
  const { last } = world
  switch (world.turn++ % 6) {
    case 0: { sync(world); break }
    case 1: { runDeployment(world); break }
    case 2: { endPods(world); endJobs(world); break }
    case 3: { finishJob(world, 'preflight', 'succeeds'); break }
    case 4: { finishJob(world, 'migrate', fate); report(world); break }
    default: if (last?.nextDeadline !== undefined) world.now = Math.max(world.now, last.nextDeadline)
  }
}

/** Whoever was told to end has, by then; so have caches. */
function wait (world: World, seconds: number): void {
  world.now += seconds
  endPods(world)
  endJobs(world)
  world.past = []
}

function wipe (world: World): void {
  if (!world.deployment) return
  remember(world)
  // Numbers of attempts may be given a second time.
  world.seen.head.clear()
  const { annotation, ...deployment } = world.deployment
  world.deployment = { ...deployment, version: world.counter++ }
}

function edit (world: World, fields: Partial<World['spec']>): void {
  world.spec = { ...world.spec, ...fields, generation: world.spec.generation + 1 }
}

const MOST_ROUNDS = 120

/** Nobody interferes any more, and Jobs end as `fate` says: until nothing changes. */
export function calmDown (world: World, fate: Fate): void {
  world.active = 0
  let before = ''
  for (let round = 0; round < MOST_ROUNDS; round++) {
    playRound(world, fate)
    const { deployment, jobs, last } = world
    const after = JSON.stringify([deployment?.annotation, deployment?.pods, deployment?.replicas, Object.keys(jobs), last?.condition])
    if (after === before || isEndless(world)) return
    before = after
  }
  throw new Violation(`no rest after ${MOST_ROUNDS} rounds: ${world.last?.stage} ${world.last?.condition.message}`)
}

/** Nothing has ever served, and there is nothing to do but to try again and again, with the longest pause between. */
function isEndless ({ last, now }: World): boolean {
  return last !== undefined && last.memory.before === undefined && last.memory.wait?.for === 'retry' && (last.nextDeadline ?? 0) - now === 1800
}

function playRound (world: World, fate: Fate): void {
  sync(world)
  runDeployment(world)
  endPods(world)
  endJobs(world)
  finishJob(world, 'preflight', fate === 'halfway' || fate === 'refused' ? 'succeeds' : fate)
  finishJob(world, 'migrate', fate)
  report(world)
  const { nextDeadline = 0 } = sync(world)
  if (!isEndless(world)) world.now = Math.max(world.now, nextDeadline)
}

/** What a calm world comes to: the image that is wanted serves, or a condition says who must do what, and what fits the databases serves. */
export function checkRest (world: World): void {
  const { last, jobs } = world
  if (!last) throw new Violation('nothing was decided')
  if (isEndless(world)) return
  if (last.nextDeadline !== undefined || Object.values(jobs).some(({ state }) => state === 'Running')) throw new Violation('it still waits for something')
  if (last.stage === 'Settled') checkSettled(world)
  else if (last.stage === 'Failed') checkFailed(last, readyPods(world).length)
  else throw new Violation(`at rest in ${last.stage}`)
}

function readyPods ({ deployment }: World): Array<{ image: string }> {
  return deployment?.pods.filter(({ ready }) => ready) ?? []
}

function checkSettled (world: World): void {
  const { last, revision, spec } = world
  const pods = readyPods(world)
  const isServing = pods.length > 0 && pods.every(({ image }) => image === spec.image) && revision === headOf(spec.image)
  if (!isServing || last?.condition.status !== 'True') throw new Violation('settled, and not serving')
}

function checkFailed ({ condition, memory, replicas }: Decision, pods: number): void {
  const { status, reason, message } = condition
  if (status !== 'False' || !message.endsWith('add the mlflow.opendatahub.io/force-migrate annotation to the MLflow resource to force a rerun.')) throw new Violation(`nobody is told what to do: ${message}`)
  if (reason === 'MigrationRestored' && pods === 0) throw new Violation('restored, and nothing serves')
  // Pods are away only where nothing ever ran, or where the databases may not fit it.
  if (memory.before && !memory.down && (pods === 0 || replicas === 0)) throw new Violation('nothing was touched, and nothing serves')
}

/** A world in which `a` serves, or, where it says so, in which nothing has been decided yet. */
export function beginning ({ serves = true, ...fields }: Partial<World['spec']> & { serves?: boolean } = {}): World {
  const key = JSON.stringify([serves, fields])
  const world = known.get(key) ?? makeWorld()
  if (!known.has(key)) {
    world.spec = { ...world.spec, ...fields }
    if (serves) {
      calmDown(world, 'succeeds')
      checkRest(world)
    }
    known.set(key, world)
  }
  return cloneWorld(known.get(key) ?? world)
}

const known = new Map<string, World>()

const fates: fc.Arbitrary<Fate> = fc.constantFrom('succeeds', 'succeeds', 'halfway', 'refused', 'unreachable', 'silent')
const ages = fc.constantFrom(0, 0, 0, 1, 2, 3)

export const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 24, arbitrary: fc.record({ do: fc.constant('next' as const), fate: fates }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('sync' as const), deploymentAge: ages, jobAge: ages, seesStatus: fc.constantFrom(true, true, false) }) },
  { weight: 8, arbitrary: fc.constantFrom<Move>({ do: 'deployment' }, { do: 'pods' }, { do: 'jobs-gone' }, { do: 'report' }, { do: 'wait' }, { do: 'long-wait' }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('finish' as const), kind: fc.constantFrom('preflight' as const, 'migrate' as const), fate: fates }) },
  { weight: 2, arbitrary: fc.constantFrom<Move>({ do: 'image', image: 'a' }, { do: 'image', image: 'b' }, { do: 'image', image: 'b' }, { do: 'image', image: 'c' }, { do: 'stores' }, { do: 'generation' }, { do: 'command' }) },
  { weight: 2, arbitrary: fc.constantFrom<Move>({ do: 'wipe-annotation' }, { do: 'wipe-status' }, { do: 'busy' }, { do: 'idle' }, { do: 'delete-job', kind: 'preflight' }, { do: 'delete-job', kind: 'migrate' }) }
)
