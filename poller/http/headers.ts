// What is read from the headers of an answer.
import type { Dispatcher } from 'undici'

type Headers = Dispatcher.ResponseData['headers']

/** The value of a header, the first if it came more than once. `name` in lower case. */
export function headerOf (headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/**
 * Milliseconds of a Retry-After, in seconds or as a date; a date is taken relative to the same answer's Date, so that no clock of ours takes part.
 * Undefined when there is none or it cannot be read.
 */
export function retryAfterOf (headers: Headers): number | undefined {
  const value = headerOf(headers, 'retry-after')?.trim()
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const wait = Date.parse(value) - Date.parse(headerOf(headers, 'date') ?? '')
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}
