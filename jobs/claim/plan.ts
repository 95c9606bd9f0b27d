// What may be applied to a claim that is there, or why nothing may: pure.
import { isMap } from '../../hooks/core/plain-value.ts'
import { quantityBytes } from '../../hooks/core/quantity.ts'
import { ClaimError } from './failure.ts'
import type { Claim } from './settings.ts'

/** Who is said to have written what this program applies. */
export const FIELD_MANAGER = 'sluice'

/** A claim as the API server has it. */
export type LiveClaim = {
  metadata: {
    uid: string
    resourceVersion: string
    deletionTimestamp?: string
    ownerReferences?: Array<{ kind: string, name: string, controller?: boolean }>
    managedFields?: Array<{ manager: string, operation: string, fieldsV1?: { 'f:spec'?: Record<string, unknown> } }>
  }
  spec: { resources?: { requests?: { storage?: string } } }
  status?: { phase?: string, capacity?: { storage?: string } }
}

/** Fields of a spec that may change later. */
const CHANGEABLE = ['resources', 'volumeAttributesClassName']

/** Throws Owned for a claim that goes when another object goes. */
export function refuseOwned ({ metadata: { name } }: Claim, { metadata: { ownerReferences = [] } }: LiveClaim): void {
  const owner = ownerReferences.find(({ controller }) => controller === true)
  if (owner) throw new ClaimError('Owned', `the claim ${name} belongs to ${owner.kind} ${owner.name}, and is deleted with it; give this object another name, or take metadata.ownerReferences out of the claim if it is to be kept`)
}

/**
 * The object to apply. What cannot change any more is given as it is, so that a field that is no longer asked for is not taken for one that is to go. Nothing is
 * applied to another object than the one that was looked at. Throws ClaimError.
 */
export function planApply (wanted: Claim, live: LiveClaim | undefined): object {
  if (!live) return wanted
  const { name } = wanted.metadata
  const { uid, resourceVersion, deletionTimestamp, managedFields } = live.metadata
  if (deletionTimestamp !== undefined) throw new ClaimError('Terminating', `the claim ${name} is being deleted, and goes when no pod has it mounted any more; another one is made then`)
  refuseOwned(wanted, live)
  refuseChanges(wanted, live)
  refuseSize(wanted, live)
  const applied = Object.assign({}, ...(managedFields ?? []).filter(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply').map(({ fieldsV1 }) => fieldsV1?.['f:spec'])) as object
  const settled = Object.fromEntries(Object.entries(live.spec).filter(([field]) => !CHANGEABLE.includes(field) && (field in wanted.spec || `f:${field}` in applied)))
  return { ...wanted, metadata: { ...wanted.metadata, uid, resourceVersion }, spec: { ...wanted.spec, ...settled } }
}

/** Throws FieldImmutable, and says which. */
function refuseChanges (wanted: Claim, live: LiveClaim): void {
  const given = live.spec as Record<string, unknown>
  const changed = Object.entries(wanted.spec).filter(([field, value]) => !CHANGEABLE.includes(field) && !isWithin(value, given[field]) && !isGivenLater(field, given))
  if (changed.length === 0) return
  const words = changed.map(([field, value]) => `spec.storage.${field} is ${short(given[field])} and cannot become ${short(value)}`)
  throw new ClaimError('FieldImmutable', `of the claim ${wanted.metadata.name} ${words.join('; ')}: only its size can change; take the change back, or copy what is on it to another claim`)
}

/** A class where there was none: without a default class the claim waits for that. */
function isGivenLater (field: string, given: Record<string, unknown>): boolean {
  return field === 'storageClassName' && given[field] === undefined
}

function short (value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value).slice(0, 100)
}

/** Whether all that is asked for is there; the API server adds to maps. Lists are sets here (access modes). */
function isWithin (wanted: unknown, given: unknown): boolean {
  if (Array.isArray(wanted)) return Array.isArray(given) && wanted.length === given.length && wanted.every((item) => given.some((other) => isWithin(item, other)))
  if (isMap(wanted)) return isMap(given) && Object.entries(wanted).every(([field, value]) => isWithin(value, given[field]))
  return wanted === given
}

/** Throws Shrinking and Unbound. */
function refuseSize (wanted: Claim, live: LiveClaim): void {
  const { metadata: { name }, spec: { resources: { requests: { storage } } } } = wanted
  const { before, has, phase } = sizeOf(live)
  const asked = quantityBytes(storage) ?? 0
  if (before === undefined || asked === quantityBytes(before)) return
  // An expansion that never came to its end may be asked for with less, down to what there is (Kubernetes 1.34).
  if (asked < (quantityBytes(before) ?? 0) && asked <= (quantityBytes(has) ?? 0)) throw new ClaimError('Shrinking', `the claim ${name} has ${has}, and ${storage} was asked for: no volume can become smaller; raise spec.storage.size to ${has} at least`)
  if (phase !== 'Bound') throw new ClaimError('Unbound', `the claim ${name} is ${phase}, and only one that is bound to a volume can be expanded; it is tried again, look at the claim's Events if it goes on`)
}

/** What was asked for before, and what there is: the same where no volume is known yet. */
function sizeOf ({ spec, status = {} }: LiveClaim): { before: string | undefined, has: string, phase: string } {
  const before = spec.resources?.requests?.storage
  return { before, has: status.capacity?.storage ?? before ?? '0', phase: status.phase ?? 'Pending' }
}
