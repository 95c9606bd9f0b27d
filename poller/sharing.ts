// One copy of what is equal: ten thousand objects have nearly all of their specs in common.
import { LRUCache } from 'lru-cache'

/** Gives back an equal value that was given before, or this one. What it gives is shared, so nobody may change it. */
export type Share = <T>(value: T) => T

/** Different values remembered at most; beyond them the least recently used are no longer shared with newcomers. */
const REMEMBERED = 1_000

/** A memory of values. They are compared by their JSON. */
export function createShare (): Share {
  const known = new LRUCache<string, { value: unknown }>({ max: REMEMBERED })
  return <T>(value: T): T => {
    if (value === undefined) return value
    const text = JSON.stringify(value)
    const last = known.get(text)
    if (last) return last.value as T
    known.set(text, { value })
    return value
  }
}
