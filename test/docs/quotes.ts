// Holds what a page quotes of kubectl's output to what a run of npm run e2e really printed:
//   node test/docs/quotes.ts [.ci/out/e2e/playground-dynamic-apply-stand-in]
// Times, ages, ids and measured numbers differ from run to run and are not compared. Prints every line that was not printed there.
// An Event may come a moment after its transcript was made, so a missing Event alone may be chance.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parsePage, ROOT, type Page } from './pages.ts'

export interface Quote {
  /** Story and title of the transcript, such as rollout/05-progressing. */
  source: string
  lines: string[]
}

const SOURCE = /^<!-- output of (\S+) -->$/
const OMISSION = '[…]'
const QUOTING_PAGE = 'docs/reading-the-status.md'

/** The blocks of a page whose preceding comment names a transcript. */
export function quotesOf ({ blocks }: Page): Quote[] {
  return blocks.flatMap(({ before, text }) => {
    const [, source] = SOURCE.exec(before.trim()) ?? []
    return source === undefined ? [] : [{ source, lines: text.split('\n').filter((line) => line.trim() !== '' && line.trim() !== OMISSION) }]
  })
}

/** Lines of the quote that the transcript has not, in whichever order. */
export function missingLines ({ lines }: Quote, transcript: string): string[] {
  const printed = new Set(transcript.split('\n').map(normalise))
  return lines.filter((line) => !printed.has(normalise(line)))
}

/** What is the same in every run. `2026-11-21T07:44:28Z … v2-q3r4gk-1795247079 …` becomes `<time> … v2-<id> …`. */
export function normalise (line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replaceAll(/\bv(\d+)-[a-z0-9]{6}(-\d{10})?/g, 'v$1-<id>')
    .replaceAll(/-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, '-<pod>')
    .replaceAll(/\b(\d+[dhms])+(?=\s|$)/g, '<age>')
    // Which metrics are beyond their limits differs as well.
    .replaceAll(/(([\w-]+) [\d.]+ (ms|s|%) against [\d.]+ (ms|s|%) of stable \(limit [^)]*\)(, )?)+/g, '<metrics>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<address>')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function main (folder: string): void {
  let missing = 0
  for (const quote of quotesOf(parsePage(QUOTING_PAGE, readFileSync(path.join(ROOT, QUOTING_PAGE), 'utf8')))) {
    const file = path.join(folder, `${quote.source}.txt`)
    const lines = existsSync(file) ? missingLines(quote, readFileSync(file, 'utf8')) : [`there is no ${file}`]
    missing += lines.length
    for (const line of lines) process.stdout.write(`${quote.source}: ${line}\n`)
  }
  process.stdout.write(missing === 0 ? `${QUOTING_PAGE} quotes what was printed\n` : `${missing} lines of ${QUOTING_PAGE} were not printed: copy them anew\n`)
  process.exitCode = missing === 0 ? 0 : 1
}

if (import.meta.main) main(process.argv[2] ?? path.join(ROOT, '.ci/out/e2e/playground-dynamic-apply-stand-in'))
