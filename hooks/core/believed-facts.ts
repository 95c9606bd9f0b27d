// The facts of a request that can be true: what the API server's own times in it speak against was not written by the poller.
import { parseFacts, type Facts } from './facts.ts'
import { newestStamp, type SyncRequest } from './request.ts'
import { parseInstant } from './time.ts'

/**
 * How far, in seconds, an instant may lie ahead of the newest time that the API server has put into the request. The poller goes by the API server's
 * clock, and what it writes is stamped as it is written, so only servers whose clocks differ put it ahead at all.
 */
const AHEAD = 600

/**
 * The facts without those from the future. Hooks take instants of facts for the time and keep times, so one of the year 9999 would stay in memory
 * for good. Without any time of the API server in the request (one that was made by hand) all are believed.
 */
export function believedFacts (request: SyncRequest): Facts {
  const facts = parseFacts(request.parent.metadata.annotations)
  const stamp = newestStamp(request)
  if (stamp === undefined) return facts
  const instants: Array<[keyof Facts, number | undefined]> = [['registry', parseInstant(facts.registry?.observedAt)], ['analysis', parseInstant(facts.analysis?.last.at)], ['clock', facts.clock]]
  const ahead = instants.filter(([, instant]) => (instant ?? 0) > stamp + AHEAD).map(([fact]) => fact)
  return ahead.length === 0 ? facts : Object.fromEntries(Object.entries(facts).filter(([fact]) => !ahead.includes(fact as keyof Facts)))
}
