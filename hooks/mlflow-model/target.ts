// From the registry's answer to a target: which version the alias asks for, and from where it can be loaded.
import type { RegistryFact } from '../core/facts.ts'
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
      return { kind: 'Unknown' }
    case 'Found': {
      if (!fact.version || !fact.createdAt) return { kind: 'Unknown' }
      const uri = modelUri(spec, { version: fact.version, uri: fact.uri })
      return { kind: 'Version', version: { version: fact.version, createdAt: fact.createdAt, ...(uri !== undefined && { uri }) } }
    }
    default:
      return fact.state satisfies never
  }
}

/** The spec's template over the resolved URI. Undefined when the template needs a URI and there is none. */
function modelUri (spec: Spec, { version, uri }: { version: string, uri: string | undefined }): string | undefined {
  const template = spec.serving.modelUri || '{uri}'
  if (uri === undefined && template.includes('{uri}')) return undefined
  const values: Record<string, string> = { name: spec.modelName, version, uri: uri ?? '' }
  return template.replace(/\{(name|version|uri)\}/g, (_match, key: string) => values[key] ?? '')
}
