// Server-side apply: the applied configuration merged into the live object, with ownership of every field by manager.
import equal from 'fast-deep-equal'
import { apiError } from './api-error.ts'
import type { StatusCause } from './api-error.ts'
import { fromFieldsV1, itemKey, leavesOf, showPath } from './field-set.ts'
import { isMap } from './kube-object.ts'
import type { KubeObject, ManagedFieldsEntry } from './kube-object.ts'
import { disown, makeEntry, sortEntries } from './managed-fields.ts'
import type { Writer } from './managed-fields.ts'
import type { Resource } from './resource.ts'
import { untypedOwnership } from './structural-schema.ts'
import type { Ownership } from './structural-schema.ts'

export interface ApplyRequest {
  resource: Resource
  ownership: Ownership
  current: KubeObject | undefined
  applied: KubeObject
  writer: Writer
  force: boolean
}

const metadataLists: Record<string, Ownership> = {
  ownerReferences: { shape: 'listMap', keys: ['uid'], item: { shape: 'atomic' } },
  finalizers: { shape: 'set' }
}

function below (ownership: Ownership, key: string, inMetadata: boolean): Ownership {
  if (inMetadata) return metadataLists[key] ?? untypedOwnership
  return ownership.shape === 'map' ? ownership.at(key) : untypedOwnership
}

/**
 * Items are put in the order of the applied list; live items that it does not name keep their places, and new ones come
 * before the next applied item that was there already. live [A, B, x], applied [B, C, A] → [B, C, A, x].
 */
function mergeListMap (live: unknown[], applied: Record<string, unknown>[], ownership: Extract<Ownership, { shape: 'listMap' }>): unknown[] {
  const keyOf = (item: unknown): string | undefined => (isMap(item) ? itemKey(item, ownership) : undefined)
  const known = new Map(live.map((item) => [keyOf(item), item]))
  const named = new Set(applied.map(keyOf))
  const queue = [...applied]
  const takeUntilKnown = (): unknown[] => {
    const at = queue.findIndex((item) => known.has(keyOf(item)))
    return queue.splice(0, at < 0 ? queue.length : at + 1).map((item) => (known.has(keyOf(item)) ? merge(known.get(keyOf(item)), item, ownership.item) : item))
  }
  return [...live.flatMap((item) => (named.has(keyOf(item)) ? takeUntilKnown() : [item])), ...queue.splice(0)]
}

function mergeLists (live: unknown[], applied: unknown[], ownership: Ownership): unknown[] {
  if (ownership.shape === 'set') return [...live, ...applied.filter((item) => !live.some((other) => equal(item, other)))]
  return ownership.shape === 'listMap' && applied.every(isMap) ? mergeListMap(live, applied, ownership) : applied
}

function merge (live: unknown, applied: unknown, ownership: Ownership, inMetadata = false): unknown {
  if (Array.isArray(applied) && Array.isArray(live)) return mergeLists(live, applied, ownership)
  if (!isMap(applied) || !isMap(live) || ownership.shape === 'atomic') return applied
  const result: Record<string, unknown> = { ...live }
  for (const [key, value] of Object.entries(applied)) result[key] = merge(result[key], value, below(ownership, key, inMetadata), key === 'metadata' && !inMetadata)
  return result
}

/** A copy of value without the leaf at a path; maps and items left empty by it stay only if somebody else has them. */
function removeLeaf (value: unknown, segments: readonly string[]): unknown {
  const [segment, ...rest] = segments
  if (segment === undefined || segment === '.') return undefined
  if (segment.startsWith('f:') && isMap(value)) {
    const key = segment.slice(2)
    const { [key]: at, ...others } = value
    const left = rest.length === 0 ? undefined : removeLeaf(at, rest)
    if (left !== undefined) return { ...value, [key]: left }
    return Object.keys(others).length > 0 ? others : undefined
  }
  if (!Array.isArray(value)) return value
  return removeItem(value, segment, rest)
}

function removeItem (list: unknown[], segment: string, rest: readonly string[]): unknown {
  const wanted = JSON.parse(segment.slice(2)) as unknown
  const matches = (item: unknown): boolean => (segment.startsWith('v:') ? equal(item, wanted) : isMap(item) && isMap(wanted) && Object.entries(wanted).every(([key, value]) => equal(item[key], value)))
  const kept = list.flatMap((item) => {
    if (!matches(item)) return [item]
    const left = rest.length === 0 ? undefined : removeLeaf(item, rest)
    return left === undefined ? [] : [left]
  })
  return kept.length > 0 ? kept : undefined
}

interface Claims { mine: ManagedFieldsEntry | undefined, others: ManagedFieldsEntry[] }

function claimsOf (request: ApplyRequest): Claims {
  const entries = request.current?.metadata.managedFields ?? []
  const mine = entries.find((entry) => entry.operation === 'Apply' && entry.manager === request.writer.manager && entry.subresource === request.writer.subresource)
  return { mine, others: entries.filter((entry) => entry !== mine) }
}

function conflictsOf (applied: Map<string, unknown>, live: Map<string, unknown>, others: readonly ManagedFieldsEntry[]): { path: string, entry: ManagedFieldsEntry }[] {
  const changed = [...applied].filter(([path, value]) => live.has(path) && !equal(live.get(path), value)).map(([path]) => path)
  return others.flatMap((entry) => {
    const owned = fromFieldsV1(entry.fieldsV1)
    return changed.filter((path) => owned.has(path)).map((path) => ({ path, entry }))
  })
}

/** An Update is told with its version, an Apply without. */
function showManager (entry: ManagedFieldsEntry): string {
  return entry.operation === 'Update' ? `${JSON.stringify(entry.manager)} using ${entry.apiVersion}` : JSON.stringify(entry.manager)
}

function refuse (conflicts: { path: string, entry: ManagedFieldsEntry }[]): never {
  const causes = conflicts.map(({ path, entry }): StatusCause => ({ reason: 'FieldManagerConflict', message: `conflict with ${showManager(entry)}`, field: showPath(path) }))
  const byManager = Map.groupBy(causes, (cause) => cause.message)
  const parts = [...byManager].map(([message, found]) => (found.length === 1 ? `${message}: ${found[0]!.field}` : `${message.replace('conflict', 'conflicts')}:\n${found.map((cause) => `- ${cause.field}`).join('\n')}`))
  throw apiError(409, 'Conflict', `Apply failed with ${causes.length} conflict${causes.length > 1 ? 's' : ''}: ${parts.join('\n')}`, { causes })
}

/**
 * The object and managedFields after an apply. Without force a value that another manager set differently is a 409;
 * what this manager applied before and now leaves out is removed unless somebody else owns it too.
 */
export function applyObject (request: ApplyRequest): { object: KubeObject, managedFields: ManagedFieldsEntry[] } {
  const { current, writer, ownership } = request
  const { managedFields: ignored, ...metadata } = request.applied.metadata
  const applied = { ...request.applied, metadata }
  const wanted = leavesOf(applied, ownership)
  const entry = makeEntry('Apply', applied.apiVersion, writer, wanted.keys())
  if (!current) return { object: applied, managedFields: [entry] }

  const { mine, others } = claimsOf(request)
  const conflicts = conflictsOf(wanted, leavesOf(current, ownership), others)
  if (conflicts.length > 0 && !request.force) refuse(conflicts)
  const left = disown(others, new Set(conflicts.map(({ path }) => path)))
  const stillOwned = new Set([...wanted.keys(), ...left.flatMap((other) => [...fromFieldsV1(other.fieldsV1)])])
  const abandoned = mine ? [...fromFieldsV1(mine.fieldsV1)].filter((path) => !stillOwned.has(path)) : []
  const trimmed = abandoned.reduce<unknown>((object, path) => removeLeaf(object, JSON.parse(path) as string[]), current)
  const object = merge(trimmed, applied, ownership) as KubeObject
  return { object, managedFields: sortEntries([...left, entry]) }
}
