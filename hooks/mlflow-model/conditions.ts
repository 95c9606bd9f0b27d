// The conditions of an MlflowModel. Reasons are words for programs, messages sentences that name the object and the remedy, without times.
import { aspect, type Aspect } from '../core/conditions.ts'
import type { RegistryFact } from '../core/facts.ts'
import { parseInstant } from '../core/time.ts'
import type { Spec } from './schema.ts'
import type { Memory } from './schema/status.ts'
import { BACKEND_FAILED, missingReason, RESTORING, STARTING, type Context, type Summary } from './phase.ts'
import { isAvailable, type RolloutFacts } from './rollout/facts.ts'
import { modelUri } from '../core/model-uri.ts'
import { isAnswerTo, questionOf } from '../core/registry-question.ts'

const NO_ROLLOUT = 'NoRollout'
const NO_CHECK_YET = 'NoCheckYet'

/** In whole seconds: when the last decision was made (or the object, before the first), and when the backend last reported anything. */
type Times = { decided: number, backend: number | undefined }

type Input = { memory: Memory, facts: RolloutFacts, summary: Summary, context: Context, spec: Spec, installed: boolean, times: Times }

/** All conditions, Ready first. */
export function conditionsOf (input: Input): Aspect[] {
  const aspects = [ready(input), progressing(input), registryFound(input), analysisPassing(input), backendReady(input)]
  return aspects.map((found) => ({ ...found, since: causeOf(found, input) }))
}

/** The instant of what a condition speaks of, where that is written down; it may be a little early, and is the same in every sync. */
function causeOf (found: Aspect, input: Input): number | undefined {
  switch (found.type) {
    case 'RegistryFound': return lookedUpAt(input)
    case 'Progressing': return progressingSince(found, input)
    case 'AnalysisPassing': return checkedAt(found, input)
    default: return input.times.backend ?? input.times.decided
  }
}

function lookedUpAt ({ context: { registry }, times }: Input): number | undefined {
  if (!registry) return times.decided
  return registry.stale ? undefined : parseInstant(registry.observedAt)
}

function progressingSince ({ status }: Aspect, { memory: { rollout }, times }: Input): number | undefined {
  if (!rollout) return times.decided
  return rollout.stage === 'Loading' && status === 'True' ? parseInstant(rollout.startedAt) : undefined
}

function checkedAt ({ reason }: Aspect, { memory: { rollout }, facts: { analysis }, times }: Input): number | undefined {
  if (reason === NO_ROLLOUT) return times.decided
  return parseInstant(reason === NO_CHECK_YET ? rollout?.startedAt : analysis?.last.at)
}

function ready ({ memory, facts, summary, installed }: Input): Aspect {
  if (!installed) return aspect('Ready', 'False', summary.reason, summary.error ?? '')
  const { stable } = memory
  if (!stable) return aspect('Ready', 'False', summary.reason, summary.error ?? 'No version is trusted yet.')
  if (isAvailable(stable, facts)) return aspect('Ready', 'True', 'StableAvailable', `Version ${stable.version} answers.`)
  return aspect('Ready', 'False', 'StableUnavailable', summary.error ?? `No pod of version ${stable.version} is available.`)
}

function progressing ({ memory, facts, summary }: Input): Aspect {
  const { rollout, canary, stable } = memory
  if (!rollout || !canary) return aspect('Progressing', 'False', summary.reason, summary.error ?? 'No rollout is under way.')
  const held = summary.phase === 'Paused' || (summary.phase === 'Degraded' && !stable)
  if (held) return aspect('Progressing', 'False', summary.reason, summary.error ?? 'The rollout is held.')
  return aspect('Progressing', 'True', rollout.stage, progressSentence(memory, facts))
}

function progressSentence ({ rollout, canary, stable, traffic }: Memory, { policy }: RolloutFacts): string {
  const name = `Version ${canary?.version}`
  if (!stable) return `${name} is loading as the first version.`
  switch (rollout?.stage) {
    case 'Loading': return `${name} is loading at weight 0 beside version ${stable.version}.`
    case 'Stepping': return `${name} is to have ${traffic?.canary} % of the traffic, step ${rollout.step} of ${policy.steps.filter((weight) => weight < 100).length}.`
    case 'Promoting': return `${name} has passed; all traffic moves to it.`
    case 'Unwinding': return `All traffic moves back to version ${stable.version}.`
    case 'Draining': return `${name} has no traffic any more and is unloaded soon.`
    default: return `${name} awaits approval.`
  }
}

function registryFound ({ spec, context: { registry, disbelief } }: Input): Aspect {
  const names = `${spec.modelAlias} of model ${spec.modelName}`
  if (disbelief) return aspect('RegistryFound', 'False', disbelief.reason, `Alias ${names} is not followed: ${disbelief.message}.`)
  if (!isAnswerTo(registry, questionOf(spec))) return aspect('RegistryFound', 'Unknown', 'NotYetObserved', `The poller has not looked up alias ${names} in registry ${spec.registry} yet; if this lasts, see its log.`)
  if (registry.stale) return aspect('RegistryFound', 'Unknown', 'RegistryUnreachable', `Registry ${spec.registry} has not answered for a while; the last answer stays in force. See the poller's log.`)
  switch (registry.state) {
    case 'Found':
      return versionFound(spec, registry)
    case 'AliasMissing':
      return aspect('RegistryFound', 'False', missingReason(registry.state), `Registry ${spec.registry} knows model ${spec.modelName}, but no alias ${spec.modelAlias} of it; set the alias in MLflow.`)
    case 'ModelMissing':
      return aspect('RegistryFound', 'False', missingReason(registry.state), `Registry ${spec.registry} knows no model ${spec.modelName}; register it, or correct spec.modelName.`)
    case 'NotReady':
      return aspect('RegistryFound', 'False', missingReason(registry.state), `Alias ${names} is version ${registry.version ?? 'unknown'}, whose registration is not finished in MLflow.`)
    case 'Unreachable':
      return aspect('RegistryFound', 'Unknown', missingReason(registry.state), `Registry ${spec.registry} has given no answer for this object yet: ${registry.problem}. It is asked again and again.`)
    case 'Refused':
      return aspect('RegistryFound', 'Unknown', missingReason(registry.state), `Alias ${names} is not looked up: ${registry.problem}.`)
    default:
      return registry.state satisfies never
  }
}

/** It speaks of the alias: a version that a template makes loadable is found, whatever the registry says of its URI. */
function versionFound (spec: Spec, { version = '', uri, problem }: RegistryFact): Aspect {
  const sentence = `Alias ${spec.modelAlias} of model ${spec.modelName} is version ${version}`
  if (modelUri(spec.serving.modelUri, { name: spec.modelName, version, uri }) !== undefined) return aspect('RegistryFound', 'True', 'Found', `${sentence}.`)
  return aspect('RegistryFound', 'False', 'UriUnresolvable', `${sentence}, which cannot be loaded: ${problem ?? 'its storage URI is unknown'}`)
}

function analysisPassing ({ memory, facts: { analysis } }: Input): Aspect {
  const { rollout } = memory
  if (!rollout || !memory.stable) return aspect('AnalysisPassing', 'Unknown', NO_ROLLOUT, 'No canary is being judged.')
  if (analysis?.rollout !== rollout.id) return aspect('AnalysisPassing', 'Unknown', NO_CHECK_YET, `No check of rollout ${rollout.id} has been made yet.`)
  const { outcome, reason } = analysis.last
  const status = outcome === 'Passed' ? 'True' : outcome === 'Failed' ? 'False' : 'Unknown'
  return aspect('AnalysisPassing', status, outcome, reason || `The last check of rollout ${rollout.id} was ${outcome}.`)
}

function backendReady ({ memory, facts, context, summary, installed }: Input): Aspect {
  if (!installed) return aspect('BackendReady', 'False', summary.reason, summary.error ?? '')
  if (context.backendFailure !== undefined) return aspect('BackendReady', 'False', BACKEND_FAILED, context.backendFailure)
  if (!context.deployed) return aspect('BackendReady', 'Unknown', 'NotDeployed', summary.reason === STARTING || summary.reason === RESTORING ? `${context.backend.beingMade}.` : 'Nothing is deployed yet.')
  // Nothing is said of a router before every version was ready once.
  if (!facts.router.present && !isAvailable(memory.stable, facts)) return aspect('BackendReady', 'Unknown', 'Starting', 'The serving object is being brought up.')
  if (!facts.router.present) return aspect('BackendReady', 'False', 'NoTrafficRouter', `One version can be served, and no other rolled out: ${context.backend.noRouter}.`)
  return aspect('BackendReady', 'True', 'Reconciled', 'The serving object is reconciled by its operator.')
}
