// The authority of a server's certificate, read from the Secret that holds the certificate: key ca.crt, as cert-manager and others write it.
import { isApiError } from '../cluster/api-error.ts'
import type { ClusterClient } from '../cluster/client.ts'
import { RemoteError } from '../http/errors.ts'
import type { SecretName } from '../registry/config.ts'
import { coreObjectPath } from './core-object.ts'

/** Gives the PEM text of the authority; undefined where the Secret names none. Rejects with a RemoteError. */
export type ReadCaSecret = (secret: SecretName) => Promise<string | undefined>

/** How long, in ms, what was read is trusted: connections are opened in bursts. */
const TTL_MS = 30_000

type Secret = { data?: Record<string, string> }

/** Reads by the API server. A Secret that was replaced counts for connections that are opened half a minute later. */
export function createCaSecrets (client: Pick<ClusterClient, 'get'>, monotonic: () => number): ReadCaSecret {
  const known = new Map<string, { at: number, ca: Promise<string | undefined> }>()
  return async (secret) => {
    const key = `${secret.namespace}/${secret.name}`
    const last = known.get(key)
    if (last && monotonic() - last.at < TTL_MS) return await last.ca
    const ca = read(client, secret)
    known.set(key, { at: monotonic(), ca })
    // A failure is asked about again by whoever connects next; the client's breaker sees to it that these are few.
    ca.catch(() => { if (known.get(key)?.ca === ca) known.delete(key) })
    return await ca
  }
}

async function read (client: Pick<ClusterClient, 'get'>, { namespace, name }: SecretName): Promise<string | undefined> {
  try {
    const path = coreObjectPath({ kind: 'Secret', name }, namespace)
    if (path === undefined) return undefined
    const { data } = await client.get<Secret>(path)
    const text = Buffer.from(data?.['ca.crt'] ?? '', 'base64').toString('utf8')
    return text === '' ? undefined : text
  } catch (error) {
    throw new RemoteError(isApiError(error, 'Forbidden') ? 'Refused' : 'Unreachable', `the authority of the certificate in Secret ${namespace}/${name} cannot be read`, { cause: error, advice: adviceFor(error, `${namespace}/${name}`) })
  }
}

function adviceFor (error: unknown, secret: string): RemoteError['advice'] {
  if (isApiError(error, 'Forbidden')) return { cause: `the poller may not get Secret ${secret}, which says whom to trust`, remedy: 'give it get on that Secret, or turn mlflowServers.caSecrets off and set caFile' }
  if (isApiError(error, 'NotFound')) return { cause: `Secret ${secret} with the certificate of the server does not exist`, remedy: 'make it, or look at who should' }
  return undefined
}
