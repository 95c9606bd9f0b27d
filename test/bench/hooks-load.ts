// Load in a process of its own, so that its work is not counted as the server's. Started by hooks-servers.ts; prints one line of JSON.
import { readFileSync } from 'node:fs'
import autocannon, { type Prepared } from 'autocannon'
import { quantile } from './rounds.ts'

/** `stamp`: the text in the body that is another number in every call; absent: all calls are the same. */
type Work = { url: string, file: string, stamp?: string, connections: number, seconds: number }

const { url, file, stamp, connections, seconds } = JSON.parse(process.argv[2] ?? '') as Work
const body = readFileSync(file, 'utf8')

const latencies: number[] = []
const load = autocannon({ url, method: 'POST', headers: { 'content-type': 'application/json' }, connections, duration: seconds, ...(stamp === undefined ? { body } : { requests: [{ setupRequest: stamped(stamp) }] }) })
// Its own histogram holds whole milliseconds, which is longer than most answers take.
load.on('response', (_client: unknown, _status: number, _bytes: number, ms: number) => { latencies.push(ms) })
const { errors, non2xx, duration } = await load
console.log(JSON.stringify({ answers: latencies.length, failures: errors + non2xx, seconds: duration, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }))

/** No body twice, in later runs neither: sixteen digits of microseconds, of which less pass than calls are made. */
function stamped (stamp: string): (request: Prepared) => Prepared {
  const [before, after, ...more] = body.split(stamp)
  if (before === undefined || after === undefined || more.length > 0) throw new Error('the body must hold the stamp once')
  let next = Date.now() * 1000
  return (request) => ({ ...request, body: `${before}${next++}${after}` })
}
