// The rule of numbers of pods that somebody else may own: what scales is not fought.
import type { Json } from '../inputs/tree.ts'
import { textOf } from '../inputs/tree.ts'
import { mapOf, replicasOf } from './children.ts'
import { demand } from './violation.ts'

const LAST_APPLIED = 'metacontroller.k8s.io/last-applied-configuration'

/** `fixed`: the number that the spec gives, where nobody else decides. `first`: of a Deployment that is new, undefined: any. `mayGrow`: up to that, for nobody scales it. */
export type Rule = { fixed: number | undefined, first: number | undefined, mayGrow: boolean }

export function checkNumber (wanted: Json, before: Json | undefined, rule: Rule): void {
  const is = replicasOf(wanted)
  const says = (why: string) => `${textOf(mapOf(wanted.metadata).name)} is to have ${is ?? 'no number of'} pods, and ${why}`
  if (rule.fixed !== undefined) return demand(is === rule.fixed, () => says(`the spec says ${rule.fixed}`))
  if (!before) return demand(isFirst(is, rule), () => says(`what answers has ${rule.first}`))
  checkOthers(is, { before, rule, says })
}

function isFirst (is: number | undefined, { first }: Rule): boolean {
  return is !== undefined && is >= 1 && (first === undefined || is === first)
}

/** The number is somebody else's to say. */
function checkOthers (is: number | undefined, { before, rule, says }: { before: Json, rule: Rule, says: (why: string) => string }): void {
  const was = replicasOf(before) ?? 1
  const owned = isApplied(before) ? ownersOf(before) : undefined
  if (is === undefined) return demand(owned?.us === false, () => says(`${was} would fall to 1`))
  if (rule.mayGrow && is > was && isFirst(is, rule)) return
  demand(is === was, () => says(`it has ${was}`))
  demand(!owned?.others || owned.us, () => says('somebody else owns the number'))
}

/** By server-side apply, which leaves no annotation. */
function isApplied ({ metadata }: Json): boolean {
  const { annotations, managedFields } = mapOf(metadata)
  const writes = Array.isArray(managedFields) ? managedFields.map(mapOf) : []
  return mapOf(annotations)[LAST_APPLIED] === undefined && writes.some(({ operation }) => operation === 'Apply')
}

/** Who owns the number: we who apply, or others. */
function ownersOf ({ metadata }: Json): { us: boolean, others: boolean } {
  const { managedFields } = mapOf(metadata)
  const owners = (managedFields as unknown[]).map(mapOf).filter(({ fieldsV1 }) => 'f:replicas' in mapOf(mapOf(fieldsV1)['f:spec']))
  return { us: owners.some(({ operation }) => operation === 'Apply'), others: owners.some(({ operation }) => operation !== 'Apply') }
}
