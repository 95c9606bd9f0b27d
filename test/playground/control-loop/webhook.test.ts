// The call of a hook: URL, timeout, success, throttling, ETag, authentication, TLS.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { createHook, isStrict, isTooManyRequests, webhookTimeout, webhookUrl } from '../../../playground/control-loop/webhook.ts'
import { matchEndpoint } from '../../../playground/control-loop/endpoint.ts'
import type { EndpointSettings, ReadObject } from '../../../playground/control-loop/endpoint.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { sendText, startServer } from '../../helpers/local-server.ts'

const parent: KubeObject = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', metadata: { name: 'p', namespace: 'n', uid: 'P' } }
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const read: ReadObject = async (kind, namespace, name) => {
  if (name === 'absent') throw new Error(`${kind} ${namespace}/${name} not found`)
  return { apiVersion: 'v1', kind, metadata: { name, namespace }, data: kind === 'Secret' ? { token: base64(' abc\n'), username: base64('me'), password: base64('pw') } : { 'ca.crt': 'CA' } }
}
const context = { endpoints: [], read, clock: () => Date.parse('2026-11-21T04:00:00Z') }

t.test('settings', (t) => {
  const service = { name: 'hooks', namespace: 'sluice' }
  t.equal(webhookUrl({ url: 'http://x/y', service, path: '/z' }), 'http://x/y', 'url wins')
  t.equal(webhookUrl({ service, path: '/z?v=1' }), 'http://hooks.sluice:80/z?v=1', 'the service form has no .svc')
  t.equal(webhookUrl({ service: { ...service, port: 8443, protocol: 'https' }, path: '/z' }), 'https://hooks.sluice:8443/z')
  t.throws(() => webhookUrl({ service }), /must specify either/)
  t.same([{}, { timeout: '2s' }, { timeout: '1m30s' }, { timeout: '0s' }].map(webhookTimeout), [10_000, 2000, 90_000, 10_000])
  t.same([{}, { version: 'v2' as const }, { version: 'v2' as const, webhook: { responseUnMarshallMode: 'loose' as const } }, { webhook: { responseUnMarshallMode: 'strict' as const } }].map(isStrict), [false, true, false, true])
  t.end()
})

t.test('endpointConfigs match by host', (t) => {
  const rows: { name: string, url: string, host: string, want: boolean }[] = [
    { name: 'the same host', url: 'https://a.b/x', host: 'a.b', want: true },
    { name: 'in another case', url: 'https://a.b/x', host: 'A.B', want: true },
    { name: 'with the default port', url: 'https://a.b/x', host: 'a.b:443', want: true },
    { name: 'without the default port', url: 'https://a.b:443/x', host: 'a.b', want: true },
    { name: 'another port needs naming', url: 'http://a.b:8080/x', host: 'a.b', want: false },
    { name: 'and may be named', url: 'http://a.b:8080/x', host: 'a.b:8080', want: true }
  ]
  for (const row of rows) t.equal(matchEndpoint(row.url, [{ host: row.host }]) !== undefined, row.want, row.name)
  t.end()
})

t.test('only 200 is success', async (t) => {
  const rows: { name: string, status: number, headers?: Record<string, string>, after?: number }[] = [
    { name: '201', status: 201 },
    { name: '204', status: 204 },
    { name: '304 without a remembered answer', status: 304 },
    { name: '500', status: 500 },
    { name: '429 is its own error', status: 429, headers: { 'retry-after': '7' }, after: 7 },
    { name: '429 without Retry-After means at once', status: 429, after: 0 }
  ]
  for (const row of rows) {
    const server = await startServer(t, (response) => { sendText(response, row.status, row.status === 204 || row.status === 304 ? '' : 'why', row.headers) })
    const hook = await createHook({ webhook: { url: server.url } }, context)
    const error = await hook.call('{}', parent).then(() => undefined, (reason: unknown) => reason)
    t.equal(isTooManyRequests(error) ? error.afterSeconds : undefined, row.after, row.name)
    if (row.after === undefined) t.match(error, { message: `unsupported status code: ${row.status} body: ` }, row.name)
    await hook.close()
  }
})

t.test('a hook that does not answer in time fails the sync', async (t) => {
  const server = await startServer(t, () => {})
  const hook = await createHook({ webhook: { url: server.url, timeout: '20ms' } }, context)
  await t.rejects(hook.call('{}', parent), /http error/)
  await hook.close()
})

t.test('an answer with an ETag is remembered by kind and name', async (t) => {
  const server = await startServer(t, (response, asked) => {
    if (asked.headers['if-none-match']) sendText(response, 304, '')
    else sendText(response, 200, '{"a":1}', { etag: '"x"' })
  })
  const hook = await createHook({ webhook: { url: server.url, etag: { enabled: true } } }, context)
  t.equal(await hook.call('{}', parent), '{"a":1}')
  t.equal(await hook.call('{}', { ...parent, metadata: { ...parent.metadata, uid: 'another' } }), '{"a":1}', 'even for another uid')
  t.same(server.asked.map((asked) => asked.headers['if-none-match']), [undefined, '"x"'])
  await hook.close()
})

t.test('authentication', async (t) => {
  const secretRef = { name: 's', namespace: 'n', key: 'token' }
  const rows: { name: string, webhook: EndpointSettings, endpoints?: (EndpointSettings & { host: string })[], want: string | undefined }[] = [
    { name: 'none', webhook: {}, want: undefined },
    { name: 'a bearer token is trimmed', webhook: { authorization: { secretRef } }, want: 'Bearer abc' },
    { name: 'another type', webhook: { authorization: { type: 'Token', secretRef } }, want: 'Token abc' },
    { name: 'basic', webhook: { basicAuth: { secretRef } }, want: `Basic ${base64('me:pw')}` },
    { name: 'from endpointConfigs', webhook: {}, endpoints: [{ host: '127.0.0.1', authorization: { secretRef } }], want: undefined }
  ]
  for (const row of rows) {
    const server = await startServer(t, (response) => { sendText(response, 200, '{}') })
    const hook = await createHook({ webhook: { url: server.url, ...row.webhook } }, { ...context, endpoints: row.endpoints ?? [] })
    await hook.call('{}', parent)
    t.equal(server.asked[0]?.headers.authorization, row.want, row.name)
    await hook.close()
  }
  const server = await startServer(t, (response) => { sendText(response, 200, '{}') })
  const hook = await createHook({ webhook: { url: server.url } }, { ...context, endpoints: [{ host: `127.0.0.1:${server.port}`, authorization: { secretRef } }] })
  await hook.call('{}', parent)
  t.equal(server.asked[0]?.headers.authorization, 'Bearer abc', 'endpointConfigs apply where the port is named')
  await hook.close()

  const refused: { name: string, webhook: EndpointSettings, want: RegExp }[] = [
    { name: 'type Basic', webhook: { authorization: { type: ' basic ', secretRef } }, want: /use the basicAuth field/ },
    { name: 'both', webhook: { authorization: { secretRef }, basicAuth: { secretRef } }, want: /mutually exclusive/ },
    { name: 'a key that is not there', webhook: { authorization: { secretRef: { ...secretRef, key: 'other' } } }, want: /does not contain key "other"/ },
    { name: 'a secret that is not there', webhook: { authorization: { secretRef: { ...secretRef, name: 'absent' } } }, want: /not found/ },
    { name: 'two sources of a CA', webhook: { caBundle: { inline: 'x', secretRef } }, want: /exactly one of/ }
  ]
  for (const row of refused) await t.rejects(createHook({ webhook: { url: 'http://127.0.0.1', ...row.webhook } }, context), row.want, row.name)
})

t.test('TLS with a CA of its own', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tls-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  try {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${folder}/key`, '-out', `${folder}/cert`, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' })
  } catch {
    t.comment('skipped: openssl is not installed')
    return
  }
  const tls = { key: readFileSync(`${folder}/key`, 'utf8'), cert: readFileSync(`${folder}/cert`, 'utf8') }
  const server = await startServer(t, (response) => { sendText(response, 200, '{}') }, tls)
  const trusting = await createHook({ webhook: { url: server.url, caBundle: { inline: tls.cert } } }, context)
  t.equal(await trusting.call('{}', parent), '{}')
  const plain = await createHook({ webhook: { url: server.url } }, context)
  await t.rejects(plain.call('{}', parent), /http error: self.signed/)
  await Promise.all([trusting.close(), plain.close()])
})
