// Every label and annotation key of ours, in one place.
import { API_GROUP } from './kind.ts'

/** On every child and its pods: `<kind>.<name>` of the parent, lower case. */
export const PARENT_LABEL = `${API_GROUP}/parent`

/** On the object that carries the weights: the whole memory of the rollout. */
export const STATE_ANNOTATION = `${API_GROUP}/state`

/** On pods that share a volume of one download: where one of them is, the others must be. */
export const SOURCE_LABEL = `${API_GROUP}/source`

/** What a pod of ours does: `download`, `server` … The label that selectors add to the parent's. */
export const COMPONENT_LABEL = 'app.kubernetes.io/component'

/** On what belongs to one version of several that may run side by side: its id. */
export const VERSION_LABEL = `${API_GROUP}/version`

/** What the poller writes on the parent (facts). */
export const FACTS = {
  registry: `${API_GROUP}/registry`,
  analysis: `${API_GROUP}/analysis`,
  pods: `${API_GROUP}/pods`,
  references: `${API_GROUP}/references`,
  clock: `${API_GROUP}/clock`
} as const

/** What people write on the parent (commands). The value is the id of the rollout that is meant. */
export const COMMANDS = {
  promote: `${API_GROUP}/promote`,
  abort: `${API_GROUP}/abort`,
  retry: `${API_GROUP}/retry`
} as const

type Named = { kind: string, metadata: { name: string } }

/** Whose it is; goes on children and on their pods, where the poller looks for it. */
export function parentLabel (parent: Named): Record<string, string> {
  return { [PARENT_LABEL]: `${parent.kind.toLowerCase()}.${parent.metadata.name}` }
}

/** The labels that mark a child as ours. */
export function childLabels (parent: Named): Record<string, string> {
  return { 'app.kubernetes.io/managed-by': 'sluice', ...parentLabel(parent) }
}

/** Key of an annotation or label as the API server takes it: a name of at most 63 characters, optionally after a DNS prefix and a slash. */
export const ANNOTATION_KEY = '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'

const annotationKey = new RegExp(ANNOTATION_KEY)

export function isAnnotationKey (key: string): boolean {
  return key.length <= 253 && annotationKey.test(key)
}
