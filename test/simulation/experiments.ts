// What the simulation asks, and how its answers are counted.
import { Value } from '@sinclair/typebox/value'
import { Spec } from '../../hooks/mlflow-model/schema.ts'
import type { CheckOutcome, MetricResult } from '../../hooks/core/facts.ts'
import { meanOf, p95Of } from '../../poller/analysis/comparisons.ts'
import type { Measurement, Pair } from '../../poller/analysis/measurement.ts'
import { simulateRollout, type Ending, type Setup } from './rollout.ts'
import { seedRandom } from './random.ts'
import { HEAVY_TAIL, ORDINARY, makeVersion, type Part } from './version.ts'

export const RATES = [2, 10, 50, 500]

/** The defaults of the CRD, as the API server fills them in. */
export function defaultSpec (): Setup['spec'] {
  return Value.Default(Spec, { modelName: 'm', modelAlias: 'champion' }) as Spec
}

export type Scenario = { name: string, stable: { parts: Part[], errorRate?: number }, canary: { slower?: number, errorRate?: number } }

/** Other settings, for a service with little traffic. */
export const SETTINGS: Record<string, () => Setup['spec']> = {
  defaults: defaultSpec,
  'interval 60s, window 30m': () => withAnalysis({ interval: '60s', window: '30m' }),
  'the same and proof Safety': () => withAnalysis({ interval: '60s', window: '30m', proof: 'Safety' })
}

function withAnalysis (analysis: Partial<Setup['spec']['analysis']>): Setup['spec'] {
  const spec = defaultSpec()
  return { ...spec, analysis: { ...spec.analysis, ...analysis } }
}

export const IDENTICAL: Scenario[] = [
  { name: 'identical, 0.5 % errors', stable: { parts: ORDINARY, errorRate: 0.005 }, canary: {} },
  { name: 'identical, 1 % errors', stable: { parts: ORDINARY, errorRate: 0.01 }, canary: {} },
  { name: 'identical, heavy tail', stable: { parts: HEAVY_TAIL, errorRate: 0.007 }, canary: {} }
]

export const WORSE: Scenario[] = [
  { name: '+5 points of errors', stable: { parts: ORDINARY, errorRate: 0.007 }, canary: { errorRate: 0.057 } },
  { name: '+30 % latency', stable: { parts: ORDINARY, errorRate: 0.007 }, canary: { slower: 1.3 } }
]

/** `rollouts` runs of one scenario. Scrape intervals alternate between 15 and 30 s. */
export function runScenario (scenario: Scenario, options: { rate: number, rollouts: number, seed: number, spec?: Setup['spec'], decide?: Setup['decide'] }): Ending[] {
  seedRandom(options.seed)
  const { parts, errorRate = 0.007 } = scenario.stable
  const stable = makeVersion(parts, { errorRate })
  const canary = makeVersion(parts, { errorRate, ...scenario.canary })
  const spec = options.spec ?? defaultSpec()
  const decide = options.decide === undefined ? {} : { decide: options.decide }
  return Array.from({ length: options.rollouts }, (_, i) => simulateRollout({ spec, rate: options.rate, scrapeInterval: i % 2 === 0 ? 15 : 30, stable, canary, ...decide }))
}

export type Summary = { promoted: number, rolledBack: number, held: number, failedOnce: number, inconclusive: number, checks?: number, seconds?: number, step?: number, slowest?: number, blamed: Record<string, number> }

/** Shares of all rollouts; `inconclusive` is the share of all checks; checks, seconds and step are medians of those rolled back, `slowest` the 90th percentile of seconds. */
export function summarize (endings: Ending[]): Summary {
  const share = (is: (ending: Ending) => boolean) => endings.filter(is).length / endings.length
  const stopped = endings.filter(({ outcome }) => outcome === 'RolledBack')
  const blamed: Record<string, number> = {}
  for (const name of endings.flatMap((ending) => ending.blamed)) blamed[name] = (blamed[name] ?? 0) + 1
  const checks = endings.reduce((sum, ending) => sum + ending.checks, 0)
  return {
    promoted: share(({ outcome }) => outcome === 'Promoted'),
    rolledBack: share(({ outcome }) => outcome === 'RolledBack'),
    held: share(({ outcome }) => outcome === 'Held'),
    failedOnce: share(({ failedOnce }) => failedOnce),
    inconclusive: endings.reduce((sum, ending) => sum + ending.inconclusive, 0) / checks,
    blamed,
    ...(stopped.length === 0
      ? {}
      : { checks: quantile(stopped.map((e) => e.checks), 0.5), seconds: quantile(stopped.map((e) => e.seconds), 0.5), step: quantile(stopped.map((e) => e.step), 0.5), slowest: quantile(stopped.map((e) => e.seconds), 0.9) })
  }
}

function quantile (values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN
}

/** For contrast: the seed's limits applied to the plain numbers, as most tools do. Without a number it holds. */
export function comparePoints ({ requests, errors, latency }: Measurement): { outcome: CheckOutcome, metrics: MetricResult[] } {
  if ('problem' in requests || 'problem' in errors || 'problem' in latency) return { outcome: 'Error', metrics: [] }
  const { stable, canary } = latency.value
  if (stable === null || canary === null) return { outcome: 'Inconclusive', metrics: [] }
  const rate = (side: keyof Pair<unknown>) => errors.value[side] / (requests.value[side] ?? 0)
  const results = [
    pointResult('latency-p95', p95Of(stable).value, p95Of(canary).value, 1.05 * p95Of(stable).value),
    pointResult('latency-mean', meanOf(stable), meanOf(canary), 1.05 * meanOf(stable)),
    pointResult('error-rate', rate('stable'), rate('canary'), rate('stable') + 0.02)
  ]
  return { outcome: results.some(({ outcome }) => outcome === 'Failed') ? 'Failed' : 'Passed', metrics: results }
}

function pointResult (name: string, stable: number, canary: number, limit: number): MetricResult {
  return { name, stable, canary, limit: String(limit), requests: null, outcome: canary > limit ? 'Failed' : 'Passed' }
}
