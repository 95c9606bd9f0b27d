// Variables that users give, as the API server stores them.
import { defined } from '../../core/plain-value.ts'
import { canonicalQuantity } from '../../core/quantity.ts'
import type { EnvFrom, EnvVar } from '../schema/fields.ts'
import { secretKeyRef } from '../stores.ts'
import { given, givenList, type Fields } from './given.ts'

/** What decides about security, or about who runs jobs, is not the user's to set: the API refuses it, and old objects are not let past it. */
const NOT_YOURS: ReadonlySet<string> = new Set(['MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE', 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION'])

/** Ours with the user's among them at the end, and `last` after both: of one name there is one entry, the user's. */
export function mergedEnvironment (ours: Fields[], users: EnvVar[] = [], last: Fields[] = []): Fields[] {
  const mine = users.filter(({ name }) => !NOT_YOURS.has(name)).map(entryOf)
  const names = new Set(mine.map(({ name }) => name))
  const others = (list: Fields[]) => list.filter(({ name }) => !names.has(name))
  return [...others(ours), ...new Map(mine.map((entry) => [entry.name, entry])).values(), ...others(last)]
}

/** With both, the value counts: one must go. */
function entryOf ({ name, value, valueFrom }: EnvVar): Fields {
  if (value) return { name, value }
  const source = value === undefined && valueFrom ? given(sourceOf(valueFrom)) : undefined
  // The API server drops an empty value, which means the same.
  return source ? { name, valueFrom: source } : { name }
}

/** One of them, with the fields that the API server would fill in. */
function sourceOf ({ secretKeyRef: secret, configMapKeyRef, fieldRef, resourceFieldRef }: NonNullable<EnvVar['valueFrom']>): Fields {
  if (secret) return { secretKeyRef: secretKeyRef(secret) }
  if (configMapKeyRef) return { configMapKeyRef }
  if (fieldRef) return { fieldRef: { apiVersion: fieldRef.apiVersion || 'v1', fieldPath: fieldRef.fieldPath } }
  if (!resourceFieldRef) return {}
  const { containerName, resource, divisor = '0' } = resourceFieldRef
  return { resourceFieldRef: defined({ containerName: containerName || undefined, resource, divisor: canonicalQuantity(divisor) }) }
}

export function environmentSources (sources: EnvFrom[] = []): Fields[] {
  return givenList(sources.map(({ prefix, secretRef, configMapRef }) => defined({ prefix: prefix || undefined, secretRef, configMapRef: secretRef ? undefined : configMapRef })))
}
