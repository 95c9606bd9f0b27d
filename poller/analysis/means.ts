// Means: how far the canary's mean may truly be above a multiple of stable's.
import jstat from 'jstat'
import type { Interval } from './proportions.ts'

/** A sample by its size, mean and variance (of single values, with n − 1). */
export type Sample = { size: number, mean: number, variance: number }

/**
 * Welch's interval for mean(a) − factor × mean(b), each bound missed with at most `level`:
 * d ± t(1 − level, ν) √(sₐ²/nₐ + factor² s_b²/n_b), ν by Welch–Satterthwaite.
 * B.L. Welch, The generalization of "Student's" problem, Biometrika 34 (1947) 28–35.
 * Student's sleep data (0.75 ± 1.789, 2.33 ± 2.002, ten each) at level 0.025 → −3.3655 … 0.2055, as R's t.test prints.
 */
export function welch (a: Sample, b: Sample, { factor, level }: { factor: number, level: number }): Interval {
  const difference = a.mean - factor * b.mean
  const errorA = a.variance / a.size
  const errorB = factor * factor * b.variance / b.size
  const squared = errorA + errorB
  if (squared === 0) return { lower: difference, upper: difference }
  const spread = studentQuantile(level, degreesOfFreedom([errorA, a.size], [errorB, b.size])) * Math.sqrt(squared)
  return { lower: difference - spread, upper: difference + spread }
}

function degreesOfFreedom ([errorA, sizeA]: [number, number], [errorB, sizeB]: [number, number]): number {
  const squared = errorA + errorB
  // Never below one: sizes are fractional and may come near 1 when a policy asks for a single request.
  const freedomOf = (size: number) => Math.max(size - 1, 1)
  return squared * squared / (errorA * errorA / freedomOf(sizeA) + errorB * errorB / freedomOf(sizeB))
}

/** The quantile of Student's t that a one-sided level leaves above it; from 10,000 degrees of freedom on it is the normal one to 4 digits. */
function studentQuantile (level: number, freedom: number): number {
  if (freedom > 10_000) return -jstat.normal.inv(level, 0, 1)
  return -jstat.studentt.inv(level, freedom)
}
