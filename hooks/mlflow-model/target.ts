// From the registry's answer to a target: which version the alias asks for, and from where it can be loaded.
import type { RegistryFact } from '../core/facts.ts'
import { modelUri } from '../core/model-uri.ts'
import { sameVersion } from '../core/names.ts'
import { findDisbelief, type Disbelief } from '../core/registry-access.ts'
import { isAnswerTo, questionOf } from '../core/registry-question.ts'
import type { SyncRequest } from '../core/request.ts'
import type { Spec } from './schema.ts'
import type { Memory } from './schema/status.ts'
import type { Target } from './rollout/facts.ts'

/** What the alias asks for. Only an answer that names alias or model as gone is Missing; everything unclear is Unknown. */
export function targetOf (spec: Spec, fact: RegistryFact | undefined): Target {
  if (!isAnswerTo(fact, questionOf(spec))) return { kind: 'Unknown' }
  switch (fact.state) {
    case 'AliasMissing':
    case 'ModelMissing':
      return { kind: 'Missing' }
    case 'NotReady':
    case 'Unreachable':
    case 'Refused':
      return { kind: 'Unknown' }
    case 'Found': {
      if (!fact.version || !fact.createdAt) return { kind: 'Unknown' }
      const uri = uriOf(spec, fact)
      return { kind: 'Version', version: { version: fact.version, createdAt: fact.createdAt, ...(uri !== undefined && { uri }) } }
    }
    default:
      return fact.state satisfies never
  }
}

/**
 * The same, as far as it may be acted upon. A version that must not be loaded from where the answer says is no target, unless it is loaded already:
 * then nothing is loaded, and the way back to it stays open.
 */
export function followedTarget (request: SyncRequest<Spec>, fact: RegistryFact | undefined, { stable, canary, previous }: Memory): Target {
  const target = targetOf(request.parent.spec, fact)
  const disbelief = disbeliefOf(request, fact)
  if (!disbelief) return target
  if (disbelief.reason !== 'UriNotAllowed' || target.kind !== 'Version') return { kind: 'Unknown' }
  const { version, createdAt } = target.version
  const isLoaded = [stable, canary, previous].some((loaded) => sameVersion(loaded, target.version))
  return isLoaded ? { kind: 'Version', version: { version, createdAt } } : { kind: 'Unknown' }
}

/** From where the version of this answer would be loaded, if the answer names one and it can be. */
export function uriOf (spec: Spec, { version, uri }: RegistryFact): string | undefined {
  return version === undefined ? undefined : modelUri(spec.serving.modelUri, { name: spec.modelName, version, uri })
}

/** Why no answer of this registry may be acted upon, or not this one; undefined when it may. What serves already is not asked about. */
export function disbeliefOf ({ parent: { spec, metadata: { namespace = '' } }, registries }: SyncRequest<Spec>, fact: RegistryFact | undefined): Disbelief | undefined {
  const uri = isAnswerTo(fact, questionOf(spec)) && fact.state === 'Found' ? uriOf(spec, fact) : undefined
  return findDisbelief(registries, { registry: spec.registry, namespace, workspace: spec.workspace }, uri)
}
