// Conditions as the Knative library behind Seldon's status keeps them.
import type { Condition, SeldonStatus } from './seldon-deployment.ts'

/** What `Ready` depends on, in the library's order. */
const DEPENDENTS = [
  'DeploymentsReady', 'ServicesReady', 'KedaReady', 'istioVirtualServicesReady', 'HpasReady', 'PdbsReady', 'AmbassadorMappingsReady'
] as const

export type ConditionType = typeof DEPENDENTS[number]

export interface NewCondition {
  readonly type: ConditionType
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
}

/** RFC 3339 in whole seconds, cut off: two changes within a second carry the same time. */
export function toSeconds (milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

/** Sets a condition; lastTransitionTime changes when status, reason or message do. Ready follows. */
export function setCondition (conditions: readonly Condition[], wanted: NewCondition, now: number): Condition[] {
  const set = put(conditions, wanted, now)
  return put(set, { ...readiness(set, wanted), type: 'Ready' }, now)
}

function put (conditions: readonly Condition[], wanted: Omit<NewCondition, 'type'> & { type: string }, now: number): Condition[] {
  const { type, status, reason = '', message = '' } = wanted
  const present = conditions.find(condition => condition.type === type)
  if (present !== undefined && meaning(present) === meaning(wanted)) return [...conditions]
  const next = { type, status, ...(reason !== '' && { reason }), ...(message !== '' && { message }), lastTransitionTime: toSeconds(now) }
  return [...conditions.filter(other => other.type !== type), next].sort((a, b) => a.type < b.type ? -1 : 1)
}

function meaning ({ status, reason = '', message = '' }: Omit<Condition, 'type' | 'lastTransitionTime'>): string {
  return JSON.stringify([status, reason, message])
}

// False as soon as one part is False; Unknown while a part has never been reported.
function readiness (conditions: readonly Condition[], changed: NewCondition): Omit<NewCondition, 'type'> {
  if (changed.status === 'False') return withoutType(changed)
  const parts = DEPENDENTS.map(type => conditions.find(condition => condition.type === type))
  const failed = parts.find(part => part?.status === 'False')
  if (failed !== undefined) return withoutType(failed)
  return { status: parts.some(part => part === undefined || part.status === 'Unknown') ? 'Unknown' : 'True' }
}

function withoutType ({ status, reason, message }: Condition | NewCondition): Omit<NewCondition, 'type'> {
  return { status, ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
}

/** Equal but for transition times, which the operator does not compare before it decides to write. */
export function isSameStatus (a: SeldonStatus, b: SeldonStatus): boolean {
  return withoutTimes(a) === withoutTimes(b)
}

function withoutTimes (status: SeldonStatus): string {
  return JSON.stringify(sorted({ ...status, conditions: (status.conditions ?? []).map(condition => ({ ...condition, lastTransitionTime: '' })) }))
}

function sorted (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => a < b ? -1 : 1).map(([key, inner]) => [key, sorted(inner)]))
}
