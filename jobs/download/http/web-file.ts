// A file at an http or https address, with ranges where the server has them.
import { DownloadError } from '../failure.ts'
import type { Opened, RemoteFile } from '../remote.ts'
import type { HttpAnswer, HttpClient } from './client.ts'
import { addressOf, asNetworkError } from './refusal.ts'

export type WebFile = Omit<RemoteFile, 'open'> & {
  url: URL
  authorization?: string | undefined
  headers?: Record<string, string>
  /** Names the bytes that this URL stands for, which never change. */
  pinnedBy?: string
}

/** The file as one that can be opened. */
export function webFile (http: HttpClient, { url, authorization, headers = {}, pinnedBy, ...file }: WebFile): RemoteFile {
  return {
    ...file,
    async open ({ offset, validator, signal }) {
      const ranged = offset > 0 && validator !== undefined
      const condition: Record<string, string> = ranged && pinnedBy === undefined ? { 'if-range': validator } : {}
      const answer = await http.ask(url, { headers: { ...headers, ...(ranged && { range: `bytes=${offset}-` }), ...condition }, authorization, accept: [416], signal })
      // There is nothing behind what we have: it has become shorter, or whoever announced its length was wrong.
      if (answer.status === 416 && ranged) {
        answer.body.resume()
        return await this.open({ offset: 0, validator: undefined, signal })
      }
      return { ...openedOf(answer, url, signal), ...(pinnedBy !== undefined && { validator: pinnedBy }) }
    }
  }
}

/** What an answer to a request for a file, or its end, brings. */
function openedOf (answer: HttpAnswer, url: URL, signal: AbortSignal): Opened {
  const { status, headers, body } = answer
  if (status !== 200 && status !== 206) throw new DownloadError('Refused', `${addressOf(url)} answers ${status} and sends no file; check the address`)
  refuseEncoded(answer, url)
  const validator = validatorOf(headers)
  const bytes = readable(body, url, signal)
  const endsWithLine = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
  if (status === 200) return { offset: 0, total: wholeNumber(headers['content-length']), validator, endsWithLine, body: bytes }
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers['content-range'])) ?? []
  if (first === undefined) throw new DownloadError('Cut', `${addressOf(url)} answers 206 without saying which bytes it sends; that server is broken`)
  return { offset: Number(first), total: wholeNumber(total), validator, endsWithLine, body: bytes }
}

/** Some servers call a .tar.gz gzip-encoded; then what is sent is the file. Of anything else it is not. */
function refuseEncoded ({ headers }: HttpAnswer, url: URL): void {
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding === 'identity' || encoding === '') return
  if (/^x?-?gzip$/.test(encoding) && /\.(gz|tgz)$/i.test(url.pathname)) return
  throw new DownloadError('SourceUnsupported', `${addressOf(url)} is sent with the encoding ${encoding} though the file itself was asked for; switch that off at the server, or store the file without Content-Encoding`)
}

/** A strong ETag, or the time of the last change; RFC 9110 §13.1.5 allows no weak ETag in If-Range. */
function validatorOf ({ etag, 'last-modified': modified }: HttpAnswer['headers']): string | undefined {
  if (typeof etag === 'string' && etag.startsWith('"')) return etag
  return typeof modified === 'string' && etag === undefined ? modified : undefined
}

function wholeNumber (text: unknown): number | undefined {
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined
}

/** The body, with errors of the line as ours. */
function readable (body: HttpAnswer['body'], url: URL, signal: AbortSignal): Opened['body'] {
  async function * chunks (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) yield chunk
    } catch (error) {
      throw asNetworkError(error, url, signal)
    }
  }
  const bytes = chunks()
  return { [Symbol.asyncIterator]: () => bytes, destroy: () => { body.destroy() } } as Opened['body']
}
