import { once } from 'node:events'
import { createServer } from 'node:https'
import { chmodSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { generate } from 'selfsigned'
import { stringify } from 'yaml'
import { createClusterClient } from '../../../poller/cluster/client.ts'
import { connect } from '../../../poller/cluster/connect.ts'
import { requestToken } from '../../../poller/cluster/token-request.ts'
import { monotonic, rejection } from '../../helpers/poller-cluster.ts'

const server = await generate([{ name: 'commonName', value: 'localhost' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }, { type: 2, value: 'kubernetes' }] }] })
const person = await generate([{ name: 'commonName', value: 'jane' }])

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** An API server that answers who it takes the caller for. */
async function startTls (t: Test): Promise<string> {
  const listener = createServer({ key: server.private, cert: server.cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    response.end(JSON.stringify({ authorization: request.headers.authorization, certificate: subject?.CN }))
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => {
    listener.closeAllConnections()
    listener.close()
  })
  return `https://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

function kubeconfig (cluster: object, user: object): string {
  return stringify({
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'team' } }],
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }]
  })
}

async function whoami (path: string): Promise<unknown> {
  const connection = await connect({ kubeconfig: path, environment: process.env, monotonic })
  const client = createClusterClient(connection, { monotonic })
  try {
    return { ...await client.get<object>('/api'), namespace: client.namespace }
  } finally {
    await client.close()
  }
}

t.test('a kubeconfig says how to prove who we are', async (t) => {
  const url = await startTls(t)
  const folder = t.testdir({
    'ca.pem': server.cert,
    'jane.pem': person.cert,
    'jane.key': person.private,
    token: 'from-a-file\n',
    'plugin.sh': '#!/bin/sh\necho \'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"\'"$PREFIX"\'-of-\'"$1"\'"}}\'\n'
  })
  chmodSync(`${folder}/plugin.sh`, 0o755)
  const ca = { 'certificate-authority-data': base64(server.cert) }
  const rows = [
    { name: 'a token', cluster: ca, user: { token: 'abc' }, want: { authorization: 'Bearer abc' } },
    { name: 'a token in a file beside it', cluster: ca, user: { tokenFile: 'token' }, want: { authorization: 'Bearer from-a-file' } },
    { name: 'name and password', cluster: ca, user: { username: 'jane', password: 'secret' }, want: { authorization: `Basic ${base64('jane:secret')}` } },
    { name: 'a certificate in it', cluster: ca, user: { 'client-certificate-data': base64(person.cert), 'client-key-data': base64(person.private) }, want: { certificate: 'jane' } },
    { name: 'a certificate in files', cluster: ca, user: { 'client-certificate': 'jane.pem', 'client-key': 'jane.key' }, want: { certificate: 'jane' } },
    { name: 'authorities in a file', cluster: { 'certificate-authority': 'ca.pem' }, user: { token: 'abc' }, want: { authorization: 'Bearer abc' } },
    { name: 'another name of the server', cluster: { ...ca, 'tls-server-name': 'kubernetes' }, user: { token: 'abc' }, want: { authorization: 'Bearer abc' } },
    { name: 'no authorities at all, on one\'s own risk', cluster: { 'insecure-skip-tls-verify': true }, user: { token: 'abc' }, want: { authorization: 'Bearer abc' } },
    {
      name: 'a program that hands out tokens',
      cluster: ca,
      user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin.sh', args: ['jane'], env: [{ name: 'PREFIX', value: 'token' }] } },
      want: { authorization: 'Bearer token-of-jane' }
    }
  ]
  for (const { name, cluster, user, want } of rows) {
    const path = `${folder}/config`
    writeFileSync(path, kubeconfig({ server: `${url}/`, ...cluster }, user))
    t.same(await whoami(path), { ...want, namespace: 'team' }, name)
  }
})

t.test('an unknown authority, or a wrong name, is refused', async (t) => {
  const url = await startTls(t)
  const path = `${t.testdir()}/config`
  writeFileSync(path, kubeconfig({ server: url }, { token: 'abc' }))
  t.match(await rejection(whoami(path)), { kind: 'Unavailable' })
  writeFileSync(path, kubeconfig({ server: url, 'certificate-authority-data': base64(server.cert), 'tls-server-name': 'elsewhere' }, { token: 'abc' }))
  t.match(await rejection(whoami(path)), { kind: 'Unavailable' })
})

t.test('of several files the first says which context, and entries may be spread', async (t) => {
  const folder = t.testdir({
    one: stringify({ 'current-context': 'a', contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }], users: [{ name: 'u', user: { token: 'first' } }] }),
    two: stringify({ 'current-context': 'b', clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }], users: [{ name: 'u', user: { token: 'second' } }] })
  })
  const connection = await connect({ kubeconfig: `${folder}/one:${folder}/two`, environment: process.env, monotonic })
  t.equal(connection.server, 'http://127.0.0.1:1')
  t.equal(await connection.authorization(), 'Bearer first')
})

t.test('what is missing or not supported is named', async (t) => {
  const rows = [
    { name: 'no context chosen', text: stringify({ clusters: [] }), want: /no current-context/ },
    { name: 'the context is not there', text: stringify({ 'current-context': 'x' }), want: /no context named x/ },
    { name: 'the cluster has no server', text: kubeconfig({}, {}), want: /cluster c of the kubeconfig is not valid at \/server/ },
    { name: 'a proxy', text: kubeconfig({ server: 'https://a', 'proxy-url': 'http://b' }, {}), want: /proxy-url, which is not supported/ },
    { name: 'an old auth provider', text: kubeconfig({ server: 'https://a' }, { 'auth-provider': { name: 'gcp' } }), want: /auth-provider, which is not supported/ },
    { name: 'acting as another', text: kubeconfig({ server: 'https://a' }, { as: 'root' }), want: /uses as, which is not supported/ }
  ]
  for (const { name, text, want } of rows) {
    const path = `${t.testdir()}/config`
    writeFileSync(path, text)
    await t.rejects(connect({ kubeconfig: path, environment: process.env, monotonic }), want, name)
  }
  await t.rejects(connect({ environment: process.env, monotonic }), /set KUBECONFIG to a kubeconfig file, or run in a pod/)
})

t.test('a program that fails is named, and nothing it said', async (t) => {
  const path = `${t.testdir()}/config`
  writeFileSync(path, kubeconfig({ server: 'http://127.0.0.1:1' }, { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', 'echo secret; exit 3'], installHint: 'Install it.' } }))
  const connection = await connect({ kubeconfig: path, environment: process.env, monotonic })
  const error = await connection.authorization().catch((error: unknown) => error) as Error & { cause: Error }
  t.match(error.message, /exec plugin sh gave no credentials: run it by hand to see why \(Install it\.\)/)
  t.match(error.cause.message, 'it ended with 3')
  t.notMatch(JSON.stringify([error.message, error.cause.message]), /secret/)
})

t.test('in a pod the files are used, and read again after a while', async (t) => {
  let now = 0
  const folder = t.testdir({ token: 'one', namespace: 'sluice\n', 'ca.crt': server.cert })
  const connection = await connect({ service: { host: 'fd00::1', port: '443' }, podFiles: folder, environment: {}, monotonic: () => now })
  t.equal(connection.server, 'https://[fd00::1]:443')
  t.equal(connection.namespace, 'sluice')
  t.same(await connection.tls(), { ca: server.cert })
  t.equal(await connection.authorization(), 'Bearer one')
  writeFileSync(`${folder}/token`, 'two')
  t.equal(await connection.authorization(), 'Bearer one', 'for a minute')
  now = 61_000
  t.equal(await connection.authorization(), 'Bearer two')
  writeFileSync(`${folder}/token`, 'three')
  connection.forget()
  t.equal(await connection.authorization(), 'Bearer three', 'after it was refused')
})

t.test('a token of another ServiceAccount is asked for, with the lifetime that was granted', async (t) => {
  const asked: unknown[] = []
  const client = {
    create: async <T>(path: string, body: object) => {
      asked.push({ path, body })
      return { metadata: { creationTimestamp: '2026-11-21T04:00:00Z' }, status: { token: 'abc', expirationTimestamp: '2026-11-21T04:20:00Z' } } as T
    },
    serverTime: () => 0
  }
  t.same(await requestToken(client, { namespace: 'sluice', serviceAccount: 'reader', expirationSeconds: 3600 }), { token: 'abc', seconds: 1200 })
  await requestToken(client, { namespace: 'sluice', serviceAccount: 'reader', audiences: ['mlflow'], expirationSeconds: 600 })
  const path = '/api/v1/namespaces/sluice/serviceaccounts/reader/token'
  t.same(asked, [
    { path, body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } } },
    { path, body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600, audiences: ['mlflow'] } } }
  ])
})
