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

/** What the API server takes in a field of 32 bits. */
const LONGEST_SPAN = 2 ** 31 - 1

/** Seconds of a span as fields of Kubernetes' own objects take them: whole ones, and at least one. */
export function fieldSeconds (span: string): number {
  return Math.min(Math.max(1, wholeSeconds(span)), LONGEST_SPAN)
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
  if (typeof text !== 'string') return undefined
  const seconds = text.length === PLAIN.length && text.endsWith('Z') ? plainSeconds(text) : undefined
  if (seconds !== undefined) return seconds
  const ms = RFC_3339.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}

/** Milliseconds of an instant as Date.parse reads it; NaN when it is none. */
export function parseMilliseconds (text: string): number {
  const seconds = text.length === PRECISE.length && text.endsWith('Z') && text[19] === '.' ? plainSeconds(text) : undefined
  const first = digitsAt(text, 20)
  const last = digitsAt(text, 21)
  return seconds === undefined || first < 0 || last < 0 ? Date.parse(text) : 1000 * seconds + 10 * first + last % 10
}

/** What the API server and we write, and what the registry says. */
const PLAIN = '2026-01-31T12:00:00Z'
const PRECISE = '2026-01-31T12:00:00.000Z'

/**
 * Seconds of a text that begins like those, put together from its digits: a sync reads some hundred of them, and Date.parse would be the largest part of
 * it. Undefined where what Date.parse says may be something else: before the year 100, and for what is wrong (25:00) or right in a way of its own (24:00).
 */
function plainSeconds (text: string): number | undefined {
  if (!hasSigns(text)) return undefined
  const century = digitsAt(text, 0)
  const decade = digitsAt(text, 2)
  const month = digitsAt(text, 5)
  const day = digitsAt(text, 8)
  const isDate = century >= 1 && decade >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31
  return isDate ? addTime(86_400 * daysUntil(100 * century + decade, month, day), text) : undefined
}

function hasSigns (text: string): boolean {
  return text.charCodeAt(4) === DASH && text.charCodeAt(7) === DASH && text.charCodeAt(10) === T && text.charCodeAt(13) === COLON && text.charCodeAt(16) === COLON
}

function addTime (seconds: number, text: string): number | undefined {
  const hour = digitsAt(text, 11)
  const minute = digitsAt(text, 14)
  const second = digitsAt(text, 17)
  const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60
  return isTime ? seconds + 3600 * hour + 60 * minute + second : undefined
}

/** Days from 1970-01-01, after Howard Hinnant's days_from_civil: years begin in March, so that a leap day is the last one of its year. */
function daysUntil (year: number, month: number, day: number): number {
  const inYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const years = month > 2 ? year : year - 1
  return 365 * years + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) + inYear - 719_468
}

/** Two digits as a number; negative when they are none. */
function digitsAt (text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : -1
}

const ZERO = '0'.charCodeAt(0)
const DASH = '-'.charCodeAt(0)
const COLON = ':'.charCodeAt(0)
const T = 'T'.charCodeAt(0)
