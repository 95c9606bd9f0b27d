// One simulated rollout: traffic by weight, scrapes, checks by the real judge, look-back, due rule and counters, and the limits of spec.analysis.
import { formatInstant } from '../../hooks/core/time.ts'
import type { AnalysisFact, MetricResult } from '../../hooks/core/facts.ts'
import type { Spec } from '../../hooks/mlflow-model/schema.ts'
import { countCheck, verdictsOf } from '../../poller/analysis/counters.ts'
import { dueAt } from '../../poller/analysis/due.ts'
import { histogramOf } from '../../poller/analysis/histogram.ts'
import { judge, type Verdict } from '../../poller/analysis/judge.ts'
import { lookBackOf } from '../../poller/analysis/look-back.ts'
import type { Measurement } from '../../poller/analysis/measurement.ts'
import { policyOf } from '../../poller/analysis/policy.ts'
import type { Subject } from '../../poller/analysis/subject.ts'
import { secondsOf } from '../../hooks/core/time.ts'
import { drawUniform } from './random.ts'
import { makeSide, read, scrape, serve, type Side } from './scrapes.ts'
import type { Version } from './version.ts'

export type Setup = {
  spec: Pick<Spec, 'rollout' | 'analysis'>
  /** Requests per second of both versions together. */
  rate: number
  /** Seconds between scrapes. */
  scrapeInterval: number
  stable: Version
  canary: Version
  /** What judges; the real one, or another for contrast. */
  decide?: (measurement: Measurement, verdicts: number) => Pick<Verdict, 'outcome' | 'metrics'>
}

/** How it ended (Held: too many Inconclusive in a row), after how many seconds and checks, at which step, and which metrics ever failed. */
export type Ending = { outcome: 'Promoted' | 'RolledBack' | 'Held', seconds: number, checks: number, inconclusive: number, step: number, failedOnce: boolean, blamed: string[] }

type World = { setup: Setup, sides: { stable: Side, canary: Side }, next: { stable: number, canary: number }, owed: { stable: number, canary: number }, time: number, weight: number }

export function simulateRollout (setup: Setup): Ending {
  const { steps } = setup.spec.rollout
  const { checks, failureLimit, inconclusiveLimit } = setup.spec.analysis
  const world = makeWorld(setup)
  const ending: Ending = { outcome: 'Promoted', seconds: 0, checks: 0, inconclusive: 0, step: 0, failedOnce: false, blamed: [] }
  for (const [i, weight] of steps.entries()) {
    world.weight = weight
    ending.step = i + 1
    let fact: AnalysisFact | undefined
    const startedAt = Math.floor(world.time)
    while ((fact?.passed ?? 0) < checks) {
      fact = check(world, subjectAt(i + 1, startedAt), fact)
      ending.checks += 1
      ending.seconds = world.time
      if (fact.last.outcome === 'Inconclusive') ending.inconclusive += 1
      if (fact.last.outcome === 'Failed') blame(ending, fact.last.metrics)
      if (fact.failed > failureLimit) return { ...ending, outcome: 'RolledBack' }
      if (fact.streak.outcome === 'Inconclusive' && fact.streak.count > inconclusiveLimit) return { ...ending, outcome: 'Held' }
    }
  }
  return ending
}

function blame (ending: Ending, metrics: MetricResult[]): void {
  ending.failedOnce = true
  ending.blamed = [...new Set([...ending.blamed, ...metrics.filter(({ outcome }) => outcome === 'Failed').map(({ name }) => name)])]
}

function makeWorld (setup: Setup): World {
  const { scrapeInterval: interval } = setup
  // Stable has served for ten minutes; each side is scraped at a phase of its own.
  const sides = { stable: makeSide(setup.stable, { past: setup.rate * 600 }), canary: makeSide(setup.canary, { past: 0 }) }
  const phase = drawUniform(0, interval)
  scrape(sides.stable, phase - interval)
  return { setup, sides, next: { stable: phase, canary: drawUniform(0, interval) }, owed: { stable: setup.rate * Math.max(0, interval - phase), canary: 0 }, time: 0, weight: 0 }
}

function subjectAt (step: number, stepStartedAt: number): Subject {
  const both = { stable: 'stable', canary: 'canary' }
  return { key: { rollout: 'v2-000000-1', step, stepStartedAt: formatInstant(stepStartedAt) }, stepStartedAt, trafficSince: 0, predictors: both, versions: both }
}

/** Lets time pass until the next check is due, and does it. */
function check (world: World, subject: Subject, last: AnalysisFact | undefined): AnalysisFact {
  const { spec, decide } = world.setup
  const interval = secondsOf(spec.analysis.interval)
  advance(world, Math.max(dueAt(subject, spec.analysis, last), world.time) + drawUniform(0, 0.9))
  const measurement = measure(world, lookBackOf({ trafficSince: 0, now: world.time, window: secondsOf(spec.analysis.window) }))
  const verdicts = verdictsOf(last, subject.key)
  const verdict = decide === undefined ? judge(measurement, policyOf(spec, verdicts)) : { reason: '', ...decide(measurement, verdicts) }
  const fact = countCheck(last, subject.key, { key: subject.key, at: world.time, verdict }, interval)
  if (fact === undefined) throw new Error('a check that was due did not count')
  return fact
}

/** Requests only matter where they are scraped; between scrapes it is enough to remember how many are owed. */
function advance (world: World, until: number): void {
  const { rate, scrapeInterval } = world.setup
  while (world.time < until) {
    const to = Math.min(until, world.next.stable, world.next.canary)
    const requests = rate * (to - world.time)
    world.owed.canary += requests * world.weight / 100
    world.owed.stable += requests * (100 - world.weight) / 100
    world.time = to
    for (const side of ['stable', 'canary'] as const) {
      if (world.next[side] > to) continue
      serve(world.sides[side], world.owed[side])
      scrape(world.sides[side], to)
      world.owed[side] = 0
      world.next[side] += scrapeInterval
    }
  }
}

function measure ({ sides, time }: World, range: number): Measurement {
  const stable = read(sides.stable, time, range)
  const canary = read(sides.canary, time, range)
  return {
    requests: { value: { stable: stable.requests, canary: canary.requests } },
    errors: { value: { stable: stable.errors, canary: canary.errors } },
    latency: { value: { stable: histogramOf(stable.buckets, stable.sum) ?? null, canary: histogramOf(canary.buckets, canary.sum) ?? null } },
    queries: {}
  }
}
