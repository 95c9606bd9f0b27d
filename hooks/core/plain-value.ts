// What may be in an answer: plain JSON in which nothing is null or empty. Metacontroller and the API server make loops and crashes of the rest.

/** Thrown for an answer that must not be sent: a bug of ours, HTTP 500. */
export class WrongAnswerError extends Error {
  override name = 'WrongAnswerError'
}

/**
 * Fields whose empty map says something and is kept by the API server ("every pod", "this kind of volume").
 * Anywhere else it drops empty maps and lists, and Metacontroller would write them again at every sync.
 */
const MEANINGFUL_WHEN_EMPTY = ['emptyDir', 'labelSelector', 'podSelector', 'namespaceSelector']

/** Throws WrongAnswerError, naming the place, unless the value and all in it may be sent. The message never quotes a value. */
export function checkValue (value: unknown, path: string): void {
  if (typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number') return checkNumber(value, path)
  if (Array.isArray(value)) return checkList(value, path)
  if (isMap(value)) return checkMap(value, path)
  if (value === null || value === undefined) throw new WrongAnswerError(`${path}: is ${value}; leave the field out`)
  throw new WrongAnswerError(`${path}: a ${typeof value} is no plain JSON`)
}

/** Whether the value, as it is, could stand in an answer. */
export function isSendable (value: unknown): boolean {
  try {
    checkValue(value, '')
    return true
  } catch (error) {
    if (error instanceof WrongAnswerError) return false
    throw error
  }
}

/** A plain object: no list, no instance of a class, no null. */
export function isMap (value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A copy without the fields that are undefined: an answer has no such fields. */
export function defined<T extends object> (value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
}

/**
 * A copy without the fields that hold an empty map or list, or nothing but such. For what users give, who may write `requests: {}`.
 * What remains may be sent, as far as emptiness goes: an item of a list is kept, and so is an empty map that says something.
 */
export function withoutEmpty (map: Record<string, unknown>): Record<string, unknown> {
  const cleaned = Object.entries(map).map(([key, value]) => [key, cleanedValue(value)] as const)
  return Object.fromEntries(cleaned.filter(([key, value]) => !isEmpty(value) || (isMap(value) && MEANINGFUL_WHEN_EMPTY.includes(key))))
}

function cleanedValue (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleanedValue).filter((item) => !Array.isArray(item) || item.length > 0)
  return isMap(value) ? withoutEmpty(value) : value
}

function isEmpty (value: unknown): boolean {
  return (Array.isArray(value) && value.length === 0) || (isMap(value) && Object.keys(value).length === 0)
}

function checkNumber (value: number, path: string): void {
  if (!Number.isFinite(value)) throw new WrongAnswerError(`${path}: ${value} is no plain JSON`)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new WrongAnswerError(`${path}: ${value} is beyond what a number holds exactly`)
}

function checkList (list: unknown[], path: string): void {
  if (list.length === 0) throw new WrongAnswerError(`${path}: is an empty list; leave the field out`)
  // By index, for forEach skips the holes of a sparse list, and JSON makes nulls of them.
  for (let index = 0; index < list.length; index++) checkValue(list[index], `${path}[${index}]`)
}

/** An empty map in a list is an item of its own (a NetworkPolicy's "from anywhere") and is kept. */
function checkMap (map: Record<string, unknown>, path: string): void {
  const entries = Object.entries(map)
  const kept = path.endsWith(']') || MEANINGFUL_WHEN_EMPTY.some((field) => path.endsWith(`.${field}`))
  if (entries.length === 0 && !kept) throw new WrongAnswerError(`${path}: is an empty map; leave the field out`)
  for (const [key, value] of entries) checkValue(value, `${path}.${key}`)
}
