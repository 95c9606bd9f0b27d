// What must hold after every pass, whatever the world does. Each check is a sentence of the design.
import deepEqual from 'fast-deep-equal'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Child } from '../../../hooks/core/request.ts'
import { parseInstant } from '../../../hooks/core/time.ts'
import { Status } from '../../../hooks/mlflow-model/schema.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { checkLandedWrite } from './landed.ts'
import { SELDON, type Pass } from './metacontroller.ts'
import { checkReactions } from './reactions.ts'
import { factsOf, memoryOf, predictorOf, wantedOf } from './reading.ts'
import { sharesOf } from './seldon.ts'
import type { World } from './state.ts'
import { insist } from './violation.ts'

const statusCheck = TypeCompiler.Compile(Status)

/** Checks one pass, and lets the witness take note of it. */
export function checkInvariants (world: World, pass: Pass): void {
  checkAnswer(pass)
  checkMemory(pass)
  checkReactions(pass)
  checkLandedWrite(world, pass)
  const shown = pass.response.status.rollout?.id
  if (shown && pass.statusWrite === 'written' && !world.ghost.shown.includes(shown)) world.ghost.shown.push(shown)
}

/** After a reconcile of Seldon's: pods were restarted only where people edited what goes into them. */
export function checkPods ({ seldon, ghost }: World): void {
  insist(ghost.podsEdited || seldon.restarted.length === 0, 'promotion restarts no pod; during a rollout nothing but traffic and the list of predictors changes', () => seldon.restarted)
}

function checkAnswer (pass: Pass): void {
  const { response, request } = pass
  insist(statusCheck.Check(response.status), 'the status is valid', () => [...statusCheck.Errors(response.status)].map(({ path, message, value }) => ({ path, message, value })))
  insist(response.children.length <= 1, 'there is one serving object at most', () => response.children.length)
  insist(pass.childWrite !== 'refused', 'shares always sum to 100 and predictors have different names', () => response.children[0]?.spec)
  for (const child of response.children) checkChild(child, request.parent.metadata.name)
  const clock = factsOf(request.parent).clock ?? 0
  const next = parseInstant(response.status.nextDeadline)
  insist(next === undefined || next > clock, 'nextDeadline is later than the clock', () => ({ next: response.status.nextDeadline, clock }))
}

function checkChild (child: Child, name: string): void {
  insist(child.apiVersion === SELDON.apiVersion && child.kind === SELDON.kind && child.metadata.name === name, 'the child is the one SeldonDeployment named like its parent', () => child.metadata)
  insist(isSound(child), 'a child has no undefined, null or empty value', () => child)
  const shares = Object.values(sharesOf(child as never))
  insist(shares.reduce((sum, share) => sum + share, 0) === 100, 'the wanted shares sum to 100', () => child.spec)
}

function isSound (value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (typeof value !== 'object') return true
  const parts = Object.values(value)
  return parts.length > 0 && parts.every(isSound)
}

/** Status mirrors the memory that was observed, an uncertain reading decides nothing, and every change counts one up. */
function checkMemory ({ request, response, observed }: Pass): void {
  const seen = observed?.metadata.deletionTimestamp ? undefined : memoryOf(observed)
  if (!seen) return
  const { status = {} } = request.parent
  const reported = status.sequence ?? -1
  insist(response.status.sequence === Math.max(seen.sequence, reported), 'the returned status is the memory observed, never the decision just taken', () => ({ status: response.status.sequence, seen: seen.sequence, reported }))
  if (reported <= seen.sequence) {
    insist(deepEqual(response.status.rollout, seen.rollout) && deepEqual(response.status.traffic, seen.traffic), 'status mirrors the annotation', () => ({ status: response.status, seen }))
  }
  const wanted = memoryOf(response.children[0])
  if (!wanted) return
  if (status.sequence === seen.sequence) checkDecision(wanted, seen, sharesOf(observed))
  else checkRepetition(wanted, seen, status)
}

/** Memory is certain: what is decided counts one up, and weights that somebody changed are not believed. */
function checkDecision (wanted: Memory, seen: Memory, shares: Record<string, number>): void {
  const isEdited = seen.traffic !== undefined && !deepEqual(shares, wantedOf(seen))
  insist(!isEdited || !wanted.traffic?.inForce, 'weights that somebody changed have to come into force again', () => ({ shares, wanted }))
  const same = deepEqual({ ...wanted, sequence: 0 }, { ...seen, sequence: 0 })
  insist(wanted.sequence === seen.sequence + (same ? 0 : 1), 'every change of memory raises the sequence by one', () => ({ seen, wanted }))
}

/**
 * Memory is not certain: the higher is written again. Only whether its weights are in force may change, for the object may not have them;
 * and a status that serves nothing never takes a live object away, whose own memory then goes on above it.
 */
function checkRepetition (wanted: Memory, seen: Memory, status: Partial<Status>): void {
  const higher = Math.max(seen.sequence, status.sequence ?? -1)
  const servesNothing = !status.stable && !status.canary && !status.deleting
  const base: Partial<Memory> = higher > seen.sequence && !servesNothing ? status : seen
  const isRepeated = deepEqual(decisionsIn(wanted), decisionsIn(base)) && wanted.sequence >= higher && wanted.sequence <= higher + 2
  insist(isRepeated, 'when status and annotation differ, the higher is repeated and nothing is decided', () => ({ wanted, seen, status }))
}

function decisionsIn (memory: Partial<Memory>): unknown {
  const { stable, canary, previous, rollout, traffic = { stable: 100, canary: 0 } } = memory
  return [
    [stable, canary, previous].map(predictorOf),
    DECIDED_IN_ROLLOUT.map((field) => rollout?.[field]),
    [traffic.stable, traffic.canary],
    DECIDED.map((field) => memory[field])
  ]
}

const DECIDED_IN_ROLLOUT = ['id', 'stage', 'step', 'present', 'losses', 'outcome'] as const
const DECIDED = ['failedVersions', 'lastOutcome', 'lastCommands', 'deleting'] as const
