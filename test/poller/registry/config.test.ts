import t from 'tap'
import { minInterval, parseRegistryConfig } from '../../../poller/registry/config.ts'

t.test('an entry gets its defaults', async (t) => {
  const config = parseRegistryConfig({ url: 'http://mlflow:5000' }, 'registries.default')
  t.strictSame(config, { url: 'http://mlflow:5000', minInterval: '30s', staleAfter: '5m', replicaLag: '30s', pageSize: 500 })
  t.equal(minInterval(config), 30)
  t.strictSame(parseRegistryConfig({ url: 'http://mlflow', kubernetesAuth: { serviceAccount: 'reader', namespace: 'mlflow' } }, 'registries.default').kubernetesAuth, { serviceAccount: 'reader', namespace: 'mlflow', expirationSeconds: 3600 })
})

t.test('what is wrong is named by its field', async (t) => {
  const rows: Array<{ value: object, want: string | RegExp }> = [
    { value: { url: 'mlflow' }, want: /^registries\.a\.url: is not a URL/ },
    { value: { url: 'http://m', pageSize: 1001 }, want: /^registries\.a\.pageSize: / },
    { value: { url: 'http://m', minInterval: 'often' }, want: /^registries\.a\.minInterval: / },
    { value: { url: 'http://m', artifactDestination: 's3://b' }, want: 'registries.a.artifactDestination: Unexpected property' },
    { value: { url: 'http://m', artifactsDestination: 'https://acc.blob.example/c?sig=x' }, want: 'registries.a.artifactsDestination: must hold no credentials, for it becomes part of what objects and pods show; models get theirs from a Secret' },
    { value: { url: 'http://m', artifactsDestination: './mlartifacts' }, want: 'registries.a.artifactsDestination: must be a URI that a model\'s pod can read, such as s3://bucket/path or pvc://claim/path' },
    { value: { url: 'http://m', artifactRoots: ['models'] }, want: /^registries\.a\.artifactRoots\.0: / },
    { value: { url: 'http://m', artifactRoots: ['s3://m/../b'] }, want: 'registries.a.artifactRoots[0]: must be a plain URI such as s3://bucket or s3://bucket/path, without .., %2e, \\, ? and #' },
    { value: { url: 'http://m', artifactRoots: ['https://token@host/m'] }, want: 'registries.a.artifactRoots: must hold no credentials; they say where models lie, and nothing else' },
    { value: { url: 'http://m', artifactsDestination: 's3://mlflow', artifactRoots: ['s3://mlflow-old'] }, want: 'registries.a.artifactRoots: none of them has to do with artifactsDestination, so nothing that is stored there could be loaded; add it' },
    { value: { url: 'http://m', auth: { bearer: { token: 'x' } }, kubernetesAuth: { serviceAccount: 'r', namespace: 'm' } }, want: 'registries.a.kubernetesAuth: takes the place of auth; keep one' },
    { value: { url: 'http://m', kubernetesAuth: { namespace: 'm' } }, want: /^registries\.a\.kubernetesAuth\.serviceAccount: / }
  ]
  for (const { value, want } of rows) t.throws(() => parseRegistryConfig(value, 'registries.a'), { message: want }, JSON.stringify(value))
})

t.test('roots may be a part of the destination, or hold it', async (t) => {
  for (const root of ['s3://mlflow', 's3://mlflow/', 's3://mlflow/a', 's3://mlflow/a/b']) {
    t.strictSame(parseRegistryConfig({ url: 'http://m', artifactsDestination: 's3://mlflow/a', artifactRoots: [root] }, 'registries.a').artifactRoots, [root])
  }
})
