// Conditions as Kubernetes keeps them: the time tells when `status` last changed, and nothing else moves it.
import { forPeople } from './safe-text.ts'
import type { Condition } from './schema.ts'
import { formatInstant } from './time.ts'

/** What a condition says now. `since`: the instant of its cause, in whole seconds, where one is known. */
export type Aspect = Pick<Condition, 'type' | 'status' | 'reason' | 'message'> & { since?: number | undefined }

/** One condition; messages are cut well below what the API server takes, and hold nothing that people must not see, or cannot. */
export function aspect (type: string, status: Aspect['status'], reason: string, message: string): Aspect {
  return { type, status, reason, message: forPeople(message, 1000) }
}

/**
 * The conditions to report, in the order given. `lastTransitionTime` is carried over from `previous` while `status` stays the same:
 * a time that moved at every sync would be a change of status at every sync, and so a loop.
 * A status that changes has the time of its cause rather than now: a sync that does not see yet what the one before it wrote reports the
 * change again, and with another time each of the two would be carried over by every second sync, and written, for ever.
 * The time before has no say, even where the cause is older: it may be another one in the next sync.
 */
export function setConditions (previous: Condition[] | undefined, wanted: Aspect[], now: number, generation?: number): Condition[] {
  return wanted.map(({ since = now, ...condition }) => {
    const before = previous?.find(({ type }) => type === condition.type)
    const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : formatInstant(since)
    return { ...condition, lastTransitionTime, ...(generation !== undefined && { observedGeneration: generation }) }
  })
}

/** Status writes that go on this many seconds after the last thing that happened outside are an echo of themselves. */
const ECHO_SECONDS = 10

/** So late no echo is left, for its writes have no pause in between: the hooks were away, or a new release says something else. */
const ECHO_OVER_SECONDS = 120

/** In whole seconds: the last thing that happened outside, and the last one at all, status writes of ours included. */
type Times = { now: number, outside: number }

/** Whether nothing but our own writes has happened for a while. */
export function isEcho ({ now, outside }: Times): boolean {
  return now - outside > ECHO_SECONDS && now - outside <= ECHO_OVER_SECONDS
}

/**
 * Ends a loop that stale reads can begin. A time that is carried over is right whatever it is, so two histories of the same conditions, seen in turn by
 * syncs that read the status before the last one, would be written over each other for ever. One of the two may be of any age: it comes from a read that
 * missed a short change. So once nothing but such writes has happened for ECHO_SECONDS, all conditions get the same time, that of the last thing that did
 * happen (`outside`, and `now` with the echo; whole seconds).
 */
export function settleTimes (conditions: Condition[], times: Times): Condition[] {
  if (!isEcho(times)) return conditions
  const lastTransitionTime = formatInstant(times.outside)
  return conditions.map((condition) => ({ ...condition, lastTransitionTime }))
}
