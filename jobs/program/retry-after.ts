// The header Retry-After.

/** Milliseconds to wait: the header has seconds or a date. */
export function parseRetryAfter (value: string | string[] | undefined, now = Date.now()): number | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
