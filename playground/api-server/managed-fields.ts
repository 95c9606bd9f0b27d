// managedFields bookkeeping: who wrote which field last, and when (whole seconds).
import equal from 'fast-deep-equal'
import type { KubeObject, ManagedFieldsEntry } from './kube-object.ts'
import { fromFieldsV1, leavesOf, toFieldsV1 } from './field-set.ts'
import type { Ownership } from './structural-schema.ts'

/** Who writes, how, and when. `now` is RFC 3339 in whole seconds. */
export interface Writer {
  manager: string
  now: string
  subresource?: string
}

function sameEntry (entry: ManagedFieldsEntry, operation: string, apiVersion: string, writer: Writer): boolean {
  return entry.manager === writer.manager && entry.operation === operation && entry.apiVersion === apiVersion && entry.subresource === writer.subresource
}

/** An entry for a set of paths. */
export function makeEntry (operation: 'Apply' | 'Update', apiVersion: string, writer: Writer, paths: Iterable<string>): ManagedFieldsEntry {
  return {
    manager: writer.manager,
    operation,
    apiVersion,
    time: writer.now,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(paths),
    ...(writer.subresource ? { subresource: writer.subresource } : {})
  }
}

/** Entries without the given paths; an entry that owns nothing any more goes. Times stay. */
export function disown (entries: readonly ManagedFieldsEntry[], paths: ReadonlySet<string>): ManagedFieldsEntry[] {
  return entries.flatMap((entry) => {
    const owned = fromFieldsV1(entry.fieldsV1)
    const kept = [...owned].filter((path) => !paths.has(path))
    if (kept.length === owned.size) return [entry]
    return kept.length === 0 ? [] : [{ ...entry, fieldsV1: toFieldsV1(kept) }]
  })
}

/**
 * managedFields after a create, PUT or patch (operation Update): the writer takes what it added or changed, everybody loses that and
 * what was removed. A write that only removes fields leaves no entry and no time, as in structured-merge-diff.
 */
export function trackUpdate (old: KubeObject | undefined, next: KubeObject, ownership: Ownership, writer: Writer): ManagedFieldsEntry[] {
  const before = old ? leavesOf(old, ownership) : new Map<string, unknown>()
  const after = leavesOf(next, ownership)
  const taken = new Set([...after].filter(([path, value]) => !before.has(path) || !equal(before.get(path), value)).map(([path]) => path))
  const gone = new Set([...before.keys()].filter((path) => !after.has(path)))
  const entries = old?.metadata.managedFields ?? []
  const mine = entries.find((entry) => sameEntry(entry, 'Update', next.apiVersion, writer))
  const others = disown(entries.filter((entry) => entry !== mine), new Set([...taken, ...gone]))
  const kept = mine ? [...fromFieldsV1(mine.fieldsV1)].filter((path) => !gone.has(path)) : []
  if (taken.size === 0) return kept.length > 0 && mine ? sortEntries([...others, { ...mine, fieldsV1: toFieldsV1(kept) }]) : sortEntries(others)
  return sortEntries([...others, makeEntry('Update', next.apiVersion, writer, [...kept, ...taken])])
}

/** Apply entries first, then by time and manager, as a real server lists them. */
export function sortEntries (entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const rank = (entry: ManagedFieldsEntry): string => `${entry.operation} ${entry.time} ${entry.manager} ${entry.subresource ?? ''}`
  return [...entries].sort((one, other) => (rank(one) < rank(other) ? -1 : 1))
}
