// From a call of Metacontroller to the checked answer, the same for all kinds: read the spec, let the kind decide, check what it says.
import { believedFacts } from './believed-facts.ts'
import { isEcho, setConditions, settleTimes } from './conditions.ts'
import { factInstants } from './facts.ts'
import { UnprocessableError, type Kind } from './kind.ts'
import { newestInstant, newestOutsideInstant, type CustomizeRequest, type RelatedRule, type SyncRequest, type SyncResponse } from './request.ts'
import { respond, respondRelated } from './respond.ts'
import { readStatus } from './observed-status.ts'
import { forPeople } from './safe-text.ts'
import type { Condition } from './schema.ts'
import { readSpec, type SpecProblem } from './spec.ts'

export const HOOKS = ['sync', 'finalize', 'customize'] as const
export type Hook = typeof HOOKS[number]

/** Characters of a label's value. */
const LONGEST_LABEL = 63

/** The condition that is there while parts of the spec are not honoured, and only then. */
export const SPEC_ACCEPTED = 'SpecAccepted'

/**
 * Answers sync. A wrong part of the spec is a condition, with the rest honoured; a spec that cannot be honoured at all throws
 * UnprocessableError. What Metacontroller marks as finalizing is finalized, whichever address it was sent to.
 */
export function answerSync (kind: Kind, request: SyncRequest): SyncResponse {
  if (request.finalizing) return answerFinalize(kind, request)
  checkName(request)
  const { spec, problems } = readSpec(kind, request.parent.spec)
  const call = readable(kind, request, spec)
  const fatal = problems.find((problem) => problem.fatal)
  // An error would leave weights where they are: in the middle of a rollout that may be on a version that has just failed.
  if (fatal && !kind.isUnderWay?.(call.parent.status ?? {})) throw new UnprocessableError(fatal.message)
  const response = kind.sync(call as Parameters<Kind['sync']>[0])
  return respond(kind, request, withSettledTimes(call, withProblems(call, response, problems)))
}

/**
 * Answers finalize. A wrong spec must not keep an object from being deleted, so its problems are not looked at. A kind that has nothing to
 * finalize lets go at once: its children are garbage-collected.
 */
export function answerFinalize (kind: Kind, request: SyncRequest): SyncResponse {
  const call = { ...readable(kind, request, readSpec(kind, request.parent.spec).spec), finalizing: true }
  if (!kind.finalize) return { status: call.parent.status ?? {}, children: [], finalized: true }
  return respond(kind, call, kind.finalize(call as Parameters<NonNullable<Kind['finalize']>>[0]))
}

/** Answers customize. It is called for deletions too, so a spec that cannot be honoured needs nothing rather than fails. */
export function answerCustomize (kind: Kind, request: CustomizeRequest): { relatedResources: RelatedRule[] } {
  const { spec, problems } = readSpec(kind, request.parent.spec)
  if (!kind.customize || problems.some((problem) => problem.fatal)) return { relatedResources: [] }
  return respondRelated(kind.customize({ ...request, parent: { ...request.parent, spec } } as Parameters<NonNullable<Kind['customize']>>[0]))
}

/** The call as kinds may read it: spec and status have the shapes of their schemas. */
function readable (kind: Kind, request: SyncRequest, spec: unknown): SyncRequest {
  // Absent where a kind has no customize hook.
  return { ...request, related: request.related ?? {}, parent: { ...request.parent, spec, status: readStatus(kind, request.parent.status) } }
}

/** Children carry kind and name of their parent in a label, and the API server would refuse every one of them. */
function checkName ({ parent: { kind, metadata: { name } } }: SyncRequest): void {
  const longest = LONGEST_LABEL - kind.length - 1
  if (name.length > longest) throw new UnprocessableError(`metadata.name has ${name.length} characters, and may have ${longest}, so that children can be labelled with it; create the object again with a shorter name`)
}

/** Poller and people count as outside; the clock of the echo is that of the status writes. */
function withSettledTimes (request: SyncRequest, response: SyncResponse): SyncResponse {
  const { conditions } = response.status as { conditions?: Condition[] }
  if (!conditions) return response
  // What poller and people wrote brings the two times together and never apart, so that it need not be read where they are together already.
  if (!isEcho({ now: newestInstant(request), outside: newestOutsideInstant(request) })) return response
  const facts = factInstants(believedFacts(request))
  const times = { now: newestInstant(request, facts), outside: newestOutsideInstant(request, facts) }
  return { ...response, status: { ...response.status, conditions: settleTimes(conditions, times) } }
}

/** Adds the condition about the spec to a status that has conditions. */
function withProblems (request: SyncRequest, response: SyncResponse, problems: SpecProblem[]): SyncResponse {
  const { conditions } = response.status as { conditions?: Condition[] }
  if (problems.length === 0 || !conditions) return response
  const previous = (request.parent.status as { conditions?: Condition[] } | undefined)?.conditions
  const message = forPeople(problems.map((problem) => problem.message).join(' '), 2000)
  const wanted = [{ type: SPEC_ACCEPTED, status: 'False' as const, reason: 'InvalidFields', message }]
  const added = setConditions(previous, wanted, newestInstant(request), request.parent.metadata.generation)
  return { ...response, status: { ...response.status, conditions: [...conditions, ...added] } }
}
