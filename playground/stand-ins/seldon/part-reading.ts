// How the operator reads back the objects that it made of a SeldonDeployment.
import type { PodTemplate } from './components.ts'
import { MADE_OF } from './part-objects.ts'
import type { MadeOf } from './part-objects.ts'
import type { Deployment, Pod, Router } from './world.ts'

interface Meta {
  readonly name: string
  readonly uid: string
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly generation?: number
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
}

interface ReportedCondition { readonly type: string, readonly status: string }

export interface DeploymentObject {
  readonly metadata: Meta
  readonly spec: { readonly replicas?: number, readonly template: { readonly metadata?: Pick<Meta, 'labels' | 'annotations'> } }
  readonly status?: { readonly replicas?: number, readonly readyReplicas?: number, readonly unavailableReplicas?: number, readonly conditions?: readonly ReportedCondition[] }
}

export interface PodObject {
  readonly metadata: Meta
  readonly spec: { readonly containers: readonly { readonly name: string, readonly image?: string }[] }
  readonly status?: {
    readonly conditions?: readonly ReportedCondition[]
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: { readonly startedAt?: string } } }[]
  }
}

interface Destination { readonly host: string, readonly subset: string }
interface HttpRoute {
  readonly route: readonly { readonly destination: Destination, readonly weight?: number }[]
  readonly mirror?: Destination
  readonly mirrorPercentage?: { readonly value: number }
}
export interface VirtualServiceObject { readonly spec: { readonly http?: readonly HttpRoute[] } }
export interface DestinationRuleObject { readonly spec: { readonly host: string } }

/** A Deployment with its pods, as far as the operator and the traffic care. Of the generation only changes count. */
export function readDeployment (object: DeploymentObject, pods: readonly PodObject[]): Deployment {
  const { metadata, spec, status = {} } = object
  const { name, uid } = metadata
  const { predictor, template, progressDeadlineSeconds } = readMadeOf(object)
  const own = pods.filter((pod) => pod.metadata.labels?.['app'] === name && pod.metadata.deletionTimestamp === undefined)
  const createdAt = Date.parse(metadata.creationTimestamp)
  const { replicas = 0, readyReplicas: ready = 0, unavailableReplicas: unavailable = 0 } = status
  return {
    name,
    uid,
    predictor,
    generation: metadata.generation ?? 0,
    replicas: spec.replicas ?? 1,
    template,
    createdAt,
    progressedAt: createdAt,
    completed: conditionOf(status, 'Progressing') === 'True',
    progressDeadlineSeconds,
    deleting: metadata.deletionTimestamp !== undefined,
    pods: own.map((pod) => readPod(pod, template)),
    reported: { replicas, ready, unavailable, available: conditionOf(status, 'Available') === 'True', progressing: conditionOf(status, 'Progressing') !== 'False' }
  }
}

/** Of a Deployment of the real operator only what its pods show is known. */
function readMadeOf ({ metadata, spec }: DeploymentObject): MadeOf {
  const text = metadata.annotations?.[MADE_OF]
  if (text !== undefined) return JSON.parse(text) as MadeOf
  const { labels = {}, annotations = {} } = spec.template.metadata ?? {}
  return { predictor: labels['version'] ?? '', template: { labels, annotations, modelUri: '', containers: [], executorPredictor: undefined }, progressDeadlineSeconds: undefined }
}

function conditionOf ({ conditions = [] }: { readonly conditions?: readonly ReportedCondition[] }, type: string): string | undefined {
  return conditions.find((condition) => condition.type === type)?.status
}

function readPod ({ metadata, spec, status = {} }: PodObject, template: PodTemplate): Pod {
  const createdAt = Date.parse(metadata.creationTimestamp)
  return {
    uid: metadata.uid,
    template: JSON.stringify(template),
    modelUri: template.modelUri,
    image: spec.containers[0]?.image ?? '',
    createdAt,
    startedAt: startOf(status) ?? createdAt,
    down: false,
    ready: conditionOf(status, 'Ready') === 'True'
  }
}

function startOf ({ containerStatuses = [] }: NonNullable<PodObject['status']>): number | undefined {
  const startedAt = containerStatuses[0]?.state?.running?.startedAt
  return startedAt === undefined ? undefined : Date.parse(startedAt)
}

/** What the router does now: the reverse of makeVirtualService. A weight of 0 may be left out. */
export function readRouter ({ spec }: VirtualServiceObject, rules: readonly DestinationRuleObject[]): Router {
  const [http] = spec.http ?? []
  const { mirror } = http ?? {}
  return {
    routes: (http?.route ?? []).map(({ destination, weight = 0 }) => ({ predictor: destination.subset, host: destination.host, weight })),
    mirror: mirror && { predictor: mirror.subset, percent: http?.mirrorPercentage?.value ?? 100 },
    destinations: rules.map((rule) => rule.spec.host)
  }
}
