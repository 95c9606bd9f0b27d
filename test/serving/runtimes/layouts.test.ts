// What each runtime can load, how it must lie, and what is said of the rest.
import t from 'tap'
import { readSource } from '../../../hooks/core/model-source.ts'
import { isUnsupported, layoutFor } from '../../../hooks/serving/runtimes/runtime.ts'
import { runtimes, type RuntimeName } from '../../../hooks/serving/runtimes/runtimes.ts'

const sources: Array<{ uri: string, want: object }> = [
  { uri: 'https://example.com/model.pt', want: { form: 'file', fileName: 'model.pt', extension: '.pt' } },
  { uri: 'https://example.com/model.PT?sig=x#y', want: { form: 'file', fileName: 'model.PT', extension: '.pt' } },
  { uri: 'https://example.com/download', want: { form: 'file', fileName: 'download', extension: '' } },
  { uri: 'https://example.com/half_plus_two.tar.gz', want: { form: 'archive', fileName: 'half_plus_two.tar.gz', extension: '.tar.gz' } },
  { uri: 's3://bucket/models/churn', want: { form: 'folder', fileName: 'churn', extension: '' } },
  { uri: 's3://bucket/models/churn.v1.2/', want: { form: 'folder', fileName: '', extension: '' } },
  { uri: 's3://bucket/models/1.2', want: { form: 'folder', fileName: '1.2', extension: '' } },
  { uri: 'gs://bucket/model.onnx', want: { form: 'file', fileName: 'model.onnx', extension: '.onnx' } },
  { uri: 'models:/churn@champion', want: { form: 'folder', fileName: 'churn@champion', extension: '' } },
  { uri: 'models:/churn.v2/7', want: { form: 'folder', fileName: '7', extension: '' } },
  { uri: 'runs:/0a1b/model', want: { form: 'folder', fileName: 'model', extension: '' } },
  { uri: 'mlflow-artifacts:/1/2/artifacts/model.zip', want: { form: 'archive', fileName: 'model.zip', extension: '.zip' } }
]
for (const { uri, want } of sources) t.test(uri, async (t) => { t.strictSame(readSource(uri), want) })

const S3 = 's3://b/m'
const layouts: Array<{ runtime: RuntimeName, uri: string, want: object | RegExp }> = [
  { runtime: 'tensorflow-serving', uri: S3, want: { folder: '/models/churn/1', fileName: '', unpack: true, mustHold: 'saved_model.pb' } },
  { runtime: 'tensorflow-serving', uri: 'https://h/m.zip', want: { folder: '/models/churn/1', fileName: '', unpack: true, mustHold: 'saved_model.pb' } },
  { runtime: 'tensorflow-serving', uri: 'https://h/m.h5', want: /loads a SavedModel/ },
  { runtime: 'mlserver', uri: 'models:/churn/7', want: { folder: '/models/churn', fileName: '', unpack: true, mustHold: 'MLmodel|model-settings.json', servedAs: 'churn' } },
  { runtime: 'mlserver', uri: 's3://b/m.joblib', want: { folder: '/models/churn', fileName: 'model.joblib', unpack: false, mustHold: '' } },
  { runtime: 'mlserver', uri: 's3://b/m.pkl', want: /MLflow models/ },
  { runtime: 'triton', uri: 'https://h/m.onnx', want: { folder: '/models/repository/churn/1', fileName: 'model.onnx', unpack: false, mustHold: '' } },
  { runtime: 'triton', uri: 'https://h/m.tgz', want: { folder: '/models/repository/churn', fileName: '', unpack: true, mustHold: 'config.pbtxt|1', servedAs: 'churn' } },
  { runtime: 'triton', uri: 'https://h/m.pt', want: /together with its config\.pbtxt/ },
  { runtime: 'torchserve', uri: 'https://h/m.mar', want: { folder: '/models/store', fileName: 'churn.mar', unpack: false, mustHold: '' } },
  { runtime: 'torchserve', uri: 'https://h/m.pt', want: /\.mar file/ },
  { runtime: 'torchserve', uri: S3, want: /\.mar file/ },
  { runtime: 'fastapi-pytorch', uri: 'https://h/m.pt', want: { folder: '/models/model', fileName: 'model.pt', unpack: false, mustHold: '' } },
  { runtime: 'fastapi-pytorch', uri: 'https://h/m.pt2', want: /convert the model to TorchScript/ },
  { runtime: 'fastapi-pytorch', uri: 'https://h/m.zip', want: /single file/ }
]
t.test('a folder that looks like a file', async (t) => {
  const unsupported = (runtime: RuntimeName, uri: string) => JSON.stringify(layoutFor(runtimes[runtime], uri, 'churn'))
  t.match(unsupported('tensorflow-serving', 's3://models/resnet.v1'), /resnet\.v1 is taken for a file, as its name has an extension: give the URI of a folder with a slash at its end/)
  t.match(unsupported('triton', 'runs:/0a1b/model.v1'), /slash at its end/)
  t.notMatch(unsupported('triton', 'https://h/m.pt'), /slash/, 'web servers hold files')
  t.match(unsupported('tensorflow-serving', 's3://models/resnet.v1/'), /"folder":"\/models\/churn\/1"/)
})

for (const { runtime, uri, want } of layouts) {
  t.test(`${runtime} and ${uri}`, async (t) => {
    const layout = runtimes[runtime].layout(readSource(uri), 'churn')
    if (isUnsupported(layout)) t.match(layout.unsupported, want)
    else t.strictSame(layout, want)
  })
}

const starts: Array<{ runtime: RuntimeName, uri: string, want: object, paths: string[] }> = [
  { runtime: 'tensorflow-serving', uri: S3, want: { env: [{ name: 'MODEL_NAME', value: 'churn' }, { name: 'MODEL_BASE_PATH', value: '/models' }] }, paths: ['/v1/models/churn', '/v1/models/churn', '/v1/models/churn:predict'] },
  { runtime: 'mlserver', uri: S3, want: { env: [{ name: 'MLSERVER_MODELS_DIR', value: '/models/churn' }, { name: 'MLSERVER_MODEL_NAME', value: 'churn' }, { name: 'MLSERVER_MODEL_URI', value: '/models/churn' }, { name: 'MLSERVER_MODEL_IMPLEMENTATION', value: 'mlserver_mlflow.MLflowRuntime' }, { name: 'MLSERVER_PARALLEL_WORKERS', value: '0' }] }, paths: ['/v2/models/churn/ready', '/v2/health/live', '/v2/models/churn/infer'] },
  { runtime: 'mlserver', uri: 's3://b/m.ubj', want: { env: [{ name: 'MLSERVER_MODEL_NAME', value: 'churn' }, { name: 'MLSERVER_MODEL_URI', value: '/models/churn/model.ubj' }, { name: 'MLSERVER_MODEL_IMPLEMENTATION', value: 'mlserver_xgboost.XGBoostModel' }, { name: 'MLSERVER_PARALLEL_WORKERS', value: '0' }] }, paths: ['/v2/models/churn/ready', '/v2/health/live', '/v2/models/churn/infer'] },
  { runtime: 'triton', uri: S3, want: { command: ['tritonserver'], args: ['--model-repository=/models/repository'] }, paths: ['/v2/health/ready', '/v2/health/live', '/v2/models/churn/infer'] },
  { runtime: 'torchserve', uri: 's3://b/m.mar', want: { command: ['torchserve'], args: ['--start', '--foreground', '--disable-token-auth', '--ts-config=/home/model-server/config.properties', '--model-store=/models/store', '--models=churn=churn.mar'] }, paths: ['/ping', '/ping', '/predictions/churn'] },
  { runtime: 'fastapi-pytorch', uri: 's3://b/m.safetensors', want: { env: [{ name: 'MODEL_PATH', value: '/models/model/model.safetensors' }, { name: 'PORT', value: '9000' }, { name: 'MODEL_SHA256', value: 'a' }] }, paths: ['/readyz', '/healthz', '/predict'] }
]
for (const { runtime, uri, want, paths } of starts) {
  t.test(`${runtime} is started and asked for ${uri}`, async (t) => {
    const { layout, start, readiness, liveness, predict } = runtimes[runtime]
    const found = layout(readSource(uri), 'churn')
    if (isUnsupported(found)) return t.fail(found.unsupported)
    t.strictSame(start('churn', found, { port: 9000, sha256: 'a' }), want)
    t.strictSame([readiness('churn'), liveness('churn'), predict('churn')], paths)
  })
}
