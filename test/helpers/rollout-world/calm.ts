// After the storm: faults stop, everybody does their work, and within a bound nothing is written any more and the right thing is served.
import deepEqual from 'fast-deep-equal'
import { parseInstant } from '../../../hooks/core/time.ts'
import type { Status } from '../../../hooks/mlflow-model/schema.ts'
import { applyMove } from './moves.ts'
import type { Sync } from './metacontroller.ts'
import { nameOf, namedPredictor } from './reading.ts'
import { sharesOf } from './seldon.ts'
import { newestChild, newestParent, type VersionName, type World } from './state.ts'
import { insist } from './violation.ts'

/** More than the longest rollout of the walks needs: every step, its checks, and every wait. */
const ROUNDS = 300
const QUIET_ROUNDS = 3

/** Lets the world come to rest; `failing` are the versions whose checks fail. Returns the passes it took. */
export function calmDown (world: World, sync: Sync, failing: VersionName[] = []): number {
  let quiet = 0
  world.seldon.jammed = false
  for (let round = 1; round <= ROUNDS; round++) {
    quiet = calmRound(world, sync, failing) ? quiet + 1 : 0
    if (quiet < QUIET_ROUNDS) continue
    if (!jumpToDeadline(world)) return round * 2
    quiet = 0
  }
  insist(false, `a calm world comes to rest within ${ROUNDS} rounds`, () => ({ status: newestParent(world).status, child: newestChild(world), broken: world.broken, facts: newestParent(world).metadata.annotations }))
  return 0
}

/** Everybody does their work; says whether neither the hook nor Seldon wrote anything. */
function calmRound (world: World, sync: Sync, failing: VersionName[]): boolean {
  const before = snapshot(world)
  const canary = nameOf(newestParent(world).status?.canary)
  const outcome = canary && failing.includes(canary) ? 'Failed' : 'Passed'
  const passes = applyMove(world, sync, { do: 'round', outcome, seconds: 2 })
  return passes.every(({ childWrite, statusWrite }) => statusWrite === 'none' && childWrite === 'none') && deepEqual(before, snapshot(world))
}

function snapshot (world: World): unknown {
  return [newestChild(world)?.metadata.resourceVersion, world.seldon]
}

/** Nothing happens before the next deadline: go there. */
function jumpToDeadline (world: World): boolean {
  const deadline = parseInstant(newestParent(world).status?.nextDeadline)
  if (deadline === undefined) return false
  insist(deadline > world.now - 10, 'no deadline stays in the past', () => newestParent(world).status)
  world.now = Math.max(world.now, deadline)
  return true
}

/** What must be true of a world at rest. */
export function checkRest (world: World): void {
  const { status = {}, spec } = newestParent(world)
  const seen = () => ({ status, spec: spec.rollout, registry: world.registry, broken: world.broken, routed: world.seldon.routed, wanted: sharesOf(newestChild(world)), facts: newestParent(world).metadata.annotations })
  const { registry } = world
  const isGone = registry.state === 'AliasMissing' || registry.state === 'ModelMissing'
  if (isGone && spec.whenAliasMissing === 'Delete') {
    insist(newestChild(world) === undefined && !status.stable && !status.rollout && Object.keys(world.seldon.routed).length === 0, 'under Delete nothing is left of a model whose alias is gone', seen)
    return
  }
  checkServed(world, status, seen)
  if (registry.state === 'Found') checkArrived(world, status, registry.version, seen)
}

/** Requests go to versions that answer, if any does. */
function checkServed (world: World, status: Partial<Status>, seen: () => unknown): void {
  const child = newestChild(world)
  if (!child || !hasRouter(world)) return
  insist(deepEqual(world.seldon.routed, sharesOf(child)) || anyBroken(world), 'at rest the router does what is wanted', seen)
  const stable = nameOf(status.stable)
  if (!stable || world.broken.includes(stable)) return
  for (const [name, share] of Object.entries(world.seldon.routed)) {
    const deployment = world.seldon.deployments[name]
    insist(share === 0 || (deployment?.available ?? 0) > 0, 'at rest no request goes to a version without a pod while stable has some', seen)
  }
}

function hasRouter ({ router }: World): boolean {
  return router !== 'undefined' && router !== 'absent'
}

function anyBroken (world: World): boolean {
  return Object.values(world.seldon.deployments).some(({ available, replicas }) => available < replicas)
}

type Seen = () => unknown

/** The alias' version is served, or there is a reason that people can read. */
function checkArrived (world: World, status: Partial<Status>, target: VersionName, seen: Seen): void {
  const stable = nameOf(status.stable)
  // Without a stable pod nothing moves before a person says so.
  if (stable && world.broken.includes(stable)) return
  if (stable === target) return checkServing(world, status, target, seen)
  const { spec } = newestParent(world)
  const isQueued = spec.rollout.newVersion === 'Queue' && status.rollout !== undefined && nameOf(status.canary) !== target
  const isRefused = status.failedVersions?.some((failure) => nameOf(failure) === target) === true
  if (isRefused && !isQueued) return checkRefused(status, seen)
  checkWaiting(world, status, seen)
}

function checkServing (world: World, status: Partial<Status>, target: VersionName, seen: Seen): void {
  insist(!status.rollout && !status.previous, 'at rest on the alias, nothing is under way', seen)
  insist(deepEqual(sharesOf(newestChild(world)), { [namedPredictor(target)]: 100 }), 'at rest on the alias, it alone is there', seen)
  insist(status.phase === 'Healthy', 'at rest on the alias, the phase is Healthy', seen)
}

function checkRefused (status: Partial<Status>, seen: Seen): void {
  insist(status.phase === 'Degraded', 'a refused alias is Degraded', seen)
  insist(!status.stable || !status.rollout, 'a refused alias starts no rollout', seen)
}

function checkWaiting (world: World, status: Partial<Status>, seen: Seen): void {
  const { paused, approval } = newestParent(world).spec.rollout
  insist(paused || approval === 'Manual' || world.broken.length > 0 || !hasRouter(world), 'a calm world arrives at the alias', seen)
  insist(status.phase !== 'Healthy', 'an object that does not serve its alias is not Healthy', seen)
  const isHeld = paused && status.stable !== undefined && hasRouter(world) && world.broken.length === 0
  insist(!isHeld || status.phase === 'Paused', 'a held rollout is Paused', seen)
}
