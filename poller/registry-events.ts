// Events about the registry's answer: a new version, an alias that is gone, a registry that does not answer.
import { parseFacts, type RegistryFact } from '../hooks/core/facts.ts'
import { modelUri } from '../hooks/core/model-uri.ts'
import { predictorName, sameVersion } from '../hooks/core/names.ts'
import { isAnswerTo, questionOf } from '../hooks/core/registry-question.ts'
import { parseInstant } from '../hooks/core/time.ts'
import type { Model } from './model.ts'
import type { ObjectEvent } from './object-event.ts'

/** What the registry annotation bears witness of, if it answers what the spec asks now. */
export function registryEvents (model: Model): ObjectEvent[] {
  const fact = parseFacts(model.metadata.annotations).registry
  if (!isAnswerTo(fact, questionOf(model.spec))) return []
  const stale = fact.stale
    ? [make(fact, 'RegistryUnavailable', 'Warning', `Registry ${fact.server} has not answered for long; the last answer, of ${fact.observedAt}, stays in force. Look at the poller's logs.`)]
    : []
  return [...stateEvents(model, fact), ...stale]
}

function stateEvents (model: Model, fact: RegistryFact): ObjectEvent[] {
  const alias = `Alias ${fact.alias} of model ${fact.model}`
  switch (fact.state) {
    case 'AliasMissing':
      return [make(fact, 'AliasNotFound', 'Warning', `${alias} does not exist in registry ${fact.server}. ${consequence(model, 'set the alias in MLflow')}`)]
    case 'ModelMissing':
      return [make(fact, 'ModelNotFound', 'Warning', `Model ${fact.model} does not exist in registry ${fact.server}. ${consequence(model, 'register the model')}`)]
    case 'NotReady':
      return [make(fact, 'VersionNotReady', 'Normal', `${alias} names a version that the registry does not call ready yet.`)]
    case 'Found':
      return foundEvents(model, fact)
    case 'Unreachable':
      return [make(fact, 'RegistryUnavailable', 'Warning', `Registry ${fact.server} has given no answer for this object yet: ${fact.problem}. It is asked again and again.`)]
    case 'Refused':
      // refusals.ts tells of it, with a reason of its own.
      return []
    default:
      return fact.state satisfies never
  }
}

function foundEvents ({ spec, status }: Model, fact: RegistryFact): ObjectEvent[] {
  const { version, createdAt } = fact
  if (version === undefined || createdAt === undefined) return []
  if (modelUri(spec.serving.modelUri, { name: spec.modelName, version, uri: fact.uri }) === undefined) return [make(fact, 'UriUnresolvable', 'Warning', `Version ${version} cannot be loaded: ${fact.problem ?? 'its storage URI is unknown'}`)]
  if (sameVersion({ version, createdAt }, status?.stable)) return []
  const after = status?.stable ? ` Version ${status.stable.version} is serving.` : ''
  return [make(fact, 'NewModelVersionDetected', 'Normal', `Alias ${fact.alias} of model ${fact.model} names version ${version}.${after}`)]
}

function consequence ({ spec, status }: Model, remedy: string): string {
  if (!status?.stable) return `Nothing is deployed; ${remedy}, or correct the spec.`
  return spec.whenAliasMissing === 'Delete' ? 'Serving stops (spec.whenAliasMissing: Delete).' : `Version ${status.stable.version} goes on serving.`
}

/** The poller writes observedAt when the meaning changes and only then, so it tells two occasions apart. */
function make (fact: RegistryFact, reason: string, type: ObjectEvent['type'], note: string): ObjectEvent {
  const version = fact.version && fact.createdAt ? predictorName({ version: fact.version, createdAt: fact.createdAt }) : ''
  return { key: `${reason}/${fact.model}/${fact.alias}/${version}/${fact.observedAt}`, type, reason, action: 'Registry', note, at: parseInstant(fact.observedAt) }
}
