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
  const ms = millisecondsOf(text)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}

/**
 * What Date.parse says of a text of that form. What the API server and we write, 2026-01-31T12:00:00Z, is put together from its digits instead: a sync
 * reads some hundred of them, and Date.parse would be the largest part of it.
 */
function millisecondsOf (text: string): number {
  const number = (from: number): number => 10 * text.charCodeAt(from) + text.charCodeAt(from + 1) - 11 * ZERO
  const year = 100 * number(0) + number(2)
  const [month, day, hour, minute, second] = [number(5), number(8), number(11), number(14), number(17)]
  const isPlain = text.length === 20 && year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 31
  // The rest may be wrong (25:00), or right in a way of its own (24:00).
  return isPlain && hour < 24 && minute < 60 && second < 60 ? Date.UTC(year, month - 1, day, hour, minute, second) : Date.parse(text)
}

const ZERO = '0'.charCodeAt(0)
