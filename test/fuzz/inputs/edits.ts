// Edits of a request: where, and what happens there. Tame ones make what the world could have come to, wild ones what it never should.
import fc from 'fast-check'
import { hostileKey, hostileValue } from './hostile.ts'
import type { Goldens } from './goldens.ts'
import { isObject, placesIn, removeAt, setAt, valueAt, type Json, type Place } from './tree.ts'

/** Where edits begin to count places; `*` is every key. The deeper ones are small, and would hardly ever be met from the root. */
const REGIONS = ['', 'parent/spec', 'parent/status', 'parent/metadata', 'parent/metadata/annotations', 'children', 'children/*/*/metadata', 'children/*/*/metadata/annotations', 'children/*/*/spec', 'children/*/*/status'] as const

const TAME = ['Word', 'Nudge', 'Cross', 'Remove', 'Copy'] as const
const WILD = ['Replace', 'Put', 'Wrap', 'Retype', 'Remove', 'Copy'] as const
type How = typeof TAME[number] | typeof WILD[number]

/** `at` counts places of the region, `pick` chooses among words, inputs or amounts. */
export type Edit = { region: typeof REGIONS[number], at: number, how: How, pick: number, key: string, value: unknown }

const place = { region: fc.constantFrom(...REGIONS), at: fc.nat({ max: 4000 }), pick: fc.nat({ max: 1000 }) }

export const tameEdit: fc.Arbitrary<Edit> = fc.record({ ...place, how: fc.constantFrom(...TAME), key: hostileKey, value: fc.constant(null) })
export const wildEdit: fc.Arbitrary<Edit> = fc.record({ ...place, how: fc.constantFrom(...WILD), key: hostileKey, value: hostileValue })

/** Changes the request (its annotations opened). Where there is nothing of that kind, nothing happens. */
export function applyEdit (request: Json, edit: Edit, goldens: Goldens): void {
  const places = regionsOf(request, edit.region).flatMap((root) => placesIn(root))
  const at = places[edit.at % Math.max(places.length, 1)]
  if (at) DO[edit.how](at, edit, { request, goldens })
}

type Around = { request: Json, goldens: Goldens }

const DO: Record<How, (at: Place, edit: Edit, around: Around) => void> = {
  Word: (at, { pick }, { goldens }) => {
    const words = goldens.vocabulary.get(at.key) ?? []
    if (words.length > 0) setAt(at, words[pick % words.length])
  },
  Nudge: (at, { pick }) => setAt(at, nudged(valueAt(at), pick)),
  Cross: (at, { region, pick, at: index }, { goldens }) => {
    const other = goldens.inputs[pick % goldens.inputs.length] ?? {}
    const same = regionsOf(other, region).flatMap((root) => placesIn(root)).filter(({ key }) => key === at.key)
    const from = same[index % Math.max(same.length, 1)]
    if (from) setAt(at, structuredClone(valueAt(from)))
  },
  Remove: (at) => removeAt(at),
  Copy: ({ holder, key }, edit) => {
    const copy: unknown = structuredClone(valueAt({ holder, key }))
    if (Array.isArray(holder)) holder.push(copy)
    else setAt({ holder, key: edit.key }, copy)
  },
  Replace: (at, { value }) => setAt(at, structuredClone(value)),
  Put: (at, { key, value }) => {
    const inside = valueAt(at)
    if (Array.isArray(inside)) inside.push(structuredClone(value))
    else setAt({ holder: isObject(inside) ? inside : at.holder, key }, structuredClone(value))
  },
  Wrap: (at, { key, pick }) => {
    const value = valueAt(at)
    if (pick % 2 === 0) return setAt(at, [value])
    setAt(at, {})
    setAt({ holder: valueAt(at) as Json, key }, value)
  },
  Retype: (at) => {
    const value = valueAt(at)
    setAt(at, typeof value === 'string' ? Number(value) || 0 : JSON.stringify(value) ?? '')
  }
}

/** A number or instant near by; other values stay. */
function nudged (value: unknown, pick: number): unknown {
  const amount = [-1, 1, -10, 10, 60, 600, -600, 86_400][pick % 8] ?? 1
  if (typeof value === 'number') return value + amount
  if (typeof value === 'boolean') return !value
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return value
  const ms = Date.parse(value) + amount * 1000
  return Number.isNaN(ms) || Math.abs(ms) > 8e15 ? value : new Date(ms).toISOString().replace('.000Z', 'Z')
}

function regionsOf (root: Json, region: string): unknown[] {
  return region.split('/').filter(Boolean).reduce<unknown[]>((values, step) => values.flatMap((value) => {
    if (!isObject(value)) return []
    if (step === '*') return Object.values(value)
    return Object.hasOwn(value, step) ? [value[step]] : []
  }), [root])
}
