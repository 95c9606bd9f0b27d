// HTTP requests of the program: redirects followed by hand, so that credentials go nowhere else, and every failure as a sentence with its remedy.
// By Node's own client rather than undici: that one (7.30) ends the process where a server closes its connection while a body waits for the disk.
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { DownloadError } from '../failure.ts'
import { addressOf, asNetworkError, refusalOf, SILENCE } from './refusal.ts'

export type HttpRequest = {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  /** For the host of the URL alone, as the header has it. */
  authorization?: string | undefined
  body?: string
  /** Statuses that are an answer beside 2xx. */
  accept?: number[]
  signal: AbortSignal
}

export type HttpAnswer = { status: number, headers: Record<string, string | string[] | undefined>, body: IncomingMessage }

export type HttpClient = {
  /** Asks. Throws DownloadError for all that is no success. The body must be read or destroyed. */
  ask: (url: URL, request: HttpRequest) => Promise<HttpAnswer>
  /** The same for a JSON object of at most a few megabytes. */
  askJson: (url: URL, request: HttpRequest) => Promise<object>
  close: () => Promise<void>
}

const MOST_REDIRECTS = 5
const LONGEST_JSON = 16 * 2 ** 20
const REDIRECTS = [301, 302, 303, 307, 308]

export type HttpOptions = {
  /** A source that sends nothing for so many milliseconds counts as cut off. */
  stallMs: number
  /** HTTPS_PROXY and its like. */
  proxies?: NodeJS.ProcessEnv
}

/** A client for both protocols. */
export function createHttpClient ({ stallMs, proxies = {} }: HttpOptions): HttpClient {
  const options = { keepAlive: true, proxyEnv: proxies }
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }

  async function send (url: URL, asked: HttpRequest): Promise<HttpAnswer> {
    try {
      const body = await exchange(url, asked)
      // Whoever reads it gets its errors; a body that nobody reads any more must not end the program.
      body.on('error', () => {})
      return { status: body.statusCode ?? 0, headers: body.headers, body }
    } catch (error) {
      throw asNetworkError(error, url, asked.signal)
    }
  }

  function exchange (url: URL, { method = 'GET', headers = {}, authorization, body, signal }: HttpRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const isSecure = url.protocol === 'https:'
    const request = (isSecure ? https : http).request(url, {
      method,
      signal,
      agent: agents[isSecure ? 'https:' : 'http:'],
      timeout: stallMs,
      // What is encoded has another length and hash, and no ranges.
      headers: { 'accept-encoding': 'identity', 'user-agent': 'sluice-download', ...headers, ...(authorization !== undefined && { authorization }) }
    })
    request.on('timeout', () => { request.destroy(Object.assign(new Error('silence'), { code: SILENCE })) })
    request.on('response', resolve)
    request.on('error', reject)
    request.end(body)
    return promise
  }

  async function ask (url: URL, asked: HttpRequest): Promise<HttpAnswer> {
    let at = withoutUserInfo(url)
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const own = at.origin === url.origin
      const answer = await send(at, own ? asked : withoutCredentials(asked))
      if (!REDIRECTS.includes(answer.status)) return await accepted(answer, at, asked)
      answer.body.resume()
      at = next(at, answer, asked)
    }
    throw new DownloadError('RedirectRefused', `${addressOf(url)} leads on more than ${MOST_REDIRECTS} times; give the address where it ends`)
  }

  return {
    ask,
    async askJson (url, asked) {
      const { body } = await ask(url, { ...asked, headers: { accept: 'application/json', ...asked.headers } })
      return parseObject(await textOf(body, url, asked.signal), url)
    },
    async close () { for (const agent of Object.values(agents)) agent.destroy() }
  }
}

async function accepted (answer: HttpAnswer, url: URL, { accept = [], signal }: HttpRequest): Promise<HttpAnswer> {
  if ((answer.status >= 200 && answer.status < 300) || accept.includes(answer.status)) return answer
  throw await refusalOf(answer, url, signal)
}

/** Another host gets neither the header nor what else was meant for the first. */
function withoutCredentials ({ authorization, headers = {}, ...asked }: HttpRequest): HttpRequest {
  const kept = Object.entries(headers).filter(([name]) => ['range', 'if-range', 'accept'].includes(name.toLowerCase()))
  return { ...asked, headers: Object.fromEntries(kept) }
}

function next (from: URL, { status, headers }: HttpAnswer, { method }: HttpRequest): URL {
  const { location } = headers
  const to = typeof location === 'string' && URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (!to) throw new DownloadError('Refused', `${addressOf(from)} answers ${status} and does not say where to; give another address`)
  if (method === 'POST') throw new DownloadError('RedirectRefused', `${addressOf(from)} leads a question on to ${addressOf(to)}; give that address instead`)
  if (!['http:', 'https:'].includes(to.protocol)) throw new DownloadError('RedirectRefused', `${addressOf(from)} leads on to a ${to.protocol} address, which is not followed; give the address of the model itself`)
  if (from.protocol === 'https:' && to.protocol === 'http:') throw new DownloadError('RedirectRefused', `${addressOf(from)} leads from https to http, where anybody could change the model; give an https address that stays one`)
  return withoutUserInfo(to)
}

/** Credentials of a URL come as a header, and only to its own host. */
function withoutUserInfo (url: URL): URL {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  plain.hash = ''
  return plain
}

async function textOf (body: HttpAnswer['body'], url: URL, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.byteLength
      if (length > LONGEST_JSON) throw new DownloadError('Refused', `${addressOf(url)} answers with more than ${LONGEST_JSON} bytes where a short answer is expected; check the address`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw asNetworkError(error, url, signal)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseObject (text: string, url: URL): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new DownloadError('Refused', `${addressOf(url)} answers with something else than JSON: ${JSON.stringify(text.slice(0, 60))}; check the address`)
}
