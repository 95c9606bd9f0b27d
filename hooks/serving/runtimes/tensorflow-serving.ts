// TensorFlow Serving: a SavedModel in a numbered folder.
import { MODEL_ROOT, type Runtime } from './runtime.ts'

export const tensorflowServing: Runtime = {
  image: 'tensorflow/serving:2.20.0',
  // The image says root.
  identity: { user: 1000, group: 1000 },
  ports: { http: 8501, grpc: 8500 },
  layout ({ form }, name) {
    if (form === 'file') return { unsupported: 'tensorflow-serving loads a SavedModel, which is a folder: give a .zip or .tar.gz of it, or the URI of the folder in a store or registry' }
    return { folder: `${MODEL_ROOT}/${name}/1`, fileName: '', unpack: true, mustHold: 'saved_model.pb' }
  },
  start: (name) => ({ env: [{ name: 'MODEL_NAME', value: name }, { name: 'MODEL_BASE_PATH', value: MODEL_ROOT }] }),
  // Answers 200 for a model that is loading or has failed, too, and 404 only before it is known: TensorFlow Serving has nothing better by HTTP, and
  // opens its port after the first models are loaded.
  readiness: (name) => `/v1/models/${name}`,
  liveness: (name) => `/v1/models/${name}`,
  predict: (name) => `/v1/models/${name}:predict`
}
