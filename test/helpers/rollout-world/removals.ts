// Who may leave the serving object: what has or should have traffic never does, unless it is known not to be ready or its time is up.
import { parseInstant } from '../../../hooks/core/time.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import type { Pass } from './metacontroller.ts'
import { memoryOf, predictorOf, targetOf, wantedOf } from './reading.ts'
import { knownPods, sharesOf } from './seldon.ts'
import type { World } from './state.ts'
import { insist } from './violation.ts'

/** A lost flip of the router may cost this many seconds. */
const FLIP_LOST = 60

/** Checks every predictor that a landed write took out although its pods are known to be ready. */
export function checkRemovals (world: World, pass: Pass, before: Memory): void {
  const now = sharesOf(pass.after)
  const removed = Object.keys(sharesOf(pass.before)).filter((name) => !(name in now) && knownPods(pass.before, name).ready)
  for (const name of removed) checkRemoval(world, pass, before, name)
}

function checkRemoval (world: World, pass: Pass, before: Memory, name: string): void {
  const wanted = wantedOf(before)[name] ?? 0
  const seen = () => ({ name, wanted, routed: world.seldon.routed, before, after: memoryOf(pass.after), parent: pass.request.parent.metadata.annotations })
  insist(wanted === 0 || !before.stable || isOutdated(pass, before), 'a ready version that should have traffic is never removed', seen)
  insist(name !== predictorOf(before.stable), 'a live stable is never removed', seen)
  insist(name !== predictorOf(before.previous) || mayLeave(world, pass, before), 'a ready previous version stays until its time is over or its place is needed', seen)
  insist(name !== predictorOf(before.canary) || !isKept(world, pass, before), 'a healthy version that failed stays for keepFailed', seen)
  const isRouted = (world.seldon.routed[name] ?? 0) > 0
  insist(!isRouted || hadItsTime(world, pass, before), 'a ready version that has traffic is not removed before its weight 0 had its time', seen)
}

/** Somebody wiped the memory, and a stale status brought an old one back; what a newer status knows is repeated. Real traffic is looked at below. */
function isOutdated ({ request: { parent } }: Pass, before: Memory): boolean {
  return (parent.status?.sequence ?? -1) > before.sequence
}

/** Weight 0 was seen in force, was never anything else, was waited for in vain, or could not be had at all. */
function hadItsTime (world: World, pass: Pass, before: Memory): boolean {
  const { traffic, rollout } = before
  if (before.rollout?.raised === false || [before, memoryOf(pass.after)].some((memory) => memory?.traffic?.inForce)) return true
  const isGivenUp = rollout?.stage === 'Unwinding' && isOver(rollout.deadline, world)
  return isGivenUp || world.now >= secondsOf(traffic?.writtenAt) + FLIP_LOST
}

/** Draining for a look at it, with nobody waiting for its place. */
function isKept (world: World, { request: { parent } }: Pass, { canary, rollout, traffic }: Memory): boolean {
  if (rollout?.stage !== 'Draining' || rollout.outcome !== 'Aborted' || !traffic?.inForce) return false
  const target = targetOf(parent)
  const isAwaited = target !== undefined && target !== predictorOf(canary)
  return !isAwaited && !isOver(rollout.deadline, world)
}

/** The time of a previous version is over, or another version needs its place. */
function mayLeave (world: World, { request: { parent } }: Pass, { stable, previous }: Memory): boolean {
  const target = targetOf(parent)
  return isOver(previous?.keepUntil, world) || (target !== undefined && target !== predictorOf(stable))
}

function isOver (deadline: string | undefined, { now }: World): boolean {
  return deadline !== undefined && now >= secondsOf(deadline)
}

function secondsOf (instant: string | undefined): number {
  return parseInstant(instant) ?? 0
}
