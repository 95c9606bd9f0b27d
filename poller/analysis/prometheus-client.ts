// Asks one Prometheus for the value of a query at one instant. Answers are readings: numbers, or the reason why there are none.
import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { forPeople } from '../../hooks/core/safe-text.ts'
import { secondsOf } from '../../hooks/core/time.ts'
import { createJsonClient, type RequestReport } from '../http/client.ts'
import { isRemoteError, type RemoteError } from '../http/errors.ts'
import type { ResilienceOptions } from '../http/resilience.ts'
import type { ClockGap } from './clock-gap.ts'
import type { PrometheusConfig } from './config.ts'
import { problemOf, type Problem, type Reading } from './measurement.ts'

/** One series at the instant asked for. The value may be NaN or infinite. */
export type Sample = { labels: Record<string, string>, value: number }

export type PrometheusClient = {
  /** Evaluates `promql` at `time` (seconds, by the API server). `operation` is for metrics and messages. */
  query (promql: string, options: { time: number, operation: string }): Promise<Reading<Sample[]>>
  close (): Promise<void>
}

export type PrometheusClientOptions = {
  /** Name of the entry in the configuration. */
  server: string
  config: PrometheusConfig
  onRequest?: (report: RequestReport) => void
  /** Told what Prometheus remarks about a query. */
  onInfo?: (info: string) => void
  /** How far its clock is from the API server's [not at all]. */
  gap?: ClockGap
  resilience?: ResilienceOptions
}

/** Prometheus runs 20 queries at once by default, shared with rules and dashboards. */
const MAX_IN_FLIGHT = 4

const Answer = Type.Object({
  status: Type.Literal('success'),
  data: Type.Object({ resultType: Type.String(), result: Type.Array(Type.Unknown()) }),
  warnings: Type.Optional(Type.Array(Type.String())),
  infos: Type.Optional(Type.Array(Type.String()))
})
type Answer = Static<typeof Answer>

const Point = Type.Tuple([Type.Number(), Type.String()])
const Vector = Type.Array(Type.Object({ metric: Type.Record(Type.String(), Type.String()), value: Point }))

export function createPrometheusClient ({ server, config, onRequest, onInfo, gap, resilience }: PrometheusClientOptions): PrometheusClient {
  const timeout = secondsOf(config.timeout)
  const client = createJsonClient({
    server,
    endpoint: config,
    maxInFlight: MAX_IN_FLIGHT,
    timeout: timeout * 1000,
    ...(onRequest && { onRequest }),
    ...(gap && { onDate: gap.observe }),
    ...(resilience && { resilience })
  })

  async function ask (promql: string, time: number, operation: string): Promise<Answer> {
    return await client.request({
      operation,
      method: 'POST',
      path: '/api/v1/query',
      form: { query: promql, time: String(time), timeout: `${timeout}s` },
      headers: config.tenant === undefined ? {} : { 'X-Scope-OrgID': config.tenant },
      schema: Answer
    })
  }

  /** Its clock is known by its answers only, so the first of one that goes wrong is of another instant than was meant. */
  async function askByItsClock (promql: string, time: number, operation: string): Promise<Answer> {
    const assumed = gap?.seconds() ?? 0
    const answer = await ask(promql, time + assumed, operation)
    const known = gap?.seconds() ?? 0
    return assumed === 0 && known !== 0 ? await ask(promql, time + known, operation) : answer
  }

  return {
    async query (promql, { time, operation }) {
      try {
        const answer = await askByItsClock(promql, time, operation)
        for (const info of answer.infos ?? []) onInfo?.(info)
        return readSamples(answer)
      } catch (error) {
        if (isRemoteError(error)) return { problem: problemOfError(error) }
        throw error
      }
    },
    close: () => client.close()
  }
}

function readSamples ({ data, warnings = [] }: Answer): Reading<Sample[]> {
  const [warning] = warnings
  // Warnings speak of missing stores, failed remote reads and cut results: a part of the requests may be missing on one side only.
  if (warning !== undefined) return problemOf('Inconclusive', 'PartialData', forPeople(warning.slice(0, 4096), 200))
  if (data.resultType === 'vector' && Value.Check(Vector, data.result)) {
    return { value: data.result.map(({ metric, value: [, text] }) => ({ labels: metric, value: parseValue(text) })) }
  }
  if (data.resultType === 'scalar' && Value.Check(Point, data.result)) return { value: [{ labels: {}, value: parseValue(data.result[1]) }] }
  return problemOf('Error', 'NotAVector', `the query gives ${data.resultType === 'vector' ? 'native histograms' : `a ${data.resultType}`} where one number a series is needed`)
}

/** As Go writes a number; JavaScript reads "0x10" and " 1 " as numbers, too. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

/** A value as Prometheus writes it; JavaScript would read "+Inf" as NaN. Anything unknown is NaN. */
export function parseValue (text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity
  if (text === '-Inf') return -Infinity
  return NUMBER.test(text) ? Number(text) : NaN
}

/** 400 means that the query itself is wrong: no retry will help. 422 came after parsing: matching, limits of Mimir, too many samples. */
function problemOfError (error: RemoteError): Problem {
  const detail = error.message.slice(0, 300)
  if (error.kind === 'BadRequest' && error.status === 400) return { outcome: 'Error', reason: 'QueryInvalid', detail }
  if (error.kind === 'BadRequest' && error.status === 422) return { outcome: 'Error', reason: 'QueryRejected', detail }
  return { outcome: 'Error', reason: 'MetricsUnavailable', detail }
}
