// Puts the operator's validating webhook in front of an API server that can answer a request in its place.
import { validateSeldonDeployment } from './admission.ts'
import type { SeldonDeployment } from './seldon-deployment.ts'

/** What the webhook must know of a request to the API server. */
export interface AdmissionRequest {
  readonly verb: string
  readonly plural: string
  readonly subresource: string | undefined
  readonly body: unknown
}

/**
 * A refusal (422 and the webhook's message), or undefined to let the request pass. Looks at create and update only:
 * the body of a patch is not the object that it makes, so patches pass unseen.
 */
export function refuseInvalid ({ verb, plural, subresource, body }: AdmissionRequest): { answer: number, message: string } | undefined {
  if (plural !== 'seldondeployments' || subresource !== undefined || !['create', 'update'].includes(verb)) return undefined
  const { metadata, spec } = body as SeldonDeployment
  const reasons = validateSeldonDeployment(spec)
  if (reasons.length === 0) return undefined
  const list = reasons.length === 1 ? reasons[0] : `[${reasons.join(', ')}]`
  const message = `SeldonDeployment.machinelearing.seldon.io "${metadata.name}" is invalid: spec: Invalid value: ${list}`
  return { answer: 422, message: `admission webhook "v1.vseldondeployment.kb.io" denied the request: ${message}` }
}
