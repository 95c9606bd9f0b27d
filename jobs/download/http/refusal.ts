// Answers and errors of HTTP as reasons with a remedy.
import { codeOf } from '../../program/failure.ts'
import { parseRetryAfter } from '../../program/retry-after.ts'
import { DownloadError, type Reason } from '../failure.ts'
import type { HttpAnswer } from './client.ts'

/** A URL for people: what stands behind ? is often a signature. */
export function addressOf ({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}

/** What a status means; undefined: it may pass. */
function reasonOf (status: number): Reason | undefined {
  if (status === 404 || status === 410) return 'NotFound'
  if (status === 401 || status === 403 || status === 407) return 'AccessDenied'
  if ([408, 421, 425, 429].includes(status)) return undefined
  return status >= 500 && status !== 501 && status !== 505 ? undefined : 'Refused'
}

const REMEDIES: Partial<Record<Reason, string>> = {
  NotFound: 'check the address; it must name what is there',
  AccessDenied: 'check the credentials Secret, and the rights of whom it stands for',
  Refused: 'check the address'
}

/** An answer that is no success. */
export async function refusalOf ({ status, headers, body }: HttpAnswer, url: URL, signal: AbortSignal): Promise<DownloadError> {
  const words = await firstWords(body, signal)
  const reason = reasonOf(status)
  const says = `${addressOf(url)} answers ${status}${words}`
  if (reason === undefined) return new DownloadError('Unreachable', `${says}; it is tried again, look at that server if it goes on`, { retryAfter: parseRetryAfter(headers['retry-after']) })
  // MLflow's guard against DNS rebinding; no credentials help.
  if (/invalid host header/i.test(words)) return new DownloadError(reason, `${says}; add ${url.host} to MLFLOW_SERVER_ALLOWED_HOSTS of that server`)
  return new DownloadError(reason, `${says}; ${REMEDIES[reason] ?? ''}`)
}

const MOST_WORDS = 4096

/** What the server says of it, where that is short and no page of HTML. */
async function firstWords (body: HttpAnswer['body'], signal: AbortSignal): Promise<string> {
  let text = ''
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString('utf8')
      if (text.length > MOST_WORDS) break
    }
  } catch {
    signal.throwIfAborted()
  }
  const said = messageOf(text).trim()
  return said === '' || said.startsWith('<') ? '' : ` (${said.slice(0, 120)})`
}

function messageOf (text: string): string {
  try {
    const { message, error } = JSON.parse(text) as { message?: unknown, error?: { message?: unknown } }
    const found = message ?? error?.message
    return typeof found === 'string' ? found : text
  } catch {
    return text
  }
}

const CUT = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']
/** The code of an error that says that nothing came for too long. */
export const SILENCE = 'SILENCE'
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/

/** An error below HTTP: no name, no connection, no trust, or silence. */
export function asNetworkError (error: unknown, url: URL, signal: AbortSignal): unknown {
  if (error instanceof DownloadError) return error
  signal.throwIfAborted()
  const code = codeOf(error) || codeOf((error as { cause?: unknown }).cause)
  const { host } = url
  if (CERTIFICATE.test(code)) return new DownloadError('Unreachable', `the certificate of ${host} cannot be verified (${code}); put the certificates of its authority into CA_CERTIFICATES of the credentials Secret`, { cause: error, permanent: true })
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new DownloadError('Unreachable', `there is no address of ${host} (${code}); check the name in the URI, and the cluster's DNS`, { cause: error })
  if (code === SILENCE) return new DownloadError('Cut', `${host} sends nothing any more; look at that server and the network between`, { cause: error })
  if (CUT.includes(code)) return new DownloadError('Cut', `the connection to ${host} was cut (${code}); look at that server and the network between`, { cause: error })
  const words = error instanceof Error ? error.message : String(error)
  return new DownloadError('Unreachable', `${host} cannot be reached (${code || words}); look at that server, and at network policies between`, { cause: error })
}
