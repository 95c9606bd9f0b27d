// The part of jstat (which ships no types) that the judge and its simulation use.
declare module 'jstat' {
  type Distribution = { cdf (x: number, ...parameters: number[]): number, inv (p: number, ...parameters: number[]): number, sample (...parameters: number[]): number }
  const jstat: {
    /** inv(p, mean, sd) */
    normal: Distribution
    /** inv(p, degreesOfFreedom) */
    studentt: Distribution
    /** Regularised incomplete beta function I_x(a, b). */
    ibeta (x: number, a: number, b: number): number
    /** Only for the simulation: draws, and the source of randomness (0 … 1) for them. */
    uniform: Distribution
    poisson: { sampleSmall (mean: number): number }
    setRandom (random: () => number): void
  }
  export = jstat
}
