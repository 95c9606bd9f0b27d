// Our own small server for PyTorch models (runtimes/fastapi-pytorch).
import { MODEL_ROOT, type Runtime } from './runtime.ts'

const FOLDER = `${MODEL_ROOT}/model`
const EXTENSIONS = ['.pt', '.pth', '.pt2', '.safetensors']

export const fastapiPytorch: Runtime = {
  image: 'sluice-fastapi-pytorch:0.1.0',
  identity: { user: 65532, group: 65532 },
  ports: { http: 8000 },
  layout ({ form, extension }) {
    if (form === 'file' && EXTENSIONS.includes(extension)) return { folder: FOLDER, fileName: `model${extension}`, unpack: false, mustHold: '' }
    return { unsupported: `fastapi-pytorch loads a single file ${EXTENSIONS.join(', ')}: give the URI of one` }
  },
  start: (_name, { folder, fileName }) => ({ env: [{ name: 'MODEL_PATH', value: `${folder}/${fileName}` }] }),
  readiness: () => '/readyz',
  liveness: () => '/healthz',
  predict: () => '/predict'
}
