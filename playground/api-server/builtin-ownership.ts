// Merge keys of lists in built-in kinds, by field name: what strategic merge and server-side apply know from Go types.
import type { Ownership } from './structural-schema.ts'

const mergeKeys: Record<string, string[]> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  conditions: ['type'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  ownerReferences: ['uid']
}

/** Maps that have one owner as a whole. */
const atomicMaps = new Set(['selector', 'podSelector', 'namespaceSelector', 'labelSelector', 'roleRef', 'fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'])

function listOwnership (field: string, parent: string): Ownership | undefined {
  if (field === 'ports') {
    const keys = parent === 'containers' || parent === 'initContainers' ? ['containerPort', 'protocol'] : ['port', 'protocol']
    return { shape: 'listMap', keys, item: below(field), defaults: { protocol: 'TCP' } }
  }
  if (atomicMaps.has(field)) return { shape: 'atomic' }
  if (field === 'finalizers') return { shape: 'set' }
  const keys = Object.hasOwn(mergeKeys, field) ? mergeKeys[field] : undefined
  return keys ? { shape: 'listMap', keys, item: below(field) } : undefined
}

function below (parent: string): Ownership {
  return { shape: 'map', at: (field) => listOwnership(field, parent) ?? below(field) }
}

/** Ownership shapes of every built-in kind. */
export const builtinOwnership: Ownership = below('')
