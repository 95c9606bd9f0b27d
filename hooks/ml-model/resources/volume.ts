// The volume of one download. A claim can hardly be changed, so it is asked for as it was made; only a size that somebody let grow by hand is kept.
import { childMetadata } from '../../core/child-metadata.ts'
import { isMap } from '../../core/plain-value.ts'
import { findChild, type Child, type SyncRequest } from '../../core/request.ts'
import type { Volume } from '../memory.ts'
import { VOLUME } from './names.ts'

export function makeVolume (request: SyncRequest, { name, size, storageClassName, accessMode }: Omit<Volume, 'uid'>): Child {
  const { parent } = request
  const { apiVersion, kind } = VOLUME
  return {
    apiVersion,
    kind,
    metadata: childMetadata(parent, name),
    spec: {
      accessModes: [accessMode],
      resources: { requests: { storage: observedParameters(findChild(request, VOLUME, name)?.spec).size ?? size } },
      // Left to the cluster's default where it was: the API server fills it in, and refuses another.
      ...(storageClassName && { storageClassName })
    }
  }
}

/** What the spec of an observed claim asks for. */
export function observedParameters (spec: unknown): Partial<Pick<Volume, 'size' | 'storageClassName' | 'accessMode'>> {
  const { resources, storageClassName, accessModes } = mapOf(spec)
  const { storage } = mapOf(mapOf(resources).requests)
  const [mode] = Array.isArray(accessModes) ? accessModes as unknown[] : []
  return {
    ...(typeof storage === 'string' && storage !== '' && { size: storage.slice(0, 32) }),
    ...(typeof storageClassName === 'string' && { storageClassName: storageClassName.slice(0, 253) }),
    ...((mode === 'ReadWriteOnce' || mode === 'ReadWriteMany') && { accessMode: mode })
  }
}

function mapOf (value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {}
}
