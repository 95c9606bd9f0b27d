// Metrics of rollouts, taken from the objects themselves: series appear and disappear with what they describe.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { AnalysisFact, RegistryFact } from '../hooks/core/facts.ts'
import { FACTS } from '../hooks/core/labels.ts'
import { parseInstant } from '../hooks/core/time.ts'
import { OUTCOMES } from '../hooks/mlflow-model/schema/status.ts'
import { endingBetween } from './events.ts'
import type { Model } from './model.ts'

export type RolloutMetrics = {
  /** Takes one change; without `before` what is there already (which is no outcome), without `after` a deletion. `now` in seconds. */
  observe: (before: Model | undefined, after: Model | undefined, now: number) => void
  /** Counts a fact that was written. */
  countFact: (annotation: string, fact: AnalysisFact | RegistryFact) => void
  /** Counts an annotation that could not be written, though the object is there. */
  countUnwritten: (annotation: string) => void
  /** Drops the series of all objects: another leads now, and shows them. */
  forgetAll: () => void
}

/** From a minute, with few steps and a short interval, to three days with long ones. */
const DURATION_BUCKETS = [60, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200]

type InfoLabels = Record<'namespace' | 'name' | 'model' | 'alias' | 'phase' | 'stable' | 'canary' | 'stage', string>

/** Registers the metrics of rollouts. */
export function createRolloutMetrics (register: Registry): RolloutMetrics {
  const registers = [register]
  const objectLabels = ['namespace', 'name'] as const
  const weight = new Gauge({ name: 'sluice_rollout_weight', help: "The canary's share of traffic in force, in percent; 0 when no rollout is under way.", labelNames: objectLabels, registers })
  const info = new Gauge({ name: 'sluice_rollout_info', help: 'Always 1; its labels say where the object stands.', labelNames: [...objectLabels, 'model', 'alias', 'phase', 'stable', 'canary', 'stage'] as const, registers })
  const outcomes = new Counter({ name: 'sluice_rollout_outcomes_total', help: 'Rollouts that ended, by how.', labelNames: ['outcome'] as const, registers })
  const duration = new Histogram({ name: 'sluice_rollout_duration_seconds', help: 'From the start of a rollout to its end.', labelNames: ['outcome'] as const, buckets: DURATION_BUCKETS, registers })
  const checks = new Counter({ name: 'sluice_analysis_checks_total', help: 'Checks of canaries, by outcome.', labelNames: ['outcome'] as const, registers })
  const unwritten = new Counter({ name: 'sluice_annotations_unwritten_total', help: 'Annotations that an object did not take, by which; each is tried again.', labelNames: ['annotation'] as const, registers })
  for (const outcome of OUTCOMES) outcomes.inc({ outcome }, 0)
  for (const outcome of ['Passed', 'Failed', 'Inconclusive', 'Error']) checks.inc({ outcome }, 0)
  const shown = new Map<string, InfoLabels>()
  const ended = new Map<string, string>()

  function forget (key: string): void {
    const labels = shown.get(key)
    if (!labels) return
    info.remove(labels)
    weight.remove({ namespace: labels.namespace, name: labels.name })
    shown.delete(key)
  }

  function show (after: Model): void {
    const labels = infoOf(after)
    info.set(labels, 1)
    weight.set({ namespace: labels.namespace, name: labels.name }, after.status?.weight ?? 0)
    shown.set(after.metadata.uid ?? '', labels)
  }

  /** A status that jumps back and forth (a stale read of the hooks' caller) ends a rollout more than once: the last end of an object is remembered. */
  function count (before: Model, after: Model, now: number): void {
    const ending = endingBetween(before, after)
    const uid = after.metadata.uid ?? ''
    if (!ending || ended.get(uid) === ending.rollout.id) return
    ended.set(uid, ending.rollout.id)
    outcomes.inc({ outcome: ending.outcome })
    const startedAt = parseInstant(ending.rollout.startedAt)
    if (startedAt !== undefined) duration.observe({ outcome: ending.outcome }, Math.max(0, now - startedAt))
  }

  return {
    observe (before, after, now) {
      const uid = (after ?? before)?.metadata.uid ?? ''
      forget(uid)
      if (after) show(after)
      else ended.delete(uid)
      if (before && after) count(before, after, now)
    },
    countFact (annotation, fact) {
      if (annotation === FACTS.analysis) checks.inc({ outcome: (fact as AnalysisFact).last.outcome })
    },
    countUnwritten (annotation) { unwritten.inc({ annotation }) },
    forgetAll () {
      for (const key of [...shown.keys()]) forget(key)
    }
  }
}

function infoOf ({ metadata, spec, status = {} }: Model): InfoLabels {
  const { phase = 'Pending', currentModelVersion = '', canaryModelVersion = '', rollout } = status
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    model: spec.modelName,
    alias: spec.modelAlias,
    phase,
    stable: currentModelVersion,
    canary: canaryModelVersion,
    stage: rollout?.stage ?? ''
  }
}
