// What HTTP libraries never send: lengths that lie, bodies that end early, pieces at odd places, bytes that are no HTTP. The server answers the next call.
import { connect } from 'node:net'
import { once } from 'node:events'
import fc from 'fast-check'
import { request } from 'undici'
import { body, bytesOf, pluralOf, type Body } from '../inputs/bodies.ts'
import { LONGEST_TURN_MS } from '../properties/cpu.ts'
import { checkHttpAnswer } from '../properties/http-answer.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'
import { startServerProcess } from './server-process.ts'

const LIES = ['none', 'longer', 'shorter', 'huge', 'negative', 'no number', 'twice', 'with chunks', 'chunked', 'bad chunk', 'no head', 'long head', 'half a head', 'old version', 'reset'] as const

type Talk = { lie: typeof LIES[number], body: Body, cuts: number[] }

const talk: fc.Arbitrary<Talk> = fc.record({ lie: fc.constantFrom(...LIES), body, cuts: fc.array(fc.nat(), { maxLength: 3 }) })

export const rawSockets: Target = {
  name: 'raw-sockets',
  what: 'lengths that lie, bodies that end early and bytes that are no HTTP, to a real process that must answer the next call',
  share: 2_000,
  quick: 0,
  async open (tally) {
    const server = await startServerProcess()
    const property = fc.asyncProperty(talk, async ({ lie, body, cuts }) => {
      const { bytes } = bytesOf(body)
      const answer = await say(server.port, piecesOf(Buffer.concat([Buffer.from(headOf(lie, pluralOf(body), bytes.length), 'latin1'), lie === 'chunked' || lie === 'bad chunk' ? chunked(lie, bytes) : bytes]), cuts), lie === 'reset')
      tally.count(answer === '' ? 'no answer' : judge(answer))
      const alive = await request(`http://127.0.0.1:${server.port}/healthz`)
      await alive.body.dump()
      demand(alive.statusCode === 200, () => `the next call is answered ${alive.statusCode}`)
      const turn = await server.longestTurn()
      demand(turn <= LONGEST_TURN_MS, () => `a turn of ${Math.round(turn)} ms of CPU`)
    })
    return session(property, server.close)
  }
}

function headOf (lie: Talk['lie'], plural: string, length: number): string {
  const line = `POST /${plural}/sync HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n`
  const heads: Record<Talk['lie'], string> = {
    none: `Content-Length: ${length}\r\n`,
    longer: `Content-Length: ${length + 10}\r\n`,
    shorter: `Content-Length: ${Math.max(0, length - 10)}\r\n`,
    huge: `Content-Length: ${'9'.repeat(30)}\r\n`,
    negative: 'Content-Length: -5\r\n',
    'no number': 'Content-Length: ten\r\n',
    twice: `Content-Length: ${length}\r\nContent-Length: 3\r\n`,
    'with chunks': `Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n`,
    chunked: 'Transfer-Encoding: chunked\r\n',
    'bad chunk': 'Transfer-Encoding: chunked\r\n',
    'no head': '',
    'long head': `X: ${'x'.repeat(20_000)}\r\n`,
    'half a head': 'Content-Len',
    'old version': `Content-Length: ${length}\r\n`,
    reset: `Content-Length: ${length + 1000}\r\n`
  }
  if (lie === 'no head') return ''
  if (lie === 'half a head') return line + heads[lie]
  return `${lie === 'old version' ? line.replace('HTTP/1.1', 'HTTP/0.9') : line}${heads[lie]}\r\n`
}

function chunked (lie: Talk['lie'], bytes: Buffer): Buffer {
  const size = lie === 'bad chunk' ? 'zz' : bytes.length.toString(16)
  return bytes.length === 0 ? Buffer.from('0\r\n\r\n') : Buffer.concat([Buffer.from(`${size}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')])
}

function piecesOf (bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}

/** Sends, ends its side, and gives what came back until the other side ended, too. */
async function say (port: number, pieces: Buffer[], reset: boolean): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A server that hangs up while we still talk is right to do so.
  socket.on('error', () => {})
  const closed = once(socket, 'close').catch(() => undefined)
  for (const piece of pieces) socket.write(piece)
  if (reset) socket.resetAndDestroy()
  else socket.end()
  await closed
  return Buffer.concat(chunks).toString('utf8')
}

/** The status of the first answer, which is checked. */
function judge (answer: string): string {
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  const type = /^content-type: (.*)$/im.exec(head)?.[1] ?? ''
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
  checkHttpAnswer(status, type, Buffer.from(rest.join('\r\n\r\n')).subarray(0, length).toString())
  return String(status)
}
