// The Prometheus stand-in gives the answers that real Prometheus releases gave; see README.md here.
import { readFileSync } from 'node:fs'

import t from 'tap'

import type { Release } from '../../../../playground/stand-ins/prometheus/promql/over-range.ts'
import { answerQuery } from '../../../../playground/stand-ins/prometheus/query.ts'
import { createSeriesStore } from '../../../../playground/stand-ins/prometheus/series-store.ts'
import type { SeriesStore } from '../../../../playground/stand-ins/prometheus/series-store.ts'
import { QUESTIONS } from './expressions.ts'
import { SERIES, START } from './recorded-series.ts'

interface Recorded {
  httpStatus: number
  status: string
  errorType?: string
  data?: { resultType: string, result: unknown }
  warnings?: string[]
  infos?: string[]
}

// Syntax that release 3 brought; the grammar package knows it, and release 2 did not.
const NEWER_THAN_2 = ['{"capacity"} @ 903', '0x1F + 1_000 @ 903']

function recordedStore (): SeriesStore {
  const store = createSeriesStore()
  for (const { labels, samples } of SERIES) {
    for (const [time, value] of samples) store.append(labels, START + time, value)
  }
  return store
}

// 12 significant digits: summation order and compensated sums differ in the last places.
function rounded (value: string): string {
  return Number.isFinite(Number(value)) ? String(Number(Number(value).toPrecision(12))) : value
}

function comparable (result: unknown): unknown {
  if (!Array.isArray(result)) return result
  if (typeof result[0] === 'number') return [result[0], rounded(result[1] as string)]
  const items = result as Array<{ metric: object, value?: [number, string], values?: Array<[number, string]> }>
  return items
    .map(({ metric, value, values }) => JSON.stringify([
      Object.entries(metric).sort(), (values ?? [value as [number, string]]).map(([time, text]) => [time, rounded(text)])
    ]))
    .sort()
}

function essence (answer: Recorded): unknown {
  return {
    httpStatus: answer.httpStatus,
    errorType: answer.errorType,
    resultType: answer.data?.resultType,
    result: comparable(answer.data?.result),
    warnings: answer.warnings,
    // The note on buckets goes on with the sizes of the correction, which the stand-in leaves out.
    infos: answer.infos?.map(info => info.replace(/(monotonicity) \(.*/, '$1'))
  }
}

for (const [release, file] of [[2, 'expected-2.42.0.json'], [3, 'expected-3.14.0.json']] as Array<[Release, string]>) {
  const expected = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Record<string, Recorded>
  const settings = { store: recordedStore(), release, now: () => START, warnings: [], failure: undefined }
  t.test(`as Prometheus ${file.slice(9, -5)}`, async t => {
    for (const { about, questions } of QUESTIONS) {
      t.test(about, async t => {
        for (const { query, at } of questions) {
          const name = `${query} @ ${at}`
          if (release === 2 && NEWER_THAN_2.includes(name)) continue
          const { status, body } = answerQuery({ query, time: String(START / 1000 + at) }, settings)
          t.strictSame(essence({ httpStatus: status, ...body } as Recorded), essence(expected[name] as Recorded), name)
        }
      })
    }
  })
}
