// Everything that can happen in the world, as data: walks are lists of moves, and a failing list can be pasted into a test.
import deepEqual from 'fast-deep-equal'
import { COMMANDS, STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import type { CheckOutcome } from '../../../hooks/core/facts.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { checkInvariants, checkPods } from './invariants.ts'
import { runPass, type Pass, type PassOptions, type Sync } from './metacontroller.ts'
import { checkCanary, pollRegistry, touchClock } from './poller.ts'
import { memoryOf } from './reading.ts'
import { killPods, loadPods, predictorsOf, reconcileSeldon, type Predictor } from './seldon.ts'
import { insist } from './violation.ts'
import { newestChild, newestParent, overlay, parentAt, writeChild, writeParent, type SpecChange, type VersionName, type World } from './state.ts'

export type CommandId = 'current' | 'old' | 'older' | 'future' | 'none'

export type Move =
  | { do: 'sync' } & PassOptions
  | { do: 'settle' }
  | { do: 'seldon', loseStatus?: boolean, slowClean?: boolean }
  | { do: 'pods' }
  | { do: 'load' | 'kill' | 'kill-one' | 'break' | 'mend', version: VersionName }
  | { do: 'jam' | 'unjam' }
  | { do: 'wait', seconds: number }
  | { do: 'alias', version: VersionName }
  | { do: 'no-alias' | 'no-model' }
  | { do: 'not-ready', version: VersionName }
  | { do: 'poll' | 'unreachable' | 'refuse' | 'clock' }
  | { do: 'check', outcome: CheckOutcome, parentAge?: number }
  | { do: 'command', verb: 'promote' | 'abort' | 'retry', id: CommandId }
  | { do: 'edit', spec: SpecChange }
  | { do: 'wipe-status' | 'wipe-memory' | 'delete-child' | 'mark-child-deleted' }
  | { do: 'restore-status', parentAge: number }
  | { do: 'edit-weights', first: number }
  | { do: 'add-shadow' | 'remove-shadow' }
  | { do: 'round', outcome?: CheckOutcome, seconds?: number }

/** Does one move. Returns the passes that it made; throws a Violation when one of them broke an invariant. */
export function applyMove (world: World, sync: Sync, move: Move): Pass[] {
  switch (move.do) {
    case 'sync': return [pass(world, sync, move)]
    case 'settle': return settle(world, sync)
    case 'round': return round(world, sync, move)
    case 'seldon': reconcileSeldon(world, move); checkPods(world); return []
    case 'pods': loadPods(world); return []
    case 'load': loadPods(world, move.version); return []
    case 'kill': killPods(world, move.version, 'all'); return []
    case 'kill-one': killPods(world, move.version, 'one'); return []
    case 'break': if (!world.broken.includes(move.version)) world.broken.push(move.version); return []
    case 'mend': world.broken = world.broken.filter((version) => version !== move.version); return []
    case 'jam': world.seldon.jammed = true; return []
    case 'unjam': world.seldon.jammed = false; return []
    case 'wait': world.now += move.seconds; return []
    case 'poll': pollRegistry(world); return []
    case 'unreachable': pollRegistry(world, 'Silence'); return []
    case 'refuse': pollRegistry(world, 'Refusal'); return []
    case 'clock': touchClock(world); return []
    case 'check': checkCanary(world, move.outcome, move.parentAge); return []
    default:
      applyOutside(world, move)
      forgetOldReadings(world)
      return []
  }
}

type Outside = Exclude<Move, { do: 'sync' | 'settle' | 'round' | 'seldon' | 'pods' | 'load' | 'kill' | 'kill-one' | 'break' | 'mend' | 'jam' | 'unjam' | 'wait' | 'poll' | 'unreachable' | 'refuse' | 'clock' | 'check' }>

/** What people and the registry do. It takes them a second. */
function applyOutside (world: World, move: Outside): void {
  world.now += 1
  switch (move.do) {
    case 'alias': world.registry = { state: 'Found', version: move.version }; return
    case 'no-alias': world.registry = { state: 'AliasMissing' }; return
    case 'no-model': world.registry = { state: 'ModelMissing' }; return
    case 'not-ready': world.registry = { state: 'NotReady', version: move.version }; return
    case 'command': return command(world, move.verb, move.id)
    case 'edit': return edit(world, move.spec)
    case 'wipe-status': return writeParent(world, PERSON, { status: {} })
    case 'restore-status': return writeParent(world, PERSON, { status: parentAt(world, move.parentAge).status ?? {} })
    case 'wipe-memory': return wipeMemory(world)
    case 'edit-weights': return editWeights(world, move.first)
    case 'add-shadow': return editPredictors(world, (predictors) => [...predictors.filter(({ name }) => name !== SHADOW.name), SHADOW])
    case 'remove-shadow': return editPredictors(world, (predictors) => predictors.filter(({ name }) => name !== SHADOW.name))
    case 'delete-child': return newestChild(world) ? writeChild(world, PERSON, {}) : undefined
    case 'mark-child-deleted': return markDeleted(world)
    default: return move satisfies never
  }
}

/** With both memories gone nothing could tell an old reading from the truth; the design claims nothing there, so caches have caught up by then. */
function forgetOldReadings (world: World): void {
  if (newestParent(world).status?.sequence !== undefined || memoryOf(newestChild(world))) return
  world.parents.splice(0, world.parents.length - 1)
  world.children.splice(0, world.children.length - 1)
}

const PERSON = { manager: 'kubectl' }

function pass (world: World, sync: Sync, options: PassOptions): Pass {
  const result = runPass(world, sync, options)
  checkInvariants(world, result)
  return result
}

/** Every write of the hook's triggers another sync, until there is none. */
function settle (world: World, sync: Sync): Pass[] {
  const passes: Pass[] = []
  do passes.push(pass(world, sync, {})); while (hasWritten(passes.at(-1)) && passes.length < SETTLE_LIMIT)
  insist(!hasWritten(passes.at(-1)), 'while nobody else does anything, the hook stops writing')
  return passes
}

const SETTLE_LIMIT = 12

/** Whether a pass changed anything. */
export function hasWritten (pass: Pass | undefined): boolean {
  return pass !== undefined && (pass.statusWrite === 'written' || pass.childWrite === 'updated' || pass.childWrite === 'created' || pass.childWrite === 'deleted')
}

/** Everybody does their work once, nothing is lost, and time goes on. */
function round (world: World, sync: Sync, { outcome = 'Passed', seconds = 5 }: { outcome?: CheckOutcome, seconds?: number }): Pass[] {
  pollRegistry(world)
  touchClock(world)
  checkCanary(world, outcome)
  const passes = [pass(world, sync, {}), pass(world, sync, {})]
  reconcileSeldon(world)
  checkPods(world)
  loadPods(world)
  world.now += seconds
  return passes
}

function command (world: World, verb: 'promote' | 'abort' | 'retry', which: CommandId): void {
  const annotations = { ...newestParent(world).metadata.annotations }
  delete annotations[COMMANDS[verb]]
  const id = idFor(world, which)
  if (id) {
    annotations[COMMANDS[verb]] = id
    world.ghost.given[verb].push(id)
  }
  writeParent(world, PERSON, { annotations })
}

function idFor (world: World, which: CommandId): string | undefined {
  const { started } = world.ghost
  switch (which) {
    case 'none': return undefined
    case 'current': return newestParent(world).status?.rollout?.id ?? started.at(-1)
    case 'old': return started.at(-2)
    case 'older': return started.at(-3)
    case 'future': return started.at(-1)?.replace(/\d+$/, (n) => String(Number(n) + 1))
    default: return which satisfies never
  }
}

function edit (world: World, change: SpecChange): void {
  const { spec } = newestParent(world)
  if (Object.keys(change.serving ?? {}).some((field) => field !== 'replicas')) world.ghost.podsEdited = true
  writeParent(world, PERSON, { spec: overlay(spec, change) })
}

function wipeMemory (world: World): void {
  const child = newestChild(world)
  if (!child) return
  const { [STATE_ANNOTATION]: _gone, ...annotations } = child.metadata.annotations ?? {}
  writeChild(world, PERSON, { ...world.children.at(-1), object: { ...child, metadata: { ...child.metadata, annotations } } })
}

/** Somebody gives the first predictor another share; the last one gets the rest. */
function editWeights (world: World, first: number): void {
  editPredictors(world, (predictors) => {
    const weighted = predictors.filter(({ shadow }) => !shadow)
    if (weighted.length < 2) return predictors
    return predictors.map((predictor) => predictor.shadow ? predictor : { ...predictor, traffic: predictor === weighted[0] ? first : predictor === weighted.at(-1) ? 100 - first : 0 })
  })
}

/** A predictor of somebody else. Metacontroller's merge keeps what it never applied. */
const SHADOW: Predictor = { name: 'shadow', shadow: true, replicas: 1, componentSpecs: [{ spec: { containers: [{ name: 'model', ports: [{ name: 'metrics', containerPort: 6000 }] }] } }] }

function editPredictors (world: World, change: (predictors: Predictor[]) => Predictor[]): void {
  const child = newestChild(world)
  const predictors = predictorsOf(child)
  if (!child || predictors.length === 0) return
  const edited = change(predictors)
  if (!deepEqual(edited, predictors)) writeChild(world, PERSON, { ...world.children.at(-1), object: { ...child, spec: { ...(child.spec as object), predictors: edited } } })
}

/** A deletion that another finalizer holds up: the object stays visible until Seldon's next look. */
function markDeleted (world: World): void {
  const child = newestChild(world)
  if (!child || child.metadata.deletionTimestamp) return
  writeChild(world, PERSON, { ...world.children.at(-1), object: { ...child, metadata: { ...child.metadata, deletionTimestamp: formatInstant(world.now) } } })
}
