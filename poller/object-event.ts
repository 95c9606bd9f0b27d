// What Events of all kinds have in common: which of those that an object bears witness of are news.
// Every Event has a key made of what it is about, so that telling it twice (after a restart, by two leaders) is telling it once.

export type ObjectEvent = {
  /** Equal keys of one object are one and the same event. */
  key: string
  /** Of what stands for a while and may come back: since when it is so. findNews puts it into the key, so that the next time has a name of its own. */
  since?: string | undefined
  type: 'Normal' | 'Warning'
  reason: string
  /** What was done or tried, in one word, as events.k8s.io demands. */
  action: string
  note: string
  /** When it happened, in seconds, as far as the object tells. */
  at: number | undefined
}

/** What an object tells: all that one state of it bears witness of, and what only the step from one to the next does (which wins where keys are equal). */
export type Story<T> = { eventsOf: (object: T) => ObjectEvent[], between?: (before: T, after: T) => ObjectEvent[] }

/**
 * Kubernetes keeps an Event for an hour. What is older than this when it is seen for the first time has been told, or would come too late;
 * the rest is told again after a restart, and its name then says whether it is there already.
 */
const RECENT_SECONDS = 50 * 60

/**
 * The events that are news. Without `before` (the first look after a start) these are the recent ones that the object itself bears witness
 * of. `now` is the API server's time in seconds.
 */
export function findNews<T> (story: Story<T>, { before, after }: { before?: T | undefined, after: T }, now: number): ObjectEvent[] {
  return pickNews(story, { before, after }, now).map(({ since, ...event }) => ({ ...event, key: since === undefined ? event.key : `${event.key}/${since}` }))
}

// `since` has no part in what is news: what goes on is one occasion, whatever becomes of a condition's time.
function pickNews<T> ({ eventsOf, between }: Story<T>, { before, after }: { before?: T | undefined, after: T }, now: number): ObjectEvent[] {
  if (before === undefined) return eventsOf(after).filter(({ at }) => at !== undefined && at >= now - RECENT_SECONDS)
  const known = new Set(eventsOf(before).map(({ key }) => key))
  const events = new Map([...eventsOf(after), ...between?.(before, after) ?? []].map((event) => [event.key, event]))
  return [...events.values()].filter(({ key }) => !known.has(key))
}
