// What a real API server fills in on the few built-in kinds where it matters to a controller's idea of "unchanged".
import type { KubeObject } from './kube-object.ts'

/** The object with the server's defaults; anything but the kinds below is returned as it is. */
export function withBuiltinDefaults (object: KubeObject): KubeObject {
  if (object.apiVersion === 'v1' && object.kind === 'Namespace') {
    return {
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata?.labels, 'kubernetes.io/metadata.name': object.metadata?.name } },
      spec: object.spec ?? { finalizers: ['kubernetes'] }
    }
  }
  return object
}
