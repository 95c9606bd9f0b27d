// Deadlines: which objects wait for one that has passed, and what to tell them. Pure; `now` is the API server's time.
import { FACTS } from '../hooks/core/labels.ts'
import type { KubeObject } from '../hooks/core/request.ts'
import { formatInstant, parseInstant } from '../hooks/core/time.ts'

/** The deadline in seconds that an object still has to be told of: a clock annotation at or after it has told it already. */
export function openDeadline (object: KubeObject): number | undefined {
  const deadline = parseInstant((object.status as { nextDeadline?: unknown } | undefined)?.nextDeadline)
  const told = parseInstant(object.metadata.annotations?.[FACTS.clock])
  return deadline === undefined || (told !== undefined && told >= deadline) ? undefined : deadline
}

/** The clock annotations that are due at `now` (ms). A written instant is never before the deadline that it serves. */
export function dueClocks (objects: KubeObject[], now: number): Array<{ uid: string, clock: string }> {
  return objects.flatMap((object) => {
    const deadline = openDeadline(object)
    const { uid } = object.metadata
    if (deadline === undefined || uid === undefined || deadline * 1000 > now) return []
    return [{ uid, clock: formatInstant(Math.max(now / 1000, deadline)) }]
  })
}

/** Milliseconds from `now` (ms) until the next deadline passes; Infinity when there is none. */
export function nextClock (objects: KubeObject[], now: number): number {
  return objects.reduce((next, object) => Math.min(next, (openDeadline(object) ?? Infinity) * 1000 - now), Infinity)
}
