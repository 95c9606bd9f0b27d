// Deadlines: which objects wait for one that has passed or live in a wrong time, and what to tell them. Pure; `now` is the API server's time.
import { FACTS } from '../hooks/core/labels.ts'
import type { KubeObject } from '../hooks/core/request.ts'
import { formatInstant, parseInstant } from '../hooks/core/time.ts'
import type { Finding } from './model.ts'

/** How far, in seconds, a clock may lie ahead of the API server's before it counts as forged: anyone who may edit the object can write one. */
const FUTURE = 60

/**
 * When an object is to be told the time, in ms; Infinity when nobody waits for it. A clock at or after the deadline has told it already. One that lies
 * ahead is set right at once, for hooks take it as the time; what they have decided by it stays decided.
 */
function dueAt (object: KubeObject, now: number): number {
  const told = parseInstant(object.metadata.annotations?.[FACTS.clock])
  if (told !== undefined && Number.isFinite(now) && told > now / 1000 + FUTURE) return now
  const deadline = parseInstant((object.status as { nextDeadline?: unknown } | undefined)?.nextDeadline)
  return deadline === undefined || (told !== undefined && told >= deadline) ? Infinity : deadline * 1000
}

/** The clock annotations that are due at `now` (ms): whole seconds, and never before the deadline that they serve. */
export function dueClocks (objects: KubeObject[], now: number): Array<Finding<string>> {
  return objects.flatMap((object) => {
    const { uid, namespace = '', name } = object.metadata
    return uid === undefined || dueAt(object, now) > now ? [] : [{ uid, namespace, name, fact: formatInstant(now / 1000) }]
  })
}

/** Milliseconds from `now` (ms) until an object is to be told the time; Infinity when none is. */
export function nextClock (objects: KubeObject[], now: number): number {
  return objects.reduce((next, object) => Math.min(next, dueAt(object, now) - now), Infinity)
}
