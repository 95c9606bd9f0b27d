// Prints every line that docs/reading-the-status.md quotes and that the last run of npm run e2e has not printed; fails when there is one.
//   node test/docs/check-quotes.ts [.ci/out/e2e/playground-dynamic-apply-stand-in]
// Where CI is true it fails without a run, too.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { CAST } from '../e2e/cast.ts'
import { OUTPUT } from '../e2e/stage.ts'
import { parsePage, ROOT } from './pages.ts'
import { missingLines, quotesOf, type Quote } from './quotes.ts'

const PAGE = 'docs/reading-the-status.md'

function main (folder: string): void {
  if (!existsSync(folder) && process.env['CI'] !== 'true') return tell(`nothing compared: there is no ${folder}; npm run e2e makes it`)
  const missing = quotesOf(parsePage(PAGE, readFileSync(path.join(ROOT, PAGE), 'utf8'))).flatMap((quote) => missingFrom(folder, quote))
  missing.forEach(tell)
  tell(missing.length === 0 ? `${PAGE} quotes what was printed` : `${missing.length} lines of ${PAGE} were not printed: copy them anew`)
  process.exitCode = missing.length === 0 ? 0 : 1
}

function missingFrom (folder: string, quote: Quote): string[] {
  const file = path.join(folder, `${quote.source}.txt`)
  if (!existsSync(file)) return [`there is no ${file}`]
  // Their numbers are in the order in which they were made.
  const later = globSync(path.join(path.dirname(file), '*.txt')).filter((other) => other > file).map((other) => readFileSync(other, 'utf8')).join('\n')
  return missingLines(quote, readFileSync(file, 'utf8'), later).map((line) => `${quote.source}: ${line}`)
}

function tell (line: string): void {
  process.stdout.write(`${line}\n`)
}

main(process.argv[2] ?? path.resolve(ROOT, OUTPUT, CAST))
