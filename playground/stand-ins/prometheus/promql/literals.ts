// Numbers, durations and strings of PromQL, and how Prometheus prints a float.

const UNITS: Readonly<Record<string, number>> = {
  y: 31_536_000, w: 604_800, d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001
}

/** Seconds of `1h30m`, or undefined when the text is no duration. */
export function parseDuration (text: string): number | undefined {
  if (!/^(\d+(ms|[ywdhms]))+$/.test(text)) return undefined
  let seconds = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) seconds += Number(count) * (UNITS[unit as string] as number)
  return seconds
}

/** A number as PromQL and the text format write it, including NaN, Inf, hexadecimal and `1_000`. */
export function parseFloatText (text: string): number | undefined {
  const match = /^([+-]?)(.+)$/.exec(text)
  if (match === null) return undefined
  const sign = match[1] === '-' ? -1 : 1
  const body = (match[2] as string).toLowerCase()
  if (body === 'inf' || body === 'infinity') return sign * Infinity
  if (body === 'nan') return NaN
  if (!/^(0x[\da-f]+|\.\d+.*|\d.*)$/.test(body)) return undefined
  const value = Number(body.replaceAll('_', ''))
  return Number.isNaN(value) ? undefined : sign * value
}

/** A literal of the query: a number, or a duration, which counts as its seconds. */
export function parseNumberOrDuration (text: string): number | undefined {
  const compact = text.replace(/\s+/g, '')
  const sign = compact.startsWith('-') ? -1 : 1
  const duration = parseDuration(compact.replace(/^[+-]/, ''))
  return duration === undefined ? parseFloatText(compact) : sign * duration
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"', "'": "'"
}

/** The value of a quoted string; backquotes know no escapes. Undefined for an escape that Go does not know. */
export function parseString (text: string): string | undefined {
  const quote = text[0]
  if (text.length < 2 || text.at(-1) !== quote) return undefined
  const body = text.slice(1, -1)
  if (quote === '`') return body
  let bad = false
  const value = body.replace(/\\(x[\da-f]{2}|u[\da-f]{4}|[0-7]{3}|.)/gi, (_, escape: string) => {
    if (/^[xu]./i.test(escape)) return String.fromCodePoint(parseInt(escape.slice(1), 16))
    if (/^[0-7]{3}$/.test(escape)) return String.fromCodePoint(parseInt(escape, 8))
    bad ||= ESCAPES[escape] === undefined
    return ESCAPES[escape] ?? ''
  })
  return bad ? undefined : value
}

/** A float as in the API's answers: shortest digits, never an exponent, and NaN, +Inf, -Inf by name. */
export function formatFloat (value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  return expandExponent(match[1] as string, match[2] as string, match[3] ?? '', Number(match[4]))
}

function expandExponent (sign: string, whole: string, fraction: string, exponent: number): string {
  const digits = whole + fraction
  const point = whole.length + exponent
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return sign + digits.padEnd(point, '0')
}
