// How model versions answer in the playground: well, unless somebody says that one is bad.
import type { Behaviour } from '../stand-ins/seldon/traffic.ts'

export const HEALTHY: Behaviour = { errorShare: 0.005, median: 0.06, spread: 0.35 }

/** Clearly worse: eight points more errors, and answers that take 60 % longer. */
export const WORSE: Behaviour = { errorShare: 0.085, median: 0.096, spread: 0.35 }

/** The behaviour of every version, by the numbers of those that are bad. */
export function behaviourOf (bad: ReadonlySet<string>): (version: string) => Behaviour {
  return (version) => bad.has(version) ? WORSE : HEALTHY
}
