// The three built-in comparisons of canary and stable: each says what is proven about one metric at one level.
import { countAbove, quantileOf, sizeOf, varianceOf, type Histogram } from './histogram.ts'
import { welch, type Sample } from './means.ts'
import type { Pair } from './measurement.ts'
import { exactTail, newcombe, normalQuantile, type Share } from './proportions.ts'

/** How much worse the canary may be (a fraction), and the one-sided level of a claim. */
export type Claim = { increase: number, level: number }

/** `harm`: the canary is worse than the limit allows, even at the favourable bound. `safe`: it is not, even at the unfavourable bound. */
export type Proof = { harm: boolean, safe: boolean }

/** `beyond`: the number lies in the open last bucket, and stands for "at least this". */
export type Value = { value: number, beyond: boolean }

const P95 = 0.95

/** Error rates as shares. Harm: Newcombe's lower bound of canary − stable is above the limit, and the exact tail agrees. */
export function compareErrors ({ stable, canary }: Pair<Share>, { increase, level }: Claim): Proof {
  const interval = newcombe(canary, stable, normalQuantile(level))
  return {
    harm: interval.lower > increase && isImprobable(canary, stable.hits / stable.total + increase, level),
    safe: interval.upper <= increase
  }
}

/** Mean latencies, by Welch's interval for canary mean − (1 + limit) × stable mean. */
export function compareMeans ({ stable, canary }: Pair<Histogram>, { increase, level }: Claim): Proof {
  const interval = welch(sampleOf(canary), sampleOf(stable), { factor: 1 + increase, level })
  return { harm: interval.lower > 0, safe: interval.upper <= 0 }
}

/**
 * 95th percentiles, without a variance of percentiles: with q the p95 of stable, the share of the canary's requests slower than (1 + limit) × q is compared
 * with the share of stable's requests slower than q, which is 5 % by construction. Were the canary exactly `limit` slower than stable, the two shares
 * would be equal up to chance, whatever the shape of the distribution, and the chance in q is the chance in stable's share: so Newcombe's interval of
 * the two shares holds the uncertainty of both sides. (The control-quantile test of Mathisen 1943, for a scale instead of a shift.)
 * q and both shares are interpolated in their buckets alike, so identical versions stay equal however wide the buckets.
 * Undefined when the open last bucket hides the answer: stable's own p95 is in it, or (1 + limit) × q is and so is the canary's p95, as far as chance allows.
 */
export function compareP95 ({ stable, canary }: Pair<Histogram>, { increase, level }: Claim): Proof | undefined {
  const quantile = quantileOf(stable, P95)
  if (quantile.beyond) return undefined
  const ofStable = { hits: (1 - P95) * sizeOf(stable), total: sizeOf(stable) }
  const slower = countAbove(canary, (1 + increase) * quantile.seconds)
  const total = sizeOf(canary)
  const z = normalQuantile(level)
  const isHarm = (hits: number) => newcombe({ hits, total }, ofStable, z).lower > 0 && isImprobable({ hits, total }, 1 - P95, level)
  const harm = isHarm(slower.least)
  if (!harm && isHarm(slower.most)) return undefined
  return { harm, safe: newcombe({ hits: slower.most, total }, ofStable, z).upper <= 0 }
}

/** Mean latency in seconds. */
export function meanOf (histogram: Histogram): number {
  return histogram.sum / sizeOf(histogram)
}

/** The p95 in seconds, interpolated; in the open last bucket its lower bound. */
export function p95Of (histogram: Histogram): Value {
  const { seconds, beyond } = quantileOf(histogram, P95)
  return { value: seconds, beyond }
}

function sampleOf (histogram: Histogram): Sample {
  const mean = meanOf(histogram)
  return { size: sizeOf(histogram), mean, variance: varianceOf(histogram, mean) }
}

function isImprobable (share: Share, p: number, level: number): boolean {
  const tail = exactTail(share, p)
  return tail === undefined || tail <= level
}
