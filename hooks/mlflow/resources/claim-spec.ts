// The volume claim as Kubernetes has it, from the spec and from the shorter fields that older samples use.
import { defined } from '../../core/plain-value.ts'
import { canonicalQuantities, canonicalQuantity } from '../../core/quantity.ts'
import type { Storage } from '../schema/storage.ts'
import { given, type Fields } from './given.ts'

const SIZE = '2Gi'

/** Absent modes mean one node at a time. */
export function accessModesOf ({ accessMode, accessModes }: Storage): string[] {
  if (accessModes?.length) return accessModes
  return [accessMode ?? 'ReadWriteOnce']
}

/** Whether pods on several nodes can have it. */
export function isShared (storage: Storage): boolean {
  return accessModesOf(storage).includes('ReadWriteMany')
}

/** The size that is asked for, in its canonical form. */
export function sizeOf ({ size, resources }: Storage): string {
  return canonicalQuantity(resources?.requests?.storage ?? size ?? SIZE)
}

export function claimSpec (storage: Storage): Fields {
  const { storageClassName, volumeName, volumeMode, volumeAttributesClassName, selector, dataSource, dataSourceRef, resources } = storage
  return defined({
    accessModes: accessModesOf(storage),
    resources: given({ requests: { ...canonicalQuantities(resources?.requests ?? {}) as Fields, storage: sizeOf(storage) }, limits: canonicalQuantities(resources?.limits ?? {}) }),
    storageClassName: storageClassName || undefined,
    volumeName: volumeName || undefined,
    volumeMode,
    volumeAttributesClassName: volumeAttributesClassName || undefined,
    selector: given(selector),
    // Nothing of another namespace can be named here.
    dataSource: sourceOf(dataSource && { ...dataSource, namespace: '' }),
    dataSourceRef: sourceOf(dataSourceRef)
  })
}

function sourceOf (source: Storage['dataSource']): Fields | undefined {
  if (!source) return undefined
  const { apiGroup, kind, name, namespace } = source
  return defined({ apiGroup: apiGroup || undefined, kind, name, namespace: namespace || undefined })
}
