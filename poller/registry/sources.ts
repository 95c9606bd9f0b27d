// The registries that are asked, opened when they are first needed and again when their entries are others.
import { readFile } from 'node:fs/promises'
import type { ReadCa } from '../http/connector.ts'
import { RemoteError } from '../http/errors.ts'
import type { RequestReport } from '../http/client.ts'
import type { ResilienceOptions } from '../http/resilience.ts'
import { createRegistryClient } from './client.ts'
import type { Entries, Entry, SecretName } from './config.ts'
import { createServiceAccountToken, type RequestToken } from './service-account-token.ts'
import { createSource, type Source } from './source.ts'

export type SourcesOptions = {
  /** Milliseconds that never go back. */
  monotonic: () => number
  onRequest?: ((report: RequestReport) => void) | undefined
  /** Needed by entries with kubernetesAuth. */
  requestToken?: RequestToken
  /** Needed by entries whose authority is in a Secret. */
  readCaSecret?: (secret: SecretName) => Promise<string | undefined>
  resilience?: ResilienceOptions
}

export type Sources = {
  /** The source of an entry that is there, as it was at the last `retire`. */
  get: (server: string) => Source
  /** Takes leave of those whose entries are gone or others, once what is under way has ended. */
  retire: (underWay: Array<Promise<void>>) => void
  close: () => Promise<void>
}

export function createSources (entries: Entries, options: SourcesOptions): Sources {
  const current = new Map<string, Source>()
  const leaving = new Set<Source>()

  return {
    get (server) {
      const entry = entries.get(server)
      if (!entry) throw new Error(`there is no entry ${server}`)
      const known = current.get(server)
      if (known) return known
      const source = openSource(server, entry, options)
      current.set(server, source)
      return source
    },
    retire (underWay) {
      for (const [server, source] of current) {
        if (entries.get(server) === source.config) continue
        current.delete(server)
        leaving.add(source)
        Promise.allSettled(underWay).then(async () => {
          await source.close()
          leaving.delete(source)
        })
      }
    },
    async close () { await Promise.all([...current.values(), ...leaving].map(async (source) => { await source.close() })) }
  }
}

function openSource (server: string, entry: Entry, options: SourcesOptions): Source {
  if (entry.derived?.trouble) return silentSource(entry, new RemoteError('Unreachable', `${server}: ${entry.derived.trouble.cause}`, { advice: entry.derived.trouble }))
  const { monotonic, requestToken, onRequest, resilience } = options
  const token = entry.kubernetesAuth && createServiceAccountToken(entry.kubernetesAuth, requestToken ?? noTokens, monotonic)
  const readCa = readCaOf(entry, options)
  const client = createRegistryClient({
    server,
    endpoint: entry,
    pageSize: entry.pageSize,
    onRequest (report) {
      if (report.outcome === 'Refused') token?.forget()
      onRequest?.(report)
    },
    ...(token && { token: token.get }),
    ...(readCa && { readCa }),
    ...(resilience && { resilience })
  })
  return createSource(entry, client, monotonic)
}

/** One that cannot be asked as things are: every question ends in the same way. */
function silentSource (config: Entry, error: RemoteError): Source {
  return {
    config,
    async readModels (_workspace, models) { return { plan: { kind: 'Get', models: [...models] }, readings: new Map([...models].map((model) => [model, { kind: 'Failed', error }])) } },
    async observe () { throw error },
    async close () {}
  }
}

/** A Secret without an authority is one of a certificate that others know. */
function readCaOf ({ derived, caFile }: Entry, { readCaSecret }: SourcesOptions): ReadCa | undefined {
  const secret = derived?.caSecret
  if (!secret || !readCaSecret) return undefined
  return async () => await readCaSecret(secret) ?? (caFile === undefined ? undefined : await readFile(caFile, 'utf8'))
}

function noTokens (): Promise<never> {
  return Promise.reject(new Error('this poller has no access to an API server'))
}
