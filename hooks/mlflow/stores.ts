// The databases that a spec names, and what of them decides whether there is something to migrate.
import { contentHash } from '../core/names.ts'
import { defined } from '../core/plain-value.ts'
import type { Spec } from './schema.ts'
import type { SecretKey } from './schema/fields.ts'

type Fields = Record<string, unknown>

/** The value of a variable, or where Kubernetes takes it from. */
export type Source = { value: string } | { valueFrom: { secretKeyRef: Fields } }

/** Objects that are older than the rule that one of the two must be set have the database on their volume. */
const ON_VOLUME: Source = { value: 'sqlite:////mlflow/mlflow.db' }

/** Undefined where the spec names no database of experiments, and has no volume for one. */
export function backendStore (spec: Spec): Source | undefined {
  return sourceOf(spec.backendStoreUri, spec.backendStoreUriFrom) ?? (spec.storage && ON_VOLUME)
}

export function readReplicaStore (spec: Spec): Source | undefined {
  return sourceOf(spec.readReplicaBackendStoreUri, spec.readReplicaBackendStoreUriFrom)
}

/** That of registered models: the same one as that of experiments, unless another is named. */
export function registryStore (spec: Spec): Source | undefined {
  return sourceOf(spec.registryStoreUri, spec.registryStoreUriFrom) ?? backendStore(spec)
}

/** The database of users, for auth.mode Basic. */
export function authStore ({ auth }: Spec): Source | undefined {
  return sourceOf(auth.databaseUri, auth.databaseUriFrom)
}

/** A Secret wins over what stands in the spec itself, where an old object has both. */
export function sourceOf (value: string | undefined, from: SecretKey | undefined): Source | undefined {
  if (from?.name && from.key) return { valueFrom: { secretKeyRef: secretKeyRef(from) } }
  return value ? { value } : undefined
}

export function secretKeyRef ({ name, key, optional }: SecretKey): Fields {
  return defined({ name, key, optional })
}

/** Whether a database is a file: then two servers must never run at a time, whatever the volume allows. */
export function hasFileStore (spec: Spec): boolean {
  return [backendStore(spec), registryStore(spec), authStore(spec)].some((source) => source && 'value' in source && source.value.startsWith('sqlite'))
}

/** Changes with whatever says which databases there are. `mark`: with what their Secrets hold. */
export function storesKey (spec: Spec, mark: string | undefined): string {
  return contentHash(defined({ backend: backendStore(spec), registry: registryStore(spec), mark }))
}
