// Holds what a page quotes of kubectl's output to what a run of npm run e2e really printed:
// Times, ages, ids and measured numbers differ from run to run and are not compared. check-quotes.ts does it.
import type { Page } from './pages.ts'

export interface Quote {
  /** Story and title of the transcript, such as rollout/05-progressing. */
  source: string
  lines: string[]
}

const SOURCE = /^<!-- output of (\S+) -->$/
const OMISSION = '[…]'
const EVENT = /(^|\s)(Normal|Warning)\s/

/** The blocks of a page whose preceding comment names a transcript. */
export function quotesOf ({ blocks }: Page): Quote[] {
  return blocks.flatMap(({ before, text }) => {
    const [, source] = SOURCE.exec(before.trim()) ?? []
    return source === undefined ? [] : [{ source, lines: text.split('\n').filter((line) => line.trim() !== '' && line.trim() !== OMISSION) }]
  })
}

/**
 * Lines of the quote that its transcript has not, in whichever order. An Event may come a moment after the transcript was made: it is looked for in
 * those that the story made later, too.
 */
export function missingLines ({ lines }: Quote, transcript: string, later = ''): string[] {
  const [printed, told] = [transcript, `${transcript}\n${later}`].map((text) => new Set(text.split('\n').map(normalise)))
  return lines.filter((line) => !(EVENT.test(line) ? told : printed)?.has(normalise(line)))
}

/** What is the same in every run. `2026-11-21T07:44:28Z … v2-q3r4gk-1795247079 …` becomes `<time> … v2-<id> …`. */
export function normalise (line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replaceAll(/\bv(\d+)-[a-z0-9]{6}(-\d{10})?/g, 'v$1-<id>')
    .replaceAll(/-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, '-<pod>')
    .replaceAll(/\b(\d+[dhms])+(?=\s|$)/g, '<age>')
    .replaceAll(/<age> \(x\d+ over \w+\)/g, '<age>')
    // Which metrics are beyond their limits differs as well.
    .replaceAll(/(([\w-]+) [\d.]+ (ms|s|%) against [\d.]+ (ms|s|%) of stable \(limit [^)]*\)(, )?)+/g, '<metrics>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<address>')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
