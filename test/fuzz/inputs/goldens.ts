// The golden inputs as raw material: whole requests to begin with, and their parts to be put into each other.
import type { Kind } from '../../../hooks/core/kind.ts'
import { findScenarios, type Scenario } from '../../helpers/scenarios.ts'
import { isObject, openTexts, placesIn, valueAt, type Json } from './tree.ts'

/** `vocabulary`: the scalar values that stand anywhere under a key of this name. */
export type Goldens = { kind: Kind, inputs: Json[], vocabulary: Map<string, unknown[]> }

let known: Goldens[] | undefined
let chosen: string | undefined

/** Leaves out all kinds but this one; to be called before anything else. */
export function chooseKind (name: string | undefined): void {
  chosen = name
}

/** One set a kind that has golden inputs, their annotations opened. Nobody may change them. */
export function goldens (): Goldens[] {
  known ??= [...Map.groupBy(findScenarios().filter(isChosen), ({ kind }) => kind)].map(([kind, scenarios]) => {
    const inputs = scenarios.map(({ input }) => opened(input))
    return { kind, inputs, vocabulary: vocabularyOf(inputs) }
  })
  return known
}

function isChosen ({ kind }: Scenario): boolean {
  return chosen === undefined || kind.resource.kind === chosen
}

function opened (input: unknown): Json {
  // Undefined and dates do not come over HTTP.
  const copy = JSON.parse(JSON.stringify(input)) as Json
  openTexts(copy)
  return copy
}

function vocabularyOf (inputs: Json[]): Map<string, unknown[]> {
  const words = new Map<string, Set<unknown>>()
  for (const place of inputs.flatMap((input) => placesIn(input))) {
    const value = valueAt(place)
    if (isObject(value) || Array.isArray(value)) continue
    const set = words.get(place.key) ?? new Set()
    words.set(place.key, set.add(value))
  }
  return new Map([...words].map(([key, set]) => [key, [...set]]))
}
