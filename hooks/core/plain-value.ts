// What may be in an answer: plain JSON in which nothing is null or empty. Metacontroller and the API server make loops and crashes of the rest.

/** Thrown for an answer that must not be sent: a bug of ours, HTTP 500. */
export class WrongAnswerError extends Error {
  override name = 'WrongAnswerError'
}

/**
 * Fields whose empty map says something and is kept by the API server ("every pod", "this kind of volume").
 * Anywhere else it drops empty maps and lists, and Metacontroller would write them again at every sync.
 */
const MEANINGFUL_WHEN_EMPTY = ['emptyDir', 'labelSelector', 'podSelector', 'namespaceSelector', 'preference']

/** Throws WrongAnswerError, naming the place, unless the value and all in it may be sent. The message never quotes a value. */
export function checkValue (value: unknown, path: string): void {
  const wrong = findWrong(value, path.endsWith(']') ? undefined : path.slice(path.lastIndexOf('.') + 1))
  if (wrong) throw new WrongAnswerError(`${path}${wrong.at}: ${wrong.why}`)
}

/** Whether the value, as it is, could stand in an answer. */
export function isSendable (value: unknown): boolean {
  return findWrong(value, '') === undefined
}

/** `at`: the place below the value, such as `.spec.ports[0]`. */
type Wrong = { at: string, why: string }

/**
 * The first thing in the value that must not be sent. `name`: the field that holds it; undefined for an item of a list. Places are put together on
 * the way back only: nearly every answer is right, and needs none.
 */
function findWrong (value: unknown, name: string | undefined): Wrong | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return findWrongNumber(value)
  if (Array.isArray(value)) return findWrongInList(value)
  if (isMap(value)) return findWrongInMap(value, name)
  if (value === null || value === undefined) return { at: '', why: `is ${value}; leave the field out` }
  return { at: '', why: `a ${typeof value} is no plain JSON` }
}

/** A plain object: no list, no instance of a class, no null. */
export function isMap (value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A copy without the fields that are undefined: an answer has no such fields. */
export function defined<T extends object> (value: T): T {
  // Built rather than filtered: several are made a sync. Their keys are those of our own types.
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key]
    if (field !== undefined) copy[key] = field
  }
  return copy as T
}

/**
 * The map without the fields that hold an empty map or list, or nothing but such: a copy, or the map itself where there is none. For what users give,
 * who may write `requests: {}`. What remains may be sent, as far as emptiness goes: an item of a list is kept, and so is an empty map that says something.
 */
export function withoutEmpty (map: Record<string, unknown>): Record<string, unknown> {
  if (!holdsEmpty(map)) return map
  const cleaned = Object.entries(map).map(([key, value]) => [key, cleanedValue(value)] as const)
  return Object.fromEntries(cleaned.filter(([key, value]) => !isEmpty(value) || (isMap(value) && MEANINGFUL_WHEN_EMPTY.includes(key))))
}

function cleanedValue (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleanedValue).filter((item) => !Array.isArray(item) || item.length > 0)
  return isMap(value) ? withoutEmpty(value) : value
}

/** Whether an empty map or list stands anywhere in it. */
function holdsEmpty (value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 || value.some(holdsEmpty)
  if (!isMap(value)) return false
  const keys = Object.keys(value)
  return keys.length === 0 || keys.some((key) => holdsEmpty(value[key]))
}

function isEmpty (value: unknown): boolean {
  return (Array.isArray(value) && value.length === 0) || (isMap(value) && Object.keys(value).length === 0)
}

function findWrongNumber (value: number): Wrong | undefined {
  if (!Number.isFinite(value)) return { at: '', why: `${value} is no plain JSON` }
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return { at: '', why: `${value} is beyond what a number holds exactly` }
  return undefined
}

function findWrongInList (list: unknown[]): Wrong | undefined {
  if (list.length === 0) return { at: '', why: 'is an empty list; leave the field out' }
  // By index, for forEach skips the holes of a sparse list, and JSON makes nulls of them.
  for (let index = 0; index < list.length; index++) {
    const wrong = findWrong(list[index], undefined)
    if (wrong) return { ...wrong, at: `[${index}]${wrong.at}` }
  }
  return undefined
}

/** An empty map in a list is an item of its own (a NetworkPolicy's "from anywhere") and is kept. */
function findWrongInMap (map: Record<string, unknown>, name: string | undefined): Wrong | undefined {
  const keys = Object.keys(map)
  if (keys.length === 0 && name !== undefined && !MEANINGFUL_WHEN_EMPTY.includes(name)) return { at: '', why: 'is an empty map; leave the field out' }
  for (const key of keys) {
    const wrong = findWrong(map[key], key)
    if (wrong) return { ...wrong, at: `.${key}${wrong.at}` }
  }
  return undefined
}
