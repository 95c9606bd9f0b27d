// Names that are derived from identities: deterministic, DNS-safe, and the same in hooks and poller.
import { createHash } from 'node:crypto'

/** A registry version's identity: the number alone is used again after its model was deleted and created anew. */
export type VersionIdentity = { version: string, createdAt: string }

/**
 * Six base-36 digits of a version's creation time in milliseconds: tells two lives of one version number apart
 * unless they are exactly a multiple of 36^6 ms (25 days) apart.
 */
function birthMark (createdAt: string): string {
  return (Date.parse(createdAt) % 36 ** 6).toString(36).padStart(6, '0')
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
  return a !== undefined && b !== undefined && a.version === b.version && Date.parse(a.createdAt) === Date.parse(b.createdAt)
}

/** MD5 in hex, for names that other operators derive that way. Nothing secret depends on it. */
export function md5 (text: string): string {
  return createHash('md5').update(text).digest('hex')
}
