// Seeded randomness for the simulation: the same seed gives the same rollouts on every machine.
import jstat from 'jstat'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Seeds every draw that follows. jstat keeps one source of randomness for the whole process. */
export function seedRandom (seed: number): void {
  const generator = xoroshiro128plus(seed)
  jstat.setRandom(() => uniformFloat64(generator))
}

export function drawNormal (mean: number, deviation: number): number {
  return jstat.normal.sample(mean, deviation)
}

export function drawUniform (from: number, to: number): number {
  return jstat.uniform.sample(from, to)
}

/**
 * A Poisson count. From 100 on by the normal quantile with its first Cornish–Fisher correction (skewness), which is off by far less than one count;
 * jstat's own sampler for large means ignores the seed.
 */
export function drawPoisson (mean: number): number {
  if (mean <= 0) return 0
  if (mean < 100) return jstat.poisson.sampleSmall(mean)
  const z = drawNormal(0, 1)
  return Math.max(0, Math.floor(mean + Math.sqrt(mean) * z + (z * z - 1) / 6 + 0.5))
}
