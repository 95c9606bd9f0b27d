import fastify from 'fastify'
import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { registerWebhook, signDelivery, type DeliveryOutcome } from '../../../poller/registry/webhook.ts'
import { startWebhookServer } from '../../../poller/registry/webhook-server.ts'

const NOW = 1_800_000_000
const SECRET = 'whsec'
const EVENT = JSON.stringify({ entity: 'model_version_alias', action: 'created', timestamp: '2027-01-15T08:00:00Z', data: { name: 'bank churn', alias: 'champion', version: '7' } })

function headersOf (body: string, over: { id?: string, timestamp?: string, secret?: string } = {}) {
  const { id = 'd-1', timestamp = String(NOW), secret = SECRET } = over
  return {
    'content-type': 'application/json',
    'x-mlflow-delivery-id': id,
    'x-mlflow-timestamp': timestamp,
    'x-mlflow-signature': signDelivery(secret, { id, timestamp, body: Buffer.from(body) })
  }
}

async function setUp (t: Test, over: { isLeader?: boolean, secret?: string } = {}) {
  const hints: string[] = []
  const outcomes: DeliveryOutcome[] = []
  const app = fastify()
  await registerWebhook(app, {
    secret: () => over.secret ?? SECRET,
    isLeader: () => over.isLeader ?? true,
    hint: (name) => hints.push(name),
    now: () => NOW,
    onDelivery: (outcome) => outcomes.push(outcome)
  })
  t.teardown(() => app.close())
  const post = async (body: string, headers: object) => (await app.inject({ method: 'POST', url: '/mlflow-webhook', payload: body, headers: { ...headers } })).statusCode
  return { app, post, hints, outcomes }
}

t.test('a signature made elsewhere is understood', async (t) => {
  // printf '%s' 'd-1.1800000000.{}' | openssl dgst -sha256 -hmac whsec -binary | base64
  t.equal(signDelivery('whsec', { id: 'd-1', timestamp: '1800000000', body: Buffer.from('{}') }), 'v1,sPcMT+y60YVUnoJRk1pXE5nTfSBqS6bY+U0O9EojlJg=')
})

t.test('a delivery', async (t) => {
  const without = (name: string) => Object.fromEntries(Object.entries(headersOf(EVENT)).filter(([key]) => key !== name))
  const rows: Array<{ name: string, body?: string, headers?: object, over?: Parameters<typeof setUp>[1], want: { status: number, hints?: string[], outcome?: DeliveryOutcome } }> = [
    { name: 'that is signed gives a hint', want: { status: 200, hints: ['bank churn'], outcome: 'Accepted' } },
    { name: 'without a model gives none', body: '{"data":{"webhook":"test"}}', want: { status: 200, outcome: 'Accepted' } },
    { name: 'as old as the window allows is taken', headers: headersOf(EVENT, { timestamp: String(NOW - 300) }), want: { status: 200, hints: ['bank churn'], outcome: 'Accepted' } },
    { name: 'that is too old is refused', headers: headersOf(EVENT, { timestamp: String(NOW - 301) }), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'from the future is refused', headers: headersOf(EVENT, { timestamp: String(NOW + 301) }), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'with an odd time is refused', headers: headersOf(EVENT, { timestamp: 'now' }), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'with another secret is refused', headers: headersOf(EVENT, { secret: 'guess' }), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'with another body is refused', headers: headersOf(`${EVENT} `), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'without a signature is refused', headers: without('x-mlflow-signature'), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'without an id is refused', headers: without('x-mlflow-delivery-id'), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'without a time is refused', headers: without('x-mlflow-timestamp'), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'is refused as long as there is no secret', over: { secret: '' }, headers: headersOf(EVENT, { secret: '' }), want: { status: 401, outcome: 'Unauthorized' } },
    { name: 'that is signed and no JSON is malformed', body: '{', want: { status: 400, outcome: 'Malformed' } },
    { name: 'to a follower is sent again by MLflow', over: { isLeader: false }, want: { status: 503, outcome: 'Follower' } },
    { name: 'of a megabyte is not read', body: 'x'.repeat(1024 * 1024), want: { status: 413 } }
  ]
  for (const { name, body = EVENT, headers = headersOf(body), over = {}, want } of rows) {
    t.test(name, async (t) => {
      const { post, hints, outcomes } = await setUp(t, over)
      t.equal(await post(body, headers), want.status)
      t.strictSame(hints, want.hints ?? [])
      t.strictSame(outcomes, want.outcome ? [want.outcome] : [])
    })
  }

  t.test('counts once', async (t) => {
    const { post, hints, outcomes } = await setUp(t)
    for (const id of ['a', 'a', 'b']) t.equal(await post(EVENT, headersOf(EVENT, { id })), 200)
    t.strictSame(hints, ['bank churn', 'bank churn'])
    t.strictSame(outcomes, ['Accepted', 'Duplicate', 'Accepted'])
  })

  t.test('is signed over its bytes, not over what they parse to', async (t) => {
    const { post } = await setUp(t)
    const body = '{ "data" : {"name":"ü\\u0041"} }\n'
    t.equal(await post(body, headersOf(body)), 200)
  })

  t.test('leaves other routes their JSON', async (t) => {
    const { app } = await setUp(t)
    app.post('/other', async (request) => request.body)
    t.strictSame((await app.inject({ method: 'POST', url: '/other', payload: { a: 1 } })).json(), { a: 1 })
  })
})

t.test('the HTTPS port', async (t) => {
  const make = () => generate([{ name: 'commonName', value: 'localhost' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })
  const [one, two] = await Promise.all([make(), make()])
  const dir = t.testdir({ 'tls.crt': one.cert, 'tls.key': one.private, secret: `${SECRET}\n` })
  const [certFile, keyFile, secretFile] = ['tls.crt', 'tls.key', 'secret'].map((name) => path.join(dir, name)) as [string, string, string]
  const renewals: Array<string | undefined> = []
  const waiting: Array<() => void> = []
  const hints: string[] = []
  const failures: string[] = []
  const said: string[] = []
  const server = await startWebhookServer({
    config: { port: 0, host: '127.0.0.1', certFile, keyFile, secretFile },
    isLeader: () => true,
    hint: (name) => hints.push(name),
    now: () => NOW,
    renewalInterval: 20,
    onFailure: ({ message }) => { failures.push(message) },
    onRenewal (error) {
      renewals.push(error?.message)
      if (!error) waiting.splice(0).forEach((resolve) => resolve())
    }
  })
  t.teardown(() => server.close())

  async function post (ca: string, id: string, secret = SECRET): Promise<number> {
    const pool = new Pool(`https://127.0.0.1:${server.port}`, { connect: { ca } })
    try {
      const { statusCode, body } = await pool.request({ method: 'POST', path: '/mlflow-webhook', body: EVENT, headers: headersOf(EVENT, { id, secret }) })
      said.push(await body.text())
      return statusCode
    } finally {
      await pool.destroy()
    }
  }

  t.equal(await post(one.cert, '1'), 200)
  t.strictSame(hints, ['bank churn'])
  await writeFile(secretFile, 'rotated')
  t.equal(await post(one.cert, '2'), 401, 'a rotated secret counts at once')
  t.equal(await post(one.cert, '3', 'rotated'), 200)
  await rename(secretFile, `${secretFile}.gone`)
  t.equal(await post(one.cert, '3b', 'rotated'), 503, 'without a secret nobody can be let in, and MLflow may try again')
  t.strictSame([said.at(-1), failures.length], ['{"outcome":"Failed"}', 1], 'the log is told why, and who asked is not')
  await rename(`${secretFile}.gone`, secretFile)

  const renewed = new Promise<void>((resolve) => waiting.push(resolve))
  await writeFile(certFile, two.cert)
  await writeFile(keyFile, two.private)
  await renewed
  t.equal(await post(two.cert, '4', 'rotated'), 200, 'a new certificate needs no restart')
  await t.rejects(post(one.cert, '5', 'rotated'), 'the old one is gone')
})

t.test('a certificate and key that do not fit are said at the start', async (t) => {
  const [one, two] = await Promise.all([generate([]), generate([])])
  const rows = [
    { name: 'neither is PEM', cert: 'no', key: 'no' },
    { name: 'the key of another certificate', cert: one.cert, key: two.private },
    { name: 'a key that is just being written', cert: one.cert, key: '' },
    { name: 'a certificate that is just being written', cert: '', key: one.private }
  ]
  for (const { name, cert, key } of rows) {
    const dir = t.testdir({ 'tls.crt': cert, 'tls.key': key })
    await t.rejects(startWebhookServer({ config: { port: 0, host: '127.0.0.1', certFile: `${dir}/tls.crt`, keyFile: `${dir}/tls.key`, secretFile: '/nowhere' }, isLeader: () => true, hint: () => {}, now: () => NOW }), name)
  }
})
