// Seeded random numbers: the same seed gives the same requests on every machine.

export interface Random {
  /** Uniform in [0, 1). */
  uniform (): number
  /** Exponential with mean 1. */
  exponential (): number
  /** Normal with mean 0 and deviation 1. */
  normal (): number
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough for traffic. */
export function createRandom (seed: number): Random {
  let state = seed >>> 0

  function uniform (): number {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  const exponential = (): number => -Math.log(1 - uniform())
  // Box–Muller; the second of the pair is thrown away, which keeps the state in one number.
  const normal = (): number => Math.sqrt(2 * exponential()) * Math.cos(2 * Math.PI * uniform())
  return { uniform, exponential, normal }
}
