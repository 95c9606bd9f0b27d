// The way up: Loading, Stepping, AwaitingApproval, Promoting. Each takes the memory one decision further, or returns it as it is.
import type { Memory } from '../schema/status.ts'
import { flipVisibleAt, inForce, isAvailable, isLingering, isReady, type RolloutFacts } from './facts.ts'
import { fail, promotedAs, swapRoles, takeOver } from './endings.ts'
import { withRollout, withTraffic } from './memory.ts'
import { ANALYSIS_FAILED, METRICS_UNAVAILABLE, NOT_ENOUGH_TRAFFIC, PROGRESS_DEADLINE_EXCEEDED, WEIGHT_NOT_APPLIED } from './reasons.ts'
import { judgeStep } from './verdict.ts'

/** The steps that mean something: a final 100 is what promotion does anyway. */
export function effectiveSteps (steps: number[]): number[] {
  return steps.filter((weight) => weight < 100)
}

/**
 * The canary's predictor joins the object only while the wanted weights are in force, because Seldon applies nothing while a pod is down,
 * so a loading one would freeze a removal. A stable that is not ready freezes them anyway; should it recover first, the predictor is
 * taken out again. What a former life of this version left in the status must be gone first (or the deadline be over), or it would pass for ready.
 */
export function settlePresence (memory: Memory, facts: RolloutFacts, deadlinePassed = false): Memory {
  const { rollout, canary, stable } = memory
  const mayLoad = inForce(memory) || !isReady(stable, facts)
  const afresh = { progress: undefined, deadline: undefined, deadlineLeft: undefined }
  if (rollout?.present) return mayLoad || isReady(canary, facts) ? memory : withRollout(memory, { ...afresh, present: false })
  const lingers = isLingering(canary, facts) && !deadlinePassed
  return mayLoad && !lingers ? withRollout(memory, { ...afresh, present: true }) : memory
}

/** The canary loads at weight 0, and goes up once it is ready. */
export function stepLoading (memory: Memory, facts: RolloutFacts, deadlinePassed: boolean): Memory {
  const settled = settlePresence(memory, facts, deadlinePassed)
  if (settled !== memory) return settled
  const ready = isReady(memory.canary, facts)
  if (memory.rollout?.present && ready && isRaisable(memory, facts)) return goUp(memory, facts)
  if (!deadlinePassed) return memory
  return fail(memory, facts, memory.rollout?.present && !ready ? PROGRESS_DEADLINE_EXCEEDED : WEIGHT_NOT_APPLIED)
}

/** The weight of the step is wanted, and checks count once it is in force. */
export function stepStepping (memory: Memory, facts: RolloutFacts, deadlinePassed: boolean): Memory {
  const continued = continueAtEditedSteps(memory, facts)
  if (continued !== memory) return continued
  return stepJudged(memory, facts, deadlinePassed)
}

/** The last weight is held, and checks can still fail. */
export function stepAwaitingApproval (memory: Memory, facts: RolloutFacts, deadlinePassed: boolean): Memory {
  const continued = continueAtEditedSteps(memory, facts)
  if (continued !== memory) return continued
  if (facts.policy.approval === 'Automatic' && isRaisable(memory, facts)) return goTo100(memory, facts)
  return stepJudged(memory, facts, deadlinePassed)
}

/** Weight 100 is wanted. A stable that is not ready would keep it from being applied for ever. */
export function stepPromoting (memory: Memory, facts: RolloutFacts, deadlinePassed: boolean): Memory {
  const { rollout, canary, stable } = memory
  if (!rollout) return memory
  if (inForce(memory)) return swapRoles(memory, facts)
  if (!isReady(stable, facts) && isReady(canary, facts)) return takeOver(memory, facts, promotedAs(rollout))
  return deadlinePassed ? fail(memory, facts, WEIGHT_NOT_APPLIED) : memory
}

/** A person's promote: straight to 100 as soon as the canary is ready. A stable without a pod is taken out. */
export function stepCommanded (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout, canary, stable } = memory
  if (!rollout?.present || !isReady(canary, facts)) return memory
  if (!isAvailable(stable, facts)) return takeOver(memory, facts, promotedAs(rollout))
  return goTo100(memory, facts)
}

function stepJudged (memory: Memory, facts: RolloutFacts, deadlinePassed: boolean): Memory {
  const { rollout } = memory
  if (!rollout) return memory
  const verdict = judgeStep(rollout, facts)
  switch (verdict) {
    case 'Failed':
      return fail(memory, facts, ANALYSIS_FAILED)
    case NOT_ENOUGH_TRAFFIC:
    case METRICS_UNAVAILABLE:
      return stepUnjudgeable(memory, facts, verdict)
    case 'Passed':
      if (rollout.stage === 'Stepping' && isRaisable(memory, facts)) return goUp(memory, facts)
      break
    case 'Pending':
      break
    default:
      return verdict satisfies never
  }
  if (!deadlinePassed) return memory
  return fail(memory, facts, inForce(memory) ? PROGRESS_DEADLINE_EXCEEDED : WEIGHT_NOT_APPLIED)
}

function stepUnjudgeable (memory: Memory, facts: RolloutFacts, reason: string): Memory {
  const { whenPaused } = facts.policy
  switch (whenPaused) {
    case 'Hold':
      return memory
    case 'Rollback':
      return fail(memory, facts, reason)
    case 'Promote':
      return isRaisable(memory, facts) ? afterLastStep(memory, facts) : memory
    default:
      return whenPaused satisfies never
  }
}

function isRaisable (memory: Memory, facts: RolloutFacts): boolean {
  return flipVisibleAt(facts) === undefined && inForce(memory) && isReady(memory.canary, facts) && isAvailable(memory.stable, facts)
}

/** The next step, or what comes after the last one. */
function goUp (memory: Memory, facts: RolloutFacts): Memory {
  const steps = effectiveSteps(facts.policy.steps)
  const step = (memory.rollout?.step ?? 0) + 1
  const weight = steps[step - 1]
  if (weight === undefined) return afterLastStep(memory, facts)
  return goTo(memory, facts, { stage: 'Stepping', step, weight })
}

function afterLastStep (memory: Memory, facts: RolloutFacts): Memory {
  if (facts.policy.approval === 'Automatic') return goTo100(memory, facts)
  if (memory.rollout?.stage === 'AwaitingApproval') return memory
  return withRollout(memory, { stage: 'AwaitingApproval', deadline: undefined, deadlineLeft: undefined })
}

function goTo100 (memory: Memory, facts: RolloutFacts): Memory {
  return goTo(memory, facts, { stage: 'Promoting', step: memory.rollout?.step ?? 0, weight: 100 })
}

function goTo (memory: Memory, facts: RolloutFacts, { stage, step, weight }: { stage: 'Stepping' | 'Promoting', step: number, weight: number }): Memory {
  const moved = withRollout(memory, { stage, step, raised: true, stepStartedAt: undefined, deadline: undefined, deadlineLeft: undefined })
  return withTraffic(moved, facts, { stable: 100 - weight, canary: weight })
}

/**
 * Edited steps never raise the weight in the same sync: it goes on at the highest new step that is not above the present weight.
 * Where there is none, the weight stays, and its passes lead to the lowest step (step 0 is before the first).
 * At 30: [60, 80] keeps 30, then 60. [10, 20] goes to 20. [] keeps 30, then promotes. A wait for approval ends when there are new steps above.
 */
function continueAtEditedSteps (memory: Memory, facts: RolloutFacts): Memory {
  const { rollout, traffic } = memory
  if (!rollout || !traffic) return memory
  const steps = effectiveSteps(facts.policy.steps)
  const step = steps.filter((weight) => weight <= traffic.canary).length
  const weight = steps[step - 1] ?? traffic.canary
  const unchanged = step === rollout.step && weight === traffic.canary
  const stepsAbove = rollout.stage === 'AwaitingApproval' && step < steps.length
  if (unchanged && !stepsAbove) return memory
  // At weight 0 there is nothing to pass: the first step comes next, as after loading.
  return traffic.canary === 0 ? withRollout(memory, { stage: 'Loading' }) : goTo(memory, facts, { stage: 'Stepping', step, weight })
}
