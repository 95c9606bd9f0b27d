// A Prometheus that knows the poller's four grouped queries and answers them at once, for all canaries that are under way.
import type { RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'

/** One object under analysis. `bad`: its canary fails one request in five. */
export type Canary = { namespace: string, name: string, stable: string, canary: string, bad: boolean }

const REQUESTS = 600
const SECONDS = 0.06
const BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createPrometheus (canaries: () => Iterable<Canary>, now: () => number): { handle: RequestListener, counters: { queries: number } } {
  const counters = { queries: 0 }

  function answer (query: string): object {
    const names = new Set((/deployment_name=~"([^"]*)"/.exec(query)?.[1] ?? '').replaceAll('\\', '').split('|'))
    const result = [...canaries()].filter(({ name }) => names.has(name)).flatMap((canary) => seriesOf(query, canary))
    return { status: 'success', data: { resultType: 'vector', result: result.map(({ metric, value }) => ({ metric, value: [now() / 1000, String(value)] })) } }
  }

  return {
    counters,
    handle (request, response) {
      text(request).then((body) => {
        counters.queries += 1
        const bytes = Buffer.from(JSON.stringify(answer(new URLSearchParams(body).get('query') ?? '')))
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length, date: new Date(now()).toUTCString() }).end(bytes)
      }, () => { response.destroy() })
    }
  }
}

type Series = { metric: Record<string, string>, value: number }

function seriesOf (query: string, { namespace, name, stable, canary, bad }: Canary): Series[] {
  return [stable, canary].flatMap((predictor): Series[] => {
    const metric = { namespace, deployment_name: name, predictor_name: predictor }
    if (query.includes('_bucket{')) return [...BOUNDS.map((le) => ({ metric: { ...metric, le: String(le) }, value: REQUESTS * (1 - Math.exp(-le / SECONDS)) })), { metric: { ...metric, le: '+Inf' }, value: REQUESTS }]
    if (query.includes('code=~')) return [{ metric, value: bad && predictor === canary ? REQUESTS / 5 : 1 }]
    return [{ metric, value: query.includes('_sum{') ? REQUESTS * SECONDS : REQUESTS }]
  })
}
