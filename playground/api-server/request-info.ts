// What a request asks for: the resource, name, subresource and verb in a Kubernetes API path.
import type { IncomingHttpHeaders } from 'node:http'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'other'

/** A parsed request, as handlers and injected faults see it. */
export interface RequestInfo {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  verb: Verb
  group: string
  version: string
  plural: string
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
  body: unknown
}

export type Parsed = Omit<RequestInfo, 'headers' | 'body'>

function isWatch (query: URLSearchParams): boolean {
  return ['true', '1'].includes(query.get('watch') ?? '')
}

function verbOf (method: string, named: boolean, query: URLSearchParams): Verb {
  switch (method) {
    case 'GET': return named ? 'get' : isWatch(query) ? 'watch' : 'list'
    case 'POST': return 'create'
    case 'PUT': return 'update'
    case 'PATCH': return 'patch'
    case 'DELETE': return named ? 'delete' : 'deletecollection'
    default: return 'other'
  }
}

/** Splits the part after the version: `[namespaces/<ns>/]<plural>[/<name>[/<subresource>]]`. */
function resourceParts (parts: string[]): { namespace?: string, plural?: string, name?: string, subresource?: string } {
  const scoped = parts[0] === 'namespaces' && parts.length >= 3 && !['status', 'finalize'].includes(parts[2]!)
  const [plural, name, subresource] = scoped ? parts.slice(2) : parts
  return { ...(scoped ? { namespace: parts[1]! } : {}), ...(plural ? { plural } : {}), ...(name ? { name } : {}), ...(subresource ? { subresource } : {}) }
}

/** Parses method and URL. Paths outside /api/v1 and /apis/<group>/<version> have an empty plural and verb other. */
export function parseRequest (method: string, url: string): Parsed {
  const { pathname, searchParams: query } = new URL(url, 'http://localhost')
  const parts = pathname.split('/').filter(Boolean).map(decodeURIComponent)
  const nothing = { method, path: pathname, query, verb: 'other' as const, group: '', version: '', plural: '', namespace: undefined, name: undefined, subresource: undefined }
  const core = parts[0] === 'api'
  if (!core && parts[0] !== 'apis') return nothing
  const [group, version] = core ? ['', parts[1] ?? ''] : [parts[1] ?? '', parts[2] ?? '']
  const { plural = '', namespace, name, subresource } = resourceParts(parts.slice(core ? 2 : 3))
  const verb = plural ? verbOf(method, name !== undefined, query) : 'other'
  return { ...nothing, verb, group, version, plural, namespace, name, subresource }
}
