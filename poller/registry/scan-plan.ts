// Which calls a round makes, and when an object is looked at again. Pure: costs and times come in as numbers.

/** What is known about the size of a registry (of one workspace). `age` is seconds since it was counted by a scan. */
export type KnownSize = { models: number, age: number }

/** What a round does: one call a model, or the whole registry by pages. */
export type Plan = { kind: 'Get', models: string[] } | { kind: 'Scan', reason: 'ManyDue' | 'LargeShare' | 'SizeUnknown' }

/** More distinct models than this are never asked for one by one, unless they are a speck of the registry. */
export const MANY = 500
/** From this share of the registry on a scan is cheaper: a model costs 0.6–1.9 ms in a page and 4 ms plus HTTP by itself. */
export const LARGE_SHARE = 0.2
/** Below this share a scan is dearer, however many are due, even with 60 ms of password hashing for every request. */
export const SPECK = 0.03
/** Fewer than this are asked for one by one whatever the share: a page never costs less than a few reads. */
export const FEW = 10
/** With more than this due it is worth a scan to learn how large the registry is. */
export const WORTH_COUNTING = 100
/** Seconds after which a counted size is not believed any more. */
export const SIZE_LIFETIME = 3600

/**
 * The cheaper way to read these models of one (server, workspace). Worked: 30 due of 100 known → 0.3 → scan; 30 of 1000 → get;
 * 600 of 2000 → scan; 600 of 50000 → 0.012 → get; 150 due and nothing known → scan, which counts.
 */
export function planReads (models: Iterable<string>, size: KnownSize | undefined): Plan {
  const distinct = [...new Set(models)].sort()
  const due = distinct.length
  if (due < FEW) return { kind: 'Get', models: distinct }
  const reason = size && size.age <= SIZE_LIFETIME ? reasonToScan(due, size.models) : reasonToCount(due)
  return reason === undefined ? { kind: 'Get', models: distinct } : { kind: 'Scan', reason }
}

type ScanReason = Extract<Plan, { kind: 'Scan' }>['reason']

function reasonToCount (due: number): ScanReason | undefined {
  if (due > MANY) return 'ManyDue'
  return due > WORTH_COUNTING ? 'SizeUnknown' : undefined
}

function reasonToScan (due: number, models: number): ScanReason | undefined {
  // Models that do not exist are due too, so the share can be above 1.
  const share = models === 0 ? Infinity : due / models
  if (share > LARGE_SHARE) return 'LargeShare'
  return due > MANY && share > SPECK ? 'ManyDue' : undefined
}

/** Spread of the intervals, so that registries and objects created together drift apart. It only ever lengthens: minInterval is a floor. */
const JITTER = 0.1
/** Seconds after which an object without an answer is tried again at the latest, however long its interval. */
const RETRY_INTERVAL = 60

export type Pace = { monitoringInterval: number, minInterval: number }

/**
 * When an object that is looked at now may be looked at again, and when it has to be: max(monitoringInterval, minInterval) seconds, and up to a tenth
 * more. In milliseconds from now; `chance` is in [0, 1). Whoever has to be looked at takes those along that may be: objects looked at together stay
 * together, for apart they would cost a scan each time that one of them is due.
 */
export function nextLook (pace: Pace, outcome: 'Answered' | 'NoAnswer', chance: number): { from: number, at: number } {
  const wanted = Math.max(pace.monitoringInterval, pace.minInterval)
  const seconds = outcome === 'Answered' ? wanted : Math.max(pace.minInterval, Math.min(wanted, RETRY_INTERVAL))
  return { from: seconds * 1000, at: seconds * 1000 * (1 + JITTER * chance) }
}
