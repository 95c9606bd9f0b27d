// What a spec asks a registry, and which facts answer it. Hooks and poller must not disagree on it: an answer to another question is none.
import type { RegistryFact } from './facts.ts'

/** `server` is the name of a registry entry in the poller's configuration. */
export type RegistryQuestion = Pick<RegistryFact, 'server' | 'workspace' | 'model' | 'alias'>

/** What this spec asks: every kind that follows an alias has these fields. */
export function questionOf (spec: { registry: string, workspace: string, modelName: string, modelAlias: string }): RegistryQuestion {
  return { server: spec.registry, workspace: spec.workspace, model: spec.modelName, alias: spec.modelAlias }
}

/** Whether a fact answers this question; after an edit of the spec the one that is there answers the question before. */
export function isAnswerTo (fact: RegistryFact | undefined, question: RegistryQuestion): fact is RegistryFact {
  return fact !== undefined && fact.server === question.server && fact.workspace === question.workspace &&
    fact.model === question.model && fact.alias === question.alias
}
