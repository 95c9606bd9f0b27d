// What must hold after every pass, whatever the world does. Each check is a sentence of the design.
import deepEqual from 'fast-deep-equal'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Child } from '../../../hooks/core/request.ts'
import { parseInstant } from '../../../hooks/core/time.ts'
import { Status } from '../../../hooks/mlflow-model/schema.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { checkLandedWrite } from './landed.ts'
import { SELDON, type Pass } from './metacontroller.ts'
import { commandOn, factsOf, memoryOf, predictorOf } from './reading.ts'
import { knownPods, sharesOf } from './seldon.ts'
import type { World } from './state.ts'
import { insist } from './violation.ts'

const statusCheck = TypeCompiler.Compile(Status)

/** Checks one pass, and lets the witness take note of it. */
export function checkInvariants (world: World, pass: Pass): void {
  checkAnswer(pass)
  checkMemory(pass)
  checkReaction(pass)
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

/** Status mirrors the memory that was observed, a stale reading decides nothing, and every change counts one up. */
function checkMemory ({ request, response, observed }: Pass): void {
  const seen = observed?.metadata.deletionTimestamp ? undefined : memoryOf(observed)
  const reported = request.parent.status?.sequence
  const wanted = memoryOf(response.children[0])
  if (!seen) return
  const higher = Math.max(seen.sequence, reported ?? 0)
  insist(response.status.sequence === higher, 'the returned status is the memory observed, never the decision just taken', () => ({ status: response.status.sequence, seen: seen.sequence, reported }))
  if (reported === undefined || reported === seen.sequence) {
    insist(deepEqual(response.status.rollout, seen.rollout) && deepEqual(response.status.traffic, seen.traffic), 'status mirrors the annotation', () => ({ status: response.status, seen }))
  }
  if (!wanted) return
  if (reported !== undefined && reported !== seen.sequence) {
    // A status that serves nothing never takes a live object away; the object's memory goes on above it.
    const { stable, canary, deleting } = request.parent.status ?? {}
    const isOutranked = reported > seen.sequence && !stable && !canary && !deleting
    const isRestarted = reported > seen.sequence && !request.parent.status?.traffic && wanted.sequence === higher + 1
    const decided = isOutranked ? !deepEqual({ ...wanted, sequence: 0 }, { ...seen, sequence: 0 }) : wanted.sequence !== higher && !isRestarted
    insist(!decided, 'when status and annotation differ, the higher is repeated and nothing is decided', () => ({ wanted, seen, reported }))
    return
  }
  const same = deepEqual({ ...wanted, sequence: 0 }, { ...seen, sequence: 0 })
  insist(wanted.sequence === seen.sequence + (same ? 0 : 1), 'every change of memory raises the sequence by one', () => ({ seen, wanted }))
}

/** A canary that is seen without a pod while stable is ready loses its traffic in that very sync. */
function checkReaction ({ request, response, observed }: Pass): void {
  const seen = memoryOf(observed)
  if (!seen?.rollout?.present || observed?.metadata.deletionTimestamp || seen.deleting) return
  if (request.parent.status?.sequence !== seen.sequence) return
  const canary = predictorOf(seen.canary)
  const stable = predictorOf(seen.stable)
  if (!canary || !stable || (seen.traffic?.canary ?? 0) === 0) return
  if (knownPods(observed, canary).available > 0 || !knownPods(observed, stable).ready) return
  if (memoryOf(response.children[0])?.deleting) return
  const share = sharesOf(response.children[0] as never)[canary] ?? 0
  insist(share === 0, 'a canary without a pod gets no traffic from the sync that sees it', () => ({ seen, wanted: memoryOf(response.children[0]), status: observed?.status, commands: { promote: commandOn(request.parent, 'promote') } }))
}

export type { Memory }
