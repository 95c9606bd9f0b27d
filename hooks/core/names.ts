// Names that are derived from identities: deterministic, DNS-safe, and the same in hooks and poller.
import { createHash } from 'node:crypto'
import { isMap } from './plain-value.ts'
import { parseMilliseconds } from './time.ts'

/** A registry version's identity: the number alone is used again after its model was deleted and created anew. */
export type VersionIdentity = { version: string, createdAt: string }

/**
 * Six base-36 digits of a version's creation time in milliseconds: tells two lives of one version number apart
 * unless they are exactly a multiple of 36^6 ms (25 days) apart.
 */
function birthMark (createdAt: string): string {
  // Before 1970 the remainder is negative.
  return ((parseMilliseconds(createdAt) % 36 ** 6 + 36 ** 6) % 36 ** 6).toString(36).padStart(6, '0')
}

/** Name of the predictor, revision or Deployment that serves a version: `v7-x3k9a0`. */
export function predictorName ({ version, createdAt }: VersionIdentity): string {
  return `v${version}-${birthMark(createdAt)}`
}

/** Id of the n-th rollout of this object: `v7-x3k9a0-12`. */
export function rolloutId (version: VersionIdentity, n: number): string {
  return `${predictorName(version)}-${n}`
}

/** Whether two identities are of one version. */
export function sameVersion (a: VersionIdentity | undefined, b: VersionIdentity | undefined): boolean {
  return a !== undefined && b !== undefined && a.version === b.version && parseMilliseconds(a.createdAt) === parseMilliseconds(b.createdAt)
}

/** MD5 in hex, for names that other operators derive that way. Nothing secret depends on it. */
export function md5 (text: string): string {
  return createHash('md5').update(text).digest('hex')
}

/** Ten hex digits that follow from the content of a plain JSON value, whatever the order of its keys: for names of what must not be changed in place. */
export function contentHash (value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortedKeys)).digest('hex').slice(0, 10)
}

function sortedKeys (_key: string, value: unknown): unknown {
  return isMap(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1)) : value
}

/** The longest name of a Service, label or pod's host. */
const LONGEST_NAME = 63

/** `<name>-<suffix>` with at most 63 characters: a longer name is cut, and told apart by six digits of its hash. */
export function suffixedName (name: string, suffix: string): string {
  const full = `${name}-${suffix}`
  if (full.length <= LONGEST_NAME) return full
  const mark = contentHash(name).slice(0, 6)
  return `${name.slice(0, LONGEST_NAME - suffix.length - mark.length - 2).replace(/[-.]+$/, '')}-${mark}-${suffix}`
}
