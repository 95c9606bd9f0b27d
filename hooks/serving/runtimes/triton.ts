// NVIDIA Triton: a repository with one model, in folders by version.
import { MODEL_ROOT, type Runtime } from './runtime.ts'

const REPOSITORY = `${MODEL_ROOT}/repository`

export const triton: Runtime = {
  image: 'nvcr.io/nvidia/tritonserver:26.07-py3',
  identity: { user: 1000, group: 1000 },
  ports: { http: 8000, grpc: 8001, metrics: 8002 },
  layout ({ form, extension }, name) {
    // Triton makes the configuration of ONNX models by itself; TorchScript needs one that names its inputs.
    if (form === 'file' && extension === '.onnx') return { folder: `${REPOSITORY}/${name}/1`, fileName: 'model.onnx', unpack: false, mustHold: '' }
    if (form === 'file') return { unsupported: 'triton loads a model folder (with config.pbtxt, and the model in a folder 1) as .zip, .tar.gz or by its URI, or a single .onnx file: pack a .pt file together with its config.pbtxt' }
    // A config.pbtxt whose name is not that of its folder is refused.
    return { folder: `${REPOSITORY}/${name}`, fileName: '', unpack: true, mustHold: 'config.pbtxt|1', servedAs: name }
  },
  start: () => ({ command: ['tritonserver'], args: [`--model-repository=${REPOSITORY}`] }),
  readiness: () => '/v2/health/ready',
  liveness: () => '/v2/health/live',
  predict: (name) => `/v2/models/${name}/infer`
}
