// What must hold for every write that the API server has accepted: who is removed, who gets traffic, and what is forgotten.
import deepEqual from 'fast-deep-equal'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { parseInstant } from '../../../hooks/core/time.ts'
import type { Status } from '../../../hooks/mlflow-model/schema.ts'
import { FAILURES_KEPT, type Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import type { Pass } from './metacontroller.ts'
import { checkRaises } from './raises.ts'
import { checkRemovals } from './removals.ts'
import { factsOf, memoryOf, predictorOf } from './reading.ts'
import { knownPods, sharesOf } from './seldon.ts'
import type { World } from './state.ts'
import { insist } from './violation.ts'

/** Checks a pass whose child write landed. */
export function checkLandedWrite (world: World, pass: Pass): void {
  if (pass.childWrite === 'deleted') return checkDeletion(pass)
  if (pass.childWrite !== 'updated' && pass.childWrite !== 'created') return
  const before = memoryOf(pass.before)
  const after = memoryOf(pass.after)
  insist(after !== undefined, 'the memory travels with every write', () => pass.after?.metadata)
  if (!after) return
  if (before) checkChange(world, pass, before, after)
  else checkRestored(world, pass, after)
}

function checkChange (world: World, pass: Pass, before: Memory, after: Memory): void {
  insist(after.sequence >= before.sequence, 'an answer from a stale reading never undoes an applied decision', () => ({ before, after }))
  insist(!after.deleting || before.deleting === true || mayDelete(pass), 'only a missing alias or model under the policy Delete marks the object', () => pass.request.parent.metadata.annotations)
  insist((after.rollout?.losses ?? 0) < 2, 'the second loss of all pods ends the rollout', () => after.rollout)
  checkRemovals(world, pass, before)
  checkForgotten(world, before, after)
  checkStarted(world, pass, after)
  checkInForce(world, pass, before, after)
  // What a lost status knew better is repeated, not decided anew.
  const isRepeated = (pass.request.parent.status?.sequence ?? -1) > before.sequence
  if (!isRepeated) {
    checkAdditions(pass, before, after)
    checkRaises(pass, before, after)
  }
  rememberFailures(world, after)
  checkFailedVersions(world, pass, before, after)
}

function checkDeletion ({ observed, request }: Pass): void {
  insist(memoryOf(observed)?.deleting === true, 'the serving object is deleted only when the mark is observed on it', () => ({ memory: memoryOf(observed), policy: request.parent.spec.whenAliasMissing }))
}

/** The policy says so, or a status that was marked before says so again. */
function mayDelete ({ request: { parent } }: Pass): boolean {
  if (parent.status?.deleting) return true
  const state = factsOf(parent).registry?.state
  return parent.spec.whenAliasMissing === 'Delete' && (state === 'AliasMissing' || state === 'ModelMissing')
}

/** Memory was gone: it comes back from status exactly, or the object starts anew. The witness starts anew with it. */
function checkRestored (world: World, pass: Pass, after: Memory): void {
  const { status = {} } = pass.request.parent
  const isThere = status.stable !== undefined || status.canary !== undefined
  if (isThere && !status.deleting) insist(isRestored(status, after), 'lost memory is rewritten from status without a transition', () => ({ status, after }))
  if (!isThere && pass.before) checkAdopted(pass.before, after)
  checkStarted(world, pass, after)
  rememberFailures(world, after)
}

function isRestored (status: Partial<Status>, after: Memory): boolean {
  const of = ({ rollout, failedVersions }: Partial<Memory>) => [rollout?.id, rollout?.stage, failedVersions]
  return after.sequence >= (status.sequence ?? 0) && deepEqual(of(status), of(after))
}

function checkAdopted (before: KubeObject, after: Memory): void {
  const shares = Object.entries(sharesOf(before)).filter(([name]) => knownPods(before, name).ready).sort(([, a], [, b]) => b - a)
  const best = shares[0]
  if (!best || best[1] === 0) return
  const stable = predictorOf(after.stable) ?? ''
  insist(sharesOf(before)[stable] === best[1], 'with both memories lost, stable is the ready version with the highest traffic', () => ({ shares, after }))
}

/** Weights that are said to be in force since now are what the router does, unless its flip was waited for in vain. */
function checkInForce (world: World, pass: Pass, before: Memory, after: Memory): void {
  const wrote = before.traffic?.writtenAt
  if (before.traffic?.inForce || !after.traffic?.inForce) return
  // What was written at another time was written to another object: its waiting does not count.
  const waited = after.traffic.writtenAt === wrote ? world.now - (parseInstant(wrote) ?? 0) : 0
  insist(waited >= 60 || deepEqual(world.seldon.routed, sharesOf(pass.before)), 'weights are in force only after the router has applied them', () => ({ routed: world.seldon.routed, before, after, status: pass.before?.status }))
}

function checkForgotten (world: World, before: Memory, after: Memory): void {
  if ((before.failedVersions?.length ?? 0) >= FAILURES_KEPT) return
  for (const failure of before.failedVersions ?? []) {
    if (after.failedVersions?.some(({ version, createdAt }) => version === failure.version && createdAt === failure.createdAt)) continue
    const { retry, promote } = world.ghost.given
    insist(retry.includes(failure.rollout) || promote.includes(failure.rollout), 'a failure is forgotten only when a person says so', () => ({ before, after }))
  }
}

function checkStarted (world: World, pass: Pass, after: Memory): void {
  const id = after.rollout?.id
  const known = [memoryOf(pass.before), pass.request.parent.status].map((memory) => memory?.rollout?.id)
  if (id === undefined || known.includes(id)) return
  // All memory lost and then an old reading of the parent: nothing is left that could tell.
  const hopeless = !pass.before && !pass.fresh
  insist(hopeless || !world.ghost.shown.includes(id), 'a rollout id is never used twice', () => ({ id, shown: world.ghost.shown }))
  world.ghost.started.push(id)
}

/** No predictor is added until the wanted weights are in force, unless stable is not ready. */
function checkAdditions (pass: Pass, before: Memory, after: Memory): void {
  const old = sharesOf(pass.before)
  const added = Object.keys(sharesOf(pass.after)).filter((name) => !(name in old))
  const stable = predictorOf(before.stable)
  if (added.length === 0 || !stable || !knownPods(pass.before, stable).ready) return
  insist(after.traffic?.inForce === true, 'no predictor is added until the wanted weights are in force', () => ({ added, before, after }))
}

function rememberFailures (world: World, after: Memory): void {
  world.ghost.failed = Object.fromEntries((after.failedVersions ?? []).map((failure) => [predictorOf(failure) ?? '', failure.rollout]))
}

/** A remembered failure gets no traffic and does not become stable without a person's word. */
function checkFailedVersions (world: World, pass: Pass, before: Memory, after: Memory): void {
  const shares = sharesOf(pass.after)
  for (const [name, rollout] of Object.entries(world.ghost.failed)) {
    const isFirst = before.stable === undefined
    const said = world.ghost.given.promote.includes(rollout)
    const seen = () => ({ name, shares, before, after })
    insist((shares[name] ?? 0) === 0 || isFirst || said || name === predictorOf(before.stable), 'a remembered failure gets no traffic without retry', seen)
    insist(name !== predictorOf(after.stable) || isFirst || said || name === predictorOf(before.stable), 'a remembered failure does not become stable', seen)
  }
}
