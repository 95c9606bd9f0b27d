// Opens connections for undici: authorities from a file that may be replaced, and the name to verify taken from the URL.
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { buildConnector as Connectors } from 'undici'
import { buildConnector } from './undici.ts'

/** Milliseconds within which a connection, TLS included, must stand. */
export const CONNECT_TIMEOUT = 5_000

/** Authorities that are kept elsewhere than in a file, asked for at each new connection; undefined for those of the system. */
export type ReadCa = () => Promise<string | undefined>

/**
 * A connector for an undici Pool. The certificate is verified against the URL's host even when another Host header is sent
 * (undici would take the header's). A changed caFile counts from the next connection on.
 */
export function makeConnector (options: { caFile?: string | undefined, readCa?: ReadCa | undefined, timeout?: number } = {}): Connectors.connector {
  const { caFile, timeout = CONNECT_TIMEOUT } = options
  const readCa = options.readCa ?? (caFile === undefined ? undefined : async () => await readFile(caFile, 'utf8'))
  let ca: string | undefined
  let connect = buildConnector({ timeout })

  async function refresh (): Promise<void> {
    const text = await readCa?.()
    if (text === ca) return
    ca = text
    // A new connector, because the old one resumes TLS sessions that were verified against the old authorities.
    connect = buildConnector({ timeout, ...(text !== undefined && { ca: text }) })
  }

  return (target, callback) => {
    const servername = isIP(target.hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: target.hostname } : { servername: '' }
    refresh().then(() => connect({ ...target, ...servername }, callback), (error: Error) => callback(error, null))
  }
}
