// One word for people, and one sentence that says what is wrong and what to do.
import type { RegistryFact } from '../core/facts.ts'
import { sameVersion } from '../core/names.ts'
import type { Disbelief } from '../core/registry-access.ts'
import type { BackendWords } from '../serving/backend.ts'
import type { Memory, PHASES, Rollout } from './schema/status.ts'
import { findFailure } from './rollout/memory.ts'
import { judgeStep } from './rollout/verdict.ts'
import { isAvailable, isReady, type RolloutFacts } from './rollout/facts.ts'
import { ABORTED, ANALYSIS_FAILED, CANDIDATE_UNAVAILABLE, METRICS_UNAVAILABLE, NOT_ENOUGH_TRAFFIC, PROGRESS_DEADLINE_EXCEEDED, WEIGHT_NOT_APPLIED } from './rollout/reasons.ts'

/** The serving object reports that it cannot go on. */
export const BACKEND_FAILED = 'BackendFailed'

/** A version is to be deployed, and nothing of it is to be seen yet. */
export const STARTING = 'Starting'

/** What served is gone, and is made again from memory. */
export const RESTORING = 'Restoring'

export type Summary = { phase: (typeof PHASES)[number], reason: string, error?: string }

/** What else the sentence may need to name. */
export type Context = {
  name: string
  namespace: string
  backend: BackendWords
  /** The serving object exists. */
  deployed: boolean
  registry?: RegistryFact
  /** Why the registry's answer is not acted upon. */
  disbelief?: Disbelief
  backendFailure?: string
}

/** Sums up where the object stands. Every summary but a good one tells what to do next. */
export function summarize (memory: Memory, facts: RolloutFacts, context: Context): Summary {
  if (memory.stable && !context.deployed) return { phase: 'Degraded', reason: RESTORING, error: `What served version ${memory.stable.version} is gone, and is made again as it was: ${context.backend.beingMade}.` }
  if (memory.rollout && memory.stable) return summarizeRollout(memory, memory.rollout, facts, context)
  if (memory.rollout) return summarizeFirst(memory, memory.rollout, context)
  return memory.stable ? summarizeServing(memory, facts, context) : summarizeNothing(memory, facts, context)
}

function summarizeRollout (memory: Memory, rollout: Rollout, facts: RolloutFacts, context: Context): Summary {
  if (rollout.stage === 'Unwinding' || rollout.stage === 'Draining') return summarizeEnding(memory, rollout, facts, context)
  if (!isAvailable(memory.stable, facts)) return stableUnavailable(memory, context, `${annotate(context, 'promote', rollout.id)} lets ${canaryName(memory)} take over once it is ready`)
  if (facts.policy.paused) return { phase: 'Paused', reason: 'Paused', error: `The rollout of ${canaryName(memory)} is paused by spec.rollout.paused; set it to false to go on.` }
  if (rollout.stage === 'AwaitingApproval') {
    return { phase: 'Paused', reason: 'AwaitingApproval', error: `Version ${memory.canary?.version} has passed every step. Approve it with: ${annotate(context, 'promote', rollout.id)}` }
  }
  const verdict = judgeStep(rollout, facts)
  if (verdict === NOT_ENOUGH_TRAFFIC || verdict === METRICS_UNAVAILABLE) return unjudgeable(memory, verdict, facts, context)
  const { backendFailure } = context
  return { phase: 'Progressing', reason: rollout.stage, ...(backendFailure !== undefined && { reason: BACKEND_FAILED, error: backendFailure }) }
}

function unjudgeable (memory: Memory, reason: string, facts: RolloutFacts, context: Context): Summary {
  const said = facts.analysis?.last.reason ?? ''
  const cause = reason === NOT_ENOUGH_TRAFFIC
    ? 'its checks stay inconclusive'
    : 'the measurements cannot be had from Prometheus'
  return {
    phase: 'Paused',
    reason,
    error: `The rollout waits because ${cause}${said && ` (${said})`}. It goes on by itself when checks pass again; to skip the checks: ${annotate(context, 'promote', memory.rollout?.id ?? '')}`
  }
}

function summarizeEnding (memory: Memory, rollout: Rollout, facts: RolloutFacts, context: Context): Summary {
  if (!isAvailable(memory.stable, facts)) return stableUnavailable(memory, context, `${annotate(context, 'promote', rollout.id)} lets ${canaryName(memory)} take over if it is ready`)
  const failure = findFailure(memory, memory.canary)
  if (!failure) return { phase: 'Progressing', reason: rollout.reason ?? rollout.stage }
  return { phase: 'Degraded', reason: failure.reason, error: failureSentence(memory, failure, context) }
}

function summarizeFirst (memory: Memory, rollout: Rollout, context: Context): Summary {
  const { backendFailure } = context
  if (rollout.reason === undefined) return { phase: 'Progressing', reason: 'FirstVersionLoading', ...(backendFailure !== undefined && { reason: BACKEND_FAILED, error: backendFailure }) }
  return {
    phase: 'Degraded',
    reason: rollout.reason,
    error: `Version ${memory.canary?.version} is the first version and is not ready; it goes on loading. ${context.backendFailure ?? `${context.backend.look}.`}`
  }
}

function summarizeServing (memory: Memory, facts: RolloutFacts, context: Context): Summary {
  const { target } = facts
  if (!isAvailable(memory.stable, facts)) return stableUnavailable(memory, context, `${context.backend.look}${warmHint(memory, facts)}`)
  const failure = target.kind === 'Version' ? findFailure(memory, target.version) : undefined
  if (failure) return { phase: 'Degraded', reason: failure.reason, error: failureSentence(memory, failure, context) }
  const blocked = blockedTarget(memory, facts, context)
  if (blocked) return blocked
  if (context.backendFailure !== undefined) return { phase: 'Degraded', reason: BACKEND_FAILED, error: context.backendFailure }
  return { phase: 'Healthy', reason: isArrival(memory.lastOutcome) ? memory.lastOutcome : 'Serving' }
}

/** Whether the version that serves came by this outcome. The others are about one that left, and read badly beside Healthy. */
function isArrival (outcome: Memory['lastOutcome']): outcome is 'Promoted' | 'FastPromoted' | 'FastRolledBack' {
  return outcome === 'Promoted' || outcome === 'FastPromoted' || outcome === 'FastRolledBack'
}

/** The alias asks for a version that cannot even be started. */
function blockedTarget (memory: Memory, { target, router }: RolloutFacts, { registry, backend }: Context): Summary | undefined {
  if (target.kind !== 'Version' || sameVersion(target.version, memory.stable)) return undefined
  if (target.version.uri === undefined) return { phase: 'Degraded', reason: 'UriUnresolvable', error: uriSentence(target.version.version, registry) }
  if (router.present) return undefined
  return {
    phase: 'Degraded',
    reason: 'NoTrafficRouter',
    error: `Version ${target.version.version} cannot be rolled out: ${backend.noRouter}.`
  }
}

function summarizeNothing (memory: Memory, { target }: RolloutFacts, context: Context): Summary {
  const failure = target.kind === 'Version' ? findFailure(memory, target.version) : undefined
  if (failure) return { phase: 'Degraded', reason: failure.reason, error: failureSentence(memory, failure, context) }
  if (target.kind === 'Version' && target.version.uri === undefined) return { phase: 'Degraded', reason: 'UriUnresolvable', error: uriSentence(target.version.version, context.registry) }
  if (target.kind === 'Version') return { phase: 'Pending', reason: STARTING }
  const { disbelief } = context
  if (disbelief) return { phase: 'Pending', reason: disbelief.reason, error: `The alias is not followed: ${disbelief.message}.` }
  const { state, server, problem } = context.registry ?? {}
  return { phase: 'Pending', reason: missingReason(state), ...(problem !== undefined && { error: `Registry ${server}: ${problem}.` }) }
}

/** In the words of the condition RegistryFound. */
export function missingReason (state: RegistryFact['state'] | undefined): string {
  switch (state) {
    case 'AliasMissing': return 'AliasNotFound'
    case 'ModelMissing': return 'ModelNotFound'
    case 'NotReady': return 'VersionNotReady'
    case 'Unreachable': return 'RegistryUnreachable'
    case 'Refused': return 'RegistryRefused'
    case 'Found':
    case undefined: return 'NotYetObserved'
    default: return state satisfies never
  }
}

function uriSentence (version: string, registry: RegistryFact | undefined): string {
  // What the poller says names its own remedy.
  return `Version ${version} cannot be loaded: ${registry?.problem ?? 'its storage URI is unknown; set serving.modelUri, or artifactsDestination of the registry entry'}.`
}

function stableUnavailable (memory: Memory, { backendFailure }: Context, remedy: string): Summary {
  return { phase: 'Degraded', reason: 'StableUnavailable', error: `No pod of the stable version ${memory.stable?.version} is available. ${backendFailure ?? `${remedy}.`}` }
}

/** The version before is kept beyond its time while stable is down. */
function warmHint ({ previous }: Memory, facts: RolloutFacts): string {
  return previous?.fastReturn && isReady(previous, facts) ? `. Version ${previous.version} is still loaded: with the alias back on it, it gets all traffic at once` : ''
}

type Failed = { version: string, reason: string, rollout: string, metrics?: string }

function failureSentence (memory: Memory, failure: Failed, context: Context): string {
  const still = memory.stable ? `; version ${memory.stable.version} keeps serving` : ''
  return `Version ${failure.version} ${causeOf(failure)}${still}. Move the alias to another version, or try it again with: ${annotate(context, 'retry', failure.rollout)}`
}

function causeOf ({ reason, metrics }: Failed): string {
  switch (reason) {
    case ANALYSIS_FAILED: return `was worse than the limits allow${metrics ? `: ${metrics}` : ''}`
    case PROGRESS_DEADLINE_EXCEEDED: return 'did not become ready within rollout.progressDeadline'
    case CANDIDATE_UNAVAILABLE: return 'lost all its pods twice while it had traffic'
    case WEIGHT_NOT_APPLIED: return 'never got its traffic: the router did not apply the weight within rollout.progressDeadline'
    case ABORTED: return 'was aborted'
    case NOT_ENOUGH_TRAFFIC: return 'was rolled back for lack of traffic to judge it by'
    case METRICS_UNAVAILABLE: return 'was rolled back because its measurements could not be had'
    default: return `failed (${reason})`
  }
}

function canaryName ({ canary }: Memory): string {
  return `version ${canary?.version}`
}

/** The command that a person would type. */
export function annotate ({ name, namespace }: Pick<Context, 'name' | 'namespace'>, verb: string, id: string): string {
  return `kubectl annotate mfm ${name} -n ${namespace} --overwrite sluice.dev/${verb}=${id}`
}
