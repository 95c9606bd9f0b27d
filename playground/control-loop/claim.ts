// Whose child is it: selectors of parents, and which objects a parent keeps, adopts or releases. Pure.
import { isMap, valueAt } from '../api-server/kube-object.ts'
import type { KubeObject, OwnerReference } from '../api-server/kube-object.ts'
import { meets, requirementsOf } from '../api-server/selectors.ts'
import type { LabelSelector, Requirement } from '../api-server/selectors.ts'
import { controllerReference } from './apply-update.ts'

export type Selector = (labels: Record<string, string>) => boolean

/** What to do with one candidate. */
export type Claim = 'keep' | 'ignore' | 'adopt' | 'release'

function checkRequirement (requirement: Requirement): void {
  const valued = requirement.operator === 'In' || requirement.operator === 'NotIn'
  if (valued !== (requirement.values.length > 0)) throw new Error(`invalid label selector: ${requirement.operator} on ${requirement.key} with ${requirement.values.length} values`)
}

/** A predicate on labels. An absent selector matches everything; throws on one the API would refuse. */
export function selectorOf (selector: LabelSelector | undefined | null): Selector {
  const requirements = requirementsOf(selector ?? {})
  requirements.forEach(checkRequirement)
  return (labels) => requirements.every((requirement) => meets(labels, requirement))
}

/**
 * The selector of a parent's children: `controller-uid` with generateSelector, else its non-empty `spec.selector`.
 * Throws if that is missing or empty, since it would select everything.
 */
export function parentSelector (parent: KubeObject, generate: boolean): Selector {
  if (generate) return selectorOf({ matchLabels: { 'controller-uid': parent.metadata.uid ?? '' } })
  const selector = valueAt(parent, ['spec', 'selector'])
  const empty = !isMap(selector) || (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0)
  if (empty) throw new Error('.spec.selector must have either matchLabels, matchExpressions, or both')
  return selectorOf(selector as LabelSelector)
}

/** The owner that controls an object, if any. */
export function controllerOf (object: KubeObject): OwnerReference | undefined {
  return (object.metadata.ownerReferences ?? []).find((owner) => owner.controller === true)
}

/** Decides about one candidate of a child kind. A parent in deletion neither adopts nor releases. */
export function claimOf (child: KubeObject, parent: KubeObject, selector: Selector): Claim {
  const owner = controllerOf(child)
  const matches = selector(child.metadata.labels ?? {})
  const dying = parent.metadata.deletionTimestamp !== undefined
  if (owner) {
    if (owner.uid !== parent.metadata.uid) return 'ignore'
    if (matches) return 'keep'
    return dying ? 'ignore' : 'release'
  }
  if (dying || !matches || child.metadata.deletionTimestamp !== undefined) return 'ignore'
  return 'adopt'
}

/** The child with this parent as its controller. */
export function adopted (child: KubeObject, parent: KubeObject): KubeObject {
  const reference = controllerReference(parent)
  const owners = child.metadata.ownerReferences ?? []
  const others = owners.some((owner) => owner.uid === reference.uid)
  return { ...child, metadata: { ...child.metadata, ownerReferences: others ? owners.map((owner) => (owner.uid === reference.uid ? reference : owner)) : [...owners, reference] } }
}

/** The child without any reference to this parent. */
export function released (child: KubeObject, parent: KubeObject): KubeObject {
  const { ownerReferences = [], ...metadata } = child.metadata
  const kept = ownerReferences.filter((owner) => owner.uid !== parent.metadata.uid)
  return { ...child, metadata: kept.length > 0 ? { ...metadata, ownerReferences: kept } : metadata }
}

/**
 * A desired child with the generated label, checked against the selector.
 * Throws on labels that are not strings or that would make the child an orphan at once.
 */
export function labelled (child: KubeObject, parent: KubeObject, generate: boolean, selector: Selector): KubeObject {
  const labels: unknown = child.metadata.labels ?? {}
  const where = `desired child ${child.kind} ${child.metadata.namespace ?? ''}/${child.metadata.name}`
  if (!isMap(labels) || Object.values(labels).some((value) => typeof value !== 'string')) throw new Error(`invalid labels on ${where}`)
  const complete = generate && labels['controller-uid'] === undefined ? { ...labels, 'controller-uid': parent.metadata.uid ?? '' } : labels
  if (!selector(complete)) throw new Error(`labels on ${where} don't match parent selector`)
  return complete === labels ? child : { ...child, metadata: { ...child.metadata, labels: complete } }
}
