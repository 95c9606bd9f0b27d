// A connection to the API server: its address, our credentials and TLS material.
// Everything that comes from a file is read again when a connection is made or a token is needed, because such files are rotated.
import { readFile } from 'node:fs/promises'
import type { buildConnector as Connectors } from 'undici'
import { buildConnector } from '../http/undici.ts'

/** PEM texts and options of the TLS connection. */
export type TlsMaterial = { ca?: string, cert?: string, key?: string, servername?: string, rejectUnauthorized?: boolean }

export type Connection = {
  /** Base URL of the API server, without a slash at the end. */
  server: string
  /** The namespace that the configuration names: ours when we run in a pod. */
  namespace: string
  /** The Authorization header, or undefined when a client certificate (or nothing) proves who we are. */
  authorization: () => Promise<string | undefined>
  /** Read at every new connection. */
  tls: () => Promise<TlsMaterial>
  /** Forgets cached credentials, after the server has refused them. */
  forget: () => void
}

/** How long a file with a token is trusted before it is read again, in ms. The kubelet renews it long before it expires. */
const TOKEN_FILE_TTL_MS = 60_000

/** A file's text without white space at its ends, read at most once a minute. */
export function cachedFile (path: string, monotonic: () => number): { read: () => Promise<string>, forget: () => void } {
  let cached: { text: string, at: number } | undefined
  return {
    async read () {
      if (cached === undefined || monotonic() - cached.at > TOKEN_FILE_TTL_MS) {
        cached = { text: (await readFile(path, 'utf8')).trim(), at: monotonic() }
      }
      return cached.text
    },
    forget () { cached = undefined }
  }
}

/** The connector of an undici Pool that reads the TLS files anew for each connection. Works for plain http, too. */
export function makeConnector (connection: Connection, timeoutMs: number): Connectors.connector {
  // Session caches of connectors die with them, so one is kept as long as its material is the same.
  let current: { material: string, connector: Connectors.connector } | undefined
  return (options, callback) => {
    connection.tls().then((material) => {
      const text = JSON.stringify(material)
      if (current?.material !== text) current = { material: text, connector: buildConnector({ timeout: timeoutMs, keepAlive: true, ...material }) }
      current.connector(options, callback)
    }).catch((error: Error) => { callback(error, null) })
  }
}
