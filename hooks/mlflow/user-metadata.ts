// Labels and annotations that users give for objects of ours: what the API server would refuse is left out, for it would refuse the whole object.
import { isAnnotationKey } from '../core/labels.ts'
import type { Child } from '../core/request.ts'

const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/

/** Keys of ours and of Metacontroller, which find what they made by them. */
const RESERVED = /^(sluice\.dev|metacontroller\.k8s\.io)\/|^controller-uid$|^app\.kubernetes\.io\/managed-by$/

/** Those with a key and a value that a label may have, and no key of ours. */
export function labelsThatFit (labels: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key, value]) => isOfUser(key) && LABEL_VALUE.test(value)))
}

/** Those with a key that an annotation may have, and no key of ours. */
export function annotationsThatFit (annotations: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => isOfUser(key)))
}

function isOfUser (key: string): boolean {
  return isAnnotationKey(key) && !RESERVED.test(key)
}

/** Metadata with those annotations; `ours` give way to them. */
export function withAnnotations (metadata: Child['metadata'], annotations: Record<string, string> | undefined, ours: Record<string, string> = {}): Child['metadata'] {
  const all = { ...ours, ...annotationsThatFit(annotations) }
  return Object.keys(all).length > 0 ? { ...metadata, annotations: all } : metadata
}
