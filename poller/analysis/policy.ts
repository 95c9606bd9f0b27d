// What the judge must know of the spec.
import type { Analysis, Metric } from '../../hooks/mlflow-model/schema/analysis.ts'

export type Policy = {
  metrics: Metric[]
  /** Requests needed on each side. */
  minRequests: number
  proof: Analysis['proof']
  /** The one-sided chance of a wrong claim that each look at each metric may take. */
  level: number
}

/** The limits of one metric. `increase` as a fraction: 5 % is 0.05, for error-rate 0.05 of all requests. `text` for people: `+5%`, `+2 points, max 0.5`. */
export type Limits = { increase?: number, max?: number, text: string }

/**
 * The policy for the next look. `verdicts`: how many this step has had (passed or failed).
 *
 * level = (1 − confidence) / (steps × checks × metrics): the error of a whole rollout split evenly over all planned looks (Bonferroni),
 * 0.05 / (9 × 6 × 3) = 0.00031 by default. Looks that were not planned (a hold for approval goes on being checked, for days if need be) share once more
 * what one step has: the n-th look of a step gets (checks / n)² of the level once n > checks, and Σ (checks / n)² over n > checks is below `checks`.
 */
export function policyOf (spec: { rollout: { steps: number[] }, analysis: Analysis }, verdicts: number): Policy {
  const { metrics, minRequests, proof, confidence, checks } = spec.analysis
  const steps = Math.max(1, spec.rollout.steps.filter((weight) => weight < 100).length)
  const planned = (1 - confidence) / (steps * checks * metrics.length)
  const overrun = Math.min(1, checks / (verdicts + 1))
  return { metrics, minRequests, proof, level: planned * overrun * overrun }
}

/** Reads the limits of a metric, which the CRD has checked. */
export function limitsOf (metric: Metric): Limits {
  const texts: string[] = []
  const limits: Limits = { text: '' }
  if (metric.maxIncrease !== undefined) {
    const by = metric.maxIncrease.replace('%', '')
    limits.increase = Number(by) / 100
    // The error rate is a percentage itself, so that "+2%" would be read as 2 % of it.
    texts.push(metric.name === 'error-rate' ? `+${by} points` : `+${by}%`)
  }
  if (metric.max !== undefined) {
    limits.max = Number(metric.max)
    texts.push(`max ${metric.max}`)
  }
  limits.text = texts.join(', ')
  return limits
}
