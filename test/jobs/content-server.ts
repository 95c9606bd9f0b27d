// A web server with one file that misbehaves as it is told to, request by request.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { startServer, type LocalServer } from '../helpers/local-server.ts'

/** How one request is answered; what is not said is as it should be. */
export type Answer = {
  status?: number
  headers?: Record<string, string>
  /** The whole file [the server's]. */
  content?: Buffer
  etag?: string | null
  /** The connection is cut after so many bytes of the body. */
  cutAfter?: number
  /** Nothing comes after so many bytes, and the connection stays. */
  stallAfter?: number
  /** Content-Length, when it is a lie. */
  length?: number
  /** It says neither how much it sends nor where that ends, but by closing the connection. */
  unframed?: true
  /** Asked for a part, it sends everything. */
  ranges?: false
  redirect?: string
}

export type Content = {
  content: Buffer
  /** Resolves when so many bytes of the file have been written by who downloads it: what is cut off before that may be lost on the way. */
  arrived: (bytes: number) => Promise<void>
}

/** Answers request n by the nth answer, and all further ones by the last. */
export async function serveContent (t: Test, content: Content, ...answers: Answer[]): Promise<LocalServer> {
  let number = 0
  return await startServer(t, async (response, { headers }) => {
    const answer = answers[Math.min(number++, answers.length - 1)] ?? {}
    if (answer.redirect !== undefined) response.writeHead(answer.status ?? 302, { location: answer.redirect }).end()
    else if ((answer.status ?? 200) !== 200) response.writeHead(answer.status ?? 200, answer.headers).end('no')
    else await send(response, headers, { ...content, ...answer })
  })
}

async function send (response: ServerResponse, asked: IncomingHttpHeaders, answer: Answer & Content): Promise<void> {
  const { content, etag = '"1"', headers = {} } = answer
  const start = startOf(asked, answer)
  const body = content.subarray(start)
  if (start > 0 && body.length === 0) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    return
  }
  const part: Record<string, string> = start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}
  response.writeHead(start > 0 ? 206 : 200, { ...framing(response, body, answer), ...(etag !== null && { etag }), ...part, ...headers })
  await sendBody(response, body, { start, ...answer })
}

/** Headers that say where the body ends. */
function framing (response: ServerResponse, body: Buffer, { unframed, length = body.length }: Answer): Record<string, number> {
  if (!unframed) return { 'content-length': length }
  response.useChunkedEncodingByDefault = false
  response.shouldKeepAlive = false
  return {}
}

function startOf ({ range = '', 'if-range': condition }: IncomingHttpHeaders, { etag = '"1"', ranges }: Answer): number {
  if (ranges === false || (condition !== undefined && condition !== etag)) return 0
  return Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0)
}

async function sendBody (response: ServerResponse, body: Buffer, { start, cutAfter = Infinity, stallAfter = Infinity, length = 0, unframed, arrived }: Answer & Content & { start: number }): Promise<void> {
  const sent = body.subarray(0, Math.min(cutAfter, stallAfter))
  if (sent.length === body.length && length <= body.length) {
    response.end(sent)
    return
  }
  response.write(sent)
  if (stallAfter < body.length) return
  await arrived(start + sent.length)
  if (unframed) response.end()
  else response.destroy()
}
