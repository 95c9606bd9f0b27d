// What was observed of Deployments, Jobs and Services, and what an answer says of them, read with our own eyes and not by the code under test.
import { isSendable } from '../../../hooks/core/plain-value.ts'
import { STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import { isObject, textOf, type Json } from '../inputs/tree.ts'

export type Answer = { children: unknown[], status: unknown }

export const KEYS = {
  deployment: 'Deployment.apps/v1',
  job: 'Job.batch/v1',
  service: 'Service.v1',
  volume: 'PersistentVolumeClaim.v1',
  autoscaler: 'HorizontalPodAutoscaler.autoscaling/v2'
} as const
type Key = keyof typeof KEYS

/** Observed objects of a kind that are not being deleted, by the name under which they are filed. */
export function observed (request: Json, key: Key): Map<string, Json> {
  const { namespace } = mapOf(mapOf(request.parent).metadata)
  const prefix = typeof namespace === 'string' ? `${namespace}/` : ''
  const entries = Object.entries(mapOf(mapOf(request.children)[KEYS[key]]))
  return new Map(entries.flatMap(([place, object]) => {
    const { deletionTimestamp } = mapOf(mapOf(object).metadata)
    return isObject(object) && place.startsWith(prefix) && deletionTimestamp === undefined ? [[place.slice(prefix.length), object]] : []
  }))
}

/** What the answer has of a kind, by name. */
export function answered ({ children }: Answer, key: Key): Map<string, Json> {
  const [kind] = KEYS[key].split('.')
  return new Map(children.filter(isObject).filter((child) => child.kind === kind).map((child) => [textOf(mapOf(child.metadata).name), child]))
}

export function mapOf (value: unknown): Json {
  return isObject(value) ? value : {}
}

export function labelOf (object: Json | undefined, label: string): string {
  return textOf(mapOf(mapOf(object?.metadata).labels)[label])
}

/** What an object remembers in its annotation: JSON that an answer could hold; undefined where that is none. */
export function stateOf (object: Json | undefined): unknown {
  try {
    const state: unknown = JSON.parse(textOf(mapOf(mapOf(object?.metadata).annotations)[STATE_ANNOTATION]))
    return isSendable(state) ? state : undefined
  } catch {
    return undefined
  }
}

export type Pods = {
  /** Asked for, and such that answer, of whatever template. */
  wanted: number
  available: number
  /** All are of the newest template and answer, and there is one. */
  ready: boolean
  /** Some may be of an older template than the one observed. */
  mixed: boolean
  /** The Deployment controller has given up on the newest template. */
  late: boolean
}

const NO_PODS: Pods = { wanted: 0, available: 0, ready: false, mixed: false, late: false }

/** What a Deployment's status says of its pods. */
export function podsOf (deployment: Json | undefined): Pods {
  if (!deployment) return NO_PODS
  const { generation = 1 } = mapOf(deployment.metadata)
  const status = mapOf(deployment.status)
  const wanted = replicasOf(deployment) ?? 1
  const [all, updated, available] = [count(status.replicas), count(status.updatedReplicas), count(status.availableReplicas)]
  const isSeen = count(status.observedGeneration) >= Number(generation)
  const mixed = !isSeen || all > updated
  return { wanted, available, mixed, ready: !mixed && available > 0 && updated >= wanted && available >= wanted, late: isSeen && hasGivenUp(status) }
}

function hasGivenUp ({ conditions }: Json): boolean {
  const first = Array.isArray(conditions) ? conditions.find((condition) => mapOf(condition).type === 'Progressing' && mapOf(condition).status === 'False') as unknown : undefined
  return mapOf(first).reason === 'ProgressDeadlineExceeded'
}

/** The number that a Deployment asks for; undefined where it has none, or none that the API server would take. */
export function replicasOf (deployment: Json | undefined): number | undefined {
  const { replicas } = mapOf(deployment?.spec)
  return replicas === 0 || count(replicas) > 0 ? replicas as number : undefined
}

/** Only what Kubernetes' own integers hold is a number of pods. */
function count (value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31 ? value : 0
}

export type End = 'running' | 'done' | 'failed'

export function endOf (job: Json): End {
  const { conditions } = mapOf(job.status)
  const isTrue = (type: string) => Array.isArray(conditions) && conditions.some((condition) => mapOf(condition).type === type && mapOf(condition).status === 'True')
  if (isTrue('Failed')) return 'failed'
  return isTrue('Complete') ? 'done' : 'running'
}

export function templateOf (deployment: Json | undefined): Json {
  return mapOf(mapOf(deployment?.spec).template)
}

/** Names of the claims that pods of a template mount. */
export function claimsOf (template: Json): string[] {
  const { volumes } = mapOf(template.spec)
  return Array.isArray(volumes) ? volumes.map((volume) => textOf(mapOf(mapOf(volume).persistentVolumeClaim).claimName)).filter(Boolean) : []
}

/** Names of the ports of a template's containers. */
export function portsOf (template: Json): string[] {
  const { containers } = mapOf(template.spec)
  const ports = Array.isArray(containers) ? containers.flatMap((container) => mapOf(container).ports) : []
  return ports.map((port) => textOf(mapOf(port).name))
}

/** Whether a Service leads to pods of a template: by its selector, and by the name of some port. */
export function leadsTo (service: Json, template: Json): boolean {
  const { selector, ports } = mapOf(service.spec)
  return selects(service, template) && isObject(selector) && Array.isArray(ports) && ports.some((port) => portsOf(template).includes(textOf(mapOf(port).targetPort)))
}

export function selects (service: Json, template: Json): boolean {
  const { selector } = mapOf(service.spec)
  return isObject(selector) && Object.keys(selector).length > 0 && isPart(selector, mapOf(mapOf(template.metadata).labels))
}

/** Whether writing the one over the other changes nothing: all that it says stands there already. */
export function isPart (part: unknown, whole: unknown): boolean {
  if (Array.isArray(part)) return Array.isArray(whole) && part.length === whole.length && part.every((item, index) => isPart(item, whole[index]))
  if (!isObject(part)) return part === whole
  return isObject(whole) && Object.entries(part).every(([key, value]) => isPart(value, Object.hasOwn(whole, key) ? whole[key] : undefined))
}
