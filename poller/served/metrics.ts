// Metrics of MLModels, ModelDeployments and MLflow objects, taken from the objects themselves: where each stands, and how long what has ended took.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { KubeObject } from '../../hooks/core/request.ts'
import { PHASES } from '../../hooks/mlflow/schema/status.ts'
import { endingsBetween, type Ending } from './endings.ts'

export type ServedMetrics = {
  /** Takes one change; without `before` a new object, without `after` a deletion. `now` in seconds. */
  observe: (before: KubeObject | undefined, after: KubeObject | undefined, now: number) => void
  /** Takes an object that was there when we began to look: nothing has happened to it. */
  show: (object: KubeObject) => void
  /** Drops the series of all objects: another leads now, and shows them. */
  forgetAll: () => void
}

/** From a small file to a model of hundreds of gigabytes. */
const DURATION_BUCKETS = [1, 5, 10, 30, 60, 120, 300, 600, 1_200, 3_600, 7_200, 21_600, 86_400]

const OUTCOMES = ['success', 'failure'] as const

/** Registers the metrics of these kinds. */
export function createServedMetrics (register: Registry): ServedMetrics {
  const info = createInfo(register)
  const record = createRecords(register)
  const created = new Counter({ name: 'model_deployments_created_total', help: 'ModelDeployments that were created.', registers: [register] })
  const ended = new Map<string, Map<string, string>>()

  /** A status that jumps back and forth (a stale read of the hooks' caller) ends a thing more than once: the last end of each thing is remembered. */
  function recordOnce (uid: string, kind: string, ending: Ending): void {
    const known = ended.get(uid) ?? new Map<string, string>()
    if (known.get(ending.what) === ending.id) return
    ended.set(uid, known.set(ending.what, ending.id))
    record(kind, ending)
  }

  return {
    show: info.show,
    observe (before, after, now) {
      const { uid = '' } = (after ?? before)?.metadata ?? {}
      if (!after) {
        info.forget(uid)
        ended.delete(uid)
        return
      }
      info.show(after)
      if (before) for (const ending of endingsBetween(before, after, now)) recordOnce(uid, after.kind, ending)
      else if (after.kind === 'ModelDeployment') created.inc()
    },
    forgetAll: info.forgetAll
  }
}

type Info = { show: (object: KubeObject) => void, forget: (uid: string) => void, forgetAll: () => void }

function createInfo (register: Registry): Info {
  const gauge = new Gauge({ name: 'sluice_object_info', help: 'Always 1; its labels say where the object stands.', labelNames: ['kind', 'namespace', 'name', 'phase'] as const, registers: [register] })
  const shown = new Map<string, Record<'kind' | 'namespace' | 'name' | 'phase', string>>()
  countServers(register, () => [...shown.values()].filter(({ kind }) => kind === 'MLflow').map(({ phase }) => phase))

  function forget (uid: string): void {
    const labels = shown.get(uid)
    if (labels) gauge.remove(labels)
    shown.delete(uid)
  }

  return {
    show ({ kind, metadata, status }) {
      const { uid = '', namespace = '', name } = metadata
      forget(uid)
      const { phase = 'Pending' } = (status ?? {}) as { phase?: string }
      const labels = { kind, namespace, name, phase }
      gauge.set(labels, 1)
      shown.set(uid, labels)
    },
    forget,
    forgetAll () { for (const uid of [...shown.keys()]) forget(uid) }
  }
}

/** All phases are there, so that a server that leaves one is seen to. */
function countServers (register: Registry, phases: () => string[]): void {
  const gauge: Gauge<'phase'> = new Gauge({
    name: 'mlflow_servers',
    help: 'MLflow objects, by where they stand.',
    labelNames: ['phase'] as const,
    registers: [register],
    collect () {
      const now = phases()
      for (const phase of PHASES) this.set({ phase }, now.filter((one) => one === phase).length)
    }
  })
  gauge.reset()
}

/** A function that records one ending of an object of that kind. */
function createRecords (register: Registry): (kind: string, ending: Ending) => void {
  const registers = [register]
  const validations = new Counter({ name: 'model_validations_total', help: 'Validations of ModelDeployments that have ended, by how.', labelNames: ['status'] as const, registers })
  const validating = new Histogram({ name: 'sluice_validation_duration_seconds', help: "From the start of a validation's Job to its end, by how it ended.", labelNames: ['outcome'] as const, buckets: DURATION_BUCKETS, registers })
  const downloading = new Histogram({ name: 'sluice_download_duration_seconds', help: 'From when an MLModel wants something else to the end of its download, by how it ended.', labelNames: ['outcome'] as const, buckets: DURATION_BUCKETS, registers })
  const readiness = new Histogram({ name: 'sluice_time_to_ready_seconds', help: 'From when a version is wanted until it answers.', labelNames: ['kind'] as const, buckets: DURATION_BUCKETS, registers })
  const migrations = new Counter({ name: 'mlflow_migrations_total', help: 'Migrations of MLflow objects that have ended, by how.', labelNames: ['outcome'] as const, registers })
  for (const status of OUTCOMES) validations.inc({ status }, 0)
  for (const outcome of OUTCOMES) migrations.inc({ outcome }, 0)
  return (kind, { what, outcome, seconds }) => {
    if (what === 'validation') validations.inc({ status: outcome })
    if (what === 'migration') migrations.inc({ outcome })
    if (seconds === undefined) return
    switch (what) {
      case 'validation': return validating.observe({ outcome }, seconds)
      case 'download': return downloading.observe({ outcome }, seconds)
      case 'readiness': return readiness.observe({ kind }, seconds)
      case 'migration': return undefined
      default: return what satisfies never
    }
  }
}
