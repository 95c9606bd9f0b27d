// TorchServe: one model archive. Its project is no longer maintained; for new models there is better.
import { MODEL_ROOT, type Runtime } from './runtime.ts'

const STORE = `${MODEL_ROOT}/store`

export const torchserve: Runtime = {
  image: 'pytorch/torchserve:0.12.0-cpu',
  identity: { user: 1000, group: 1000 },
  ports: { http: 8080, management: 8081, metrics: 8082 },
  layout ({ form, extension }, name) {
    // A .mar is a zip of its own kind that TorchServe opens itself.
    if (form === 'file' && extension === '.mar') return { folder: STORE, fileName: `${name}.mar`, unpack: false, mustHold: '' }
    return { unsupported: 'torchserve loads a model archive, one .mar file: make it with torch-model-archiver' }
  },
  start: (name) => ({
    command: ['torchserve'],
    // Tokens are on by default; nobody here could know them. The image's configuration opens the addresses to other pods.
    args: ['--start', '--foreground', '--disable-token-auth', '--ts-config=/home/model-server/config.properties', `--model-store=${STORE}`, `--models=${name}=${name}.mar`]
  }),
  readiness: () => '/ping',
  liveness: () => '/ping',
  predict: (name) => `/predictions/${name}`
}
