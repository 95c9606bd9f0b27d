// Our own small server for PyTorch models (runtimes/fastapi-pytorch).
import { MODEL_ROOT, type Runtime } from './runtime.ts'

const FOLDER = `${MODEL_ROOT}/model`
const EXTENSIONS = ['.pt', '.pth', '.safetensors']

export const fastapiPytorch: Runtime = {
  image: 'sluice-fastapi-pytorch:0.1.0',
  identity: { user: 65532, group: 65532 },
  ports: { http: 8000 },
  layout ({ form, extension }) {
    if (form === 'file' && EXTENSIONS.includes(extension)) return { folder: FOLDER, fileName: `model${extension}`, unpack: false, mustHold: '' }
    // The server refuses it, too.
    if (extension === '.pt2') return { unsupported: 'fastapi-pytorch loads no .pt2 file, for torch runs what pickles are in it: convert the model to TorchScript and give the URI of that .pt file' }
    return { unsupported: `fastapi-pytorch loads a single file ${EXTENSIONS.join(', ')}: give the URI of one` }
  },
  start: (_name, { folder, fileName }, { port, sha256 }) => ({
    env: [
      { name: 'MODEL_PATH', value: `${folder}/${fileName}` },
      { name: 'PORT', value: String(port) },
      ...sha256 ? [{ name: 'MODEL_SHA256', value: sha256 }] : []
    ]
  }),
  readiness: () => '/readyz',
  liveness: () => '/healthz',
  predict: () => '/predict'
}
