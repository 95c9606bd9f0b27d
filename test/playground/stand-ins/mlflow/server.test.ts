// The MLflow stand-in's guards and switches: hosts, workspaces, faults, older answers, statuses, webhooks.
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

import t from 'tap'
import type { Test } from 'tap'

import { HTML_500 } from '../../../../playground/stand-ins/faults.ts'
import { startMlflow } from '../../../../playground/stand-ins/mlflow/server.ts'
import type { MlflowOptions, MlflowStandIn } from '../../../../playground/stand-ins/mlflow/server.ts'
import { signDelivery } from '../../../../playground/stand-ins/mlflow/webhooks.ts'

const NOW = 1_700_000_000_000

async function start (t: Test, options: MlflowOptions = {}): Promise<MlflowStandIn> {
  const mlflow = await startMlflow({ now: () => NOW, ...options })
  t.teardown(async () => { await mlflow.close() })
  return mlflow
}

interface Answer {
  status: number
  type: string
  text: string
}

// node:http, because fetch does not let a caller choose the Host header.
async function get (mlflow: MlflowStandIn, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    httpRequest(mlflow.url + path, { headers, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', piece => { text += piece }).on('end', () => {
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type']?.split(';')[0] ?? '', text })
      })
    }).on('error', reject).end()
  })
}

const SEARCH = '/api/2.0/mlflow/registered-models/search'

t.test('the Host guard', async t => {
  const mlflow = await start(t)
  const refused = { status: 403, type: 'text/plain', text: 'Invalid Host header - possible DNS rebinding attack detected' }
  const rows: Array<[string, string, object, (readonly string[] | undefined)?]> = [
    ['a Service name is refused', 'mlflow.ns.svc:5000', refused],
    ['a public address is refused', '8.8.8.8:5000', refused],
    ['loopback is let in', 'localhost:5000', { status: 200 }],
    ['a private address is let in', '10.0.0.7:5000', { status: 200 }],
    ['a name without its port does not admit the name with it', 'mlflow.ns.svc:5000', refused, ['mlflow.ns.svc']],
    ['a pattern admits the port', 'mlflow.ns.svc:5000', { status: 200 }, ['mlflow.ns.svc:*']],
    ['a list of one\'s own replaces the default', 'localhost:5000', refused, ['mlflow.ns.svc:*']]
  ]
  for (const [name, host, want, allowed] of rows) {
    if (allowed !== undefined) mlflow.setAllowedHosts(allowed)
    t.match(await get(mlflow, SEARCH, { host }), want, name)
  }
  t.match(await get(mlflow, '/health', { host: 'mlflow.ns.svc' }), { status: 200, text: 'OK' }, 'probes pass')
  t.match(await get(mlflow, '/version', { host: 'mlflow.ns.svc' }), { status: 200, text: '3.17.2' }, 'the version passes')
  mlflow.setAllowedHosts(undefined)
  t.match(await get(mlflow, SEARCH, { host: 'mlflow.ns.svc:5000' }), { status: 200 }, 'the guard can be switched off')
})

t.test('workspaces', async t => {
  const mlflow = await start(t, { workspaces: ['team-a', 'team-b'] })
  mlflow.registry('team-a').createModel('churn')
  const workspace = (name: string): Record<string, string> => ({ 'x-mlflow-workspace': name })
  t.match(await get(mlflow, SEARCH, workspace('team-a')), { status: 200, text: /churn/ }, 'the header chooses the registry')
  t.match(await get(mlflow, SEARCH, workspace('team-b')), { status: 200, text: '{}' }, 'names are per workspace')
  t.match(await get(mlflow, SEARCH, workspace('team-c')), { status: 404, text: /RESOURCE_DOES_NOT_EXIST/ }, 'an unknown workspace')
  t.match(await get(mlflow, SEARCH), { status: 400, text: /INVALID_PARAMETER_VALUE/ }, 'no header and no default')
  t.match(await get(mlflow, '/api/3.0/mlflow/server-info'), { text: /"workspaces_enabled": true/ })
})

t.test('older answers', async t => {
  const mlflow = await start(t)
  mlflow.registry().createModel('churn')
  mlflow.registry().createVersion('churn', { source: 's3://b/1' })
  mlflow.setOlder(true)
  t.match(await get(mlflow, '/api/3.0/mlflow/server-info'), { status: 404, type: 'text/html' }, 'no server-info')
  t.strictSame(await get(mlflow, '/api/2.0/mlflow/registered-models/alias?name=churn&alias=latest'), {
    status: 400, type: 'application/json', text: '{"error_code":"INVALID_PARAMETER_VALUE","message":"Registered model alias latest not found."}'
  }, 'no alias latest, short error bodies')
  t.match(await get(mlflow, `${SEARCH}?filter=${encodeURIComponent("name IN ('churn')")}`), { status: 400 }, 'no IN')
  t.match(await get(mlflow, SEARCH, { host: 'mlflow.ns.svc:5000', 'x-mlflow-workspace': 'x' }), { status: 200 }, 'neither guard nor workspaces')
})

t.test('a version may be pending or failed', async t => {
  const mlflow = await start(t)
  mlflow.registry().createModel('churn')
  mlflow.registry().createVersion('churn', { source: 'models:/m-1', downloadUri: 's3://b/m-1/artifacts', status: 'PENDING_REGISTRATION' })
  mlflow.registry().setAlias('churn', 'champion', '1')
  const path = '/api/2.0/mlflow/registered-models/alias?name=churn&alias=champion'
  t.match(JSON.parse((await get(mlflow, path)).text), { model_version: { status: 'PENDING_REGISTRATION' } })
  mlflow.registry().setStatus('churn', '1', 'FAILED_REGISTRATION', 'no files')
  t.match(JSON.parse((await get(mlflow, path)).text), { model_version: { status: 'FAILED_REGISTRATION', status_message: 'no files' } })
  t.strictSame(JSON.parse((await get(mlflow, '/api/2.0/mlflow/model-versions/get-download-uri?name=churn&version=1')).text),
    { artifact_uri: 's3://b/m-1/artifacts' }, 'the download URI is the resolved one')
})

t.test('pages are offsets: a model created between two pages repeats a row', async t => {
  const mlflow = await start(t)
  for (const name of ['b', 'c', 'd']) mlflow.registry().createModel(name)
  const names = (text: string): string[] => (JSON.parse(text) as { registered_models: Array<{ name: string }> }).registered_models.map(model => model.name)
  const first = (await get(mlflow, `${SEARCH}?max_results=2`)).text
  mlflow.registry().createModel('a')
  const token = (JSON.parse(first) as { next_page_token: string }).next_page_token
  const second = (await get(mlflow, `${SEARCH}?max_results=2&page_token=${token}`)).text
  t.strictSame([names(first), names(second)], [['b', 'c'], ['c', 'd']])
})

t.test('prompts are left out of a search unless it asks for them', async t => {
  const mlflow = await start(t)
  mlflow.registry().createModel('churn')
  mlflow.registry().createModel('greeting', '', [['mlflow.prompt.is_prompt', 'true']])
  const found = async (filter: string): Promise<string[]> => {
    const { text } = await get(mlflow, `${SEARCH}?filter=${encodeURIComponent(filter)}`)
    return (JSON.parse(text) as { registered_models: Array<{ name: string }> }).registered_models.map(model => model.name)
  }
  t.strictSame(await found(''), ['churn'])
  t.strictSame(await found("tag.`mlflow.prompt.is_prompt` != 'true'"), ['churn'])
  t.strictSame(await found("tags.`mlflow.prompt.is_prompt` = 'true'"), ['greeting'])
})

t.test('faults switch on and off while it runs', async t => {
  const mlflow = await start(t)
  mlflow.setFault(HTML_500)
  t.match(await get(mlflow, SEARCH), { status: 500, type: 'text/html' }, 'Flask\'s page')
  mlflow.setFault({ kind: 'reset' })
  await t.rejects(get(mlflow, SEARCH), { code: 'ECONNRESET' })
  mlflow.setFault({ kind: 'none' })
  await mlflow.stop()
  await t.rejects(get(mlflow, SEARCH), { code: 'ECONNREFUSED' })
  await mlflow.start()
  t.match(await get(mlflow, SEARCH), { status: 200 })
  t.strictSame(mlflow.calls, [`GET ${SEARCH}`], 'only calls that reached the registry are counted')
})

interface Delivery {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function startReceiver (t: Test, statuses: number[]): Promise<{ url: string, deliveries: Delivery[] }> {
  const deliveries: Delivery[] = []
  const receiver = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', piece => { body += piece }).on('end', () => {
      deliveries.push({ headers: request.headers, body })
      response.writeHead(statuses.shift() ?? 200).end()
    })
  })
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { receiver.closeAllConnections(); receiver.close() })
  return { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`, deliveries }
}

async function subscribe (mlflow: MlflowStandIn, url: string): Promise<string> {
  const response = await fetch(`${mlflow.url}/api/2.0/mlflow/webhooks`, {
    method: 'POST',
    body: JSON.stringify({ name: 'sluice', url, secret: 'shh', events: [{ entity: 'MODEL_VERSION_ALIAS', action: 'CREATED' }] })
  })
  const { webhook } = await response.json() as { webhook: { webhook_id: string, secret?: string } }
  return webhook.webhook_id
}

t.test('signatures are those of MLflow 3.17.2: a delivery that was received from one', async t => {
  const body = '{"entity": "model_version_alias", "action": "created", "timestamp": "2026-11-21T04:59:23.142168+00:00", ' +
    '"data": {"name": "c", "alias": "champion", "version": "1"}}'
  t.equal(signDelivery('shh', '6d4ee281-4927-463f-b4fb-b5aaa183bf43', '1795237163', body), 'v1,1R5pj0rllo2ucSiUienGPWHSJJ2SH3vMh8G7e4T7Qw8=')
})

t.test('moving an alias is delivered, signed, and only what was subscribed', async t => {
  const mlflow = await start(t)
  const { url, deliveries } = await startReceiver(t, [])
  const id = await subscribe(mlflow, url)
  mlflow.registry().createModel('churn')
  mlflow.registry().createVersion('churn', { source: 's3://b/1' })
  mlflow.registry().setAlias('churn', 'champion', '1')
  await mlflow.webhooks.settled()
  t.strictSame(deliveries.map(({ body }) => JSON.parse(body) as unknown), [{
    entity: 'model_version_alias', action: 'created', data: { name: 'churn', alias: 'champion', version: '1' }, timestamp: '2023-11-14T22:13:20.000000+00:00'
  }])
  const { headers, body } = deliveries[0] as Delivery
  t.equal(headers['x-mlflow-timestamp'], '1700000000')
  t.equal(headers['x-mlflow-signature'], signDelivery('shh', headers['x-mlflow-delivery-id'] as string, '1700000000', body))

  mlflow.registry().deleteVersion('churn', '1')
  await fetch(`${mlflow.url}/api/2.0/mlflow/webhooks/${id}`, { method: 'DELETE' })
  await mlflow.webhooks.settled()
  t.equal(deliveries.length, 1, 'an alias that goes with its version is not told')
  t.strictSame(await (await fetch(`${mlflow.url}/api/2.0/mlflow/webhooks`)).json(), {})
})

t.test('a delivery is repeated on 503 with the same id, and lost on 400', async t => {
  const mlflow = await start(t, { webhookRetryDelays: [1, 1, 1] })
  const { url, deliveries } = await startReceiver(t, [503, 200, 400])
  await subscribe(mlflow, url)
  mlflow.registry().createModel('churn')
  mlflow.registry().createVersion('churn', { source: 's3://b/1' })
  mlflow.registry().setAlias('churn', 'champion', '1')
  await mlflow.webhooks.settled()
  mlflow.registry().setAlias('churn', 'champion', '1')
  await mlflow.webhooks.settled()
  const ids = deliveries.map(({ headers }) => headers['x-mlflow-delivery-id'])
  t.strictSame([ids.length, ids[0] === ids[1], ids[1] === ids[2]], [3, true, false])
})
