// What holds of everything that the hooks' server says: a documented status, and for an error a sentence that tells what to do.
import { demand } from './violation.ts'

/** All that the documentation knows, but 500, which is a bug. */
const DOCUMENTED = [200, 400, 401, 404, 405, 408, 413, 414, 415, 422, 429, 431]

const LONGEST_ERROR = 4096

/** Throws a Violation unless this may be answered. `text` is the whole body. */
export function checkHttpAnswer (status: number, type: string, text: string): void {
  demand(DOCUMENTED.includes(status), () => `status ${status}: ${text.slice(0, 300)}`)
  if (status === 405) return
  demand(type.startsWith('application/json'), () => `status ${status} came as ${type || 'nothing'}: ${text.slice(0, 300)}`)
  const body = parse(text)
  if (status === 200) return demand(body !== undefined, () => 'the answer is not JSON')
  demand(text.length <= LONGEST_ERROR, () => `an error of ${text.length} characters`)
  const { message, statusCode } = (body ?? {}) as { message?: unknown, statusCode?: unknown }
  demand(typeof message === 'string' && message.length > 5, () => `status ${status} without a sentence: ${text.slice(0, 300)}`)
  demand(statusCode === undefined || statusCode === status, () => `status ${status} says ${String(statusCode)} of itself`)
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
