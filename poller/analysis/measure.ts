// Measures many canaries with few queries: asks for a batch, and deals the answers out by predictor.
import type { Metric } from '../../hooks/mlflow-model/schema/analysis.ts'
import { histogramOf, type Bucket, type Histogram } from './histogram.ts'
import { rangeOf } from './look-back.ts'
import { problemOf, type Measurement, type Pair, type Reading } from './measurement.ts'
import { parseValue, type PrometheusClient, type Sample } from './prometheus-client.ts'
import { fillQuery } from './promql.ts'
import { BATCH_SIZE, keyOf, type Backend, type Queries, type Target } from './queries.ts'

/** A canary to be measured: with its own queries, if its metrics bring some. */
export type Measurable = Target & { versions: Pair<string>, metrics: Metric[] }

/** The instant (seconds) at which everything is measured, and how far back (seconds). */
export type Look = { time: number, range: number }

type Provider = { backend: Backend, grouped: PrometheusClient, custom: PrometheusClient }
type Series = Map<string, Sample[]>
type Answers = Record<keyof Queries, Reading<Series>>

/** Measures all that share a provider and a look-back. Every target is in the result, by uid. */
export async function measure ({ backend, grouped, custom }: Provider, targets: Measurable[], look: Look): Promise<Map<string, Measurement>> {
  const batches = Array.from({ length: Math.ceil(targets.length / BATCH_SIZE) }, (_, i) => targets.slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE))
  const measured = await Promise.all(batches.map(async (batch) => {
    const answers = await askAll(backend, grouped, batch, look)
    return await Promise.all(batch.map(async (target): Promise<[string, Measurement]> => [target.uid, {
      ...deal(answers, target),
      queries: await askOwn(custom, target, look)
    }]))
  }))
  return new Map(measured.flat())
}

/** The grouped queries of a batch. A query that nobody in the batch needs is not asked. */
async function askAll (backend: Backend, client: PrometheusClient, batch: Measurable[], { time, range }: Look): Promise<Answers> {
  const queries = backend.queries(batch, rangeOf(range))
  const names = new Set(batch.flatMap(({ metrics }) => metrics.map(({ name }) => name)))
  const isNeeded = { requests: true, errors: names.has('error-rate'), sum: hasLatency(names), buckets: hasLatency(names) }
  const ask = async (operation: keyof Queries): Promise<Reading<Series>> => {
    if (!isNeeded[operation]) return { value: new Map() }
    const reading = await client.query(queries[operation], { time, operation })
    return 'problem' in reading ? reading : { value: Map.groupBy(reading.value, ({ labels }) => backend.keyOfSeries(labels) ?? '') }
  }
  const [requests, errors, sum, buckets] = await Promise.all([ask('requests'), ask('errors'), ask('sum'), ask('buckets')])
  return { requests, errors, sum, buckets }
}

function hasLatency (names: Set<string>): boolean {
  return names.has('latency-mean') || names.has('latency-p95')
}

/** The part of a batch's answers that is about one target. A missing series is no traffic; a failed query is a problem for all of the batch. */
function deal (answers: Answers, { namespace, name, predictors }: Target): Omit<Measurement, 'queries'> {
  const pairOf = <T>(reading: Reading<Series>, pick: (samples: Sample[] | undefined) => T): Reading<Pair<T>> => {
    if ('problem' in reading) return reading
    const [stable, canary] = [predictors.stable, predictors.canary].map((predictor) => reading.value.get(keyOf(namespace, name, predictor)))
    if ([...stable ?? [], ...canary ?? []].some(({ value }) => !Number.isFinite(value))) return problemOf('Inconclusive', 'NotANumber')
    return { value: { stable: pick(stable), canary: pick(canary) } }
  }
  const sums = pairOf(answers.sum, (samples) => samples?.[0]?.value)
  const buckets = pairOf(answers.buckets, bucketsOf)
  return {
    requests: pairOf(answers.requests, (samples) => samples?.[0]?.value ?? null),
    // No series of errors means no errors, and what that is worth the count of requests says.
    errors: pairOf(answers.errors, (samples) => samples?.[0]?.value ?? 0),
    latency: latencyOf(sums, buckets)
  }
}

function latencyOf (sums: Reading<Pair<number | undefined>>, buckets: Reading<Pair<Bucket[]>>): Measurement['latency'] {
  if ('problem' in sums) return sums
  if ('problem' in buckets) return buckets
  const side = (which: keyof Pair<unknown>): Histogram | null => {
    const sum = sums.value[which]
    return sum === undefined ? null : histogramOf(buckets.value[which], sum) ?? null
  }
  return { value: { stable: side('stable'), canary: side('canary') } }
}

/** Series by `le`; "1" and "1.0" are one bound, written by two versions of a client library. */
function bucketsOf (samples: Sample[] = []): Bucket[] {
  const counts = new Map<number, number>()
  for (const { labels, value } of samples) {
    const le = parseValue(labels['le'] ?? '')
    if (!Number.isNaN(le)) counts.set(le, (counts.get(le) ?? 0) + value)
  }
  return [...counts].map(([le, count]) => ({ le, count }))
}

/** The metrics' own queries, once a side. */
async function askOwn (client: PrometheusClient, target: Measurable, look: Look): Promise<Measurement['queries']> {
  const own = target.metrics.filter(({ query }) => query !== undefined)
  const asked = own.map(async ({ name, query = '' }): Promise<[string, Reading<Pair<number>>]> => {
    const [stable, canary] = await Promise.all([askSide(client, query, target, { ...look, side: 'stable' }), askSide(client, query, target, { ...look, side: 'canary' })])
    if ('problem' in stable) return [name, stable]
    return [name, 'problem' in canary ? canary : { value: { stable: stable.value, canary: canary.value } }]
  })
  return Object.fromEntries(await Promise.all(asked))
}

async function askSide (client: PrometheusClient, query: string, target: Measurable, { time, range, side }: Look & { side: keyof Pair<unknown> }): Promise<Reading<number>> {
  const { namespace, name, predictors, versions } = target
  const promql = fillQuery(query, { predictor: predictors[side], version: versions[side], namespace, name, window: rangeOf(range) })
  const reading = await client.query(promql, { time, operation: 'custom' })
  if ('problem' in reading) return reading
  const [first, ...more] = reading.value
  if (first === undefined) return problemOf('Inconclusive', 'NoData', `the query has no value for the ${side} version`)
  if (more.length > 0) return problemOf('Error', 'SeveralSeries', 'the query gives several series; aggregate it to one')
  if (!Number.isFinite(first.value)) return problemOf('Inconclusive', 'NotANumber', `the query is not a number for the ${side} version`)
  return { value: first.value }
}
