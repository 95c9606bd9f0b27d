// Counts the assertions of TAP files, as tap itself does: `node .ci/count-assertions.ts FILE…` prints "passed failed" to standard output, and
// every failure with what is known of it to standard error.
import { readFileSync } from 'node:fs'
import { Parser, type Result } from 'tap-parser'
import { stringify } from 'yaml'

export interface Count {
  passed: number
  /** Whole names, from the file to the assertion, and what TAP says about each. */
  failures: Array<{ name: string, diagnosis: unknown }>
}

/**
 * Assertions proper. The line that sums up a subtest counts only where there is nothing else to count: when the subtest asserts nothing (it did
 * not throw), or failed although all within passed (a timeout, a crash, a wrong plan). What is skipped or still to do counts on neither side.
 * A stream that ends early or bails out is a failure.
 */
export function countAssertions (tap: string): Count {
  const count: Count = { passed: 0, failures: [] }
  const parser = new Parser()
  follow(parser, count)
  parser.end(tap)
  const isWhole = parser.ok && tap !== ''
  if (!isWhole && count.failures.length === 0) count.failures.push({ name: 'the tests did not come to their end', diagnosis: parser.bailedOut })
  return count
}

function follow (parser: Parser, count: Count): void {
  // The subtest whose summary comes next, and how many had failed before it.
  let subtest: { parser: Parser, failedBefore: number } | undefined
  parser.on('child', (child) => {
    subtest = { parser: child, failedBefore: count.failures.length }
    follow(child, count)
  })
  parser.on('assert', (result) => {
    const summarized = subtest
    subtest = undefined
    const isExplained = summarized !== undefined && count.failures.length > summarized.failedBefore
    const isRepeated = summarized !== undefined && summarized.parser.count > 0
    if (isExplained || isLeftOut(result)) return
    if (!result.ok) count.failures.push({ name: nameOf(result), diagnosis: result.diag })
    else if (!isRepeated) count.passed++
  })
}

function isLeftOut ({ skip, todo }: Result): boolean {
  return Boolean(skip) || Boolean(todo)
}

function nameOf ({ fullname, name }: Result): string {
  return fullname.endsWith(name) ? fullname : `${fullname} > ${name}`
}

/** A file that is missing is a failure: the tests did not come so far as to write it. */
function countFile (path: string): Count {
  try {
    return countAssertions(readFileSync(path, 'utf8'))
  } catch (error) {
    return { passed: 0, failures: [{ name: path, diagnosis: String(error) }] }
  }
}

if (import.meta.main) {
  const counts = process.argv.slice(2).map(countFile)
  const failures = counts.flatMap((count) => count.failures)
  for (const { name, diagnosis } of failures) process.stderr.write(`not ok: ${name}\n${stringify(diagnosis ?? null).replace(/^/gm, '    ').trimEnd()}\n`)
  process.stdout.write(`${counts.reduce((sum, { passed }) => sum + passed, 0)} ${failures.length}\n`)
}
