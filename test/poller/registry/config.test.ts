import t from 'tap'
import { findRefusal, minInterval, parseRegistryConfig } from '../../../poller/registry/config.ts'

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
    { value: { url: 'http://m', auth: { bearer: { token: 'x' } }, kubernetesAuth: { serviceAccount: 'r', namespace: 'm' } }, want: 'registries.a.kubernetesAuth: takes the place of auth; keep one' },
    { value: { url: 'http://m', kubernetesAuth: { namespace: 'm' } }, want: /^registries\.a\.kubernetesAuth\.serviceAccount: / }
  ]
  for (const { value, want } of rows) t.throws(() => parseRegistryConfig(value, 'registries.a'), { message: want }, JSON.stringify(value))
})

t.test('who may use an entry', async (t) => {
  const config = (more: object) => parseRegistryConfig({ url: 'http://m', ...more }, 'registries.a')
  const asker = { registry: 'a', namespace: 'bank', workspace: '' }
  const rows: Array<{ name: string, more: object, workspace?: string, want: string | undefined }> = [
    { name: 'everyone, unless it says who', more: {}, workspace: 'any', want: undefined },
    { name: 'a namespace in the list', more: { namespaces: ['bank'] }, want: undefined },
    { name: 'no other', more: { namespaces: ['shop'] }, want: 'NamespaceNotAllowed' },
    { name: 'nobody, when the list is empty', more: { namespaces: [] }, want: 'NamespaceNotAllowed' },
    { name: 'a workspace in the list', more: { workspaces: ['w'] }, workspace: 'w', want: undefined },
    { name: 'not the default one when only others are listed', more: { workspaces: ['w'] }, want: 'WorkspaceNotAllowed' },
    { name: 'the default one when it is listed', more: { workspaces: [''] }, want: undefined },
    { name: 'the workspace named like the namespace', more: { workspaces: ['{namespace}'] }, workspace: 'bank', want: undefined },
    { name: 'not that of another namespace', more: { workspaces: ['{namespace}'] }, workspace: 'shop', want: 'WorkspaceNotAllowed' },
    { name: 'nor one that is called so literally', more: { workspaces: ['{namespace}'] }, workspace: '{namespace}', want: 'WorkspaceNotAllowed' }
  ]
  for (const { name, more, workspace = '', want } of rows) t.equal(findRefusal(config(more), { ...asker, workspace })?.reason, want, name)
  t.match(findRefusal(undefined, asker), { reason: 'UnknownRegistry', message: /there is no registry a/ })
})
