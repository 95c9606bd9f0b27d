// Load in a process of its own, so that its work is not counted as the server's. Started by hooks-measure.ts; prints one line of JSON.
import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'
import { quantile } from './rounds.ts'

const { url, file, connections, seconds } = JSON.parse(process.argv[2] ?? '') as { url: string, file: string, connections: number, seconds: number }

const latencies: number[] = []
const load = autocannon({ url, method: 'POST', headers: { 'content-type': 'application/json' }, body: readFileSync(file, 'utf8'), connections, duration: seconds })
// Its own histogram holds whole milliseconds, which is longer than most answers take.
load.on('response', (_client: unknown, _status: number, _bytes: number, ms: number) => { latencies.push(ms) })
const { errors, non2xx, duration } = await load
console.log(JSON.stringify({ answers: latencies.length, failures: errors + non2xx, seconds: duration, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }))
