// From the registry's answer to a target: which version the alias asks for, and from where it can be loaded.
import type { RegistryFact } from '../core/facts.ts'
import { modelUri } from '../core/model-uri.ts'
import { isAnswerTo, questionOf } from '../core/registry-question.ts'
import type { Spec } from './schema.ts'
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
      const uri = modelUri(spec.serving.modelUri, { name: spec.modelName, version: fact.version, uri: fact.uri })
      return { kind: 'Version', version: { version: fact.version, createdAt: fact.createdAt, ...(uri !== undefined && { uri }) } }
    }
    default:
      return fact.state satisfies never
  }
}
