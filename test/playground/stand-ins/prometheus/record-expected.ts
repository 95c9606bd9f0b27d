// Pushes the recorded series into a real Prometheus and writes down its answers; see README.md here.
//   node record-expected.ts http://127.0.0.1:<port> expected-<release>.json
import { writeFile } from 'node:fs/promises'

import { METRIC_NAME } from '../../../../playground/stand-ins/prometheus/labels.ts'
import { QUESTIONS } from './expressions.ts'
import { SERIES, START } from './recorded-series.ts'

const [url, file] = process.argv.slice(2)
if (url === undefined || file === undefined) throw new Error('usage: record-expected.ts URL FILE')

// Prometheus's staleness marker is one particular NaN.
const STALE = Buffer.from('020000000000f07f', 'hex')

function varint (given: bigint): Buffer {
  const bytes: number[] = []
  let value = given
  while (value >= 0x80n) { bytes.push(Number(value & 0x7fn) | 0x80); value >>= 7n }
  bytes.push(Number(value))
  return Buffer.from(bytes)
}

function field (number: number, body: Buffer): Buffer {
  return Buffer.concat([varint(BigInt(number << 3 | 2)), varint(BigInt(body.length)), body])
}

function double (value: number | null): Buffer {
  if (value === null) return STALE
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

function sample (time: number, value: number | null): Buffer {
  return Buffer.concat([Buffer.from([0x09]), double(value), Buffer.from([0x10]), varint(BigInt(time))])
}

function label ([name, value]: [string, string]): Buffer {
  return Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])
}

// Snappy's block format, written as literals only.
function snappy (body: Buffer): Buffer {
  const parts = [varint(BigInt(body.length))]
  for (let i = 0; i < body.length; i += 60) {
    const piece = body.subarray(i, i + 60)
    parts.push(Buffer.from([(piece.length - 1) << 2]), piece)
  }
  return Buffer.concat(parts)
}

/** One remote-write request (protocol 1.0) of all samples at one instant: a head refuses older ones later. */
async function push (time: number): Promise<void> {
  const series = SERIES.flatMap(({ labels, samples }) => samples.filter(([t]) => t === time).map(([, value]) =>
    field(1, Buffer.concat([
      ...Object.entries(labels).sort(([a], [b]) => a === METRIC_NAME || a < b ? -1 : 1).map(pair => field(1, label(pair))),
      field(2, sample(START + time, value))
    ]))))
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf', 'x-prometheus-remote-write-version': '0.1.0' },
    body: new Uint8Array(snappy(Buffer.concat(series)))
  })
  if (!response.ok) throw new Error(`write at ${time}: ${response.status} ${await response.text()}`)
}

async function ask (query: string, at: number): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query, time: String(START / 1000 + at) }) })
  return { httpStatus: response.status, ...await response.json() as object }
}

const times = [...new Set(SERIES.flatMap(({ samples }) => samples.map(([t]) => t)))].sort((a, b) => a - b)
for (const time of times) await push(time)

const lines: string[] = []
for (const { query, at } of QUESTIONS.flatMap(({ questions }) => questions)) {
  lines.push(`  ${JSON.stringify(`${query} @ ${at}`)}: ${JSON.stringify(await ask(query, at))}`)
}
await writeFile(file, `{\n${lines.join(',\n')}\n}\n`)
