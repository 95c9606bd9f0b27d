// Answers of Prometheus: a reading is numbers that were said, or a problem with a reason; never a crash, and never a verdict from garbage.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { parsePrometheusConfig } from '../../../poller/analysis/config.ts'
import { createPrometheusClient, parseValue } from '../../../poller/analysis/prometheus-client.ts'
import { histogramOf } from '../../../poller/analysis/histogram.ts'
import { placesIn, valueAt } from '../inputs/tree.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'
import { spoken, type Spoken } from './registry-answers.ts'

const Values = Type.Union(['1', '0', 'NaN', '+Inf', '-Inf', '1e308', '', ' ', '0x10', '1_0', '٣', '-5', '1e400'].map((value) => Type.Literal(value)))
const Answer = Type.Object({
  status: Type.Union([Type.Literal('success'), Type.Literal('error')]),
  data: Type.Object({
    resultType: Type.Union([Type.Literal('vector'), Type.Literal('vector'), Type.Literal('scalar'), Type.Literal('matrix')]),
    result: Type.Union([Type.Array(Type.Object({ metric: Type.Record(Type.String(), Type.String()), value: Type.Tuple([Type.Number(), Values]) })), Type.Tuple([Type.Number(), Values])])
  }),
  warnings: Type.Optional(Type.Array(Type.String())),
  infos: Type.Optional(Type.Array(Type.String()))
})

export const prometheusAnswers: Target = {
  name: 'prometheus-answers',
  what: 'answers of Prometheus and of what stands before it: numbers that were said, or a reason why there are none',
  share: 8_000,
  quick: 0,
  async open (tally) {
    let answer: Spoken | undefined
    const server = createServer((request, response) => {
      const { status, type, text, after } = answer ?? { status: 500, type: '', text: '', after: undefined }
      request.resume().once('end', () => response.writeHead(status, { ...(type && { 'content-type': type }), ...(after !== undefined && { 'retry-after': after }) }).end(text))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const config = parsePrometheusConfig({ url }, 'prometheus.default')
    // No retries, no breaker and no rest: each answer is one run.
    const open = () => createPrometheusClient({ server: 'default', config, resilience: { retries: 0, breakAfter: 1e9, patience: 0, monotonic: () => 0 } })
    let client = open()
    const property = fc.asyncProperty(spoken(Answer), async (given) => {
      // A Retry-After silences a client; the next run has another.
      if (given.after !== undefined) {
        await client.close()
        client = open()
      }
      answer = given
      const reading = await client.query('up', { time: 1, operation: 'requests' })
      if ('problem' in reading) {
        tally.count(reading.problem.reason)
        demand(['Error', 'Inconclusive'].includes(reading.problem.outcome), () => `a problem that is ${reading.problem.outcome}`)
      } else {
        tally.count('numbers')
        for (const { value } of reading.value) demand(Number.isNaN(value) || saysNumber(given.text, value), () => `nobody said ${value}`)
        const histogram = histogramOf(reading.value.map(({ labels, value }) => ({ le: parseValue(labels['le'] ?? ''), count: value })), 1)
        demand(histogram === undefined || histogram.buckets.at(-1)?.le === Infinity, () => 'a histogram without an open bucket')
      }
      if (given.after !== undefined) {
        await client.close()
        client = open()
      }
    })
    return session(property, async () => {
      await client.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
  }
}

/** Whether one of the texts of the answer is this number, by Go's rules. */
function saysNumber (text: string, value: number): boolean {
  const said = placesIn(JSON.parse(text.replace(/^\ufeff/, ''))).map(valueAt).filter((word) => typeof word === 'string')
  return said.some((word) => /^[+-]?(Inf|(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?)$/.test(word) && (word.endsWith('Inf') ? value === (word.startsWith('-') ? -Infinity : Infinity) : Number(word) === value))
}
