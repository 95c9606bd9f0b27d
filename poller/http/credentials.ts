// Credentials of one request: read anew each time, never shown in an error.
import { readFile } from 'node:fs/promises'
import type { Auth } from './config.ts'
import { RemoteError } from './errors.ts'

/** The Authorization header, if any, and every string that must not appear in a message. */
export type Credentials = { authorization?: string, secrets: string[] }

/** A source of bearer tokens other than a file, such as a TokenRequest. */
export type TokenSource = () => Promise<string>

/** Reads what `auth` names. Throws RemoteError of kind Refused when a file is missing, empty or not fit for a header. */
export async function readCredentials (auth: Auth = {}, token?: TokenSource): Promise<Credentials> {
  if (token) return bearer(await fromSource(token))
  if (auth.bearer) return bearer(await fromConfig('token', auth.bearer.token, auth.bearer.tokenFile))
  if (auth.basic) {
    const username = await fromConfig('user name', auth.basic.username, auth.basic.usernameFile)
    const password = await fromConfig('password', auth.basic.password, auth.basic.passwordFile)
    const encoded = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
    return { authorization: `Basic ${encoded}`, secrets: [encoded, password] }
  }
  return { secrets: [] }
}

/** Text with every secret replaced. Servers and proxies do echo headers in their error pages, as they are, escaped for HTML, or encoded for an address. */
export function redact (text: string, secrets: string[]): string {
  const spellings = new Set(secrets.filter((secret) => secret !== '').flatMap((secret) => [secret, escapeHtml(secret), encodeURIComponent(secret), new URLSearchParams({ s: secret }).toString().slice(2)]))
  return [...spellings].sort((a, b) => b.length - a.length).reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
}

/** The values among these headers that are credentials, by their name (as the chart tells them) or by what they begin with. */
export function secretHeaders (headers: Record<string, string> = {}): string[] {
  return Object.entries(headers).filter(([name, value]) => SECRET_NAME.test(name) || /^\s*(basic|bearer)\s/i.test(value))
    .flatMap(([, value]) => [value, value.replace(/^\s*(basic|bearer)\s+/i, '')])
}

const SECRET_NAME = /authorization|cookie|token|secret|passw|api-?key|access-?key|credential|session|signature|jwt|-key$|-auth$/i

function escapeHtml (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function bearer (token: string): Credentials {
  // A header can only hold visible ASCII; undici would refuse the rest with a message that does not say where it came from.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new RemoteError('Refused', 'the bearer token is empty or holds characters that a header cannot; look at the source of the token')
  return { authorization: `Bearer ${token}`, secrets: [token] }
}

async function fromSource (token: TokenSource): Promise<string> {
  try {
    return (await token()).trim()
  } catch (error) {
    throw new RemoteError('Refused', 'no token could be requested for the service account of this entry', { cause: error })
  }
}

async function fromConfig (what: string, plain: string | undefined, file: string | undefined): Promise<string> {
  if (plain !== undefined) return plain
  if (file === undefined) throw new RemoteError('Refused', `no ${what} is configured`)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new RemoteError('Refused', `the ${what} could not be read from ${file}`, { cause: error })
  })
  // Editors and `kubectl create secret --from-file` leave a line end behind that is not part of the secret.
  const value = text.replace(/[\r\n]+$/, '')
  if (value === '') throw new RemoteError('Refused', `the ${what} file ${file} is empty`)
  return value
}
