// What people asked for. A command names a rollout by its id, and counts once: memory keeps the last spent value of each verb.
import { sameVersion } from '../../core/names.ts'
import type { Failure, Memory } from '../schema/status.ts'
import { withoutFailure } from './memory.ts'
import type { RolloutFacts } from './facts.ts'

export type Verb = 'promote' | 'abort' | 'retry'

/** Whether this verb names the rollout under way and has not been spent. Ids that are not current do nothing. */
export function isCommanded (memory: Memory, facts: RolloutFacts, verb: 'promote' | 'abort'): boolean {
  const id = facts.commands[verb]
  return id !== undefined && id === memory.rollout?.id && id !== memory.lastCommands?.[verb]
}

/** Spends the present value of a verb. */
export function spend (memory: Memory, facts: RolloutFacts, verb: Verb): Memory {
  const id = facts.commands[verb]
  if (id === undefined || memory.lastCommands?.[verb] === id) return memory
  return { ...memory, lastCommands: { ...memory.lastCommands, [verb]: id } }
}

/**
 * Retry forgets a failure, so that its version is tried again once nothing is under way.
 * It needs the failed rollout's id and the alias on that version; given for the rollout under way, or for a version that the alias has left, it is spent.
 */
export function obeyRetry (memory: Memory, facts: RolloutFacts): Memory {
  const id = facts.commands.retry
  if (id === undefined || id === memory.lastCommands?.retry) return memory
  const failure = memory.failedVersions?.find((entry) => entry.rollout === id)
  if (!failure && id !== memory.rollout?.id) return memory
  const spent = spend(memory, facts, 'retry')
  return failure && isTarget(failure, facts) ? withoutFailure(spent, failure) : spent
}

function isTarget (failure: Failure, facts: RolloutFacts): boolean {
  return facts.target.kind === 'Version' && sameVersion(facts.target.version, failure)
}
