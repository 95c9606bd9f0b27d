// What the door lets in: the envelope's own schema, by the validator that the server uses. Pure functions are asked only what has passed it.
import { Ajv, type ValidateFunction } from 'ajv'
import type { Kind } from '../../../hooks/core/kind.ts'
import { envelopeSchema } from '../../../hooks/envelope.ts'

const ajv = new Ajv({ strict: false })
const validators = new Map<Kind, ValidateFunction>()

/** Whether sync would get to see this body. */
export function isAdmitted (kind: Kind, body: unknown): boolean {
  const validate = validators.get(kind) ?? ajv.compile(envelopeSchema(kind, 'sync'))
  validators.set(kind, validate)
  return validate(body)
}
