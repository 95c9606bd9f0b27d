// When a version may get more traffic: judged, ready, not held, and one step at a time.
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import type { Pass } from './metacontroller.ts'
import { commandOn, factsOf, predictorOf, targetOf, wantedOf } from './reading.ts'
import { knownPods, sharesOf } from './seldon.ts'
import { insist } from './violation.ts'

/** Checks every version that has a greater share after the write than before. */
export function checkRaises (pass: Pass, before: Memory, after: Memory): void {
  const old = wantedOf(before)
  for (const [name, share] of Object.entries(sharesOf(pass.after))) {
    const had = old[name] ?? 0
    if (share <= had || name === predictorOf(before.stable) || !before.stable) continue
    if (name === predictorOf(before.previous)) checkReturn(pass, before, name)
    else checkRaise(pass, before, after, { name, had, share })
  }
}

/** The way back to the warm previous is at once, and only because the alias says so. */
function checkReturn (pass: Pass, before: Memory, name: string): void {
  insist(targetOf(pass.request.parent) === name && before.previous?.fastReturn === true && knownPods(pass.before, name).ready, 'only an alias on the ready warm previous gives it traffic', () => ({ before, facts: factsOf(pass.request.parent) }))
}

type Raise = { name: string, had: number, share: number }

function checkRaise (pass: Pass, before: Memory, after: Memory, raise: Raise): void {
  const { rollout } = before
  const { spec } = pass.request.parent
  const seen = () => ({ ...raise, before, after, spec: spec.rollout, facts: factsOf(pass.request.parent), status: pass.before?.status })
  insist(rollout !== undefined && raise.name === predictorOf(before.canary), 'only the canary of a rollout is raised', seen)
  insist(knownPods(pass.before, raise.name).ready, 'raising needs a ready canary', seen)
  const takesOver = rollout?.stage === 'Promoting' && !((predictorOf(before.stable) ?? '') in sharesOf(pass.after))
  if (takesOver) return
  insist(!spec.rollout.paused || isOnTheWayBack(pass, before), 'paused holds the weight', seen)
  if (isCommanded(pass, before)) return
  checkStep(pass, before, raise, seen)
}

/** A pause does not hold Unwinding, nor the sync that begins it because the alias has moved. */
function isOnTheWayBack ({ request: { parent } }: Pass, { rollout, canary }: Memory): boolean {
  const target = targetOf(parent)
  return rollout?.stage === 'Unwinding' || (target !== undefined && target !== predictorOf(canary))
}

function isCommanded ({ request: { parent } }: Pass, { rollout }: Memory): boolean {
  return rollout?.commanded === true || commandOn(parent, 'promote') === rollout?.id
}

/** Nobody asked to skip anything: one step at a time, each after its checks. */
function checkStep (pass: Pass, before: Memory, raise: Raise, seen: () => unknown): void {
  const { spec } = pass.request.parent
  insist(knownPods(pass.before, predictorOf(before.stable) ?? '').available > 0, 'without a stable pod nothing is raised', seen)
  // Approval is awaited after the last step has passed: what is left is 100.
  if (before.rollout?.stage === 'AwaitingApproval') return
  if (spec.analysis.whenPaused === 'Promote' && isUnjudgeable(pass)) return
  const next = spec.rollout.steps.find((step) => step > raise.had && step < 100) ?? 100
  insist(raise.share <= next, 'a raise goes one step at most', seen)
  insist(raise.had === 0 || isJudged(pass, before), 'nothing is raised unjudged', seen)
}

/** The checks of this very step have passed in sufficient number. */
function isJudged (pass: Pass, before: Memory): boolean {
  const { analysis } = factsOf(pass.request.parent)
  const { spec } = pass.request.parent
  const { rollout } = before
  if (!analysis || !rollout) return false
  if (analysis.rollout !== rollout.id || analysis.step !== rollout.step || analysis.stepStartedAt !== rollout.stepStartedAt) return false
  if (analysis.failed > spec.analysis.failureLimit) return false
  return analysis.passed >= spec.analysis.checks
}

/** Too many checks in a row could not be made. */
function isUnjudgeable ({ request: { parent } }: Pass): boolean {
  const { inconclusiveLimit, errorLimit } = parent.spec.analysis
  const { outcome, count } = factsOf(parent).analysis?.streak ?? { outcome: 'Passed', count: 0 }
  return (outcome === 'Inconclusive' && count > inconclusiveLimit) || (outcome === 'Error' && count > errorLimit)
}
