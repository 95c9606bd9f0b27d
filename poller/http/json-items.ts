// Parses an answer that is mostly one long list, item by item: what is kept of an item is a tenth of it, and parsed as a whole a page takes
// many times its bytes, for longer than V8's young generation lasts.

/** The list is `key` of the answer. `keep` gives what stands in its place for each item. */
export type Items = { key: string, keep: (item: unknown) => unknown }

/**
 * The same as JSON.parse, except that each item of the list is what `keep` made of it; and that of a list which is there twice, as no server writes it, the
 * first counts and not the last. Throws SyntaxError.
 */
export function parseItems (text: string, { key, keep }: Items): unknown {
  const list = findList(text, key)
  if (list === undefined) return JSON.parse(text)
  const kept: unknown[] = []
  let at = skipBlanks(text, list + 1)
  while (text[at] !== ']') {
    if (kept.length > 0) at = skipBlanks(text, expect(text, at, ','))
    const end = endOfValue(text, at)
    kept.push(keep(JSON.parse(text.slice(at, end))))
    at = skipBlanks(text, end)
  }
  const rest = JSON.parse(`${text.slice(0, list)}[]${text.slice(at + 1)}`) as Record<string, unknown>
  rest[key] = kept
  return rest
}

/** Where the list begins; undefined when the answer is no map or has no such list. */
function findList (text: string, key: string): number | undefined {
  let at = skipBlanks(text, 0)
  if (text[at] !== '{') return undefined
  at = skipBlanks(text, at + 1)
  while (text[at] === '"') {
    const end = endOfValue(text, at)
    const name = JSON.parse(text.slice(at, end)) as string
    at = skipBlanks(text, expect(text, skipBlanks(text, end), ':'))
    if (name === key) return text[at] === '[' ? at : undefined
    at = skipBlanks(text, endOfValue(text, at))
    if (text[at] === ',') at = skipBlanks(text, at + 1)
  }
  return undefined
}

/** What opens, closes or begins a string; braces within strings are jumped over. */
const STRUCTURE = /["[\]{}]/g
const QUOTES = /["\\]/g
const BLANKS = /[ \t\r\n]*/y
const PLAIN = /[^\s,[\]{}"]+/y

/** Just behind the value that begins here; whether all in it is JSON is for JSON.parse to say. */
function endOfValue (text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from)
  if (text[from] !== '{' && text[from] !== '[') return endOf(PLAIN, text, from)
  let depth = 0
  for (let at = from; ;) {
    at = next(STRUCTURE, text, at)
    const sign = text[at]
    if (sign === '"') {
      at = endOfString(text, at)
      continue
    }
    depth += sign === '{' || sign === '[' ? 1 : -1
    at += 1
    if (depth === 0) return at
  }
}

function endOfString (text: string, from: number): number {
  for (let at = from + 1; ;) {
    at = next(QUOTES, text, at)
    if (text[at] === '"') return at + 1
    // The sign after a backslash ends nothing.
    at += 2
  }
}

function next (pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  const found = pattern.exec(text)
  if (!found) throw new SyntaxError('the answer ends in the middle of a value')
  return found.index
}

function endOf (pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  if (!pattern.test(text)) throw new SyntaxError(`a value is missing at position ${from} of the answer`)
  return pattern.lastIndex
}

function skipBlanks (text: string, from: number): number {
  return endOf(BLANKS, text, from)
}

function expect (text: string, at: number, sign: string): number {
  if (text[at] !== sign) throw new SyntaxError(`${sign} is missing at position ${at} of the answer`)
  return at + 1
}
