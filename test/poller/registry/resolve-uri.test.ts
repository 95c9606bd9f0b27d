import t from 'tap'
import { isStorageUri, resolveUri } from '../../../poller/registry/resolve-uri.ts'

t.test('a URI that a storage initializer can read', async (t) => {
  const D = 's3://mlflow/artifacts'
  const rows: Array<{ name: string, downloadUri: string, artifactsDestination?: string, workspace?: string, want: string }> = [
    { name: 's3 stays as it is', downloadUri: 's3://b/1/models/m-1/artifacts', want: 's3://b/1/models/m-1/artifacts' },
    { name: 'gs, abfss, hdfs, pvc, https and oci stay as they are', downloadUri: 'pvc://claim/dir', want: 'pvc://claim/dir' },
    { name: 'https stays as it is', downloadUri: 'https://host/model.tar.gz', want: 'https://host/model.tar.gz' },
    { name: 'abfss keeps its container', downloadUri: 'abfss://c@acct.dfs.core.windows.net/m', want: 'abfss://c@acct.dfs.core.windows.net/m' },
    { name: 'mlflow-artifacts:/P is D/P', downloadUri: 'mlflow-artifacts:/1/models/m-1/artifacts', artifactsDestination: D, want: `${D}/1/models/m-1/artifacts` },
    { name: 'mlflow-artifacts:///P is D/P', downloadUri: 'mlflow-artifacts:///1/a', artifactsDestination: `${D}/`, want: `${D}/1/a` },
    { name: 'mlflow-artifacts://host:port/P is D/P', downloadUri: 'mlflow-artifacts://mlflow:5000/1/a', artifactsDestination: D, want: `${D}/1/a` },
    { name: 'in a workspace the path is below workspaces/W', downloadUri: 'mlflow-artifacts:/1/a', artifactsDestination: D, workspace: 'bank', want: `${D}/workspaces/bank/1/a` },
    { name: 'a path that names its workspace is not prefixed again', downloadUri: 'mlflow-artifacts:/workspaces/bank/1/a', artifactsDestination: D, workspace: 'bank', want: `${D}/workspaces/bank/1/a` },
    { name: 'the default workspace has no directory of its own', downloadUri: 'mlflow-artifacts:/1/a', artifactsDestination: D, workspace: 'default', want: `${D}/1/a` }
  ]
  for (const { name, want, workspace = '', ...place } of rows) t.strictSame(resolveUri({ ...place, workspace }), { uri: want }, name)
})

t.test('a sentence that says why there is none', async (t) => {
  const rows: Array<{ downloadUri: string, artifactsDestination?: string, workspace?: string, want: RegExp }> = [
    { downloadUri: '', want: /names no artifacts/ },
    { downloadUri: 'mlflow-artifacts:/1/a', want: /set artifactsDestination/ },
    { downloadUri: 'models:/m-0123', want: /did not resolve models:\/m-0123/ },
    { downloadUri: 'runs:/abc/model', want: /did not resolve runs/ },
    { downloadUri: 'file:///mlruns/1', want: /only the machine or service that wrote it/ },
    { downloadUri: '/mlruns/1', want: /only the machine/ },
    { downloadUri: './mlruns/1', want: /only the machine/ },
    { downloadUri: 'C:\\models\\1', want: /no storage path needs/ },
    { downloadUri: 'C:/models/1', want: /only the machine/ },
    { downloadUri: 'dbfs:/x', want: /only the machine or service/ },
    { downloadUri: 's3:///key', want: /only the machine/ },
    { downloadUri: 'https://user:secret@host/m', want: /holds credentials/ },
    { downloadUri: 's3://b/"x"', want: /no storage path needs/ },
    { downloadUri: `s3://b/${'x'.repeat(2050)}`, want: /longer than 2048/ },
    { downloadUri: `/${'x'.repeat(2050)}`, want: /^.{1,300}$/ },
    { downloadUri: 'mlflow-artifacts:/1/../../other', artifactsDestination: 's3://b', want: /climbs out/ },
    { downloadUri: 'mlflow-artifacts:/1/%2e%2E/other', artifactsDestination: 's3://b', want: /climbs out/ },
    { downloadUri: 'mlflow-artifacts:/1/..%2f..%2fother', artifactsDestination: 's3://b', want: /climbs out/ },
    { downloadUri: 'mlflow-artifacts:/1/%252e%252e/other', artifactsDestination: 's3://b', want: /climbs out/ },
    { downloadUri: 'mlflow-artifacts:/1/..;x/other', artifactsDestination: 's3://b', want: /climbs out/ },
    { downloadUri: 'mlflow-artifacts:/workspaces%2Fother/1', artifactsDestination: 's3://b', want: /climbs out/ },
    { downloadUri: 'mlflow-artifacts:/1', artifactsDestination: 's3://b', workspace: '../other', want: /no plain name/ },
    { downloadUri: 'mlflow-artifacts:/1', artifactsDestination: 's3://b', workspace: 'a/../../b', want: /no plain name/ },
    { downloadUri: 'mlflow-artifacts:/workspaces/other/1', artifactsDestination: 's3://b', workspace: 'bank', want: /another workspace/ },
    { downloadUri: 'mlflow-artifacts:/workspaces/other/1', artifactsDestination: 's3://b', want: /another workspace/ }
  ]
  for (const { want, workspace = '', ...place } of rows) {
    const answer = resolveUri({ ...place, workspace })
    t.strictSame(Object.keys(answer), ['problem'], place.downloadUri.slice(0, 40))
    t.match(answer, { problem: want })
  }
})

t.test('a URI with credentials is refused, and the sentence does not repeat them', async (t) => {
  const rows = [
    { name: 'name and password', uri: 'https://user:SECRET@host/m' },
    { name: 'of other schemes, too', uri: 's3://key:SECRET@bucket/m' },
    { name: 'a token in place of the name', uri: 'https://SECRET@github.example/m' },
    { name: 'over plain http', uri: 'HTTP://SECRET@host/m' },
    { name: 'in what is hardly a URI', uri: 'https:/SECRET@host/m' },
    { name: 'a shared access signature of Azure', uri: 'https://acc.blob.example/c/m?sv=2024&sig=SECRET' },
    { name: 'with another scheme', uri: 'wasbs://c@acc.blob.example/m?sig=SECRET' },
    { name: 'a presigned URL of S3', uri: 'https://b.s3.example/m?X-Amz-Credential=a&X-Amz-Signature=SECRET' },
    { name: 'an older one', uri: 'https://b.s3.example/m?AWSAccessKeyId=a&Signature=SECRET' },
    { name: 'a signed URL of Google', uri: 'https://storage.example/m?X-Goog-Signature=SECRET' },
    { name: 'a token', uri: 'https://gitlab.example/m?private_token=SECRET' },
    { name: 'a name that is percent-encoded', uri: 'https://host/m?%73ig=SECRET' },
    { name: 'in the fragment', uri: 'https://host/m#access_token=SECRET' },
    { name: 'behind the proxy', uri: 'mlflow-artifacts:/1/m?sig=SECRET' },
    { name: 'of what cannot be read anyway', uri: 'dbfs:/m?token=SECRET' }
  ]
  for (const { name, uri } of rows) {
    const answer = resolveUri({ downloadUri: uri, artifactsDestination: 's3://d', workspace: '' })
    t.match(answer, { problem: /holds credentials; register the version without them/ }, name)
    t.notMatch(JSON.stringify(answer), /SECRET/, name)
  }
  for (const uri of ['abfss://c@acct.example/m', 'https://host/a@b/m', 'https://host/m?version=3&design=1', 'hf://org/model@main']) {
    t.strictSame(resolveUri({ downloadUri: uri, workspace: '' }), { uri }, uri)
  }
})

t.test('what counts as storage', async (t) => {
  for (const uri of ['s3://b', 'gs://b/p', 'pvc://c', 'hf://org/model', 'wasbs://c@a/p']) t.ok(isStorageUri(uri), uri)
  for (const uri of ['', '/p', './p', 's3:/b', 's3://', 'c://x', 'file://h/p', 'runs:/x']) t.notOk(isStorageUri(uri), uri)
})
