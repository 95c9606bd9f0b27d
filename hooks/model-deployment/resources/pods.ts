// What the pods of a version share: labels, the volume, and the container that brings the model.
import { jobsImage } from '../../core/images.ts'
import { makeDownloadContainer } from '../../core/download.ts'
import { childLabels, COMPONENT_LABEL, parentLabel, VERSION_LABEL } from '../../core/labels.ts'
import { canonicalQuantity, quantityBytes } from '../../core/quantity.ts'
import type { Parent } from '../../core/request.ts'
import { MODEL_ROOT, type Layout } from '../../serving/runtimes/runtime.ts'
import { DEFAULT_SIZE, type Spec } from '../schema.ts'
import type { Request } from '../wanted.ts'

export type Component = 'server' | 'validation'

export const MODEL_VOLUME = 'model'

/** The program downloads; whatever runs beside or after it only reads. */
export const MODEL_MOUNT = { name: MODEL_VOLUME, mountPath: MODEL_ROOT, readOnly: true } as const

/** What selects the pods of a version that answer, and no others. */
export function selectorOf (parent: Parent, id: string): Record<string, string> {
  return { ...parentLabel(parent), [COMPONENT_LABEL]: 'server', [VERSION_LABEL]: id }
}

export function podLabels (parent: Parent, component: Component, id: string): Record<string, string> {
  return { ...childLabels(parent), [COMPONENT_LABEL]: component, [VERSION_LABEL]: id }
}

/** Lives as long as the pod: every pod brings its own copy. It must not fill its node's disk, which would cost other pods their place. */
export function modelVolume ({ storage }: Spec): Record<string, unknown> {
  return { name: MODEL_VOLUME, emptyDir: { sizeLimit: canonicalQuantity(sizeOf(storage)) } }
}

/** Folders and half-filled blocks take room, too; and the kubelet takes the whole pod away when the volume is over its limit. */
const FILLED = 0.98

function sizeOf (storage: Spec['storage']): string {
  return storage?.size ?? DEFAULT_SIZE
}

/** The container that brings the model; `sha256` empty: any bytes. */
export function makeDownload ({ parent: { spec }, images }: Request, { uri, sha256 }: { uri: string, sha256: string }, layout: Layout): Record<string, unknown> {
  return makeDownloadContainer({ uri, sha256, ...layout, maxBytes: Math.floor((quantityBytes(sizeOf(spec.storage)) ?? 0) * FILLED) }, { image: jobsImage(images), credentialsSecret: spec.credentialsSecret, mount: { name: MODEL_VOLUME, mountPath: MODEL_ROOT } })
}
