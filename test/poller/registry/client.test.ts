import t, { type Test } from 'tap'
import { startMlflow, type MlflowOptions } from '../../../playground/stand-ins/mlflow/server.ts'
import { isRemoteError } from '../../../poller/http/errors.ts'
import { createRegistryClient, type RegistryClientOptions } from '../../../poller/registry/client.ts'
import { sendJson, startServer, type Reply } from '../../helpers/local-server.ts'

const NAME = 'bank churn ü%&+#?'

function makeClient (t: Test, url: string, options: Partial<RegistryClientOptions> = {}) {
  const client = createRegistryClient({ server: 'default', endpoint: { url }, resilience: { retries: 0 }, ...options })
  t.teardown(() => client.close())
  return client
}

async function startStandIn (t: Test, options: MlflowOptions = {}) {
  const mlflow = await startMlflow({ now: () => 1_800_000_000_000, ...options })
  t.teardown(() => mlflow.close())
  return mlflow
}

async function problem (promise: Promise<unknown>): Promise<[string, string]> {
  const error = await promise.then((value) => ({ value }), (reason: unknown) => reason)
  return isRemoteError(error) ? [error.kind, error.message] : ['none', JSON.stringify(error)]
}

t.test('against the stand-in of MLflow', async (t) => {
  const mlflow = await startStandIn(t)
  const registry = mlflow.registry()
  registry.createModel(NAME)
  registry.createVersion(NAME, { source: 's3://b/1', runId: 'r1' })
  registry.createVersion(NAME, { source: 'models:/m-1', downloadUri: 'mlflow-artifacts:/1/models/m-1/artifacts' })
  registry.setAlias(NAME, 'champion', '1')
  registry.createModel('other')
  const client = makeClient(t, mlflow.url, { pageSize: 1 })

  t.test('a model with its aliases', async (t) => {
    t.match(await client.getModel('', NAME), { name: NAME, creation_timestamp: 1_800_000_000_000, last_updated_timestamp: 1_800_000_000_000, aliases: [{ alias: 'champion', version: '1' }], latest_versions: [{ version: '2' }] })
  })

  t.test('a version, by number and by alias', async (t) => {
    const version = { name: NAME, version: '1', creation_timestamp: 1_800_000_000_000, status: 'READY', run_id: 'r1' }
    t.match(await client.getVersion('', NAME, '1'), version)
    t.match(await client.getAlias('', NAME, 'champion'), version)
  })

  t.test('where the artifacts are, as the server resolved it', async (t) => {
    t.equal(await client.getDownloadUri('', NAME, '2'), 'mlflow-artifacts:/1/models/m-1/artifacts')
  })

  t.test('what does not exist is undefined', async (t) => {
    t.equal(await client.getModel('', 'none'), undefined)
    t.equal(await client.getModel('', 'a/b'), undefined, 'a name that MLflow would not admit')
    t.equal(await client.getVersion('', NAME, '9'), undefined)
    t.equal(await client.getDownloadUri('', NAME, '9'), undefined)
    t.equal(await client.getAlias('', NAME, 'Champion'), undefined, 'aliases are compared with their case')
    t.equal(await client.getAlias('', 'none', 'champion'), undefined)
  })

  t.test('a registry by pages', async (t) => {
    const first = await client.searchModels('')
    t.strictSame(first.models.map(({ name }) => name), [NAME])
    const second = await client.searchModels('', first.nextPageToken)
    t.strictSame([second.models.map(({ name }) => name), second.nextPageToken], [['other'], undefined])
  })

  t.test('a workspace on a server without workspaces is the asker\'s mistake', async (t) => {
    t.match(await problem(client.getModel('w', NAME)), ['BadRequest', /workspaces are not enabled on this server; leave spec.workspace empty, or enable workspaces/])
  })

  t.test('a workspace that no header can hold is not sent', async (t) => {
    t.match(await problem(client.getModel('a\nb', NAME)), ['BadRequest', /cannot be asked/])
  })

  t.test('the Host guard is told with its remedy', async (t) => {
    const guarded = makeClient(t, mlflow.url, { endpoint: { url: mlflow.url, host: 'mlflow.ns.svc' } })
    t.match(await problem(guarded.getModel('', NAME)), ['Refused', /MLFLOW_SERVER_ALLOWED_HOSTS/])
  })

  t.test('another path than the API\'s does not mean that the model is gone', async (t) => {
    t.match(await problem(makeClient(t, `${mlflow.url}/prefix`).getModel('', NAME)), ['BadAnswer', /check the path in url/])
  })
})

t.test('a registry that is empty answers {}', async (t) => {
  const mlflow = await startStandIn(t)
  t.strictSame(await makeClient(t, mlflow.url).searchModels(''), { models: [] })
})

t.test('in workspaces', async (t) => {
  const mlflow = await startStandIn(t, { workspaces: ['bank', 'shop'] })
  mlflow.registry('bank').createModel('churn')
  const client = makeClient(t, mlflow.url)
  t.match(await client.getModel('bank', 'churn'), { name: 'churn' })
  t.equal(await client.getModel('shop', 'churn'), undefined)
  t.match(await problem(client.getModel('nowhere', 'churn')), ['BadAnswer', /Workspace 'nowhere' not found/], 'a workspace that is missing does not mean that the model is')
  t.match(await problem(client.getAlias('', 'churn', 'champion')), ['BadRequest', /X-MLFLOW-WORKSPACE/], 'nor does a workspace that was not named')
})

t.test('an answer that is not to be believed', async (t) => {
  const rows: Array<{ name: string, reply: Reply, want: [string, RegExp] }> = [
    { name: 'database trouble (400 BAD_REQUEST) passes', reply: (r) => sendJson(r, { error_code: 'BAD_REQUEST', message: 'QueuePool limit reached' }, 400), want: ['Unreachable', /QueuePool/] },
    { name: '404 of a web framework is no word about the model', reply: (r) => sendJson(r, { detail: 'Not Found' }, 404), want: ['BadAnswer', /Not Found/] },
    { name: '404 of an unknown endpoint neither', reply: (r) => sendJson(r, { error_code: 'ENDPOINT_NOT_FOUND', message: 'no such endpoint' }, 404), want: ['BadAnswer', /no such endpoint/] },
    { name: 'an empty object is no model', reply: (r) => sendJson(r, {}), want: ['BadAnswer', /\/registered_model/] },
    { name: 'a version as a number is no version', reply: (r) => sendJson(r, { registered_model: { name: 'a', aliases: [{ alias: 'c', version: 1 }] } }), want: ['BadAnswer', /aliases\/0\/version/] }
  ]
  for (const { name, reply, want } of rows) {
    t.test(name, async (t) => {
      const server = await startServer(t, reply)
      t.match(await problem(makeClient(t, server.url).getModel('', 'a')), want)
    })
  }
})

t.test('the request has the shape that MLflow expects', async (t) => {
  const server = await startServer(t, (r) => sendJson(r, { registered_model: { name: NAME } }))
  await makeClient(t, `${server.url}/static/`).getModel('bank', NAME)
  const { url, headers } = server.asked[0]!
  t.equal(url, '/static/api/2.0/mlflow/registered-models/get?name=bank+churn+%C3%BC%25%26%2B%23%3F')
  t.equal(headers['x-mlflow-workspace'], 'bank')
})
