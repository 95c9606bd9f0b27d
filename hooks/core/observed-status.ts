// The status that a call brings, as far as it is one: what somebody else wrote into it, or another release, must not break a decision.
import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler'
import type { Kind } from './kind.ts'
import { isMap, isSendable, withoutEmpty } from './plain-value.ts'

type Checks = Map<string, TypeCheck<TSchema>>

const known = new WeakMap<object, Checks>()

/** The fields that fit the kind's own schema; others are as if they had never been written, and so is what is empty. */
export function readStatus (kind: Pick<Kind, 'status'>, raw: unknown): Record<string, unknown> {
  if (!isMap(raw)) return {}
  const checks = known.get(kind.status) ?? compile(kind)
  // All fields are those of the schema, so that they may be assigned.
  const fitting: Record<string, unknown> = {}
  for (const field of Object.keys(raw)) if (checks.get(field)?.Check(raw[field])) fitting[field] = raw[field]
  // What may be sent holds nothing empty.
  if (isSendable(fitting)) return fitting
  const status = withoutEmpty(fitting)
  for (const field of Object.keys(status)) if (!isSendable(status[field])) delete status[field]
  return status
}

/** Once a kind: every sync reads a status. */
function compile ({ status }: Pick<Kind, 'status'>): Checks {
  const checks: Checks = new Map(Object.entries(status.properties).map(([field, schema]) => [field, TypeCompiler.Compile(schema)]))
  known.set(status, checks)
  return checks
}
