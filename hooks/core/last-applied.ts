// What Metacontroller has noted down of what it wrote last.
import { isMap } from './plain-value.ts'
import type { KubeObject } from './request.ts'

/** Metacontroller's in its default mode. In the other, server-side apply, there is none. */
const LAST_APPLIED = 'metacontroller.k8s.io/last-applied-configuration'

export function hasLastApplied ({ metadata: { annotations } }: KubeObject): boolean {
  return annotations?.[LAST_APPLIED] !== undefined
}

/** The object as it was written; empty where there is no note of it, or none that can be read. */
export function lastApplied ({ metadata: { annotations } }: KubeObject): Record<string, unknown> {
  try {
    const written: unknown = JSON.parse(annotations?.[LAST_APPLIED] ?? '')
    return isMap(written) ? written : {}
  } catch {
    return {}
  }
}
