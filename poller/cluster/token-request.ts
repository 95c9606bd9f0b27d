// Tokens of another ServiceAccount, asked from the API server (TokenRequest): our own token never leaves it.
import type { ClusterClient } from './client.ts'

const LIFETIME_SECONDS = 3_600
/** A token is replaced when this part of its life is over, long before servers begin to refuse it. */
const USED_PART = 0.8

export type TokenRequestOptions = {
  client: Pick<ClusterClient, 'create' | 'serverTime'>
  namespace: string
  serviceAccount: string
  /** For whom the token is meant; absent: the API server's own audience, which servers that check tokens with it expect. */
  audiences?: string[]
  monotonic: () => number
}

type TokenRequest = { status: { token: string, expirationTimestamp: string } }

/** A function that gives a token with at least a fifth of its life left. Rejects with an ApiError when there is none to be had. */
export function createTokenSource (options: TokenRequestOptions): () => Promise<string> {
  const { client, namespace, serviceAccount, audiences, monotonic } = options
  let current: { token: Promise<string>, until: number } | undefined

  async function request (entry: { until: number }): Promise<string> {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: LIFETIME_SECONDS, ...(audiences && { audiences }) } }
    const { status } = await client.create<TokenRequest>(`/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`, body)
    // The server may shorten the life; both times are the API server's, so no local clock takes part.
    const life = Date.parse(status.expirationTimestamp) - (client.serverTime() ?? Date.now())
    entry.until = monotonic() + life * USED_PART
    return status.token
  }

  return async () => {
    if (current === undefined || monotonic() >= current.until) {
      // Until the answer says how long it lives, all who ask share this request.
      const entry = { token: Promise.resolve(''), until: Infinity }
      entry.token = request(entry)
      entry.token.catch(() => { if (current === entry) current = undefined })
      current = entry
    }
    return await current.token
  }
}
