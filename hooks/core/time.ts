// Time as data: instants are whole seconds since 1970 in code and RFC 3339 in objects. Nothing here reads a clock.
import parseDuration from 'parse-duration'

/** Seconds of a span such as `1h30m`; throws on text that the CRD's pattern would have refused. */
export function secondsOf (span: string): number {
  const ms = parseDuration(span)
  if (ms === null || !Number.isFinite(ms) || ms < 0) throw new RangeError(`not a duration: ${JSON.stringify(span)}`)
  return ms / 1000
}

/** The same in whole seconds, rounded up: decisions know no others. */
export function wholeSeconds (span: string): number {
  return Math.ceil(secondsOf(span))
}

/** RFC 3339 knows years of four digits only. */
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59Z') / 1000

/** RFC 3339 in whole seconds, UTC; what lies beyond the year 9999 is its end. */
export function formatInstant (seconds: number): string {
  return new Date(Math.min(Math.floor(seconds), LAST_INSTANT) * 1000).toISOString().replace('.000Z', 'Z')
}

/** JavaScript reads much more as a date: "1", and years of six digits, after which an instant may leave the calendar. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

/** Whole seconds of an RFC 3339 instant, or undefined when the text is not one. */
export function parseInstant (text: unknown): number | undefined {
  if (typeof text !== 'string' || !RFC_3339.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}
