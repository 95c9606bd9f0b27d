// The runtimes that a spec may name: those of hooks/serving/runtimes that load what lies on a volume, and images of users.
import { isUnsupported, layoutFor, MODEL_ROOT, type Layout, type Runtime, type Unsupported } from '../serving/runtimes/runtime.ts'
import { runtimes } from '../serving/runtimes/runtimes.ts'
import { SOURCE_URI } from '../core/model-source.ts'
import type { Images } from '../core/images.ts'
import { runtimeImage } from '../core/images.ts'
import type { Spec } from './schema.ts'

export const RUNTIME_NAMES = ['tensorflow-serving', 'mlserver', 'triton', 'torchserve', 'custom'] as const

/** Where an image of users finds its model: MODEL_PATH says the same. */
const FOLDER = `${MODEL_ROOT}/model`

/** Undefined for an image of users of which nothing is known: the API server refuses that. */
export function findRuntime (spec: Spec): Runtime | undefined {
  return spec.runtime === 'custom' ? customRuntime(spec) : runtimes[spec.runtime]
}

function customRuntime ({ image, port, readinessPath, livenessPath }: Spec): Runtime | undefined {
  if (!image || port === undefined || readinessPath === undefined || livenessPath === undefined) return undefined
  return {
    image,
    identity: { user: 1000, group: 1000 },
    ports: { http: port },
    layout: ({ form, fileName }) => ({ folder: FOLDER, fileName: form === 'file' ? fileName || 'model' : '', unpack: true, mustHold: '' }),
    start: (_name, { folder, fileName }) => ({ env: [{ name: 'MODEL_PATH', value: fileName ? `${folder}/${fileName}` : folder }] }),
    readiness: () => readinessPath,
    liveness: () => livenessPath,
    predict: () => '/'
  }
}

/** How the model must lie, or why this runtime cannot load it: known before anything is downloaded. */
export function layoutOf (runtime: Runtime | undefined, { source: { uri } }: Spec, name: string): Layout | Unsupported {
  if (!runtime) return { unsupported: 'runtime custom needs image, port, readinessPath and livenessPath: add what is missing' }
  if (!new RegExp(SOURCE_URI).test(uri)) return { unsupported: 'source.uri is no address that can be downloaded: give one that begins with https://, s3://, gs://, models:/, runs:/ or mlflow-artifacts:/' }
  return layoutFor(runtime, uri, name)
}

/** The image of the server: that of the spec, of the settings, or the pinned one. */
export function serverImage (spec: Spec, runtime: Runtime, images: Images | undefined): string {
  return spec.image || runtimeImage(images, spec.runtime, runtime.image)
}

export { isUnsupported }
