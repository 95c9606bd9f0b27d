// How far back a measurement looks.
const LOOK_BACKS = [60, 120, 300, 600, 1800]

/** A look-back as PromQL writes it, for values of LOOK_BACKS. */
export function rangeOf (seconds: number): string {
  return `${seconds / 60}m`
}

/**
 * Seconds: the largest of 1, 2, 5, 10 and 30 minutes that fits between the canary's first traffic and now, and into the spec's window; at least 1 minute.
 * Few values on purpose: canaries with the same look-back share their queries.
 */
export function lookBackOf ({ trafficSince, now, window }: { trafficSince: number, now: number, window: number }): number {
  const room = Math.min(now - trafficSince, window)
  return LOOK_BACKS.findLast((seconds) => seconds <= room) ?? 60
}
