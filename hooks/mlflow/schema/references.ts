// The Secrets and ConfigMaps that a spec names: the poller reports their resourceVersions, and a changed one rolls the pods.
import type { Spec } from '../schema.ts'
import type { EnvFrom, EnvVar, SecretKey } from './fields.ts'

export type Reference = { kind: 'Secret' | 'ConfigMap', name: string }

/** Each once, in the order of the spec. `tlsSecret`: the Secret with the certificate, where there is one. */
export function referencesOf (spec: Pick<Spec, 'auth' | 'env' | 'envFrom' | 'caBundleConfigMap'> & Partial<Spec>, tlsSecret?: string): Reference[] {
  const keys = [spec.backendStoreUriFrom, spec.readReplicaBackendStoreUriFrom, spec.registryStoreUriFrom, spec.auth.adminPasswordSecret, spec.auth.secretKeySecret, spec.auth.databaseUriFrom]
  const found: Reference[] = [
    ...keys.flatMap(secretOf),
    ...(spec.env ?? []).flatMap(ofVariable),
    ...(spec.envFrom ?? []).flatMap(ofSource),
    ...(spec.caBundleConfigMap ? [{ kind: 'ConfigMap' as const, name: spec.caBundleConfigMap.name }] : []),
    ...(tlsSecret ? [{ kind: 'Secret' as const, name: tlsSecret }] : [])
  ]
  const known = new Set<string>()
  return found.filter(({ kind, name }) => name !== '' && !known.has(`${kind}/${name}`) && known.add(`${kind}/${name}`))
}

function secretOf (key: SecretKey | undefined): Reference[] {
  return key ? [{ kind: 'Secret', name: key.name }] : []
}

function ofVariable ({ valueFrom }: EnvVar): Reference[] {
  const { configMapKeyRef } = valueFrom ?? {}
  return [...secretOf(valueFrom?.secretKeyRef), ...(configMapKeyRef ? [{ kind: 'ConfigMap' as const, name: configMapKeyRef.name }] : [])]
}

function ofSource ({ secretRef, configMapRef }: EnvFrom): Reference[] {
  return [...(secretRef ? [{ kind: 'Secret' as const, name: secretRef.name }] : []), ...(configMapRef ? [{ kind: 'ConfigMap' as const, name: configMapRef.name }] : [])]
}
