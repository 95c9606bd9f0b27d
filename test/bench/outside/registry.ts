// A registry that answers at once: MLflow's calls that the poller makes, over registered models that are kept as finished JSON.
// It keeps MLflow's limits (at most 1000 models a page, opaque offset tokens, its error bodies) and its indented JSON; what it lacks is its slowness.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { aliasOf, modelAnswer, modelName, uriOf, versionAnswer, versionsOf } from './registered-models.ts'

/** MLflow's own default and limit of registered-models/search. */
const PAGE = { usual: 100, most: 1_000 }

export type Registry = {
  handle: RequestListener
  /** Requests by path, and bytes of bodies. */
  counters: { requests: Record<string, number>, bytes: number }
  /** Moves `champion` to this version, which must exist. */
  moveAlias: (index: number, version: string) => void
  championOf: (index: number) => string
  /** undefined: it answers. */
  setTrouble: (trouble: Trouble | undefined) => void
}

/** What is wrong: 503 as JSON, a page of HTML, or connections that are cut. */
export type Trouble = 'unavailable' | 'page' | 'cut'

/** A registry of so many models. */
export function createRegistry (size: number): Registry {
  const aliases = Array.from({ length: size }, (_, index) => ({ champion: aliasOf(index, 'champion'), challenger: aliasOf(index, 'challenger') }))
  const models = aliases.map((named, index) => print(modelAnswer(index, named)))
  const numbers = new Map(models.map((_, index) => [modelName(index), index]))
  const counters: Registry['counters'] = { requests: {}, bytes: 0 }
  let trouble: Trouble | undefined

  function search (query: URLSearchParams): Answer {
    const limit = Number(query.get('max_results') ?? PAGE.usual)
    if (!(limit >= 1 && limit <= PAGE.most)) return invalid(`Invalid value for max_results. It must be at most ${PAGE.most}, but got ${limit}`)
    const token = query.get('page_token')
    const from = token === null ? 0 : (JSON.parse(Buffer.from(token, 'base64').toString()) as { offset: number }).offset
    const next = from + limit
    const more = next < size ? `,"next_page_token":"${Buffer.from(JSON.stringify({ offset: next })).toString('base64')}"` : ''
    return { status: 200, body: `{"registered_models":[${models.slice(from, next).join(',')}]${more}}` }
  }

  function versionCall (query: URLSearchParams, answer: (index: number, version: string) => string): Answer {
    const index = numbers.get(query.get('name') ?? '')
    const version = query.get('version') ?? ''
    if (index === undefined || !(Number(version) >= 1 && Number(version) <= versionsOf(index))) return absent(`Model Version (name=${query.get('name')}, version=${version}) not found`)
    return { status: 200, body: answer(index, version) }
  }

  const calls: Record<string, (query: URLSearchParams) => Answer> = {
    'registered-models/search': search,
    'registered-models/get' (query) {
      const index = numbers.get(query.get('name') ?? '')
      return index === undefined ? absent(`Registered Model with name=${query.get('name')} not found`) : { status: 200, body: `{"registered_model":${models[index]}}` }
    },
    'registered-models/alias' (query) {
      const index = numbers.get(query.get('name') ?? '')
      const version = index === undefined ? undefined : aliases[index]?.[query.get('alias') as 'champion']
      if (index === undefined || version === undefined) return invalid(`Registered model alias ${query.get('alias')} not found.`)
      return { status: 200, body: print({ model_version: versionAnswer(index, version) }) }
    },
    'model-versions/get': (query) => versionCall(query, (index, version) => print({ model_version: versionAnswer(index, version) })),
    'model-versions/get-download-uri': (query) => versionCall(query, (index, version) => print({ artifact_uri: uriOf(index, version) }))
  }

  return {
    counters,
    handle (request, response) {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://registry')
      const name = pathname.replace('/api/2.0/mlflow/', '')
      counters.requests[name] = (counters.requests[name] ?? 0) + 1
      if (trouble !== undefined) return refuse(trouble, request, response)
      const answer = calls[name]?.(searchParams) ?? { status: 404, body: '{"error_code":"ENDPOINT_NOT_FOUND","message":"no such endpoint"}' }
      const bytes = Buffer.from(answer.body)
      counters.bytes += bytes.length
      response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes)
    },
    moveAlias (index, version) {
      const named = aliases[index]
      if (!named) throw new RangeError(`there are ${size} models`)
      named.champion = version
      models[index] = print(modelAnswer(index, named))
    },
    championOf: (index) => aliases[index]?.champion ?? '',
    setTrouble (now) { trouble = now }
  }
}

/** As MLflow prints it: indented, a third of it blanks. */
function print (value: object): string {
  return JSON.stringify(value, null, 2)
}

type Answer = { status: number, body: string }

function invalid (message: string): Answer {
  return { status: 400, body: JSON.stringify({ error_code: 'INVALID_PARAMETER_VALUE', message }) }
}

function absent (message: string): Answer {
  return { status: 404, body: JSON.stringify({ error_code: 'RESOURCE_DOES_NOT_EXIST', message }) }
}

function refuse (trouble: Trouble, request: IncomingMessage, response: ServerResponse): void {
  switch (trouble) {
    case 'unavailable':
      response.writeHead(503, { 'content-type': 'application/json' }).end('{"error_code":"TEMPORARILY_UNAVAILABLE","message":"the database is away"}')
      return
    case 'page':
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body><h1>502 Bad Gateway</h1></body></html>')
      return
    case 'cut':
      request.socket.destroy()
      return
    default:
      trouble satisfies never
  }
}
