// The two calls of the program: get a claim, and apply one. Refusals of the API server become sentences with their remedy.
import { Agent, request } from 'undici'
import { isMap } from '../../hooks/core/plain-value.ts'
import { codeOf } from '../program/failure.ts'
import { parseRetryAfter } from '../program/retry-after.ts'
import type { Connection } from './connection.ts'
import { ClaimError, type Reason } from './failure.ts'
import { FIELD_MANAGER, type LiveClaim } from './plan.ts'

export type ClaimApi = {
  /** Undefined: there is none. Throws ClaimError. */
  get: (signal: AbortSignal) => Promise<LiveClaim | undefined>
  /** Server-side apply: makes the claim, or changes it. Throws ClaimError. */
  apply: (claim: object, signal: AbortSignal) => Promise<LiveClaim>
  close: () => Promise<void>
}

export type ApiOptions = { connection: Connection, namespace: string, name: string, timeoutMs: number }

type Asked = { method: 'GET' | 'PATCH', query?: Record<string, string>, body?: string, signal: AbortSignal }

/** The calls for one claim. */
export function createClaimApi ({ connection, namespace, name, timeoutMs }: ApiOptions): ClaimApi {
  const { server, token, ca } = connection
  const dispatcher = new Agent({ connect: ca === undefined ? {} : { ca }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs })
  const url = `${server}/api/v1/namespaces/${encodeURIComponent(namespace)}/persistentvolumeclaims/${encodeURIComponent(name)}`

  async function call ({ method, query = {}, body, signal }: Asked): Promise<Answer> {
    try {
      const response = await request(url, {
        dispatcher,
        method,
        query,
        body: body ?? null,
        signal,
        headers: {
          accept: 'application/json',
          'user-agent': 'sluice-claim',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/apply-patch+yaml' })
        }
      })
      return { status: response.statusCode, retryAfter: parseRetryAfter(response.headers['retry-after']), object: parseMap(await response.body.text()) }
    } catch (error) {
      signal.throwIfAborted()
      throw new ClaimError('Unreachable', `the API server at ${server} gives no answer (${codeOf(error) || (error as Error).message}); look at it, and at network policies between`, { cause: error })
    }
  }

  return {
    async get (signal) {
      const answer = await call({ method: 'GET', signal })
      if (answer.status === 404) return undefined
      return claimOf(answer, name)
    },
    async apply (claim, signal) {
      return claimOf(await call({ method: 'PATCH', query: { fieldManager: FIELD_MANAGER, force: 'true' }, body: JSON.stringify(claim), signal }), name)
    },
    close: async () => { await dispatcher.destroy() }
  }
}

type Answer = { status: number, retryAfter: number | undefined, object: Record<string, unknown> | undefined }

function parseMap (text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isMap(value) ? value : undefined
  } catch {
    return undefined
  }
}

function claimOf (answer: Answer, name: string): LiveClaim {
  const { status, object, retryAfter } = answer
  if (status >= 300) throw refusalOf(answer, name)
  if (isMap(object?.['metadata']) && isMap(object['spec'])) return object as LiveClaim
  throw new ClaimError('Unreachable', `the API server answers ${status} with something else than a claim; look at what stands between`, { retryAfter })
}

/** What the words of a refusal mean, in this order; then its status. */
const WORDS: Array<{ status: number, words: RegExp, reason: Reason, remedy: string }> = [
  { status: 403, words: /exceeded quota/, reason: 'QuotaExceeded', remedy: 'raise the quota of the namespace, or ask for less in spec.storage.size' },
  { status: 403, words: /is being terminated/, reason: 'NamespaceNotFound', remedy: 'the namespace is being deleted; wait until it is there again, or remove this object' },
  { status: 403, words: /can be resized|support resize/, reason: 'NotExpandable', remedy: 'its storage class does not allow expansion: take spec.storage.size back, set allowVolumeExpansion of the class where its driver can, or copy what is on it to another claim' },
  { status: 422, words: /less than (previous value|status\.capacity)/, reason: 'Shrinking', remedy: 'no volume can become smaller; raise spec.storage.size' },
  { status: 422, words: /immutable/, reason: 'FieldImmutable', remedy: 'only the size of a claim that is bound can change; take the other changes of spec.storage back' },
  { status: 404, words: /namespaces/, reason: 'NamespaceNotFound', remedy: 'make the namespace' }
]

function refusalOf ({ status, object, retryAfter }: Answer, name: string): ClaimError {
  const said = typeof object?.['message'] === 'string' ? object['message'].replaceAll(/\s+/g, ' ').slice(0, 400) : `status ${status}`
  const known = WORDS.find((row) => row.status === status && row.words.test(said))
  const [reason, remedy] = known ? [known.reason, known.remedy] : reasonOf(status)
  return new ClaimError(reason, `the API server refuses the claim ${name} (${said}); ${remedy}`, { retryAfter })
}

function reasonOf (status: number): [Reason, string] {
  if (status === 401 || status === 403) return ['AccessDenied', 'the ServiceAccount of this Job needs get, create and patch of this claim']
  if (status === 409) return ['Changed', 'somebody else changes it; it is tried again']
  if (status === 429 || status >= 500) return ['Unreachable', 'it is tried again, look at the API server if it goes on']
  return ['Invalid', 'correct spec.storage']
}
