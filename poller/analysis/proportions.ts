// Shares: how far two observed shares may truly be apart, given how few requests they were seen in.
import jstat from 'jstat'

/** `hits` of `total`; both may be fractional, because Prometheus counts by difference and interpolation. */
export type Share = { hits: number, total: number }

/** A two-sided interval, each bound of which is missed with at most the one-sided level it was asked for. */
export type Interval = { lower: number, upper: number }

/** The exact tail is used up to this many expected hits; beyond it the score interval is as good, and its continued fraction is slow. */
const EXACT_UP_TO = 200

/** The standard normal quantile that a one-sided level leaves above it: 0.025 → 1.96, 0.05 / 162 → 3.42. */
export function normalQuantile (level: number): number {
  return -jstat.normal.inv(level, 0, 1)
}

/**
 * Wilson's score interval for one share.
 * (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
 * E.B. Wilson, Probable inference, JASA 22 (1927) 209–212. 81 of 263 at z = 1.96 → 0.2553 … 0.3662.
 */
export function wilson ({ hits, total }: Share, z: number): Interval {
  const p = hits / total
  const spread = z * Math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
  const centre = p + z * z / (2 * total)
  const scale = 1 + z * z / total
  return { lower: Math.max(0, (centre - spread) / scale), upper: Math.min(1, (centre + spread) / scale) }
}

/**
 * Newcombe's hybrid score interval for the difference `a − b` of two independent shares.
 * d − √((a − lₐ)² + (u_b − b)²) … d + √((uₐ − a)² + (b − l_b)²), with Wilson's l and u of either side.
 * R.G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998) 873–890, method 10.
 * 56 of 70 and 48 of 80 at z = 1.96 → 0.0524 … 0.3339 (his table II).
 */
export function newcombe (a: Share, b: Share, z: number): Interval {
  const ofA = wilson(a, z)
  const ofB = wilson(b, z)
  const shareA = a.hits / a.total
  const shareB = b.hits / b.total
  const difference = shareA - shareB
  return {
    lower: difference - Math.hypot(shareA - ofA.lower, ofB.upper - shareB),
    upper: difference + Math.hypot(ofA.upper - shareA, shareB - ofB.lower)
  }
}

/**
 * The chance of at least this many hits when each request hits with probability `p`: I_p(hits, total − hits + 1), the exact binomial tail.
 * Score intervals are too short for a handful of hits at small levels: one hit where 0.073 are expected is "beyond" Wilson's bound at
 * z = 3.42 (nominal 0.0003) and yet happens 7 times in 100. A claim of harm therefore needs this tail as well.
 * Undefined where it is not needed: from EXACT_UP_TO expected hits on.
 */
export function exactTail ({ hits, total }: Share, p: number): number | undefined {
  if (hits <= 0) return 1
  if (p <= 0) return 0
  if (p >= 1) return 1
  if (p * total > EXACT_UP_TO) return undefined
  // With far more hits than expected the tail is nothing, and the continued fraction would not have to be trusted.
  if (hits > 10 * EXACT_UP_TO) return 0
  return jstat.ibeta(p, hits, Math.max(total - hits, 0) + 1)
}
