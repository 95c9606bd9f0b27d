// Reads the text a /metrics URL answers, so that real exporters (ours included) can be scraped.
import { labelsKey, METRIC_NAME } from './labels.ts'
import type { Labels } from './labels.ts'
import { parseFloatText } from './promql/literals.ts'
import type { SeriesStore } from './series-store.ts'

export interface ExposedSample {
  readonly labels: Labels
  readonly value: number
}

const LINE = /^([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/
const PAIR = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y

/**
 * Parses the Prometheus text format 0.0.4. Comments, blank lines and timestamps are skipped.
 * Throws on a line that is no sample: a real scrape fails as a whole, too.
 */
export function parseExposition (text: string): ExposedSample[] {
  return text.split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(parseLine)
}

function parseLine (line: string): ExposedSample {
  const match = LINE.exec(line)
  const value = parseFloatText(match?.[3] ?? '')
  if (match === null || value === undefined) throw new Error(`not a sample in the text format: ${line}`)
  return { labels: { ...parsePairs(match[2] ?? '', line), [METRIC_NAME]: match[1] as string }, value }
}

function parsePairs (text: string, line: string): Labels {
  const labels: Record<string, string> = {}
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < text.trimEnd().length) {
    const pair = PAIR.exec(text)
    if (pair === null) throw new Error(`not a label list in the text format: ${line}`)
    labels[pair[1] as string] = (pair[2] as string).replace(/\\(.)/g, (_, c: string) => c === 'n' ? '\n' : c)
  }
  return labels
}

/** A scrape target: its series get these labels on top, and go stale when it stops exporting them. */
export interface ScrapeTarget {
  readonly url: string
  readonly labels?: Labels
}

export interface Scraper {
  /** One scrape now: also writes `up` (1 or 0). Never throws; a failed scrape marks the target's series stale. */
  scrape (time: number): Promise<void>
}

/** A scraper of one target that remembers what it saw, which is what makes staleness possible. */
export function createScraper (store: SeriesStore, target: ScrapeTarget): Scraper {
  const extra = { instance: new URL(target.url).host, ...target.labels }
  let seen = new Map<string, Labels>()

  async function read (): Promise<ExposedSample[]> {
    const response = await fetch(target.url, { signal: AbortSignal.timeout(5000) })
    if (!response.ok) throw new Error(`scrape of ${target.url} answered ${response.status}`)
    return parseExposition(await response.text())
  }

  async function scrape (time: number): Promise<void> {
    const samples = await read().catch(() => undefined)
    const now = new Map<string, Labels>()
    for (const sample of samples ?? []) {
      const labels = { ...sample.labels, ...extra }
      now.set(labelsKey(labels), labels)
      store.append(labels, time, sample.value)
    }
    for (const [key, labels] of seen) if (!now.has(key)) store.append(labels, time, null)
    seen = now
    store.append({ ...extra, [METRIC_NAME]: 'up' }, time, samples === undefined ? 0 : 1)
  }

  return { scrape }
}
