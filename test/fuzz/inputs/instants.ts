// Instants of a request, and how they are written.
import { FACTS } from '../../../hooks/core/labels.ts'
import { placesIn, valueAt, type Json } from './tree.ts'

/** The newest instant that stands anywhere in a request, in whole seconds, as far as this century goes. */
export function newestIn (request: Json): number {
  const instants = placesIn(request).filter(({ key }) => key === 'time' || key === 'creationTimestamp' || key === FACTS.clock || key === 'observedAt' || key === 'writtenAt' || key === 'at').map(valueAt)
  const seconds = instants.map((value) => typeof value === 'string' ? Date.parse(value) / 1000 : 0).filter((value) => value > 0 && value < 4e9)
  return Math.floor(Math.max(0, ...seconds))
}

export function instant (seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
