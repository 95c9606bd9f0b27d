// Counts the assertions of TAP files, as tap itself does: `node .ci/count-assertions.ts FILE…` prints "passed failed".
import { readFileSync } from 'node:fs'
import { Parser } from 'tap-parser'

export interface Count {
  passed: number
  failed: number
}

/**
 * Assertions proper: the line that sums up a subtest is none, unless nothing in the subtest explains why it failed (a timeout, a crash, a wrong
 * plan). What is skipped or still to do counts on neither side. A stream that ends early or bails out is a failure.
 */
export function countAssertions (tap: string): Count {
  const count: Count = { passed: 0, failed: 0 }
  const parser = new Parser()
  follow(parser, count)
  parser.end(tap)
  const isWhole = parser.ok && tap !== ''
  if (!isWhole && count.failed === 0) count.failed = 1
  return count
}

function follow (parser: Parser, count: Count): void {
  // How many had failed before the subtest whose summary comes next.
  let failedBefore: number | undefined
  parser.on('child', (child) => {
    failedBefore = count.failed
    follow(child, count)
  })
  parser.on('assert', ({ ok, skip, todo }) => {
    const isSummary = failedBefore !== undefined
    const isExplained = isSummary && count.failed > (failedBefore ?? 0)
    failedBefore = undefined
    if (Boolean(skip) || Boolean(todo) || isExplained) return
    if (!ok) count.failed++
    else if (!isSummary) count.passed++
  })
}

/** A file that is missing is a failure: the tests did not come so far as to write it. */
function countFile (path: string): Count {
  try {
    return countAssertions(readFileSync(path, 'utf8'))
  } catch {
    return { passed: 0, failed: 1 }
  }
}

if (import.meta.main) {
  const counts = process.argv.slice(2).map(countFile)
  const sum = (of: keyof Count) => counts.reduce((total, count) => total + count[of], 0)
  process.stdout.write(`${sum('passed')} ${sum('failed')}\n`)
}
