// MLServer: MLflow models, models with a model-settings.json, and single files of scikit-learn and XGBoost.
import type { EnvVar } from '../../core/schema.ts'
import { MODEL_ROOT, type Layout, type Runtime } from './runtime.ts'

/** By the extension of a single file. What is not here may be a pickle of anything. */
const IMPLEMENTATIONS: Record<string, string> = {
  '.joblib': 'mlserver_sklearn.SKLearnModel',
  '.json': 'mlserver_xgboost.XGBoostModel',
  '.ubj': 'mlserver_xgboost.XGBoostModel'
}

export const mlserver: Runtime = {
  image: 'seldonio/mlserver:1.7.1',
  identity: { user: 1000, group: 1000 },
  ports: { http: 8080, grpc: 8081, metrics: 8082 },
  layout ({ form, extension }, name) {
    const folder = `${MODEL_ROOT}/${name}`
    if (form !== 'file') return { folder, fileName: '', unpack: true, mustHold: 'MLmodel|model-settings.json', servedAs: name }
    if (Object.hasOwn(IMPLEMENTATIONS, extension)) return { folder, fileName: `model${extension}`, unpack: false, mustHold: '' }
    return { unsupported: `mlserver loads MLflow models and folders with a model-settings.json (as .zip, .tar.gz or the URI of the folder), and single files ${Object.keys(IMPLEMENTATIONS).join(', ')}: give one of these` }
  },
  start: (name, layout) => ({ env: environment(name, layout) }),
  // Not /v2/health/ready: a server without any model says there that it is ready. One whose model cannot be loaded ends.
  readiness: (name) => `/v2/models/${name}/ready`,
  liveness: () => '/v2/health/live',
  predict: (name) => `/v2/models/${name}/infer`
}

/**
 * What a model-settings.json says wins over the variables of the model, which fill in what it leaves out. It is only looked for in MLSERVER_MODELS_DIR, which the image
 * starts the server with; where there is none, the variables alone make the model.
 */
function environment (name: string, { folder, fileName }: Layout): EnvVar[] {
  const extension = fileName.slice(fileName.lastIndexOf('.'))
  return [
    ...(fileName === '' ? [{ name: 'MLSERVER_MODELS_DIR', value: folder }] : []),
    { name: 'MLSERVER_MODEL_NAME', value: name },
    { name: 'MLSERVER_MODEL_URI', value: fileName === '' ? folder : `${folder}/${fileName}` },
    { name: 'MLSERVER_MODEL_IMPLEMENTATION', value: IMPLEMENTATIONS[extension] ?? 'mlserver_mlflow.MLflowRuntime' },
    // Several workers of a small pod only cost memory; who wants them sets it in the spec's env.
    { name: 'MLSERVER_PARALLEL_WORKERS', value: '0' }
  ]
}
