// The real process: it starts, serves over TLS, takes over new tokens and certificates, and leaves without dropping a call.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { connect, type TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'
import { kinds } from '../hooks/kinds.ts'
import { requestFor } from './helpers/requests.ts'

const MAIN = path.join(import.meta.dirname, '../hooks/main.ts')
const [kind] = kinds
const URL = `/${kind?.resource.plural}/sync`
const body = kind ? JSON.stringify(requestFor(kind, { spec: { modelName: 'churn', modelAlias: 'champion' } })) : ''

type Line = Record<string, unknown> & { msg: string }
type Process = { child: ChildProcess, port: number, url: string, line: (msg: string) => Promise<Line>, exit: Promise<[number | null]> }

/** Starts the process and waits until it listens. Lines of its log can be awaited by their message. */
async function start (t: Test, env: Record<string, string> = {}): Promise<Process> {
  const child = spawn(process.execPath, [MAIN], { env: { HOST: '127.0.0.1', PORT: '0', DRAIN_SECONDS: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit') as Promise<[number | null]>
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })
  const seen: Line[] = []
  const waiting = new Map<string, (line: Line) => void>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line
    seen.push(line)
    waiting.get(line.msg)?.(line)
  })
  const line = async (msg: string) => seen.find((entry) => entry.msg === msg) ?? await new Promise<Line>((resolve) => waiting.set(msg, resolve))
  const { address } = await line('hooks are ready') as Line & { address: string }
  return { child, port: Number(/:(\d+)$/.exec(address)?.[1]), url: address, line, exit }
}

async function post (url: string, headers: Record<string, string> = {}): Promise<{ status: number, retryAfter: string | null }> {
  const response = await fetch(url + URL, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
  await response.text()
  return { status: response.status, retryAfter: response.headers.get('retry-after') }
}

function replace (file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

async function certificate (name: string): Promise<{ private: string, cert: string }> {
  return await generate([{ name: 'commonName', value: name }], { algorithm: 'sha256', keyType: 'ec', curve: 'P-256' })
}

/** Common name of the certificate that the port shows, and the version of TLS. */
async function shown (port: number): Promise<[string | string[], string | null]> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const answer: [string | string[], string | null] = [socket.getPeerCertificate().subject.CN ?? '', socket.getProtocol()]
  socket.destroy()
  return answer
}

t.test('it starts, answers, and leaves on SIGTERM and on SIGINT', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, url, exit, line } = await start(t)
    t.equal((await post(url)).status, 200)
    t.match(await (await fetch(`${url}/metrics`)).text(), /^process_cpu_seconds_total /m)
    child.kill(signal)
    await line('hooks have left')
    t.strictSame((await exit)[0], 0, signal)
  }
})

t.test('a token is rotated while it runs', async (t) => {
  const file = path.join(t.testdir({ tokens: 'old' }), 'tokens')
  const { url } = await start(t, { HOOK_TOKEN_FILE: file })
  const tried = async () => [(await post(url)).status, (await post(url, { authorization: 'Bearer old' })).status, (await post(url, { authorization: 'Bearer new' })).status]
  t.strictSame(await tried(), [401, 200, 401])
  replace(file, 'old\nnew\n')
  t.strictSame(await tried(), [401, 200, 200])
  replace(file, 'new\n')
  t.strictSame(await tried(), [401, 401, 200])
})

t.test('it serves over TLS, takes over a new certificate, and keeps it when the next one is broken', async (t) => {
  const [first, second] = [await certificate('first'), await certificate('second')]
  const folder = t.testdir({ 'tls.crt': first.cert, 'tls.key': first.private })
  const [certFile, keyFile] = [path.join(folder, 'tls.crt'), path.join(folder, 'tls.key')]
  const { port, url, line } = await start(t, { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile })
  t.match(url, /^https:/)
  t.strictSame(await shown(port), ['first', 'TLSv1.3'])

  replace(keyFile, second.private)
  replace(certFile, second.cert)
  await line('certificate renewed')
  t.strictSame(await shown(port), ['second', 'TLSv1.3'])

  replace(certFile, 'no certificate')
  await line('certificate cannot be renewed; the old one stays in use')
  t.strictSame(await shown(port), ['second', 'TLSv1.3'])
})

t.test('on SIGTERM a call in flight is answered, new ones are sent away, and then it ends', async (t) => {
  const { child, url, port, line, exit } = await start(t)
  const slow = httpRequest({ host: '127.0.0.1', port, path: URL, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), expect: '100-continue' } })
  const answered = once(slow, 'response') as Promise<[IncomingMessage]>
  slow.flushHeaders()
  await once(slow, 'continue')
  slow.write(body.slice(0, 10))

  child.kill('SIGTERM')
  t.match(await line('hooks are leaving'), { signal: 'SIGTERM', inFlight: 1 })
  t.equal((await fetch(`${url}/readyz`)).status, 503)
  t.strictSame(await post(url), { status: 429, retryAfter: '2' })

  slow.end(body.slice(10))
  const [response] = await answered
  t.equal(response.statusCode, 200)
  t.match(JSON.parse(await text(response)), { status: { phase: 'Pending' }, children: [] })
  await line('hooks have left')
  t.strictSame((await exit)[0], 0)
})

t.test('wrong settings end it at once, with the variable and the remedy', async (t) => {
  const child = spawn(process.execPath, [MAIN], { env: { PORT: 'http' }, stdio: ['ignore', 'inherit', 'pipe'] })
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number]>])
  t.equal(code, 2)
  t.equal(said, 'PORT is "http", and must be a port from 0 (any free one) to 65535; correct it, or unset it for 8080\n')
})

const hopeless: Array<{ name: string, env: Record<string, string>, because: RegExp }> = [
  { name: 'a token file that is not there', env: { HOOK_TOKEN_FILE: '/nonexistent/tokens' }, because: /HOOK_TOKEN_FILE \/nonexistent\/tokens cannot be read: mount it/ },
  { name: 'a certificate that is not there', env: { TLS_CERT_FILE: '/nonexistent/tls.crt', TLS_KEY_FILE: '/nonexistent/tls.key' }, because: /cannot use TLS_CERT_FILE \/nonexistent\/tls\.crt with TLS_KEY_FILE/ }
]

for (const { name, env, because } of hopeless) {
  t.test(`it does not start with ${name}`, async (t) => {
    const child = spawn(process.execPath, [MAIN], { env: { HOST: '127.0.0.1', PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number]>])
    t.equal(code, 1)
    t.match(JSON.parse(said), { msg: 'hooks cannot start', err: { message: because } })
  })
}
