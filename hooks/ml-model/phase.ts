// The one word and the one sentence that people read first.
import { troubleSentence } from '../core/pod-trouble.ts'
import type { Decision } from './decide.ts'
import type { Evidence } from './evidence.ts'
import { retryCommand, startFailure, type Said } from './failure.ts'
import type { PHASES } from './schema/status.ts'

export type Summary = { phase: typeof PHASES[number], reason: string, error?: string }

export type Context = { name: string, namespace: string, evidence: Evidence }

/** Where the object stands. While an accepted version serves, what goes wrong with a newer one changes no phase, and is told all the same. */
export function summarize (decision: Decision, context: Context): Summary {
  return decision.memory.accepted ? serving(decision, context) : starting(decision, context)
}

/** What has failed for good, if anything has. */
export function failureOf ({ under }: Decision): Said | undefined {
  return 'failure' in under ? under.failure : undefined
}

function serving (decision: Decision, context: Context): Summary {
  const { evidence: { server, trouble } } = context
  const failure = failureOf(decision)
  if (!server || server.available === 0) {
    if (trouble) return { phase: 'Failed', reason: trouble.reason, error: `No pod answers. ${troubleSentence(trouble)}` }
    return { phase: 'Deploying', reason: 'NoPodAnswers' }
  }
  if (failure) return { phase: 'Ready', reason: failure.reason, error: `${withRetry(failure, decision, context)} The version before it goes on serving.` }
  return decision.under.stage === 'Settled' ? { phase: 'Ready', reason: 'Serving' } : { phase: 'Updating', reason: decision.under.stage }
}

function starting (decision: Decision, context: Context): Summary {
  const { under } = decision
  const { evidence: { server, trouble } } = context
  const failure = failureOf(decision)
  // Some may answer of which it cannot be told whether they are of this version.
  const phase = server && server.available > 0 ? 'Deploying' : 'Failed'
  if (failure) return { phase, reason: failure.reason, error: withRetry(failure, decision, context) }
  if (under.stage === 'Downloading') return { phase: under.download.noticed ? 'Downloading' : 'Pending', reason: under.stage }
  const isOther = under.stage === 'Starting' && !under.written
  if (server?.late === undefined || isOther) return { phase: 'Deploying', reason: under.stage }
  const { reason, message } = startFailure(server.late, trouble)
  return { phase, reason, error: `${message} It goes on as soon as the pods become ready.` }
}

/** A spec that nothing is downloaded for has no attempt to be followed by another. */
function withRetry ({ message }: Said, { under, memory: { attempt } }: Decision, { name, namespace }: Context): string {
  return under.stage === 'Impossible' ? message : `${message} Then change the spec, or try again: ${retryCommand(name, namespace, attempt)}.`
}
