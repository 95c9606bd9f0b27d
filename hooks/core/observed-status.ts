// The status that a call brings, if it is one: what somebody else wrote into it, or another release, must not break a decision.
import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler'
import type { Kind } from './kind.ts'
import { isMap, isSendable, withoutEmpty } from './plain-value.ts'
import { pruned } from './prune.ts'

const checks = new WeakMap<object, TypeCheck<TSchema>>()

/**
 * The status, without what its schema does not know and what is empty. One that does not fit its schema is as if it were lost, and all of it: what is left of
 * a memory when a part is taken out says something else.
 */
export function readStatus ({ status: schema }: Pick<Kind, 'status'>, raw: unknown): Record<string, unknown> {
  if (!isMap(raw)) return {}
  const known = pruned(schema, raw) as Record<string, unknown>
  const check = checks.get(schema) ?? TypeCompiler.Compile<TSchema>(schema)
  checks.set(schema, check)
  if (!check.Check(known)) return {}
  const status = withoutEmpty(known)
  return Object.values(status).every(isSendable) ? status : {}
}
