// One sync of the controller of HorizontalPodAutoscalers, pure: by utilization of resources alone. Conditions are those of Kubernetes 1.35.
import type { KubeObject } from '../../api-server/kube-object.ts'
import { timestamp } from '../../api-server/operations.ts'
import { withCondition, type Condition } from './objects.ts'

interface Metric { type: string, resource?: { name: string, target: { averageUtilization?: number } } }

export interface Autoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { kind: string, name: string }
    minReplicas?: number
    maxReplicas: number
    metrics?: Metric[]
    behavior?: { scaleDown?: { stabilizationWindowSeconds?: number } }
  }
  status?: { conditions?: Condition[], [field: string]: unknown }
}

/** Numbers that were found right lately; a lower one waits until no higher one is among them. */
export type Recommendations = ReadonlyArray<{ at: number, replicas: number }>

export interface AutoscalerSync {
  status: NonNullable<Autoscaler['status']>
  /** What to scale the target to. */
  replicas?: number
  recommendations: Recommendations
}

/** Between two looks, in milliseconds. */
export const LOOK_MS = 15_000
/** A number that differs by less is right as it is. */
const TOLERANCE = 0.1
const WINDOW_SECONDS = 300

/** `replicas` are those of the target now, undefined when there is no such target; `utilization` is in percent, undefined where nobody measures. */
export interface Measured { replicas: number | undefined, utilization: number | undefined, recommendations: Recommendations, now: number }

/** One sync. */
export function syncAutoscaler (autoscaler: Autoscaler, measured: Measured): AutoscalerSync {
  const { spec: { minReplicas = 1, maxReplicas, scaleTargetRef }, status: { conditions = [] } = {} } = autoscaler
  const { replicas, utilization, recommendations } = measured
  if (replicas === undefined) {
    const words: Words = ['False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: deployments.apps "${scaleTargetRef.name}" not found`]
    return { status: { ...autoscaler.status, conditions: told(conditions, 'AbleToScale', words, measured) }, recommendations }
  }
  const able = told(conditions, 'AbleToScale', ['True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale"], measured)
  const counts = { ...autoscaler.status, currentReplicas: replicas, desiredReplicas: replicas }
  if (replicas === 0) return { status: { ...counts, conditions: told(able, 'ScalingActive', DISABLED, measured) }, recommendations }
  const within = Math.min(maxReplicas, Math.max(minReplicas, replicas))
  if (within !== replicas) return scaled({ ...counts, conditions: able }, within, measured)
  if (utilization === undefined) return { status: { ...counts, conditions: told(able, 'ScalingActive', UNMEASURED, measured) }, recommendations }
  return byUtilization(autoscaler, { ...counts, conditions: able }, { ...measured, replicas, utilization })
}

type Status = NonNullable<Autoscaler['status']> & { conditions: Condition[] }

function byUtilization ({ spec }: Autoscaler, status: Status, measured: Measured & { replicas: number, utilization: number }): AutoscalerSync {
  const { minReplicas = 1, maxReplicas, metrics = [] } = spec
  const { replicas, utilization, recommendations, now } = measured
  const wanted = Math.max(0, ...metrics.map((metric) => wantedBy(metric, replicas, utilization)))
  const known = [...recommendations.filter(({ at }) => at > now - windowOf(spec)), { at: now, replicas: wanted }]
  // Down only to the highest of late.
  const calm = wanted < replicas ? Math.min(replicas, Math.max(...known.map((entry) => entry.replicas))) : wanted
  const desired = Math.min(maxReplicas, Math.max(minReplicas, calm))
  const active = told(status.conditions, 'ScalingActive', ['True', 'ValidMetricFound', `the HPA was able to successfully calculate a replica count from ${metrics[0]?.resource?.name ?? 'cpu'} resource utilization (percentage of request)`], measured)
  const conditions = told(active, 'ScalingLimited', limitsOf(calm, { minReplicas, maxReplicas }), measured)
  const currentMetrics = metrics.map(({ resource }) => ({ type: 'Resource', resource: { name: resource?.name, current: { averageUtilization: utilization } } }))
  const next = { ...status, currentMetrics, conditions }
  return { ...desired === replicas ? { status: next } : scaled(next, desired, measured), recommendations: known }
}

function scaled (status: Status, desired: number, measured: Measured): AutoscalerSync {
  const conditions = told(status.conditions, 'AbleToScale', ['True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${desired}`], measured)
  return { status: { ...status, desiredReplicas: desired, lastScaleTime: timestamp(measured.now), conditions }, replicas: desired, recommendations: measured.recommendations }
}

function told (conditions: readonly Condition[], type: string, [status, reason, message]: Words, { now }: Measured): Condition[] {
  return withCondition(conditions, { type, status, reason, message, lastTransitionTime: timestamp(now) })
}

type Words = [Condition['status'], string, string]

const DISABLED: Words = ['False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero']

const UNMEASURED: Words = ['False', 'FailedGetResourceMetric', 'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)']

/** In milliseconds. */
function windowOf ({ behavior }: Autoscaler['spec']): number {
  return (behavior?.scaleDown?.stabilizationWindowSeconds ?? WINDOW_SECONDS) * 1000
}

/** In proportion to how far the utilization is from what is aimed at. */
function wantedBy ({ resource }: Metric, replicas: number, utilization: number): number {
  const ratio = utilization / (resource?.target.averageUtilization ?? 80)
  return Math.abs(ratio - 1) <= TOLERANCE ? replicas : Math.ceil(replicas * ratio)
}

function limitsOf (wanted: number, { minReplicas, maxReplicas }: { minReplicas: number, maxReplicas: number }): Words {
  if (wanted > maxReplicas) return ['True', 'TooManyReplicas', 'the desired replica count is more than the maximum replica count']
  if (wanted < minReplicas) return ['True', 'TooFewReplicas', 'the desired replica count is less than the minimum replica count']
  return ['False', 'DesiredWithinRange', 'the desired count is within the acceptable range']
}
