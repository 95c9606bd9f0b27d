// What a bench is, and what it reports by. To add one: a file that exports `description` and `run`, and a line in benches.ts.
import Table from 'cli-table3'

/** A file of benches.ts, as it is imported. */
export interface Bench {
  /** What is measured against what, in one sentence. */
  description: string
  /** Measures and reports. Throws when it cannot measure; ends every process and server that it started, also then. */
  run: (report: Report) => Promise<void>
}

/** A bound for a figure; both may be given. */
export interface Bound { atLeast?: number, atMost?: number }

export interface Report {
  /** Measure just enough to see that the bench works: seconds to a few tens of seconds. */
  quick: boolean
  /** One line of prose. */
  note: (text: string) => void
  /** An aligned table; all but the first column are aligned to the right. */
  table: (title: string, head: string[], rows: Array<Array<string | number>>) => void
  /** Whether a speed or size keeps its bound. It is printed and nothing else: a busy machine is no error. */
  target: (what: string, value: number, bound: Bound) => void
  /** The same for what does not depend on the machine, such as a number of writes: one that is out of bounds fails the run. */
  count: (what: string, value: number, bound: Bound) => void
}

/** All that was said about bounds, for the end of the run. */
export interface Verdict { bench: string, text: string, failed: boolean }

/** Reports to the console, and collects the verdicts. */
export function makeReport (bench: string, { quick }: { quick: boolean }, verdicts: Verdict[]): Report {
  const judge = (what: string, value: number, bound: Bound, words: { kept: string, broken: string }): boolean => {
    const kept = isWithin(value, bound)
    const text = `${what}: ${format(value)}, target ${boundText(bound)}: ${kept ? words.kept : words.broken}`
    verdicts.push({ bench, text, failed: !kept && words === COUNT })
    console.log(`  ${text}`)
    return kept
  }
  return {
    quick,
    note: (text) => { console.log(`  ${text}`) },
    table: (title, head, rows) => { console.log(`\n  ${title}\n${indent(tableText(head, rows))}`) },
    target: (what, value, bound) => { judge(what, value, bound, SPEED) },
    count: (what, value, bound) => { judge(what, value, bound, COUNT) }
  }
}

const SPEED = { kept: 'holds', broken: 'does not hold here' }
const COUNT = { kept: 'holds', broken: 'FAILED' }

/** NaN is within no bound. */
function isWithin (value: number, { atLeast = -Infinity, atMost = Infinity }: Bound): boolean {
  return value >= atLeast && value <= atMost
}

function boundText ({ atLeast, atMost }: Bound): string {
  if (atLeast === atMost) return `= ${format(atLeast ?? NaN)}`
  return [atLeast === undefined ? '' : `≥ ${format(atLeast)}`, atMost === undefined ? '' : `≤ ${format(atMost)}`].filter(Boolean).join(' and ')
}

/** Whole numbers from 100 on, else three significant digits: nothing that is measured here is more exact. */
export function format (value: number): string {
  if (!Number.isFinite(value)) return String(value)
  return Math.abs(value) >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}

function tableText (head: string[], rows: Array<Array<string | number>>): string {
  const table = new Table({ head, colAligns: head.map((_title, i) => i === 0 ? 'left' : 'right'), style: { head: [], border: [] } })
  table.push(...rows.map((row) => row.map((cell) => typeof cell === 'number' ? format(cell) : cell)))
  return table.toString()
}

function indent (text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
