// Tokens of another ServiceAccount, asked from the API server (TokenRequest): our own token never leaves it.
import type { ClusterClient } from './client.ts'

/** Whose token, for whom (absent: the API server's own audience), and for how long. */
export type TokenWish = { namespace: string, serviceAccount: string, audiences?: string[] | undefined, expirationSeconds: number }

type TokenRequest = { metadata?: { creationTimestamp?: string }, status: { token: string, expirationTimestamp: string } }

/**
 * Asks for a token. `seconds` is the lifetime that was granted, which may be shorter than wished. Rejects with an ApiError:
 * Forbidden when our role lacks create on serviceaccounts/token, NotFound when there is no such ServiceAccount.
 */
export async function requestToken (client: Pick<ClusterClient, 'create' | 'serverTime'>, wish: TokenWish): Promise<{ token: string, seconds: number }> {
  const { namespace, serviceAccount, audiences, expirationSeconds } = wish
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds, ...(audiences && { audiences }) } }
  const { metadata, status } = await client.create<TokenRequest>(`/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`, body)
  // Both times are the API server's, so no local clock takes part.
  const grantedAt = Date.parse(metadata?.creationTimestamp ?? '') || (client.serverTime() ?? Date.now())
  return { token: status.token, seconds: Math.max(0, (Date.parse(status.expirationTimestamp) - grantedAt) / 1000) }
}
