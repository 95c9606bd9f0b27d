// Conditions as Kubernetes keeps them: the time tells when `status` last changed, and nothing else moves it.
import type { Condition } from './schema.ts'
import { formatInstant } from './time.ts'

/**
 * The conditions to report, in the order given. `lastTransitionTime` is carried over from `previous` while `status` stays the same:
 * a time that moved at every sync would be a change of status at every sync, and so a loop.
 */
export function setConditions (previous: Condition[] | undefined, wanted: Array<Pick<Condition, 'type' | 'status' | 'reason' | 'message'>>, now: number, generation?: number): Condition[] {
  return wanted.map((condition) => {
    const before = previous?.find(({ type }) => type === condition.type)
    const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : formatInstant(now)
    return { ...condition, lastTransitionTime, ...(generation !== undefined && { observedGeneration: generation }) }
  })
}
