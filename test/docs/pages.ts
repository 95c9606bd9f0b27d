// The pages of documentation taken apart: headings, links, words of code, and blocks of code with their language.
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Block {
  /** After the three backquotes; may be empty. */
  language: string
  text: string
  /** The last line before the block that is not empty. */
  before: string
}

export interface Page {
  /** Relative to the root of the repository. */
  file: string
  text: string
  blocks: Block[]
  /** Places that links lead to, as they are written. */
  links: string[]
  /** What stands between single backquotes, and the lines of blocks that are no output. */
  words: string[]
  /** The anchors of its headings. */
  anchors: string[]
}

export const ROOT = path.join(import.meta.dirname, '../..')

const FENCE = /^ {0,3}```/
/** Generated, or about other things than this repository. */
const IGNORED = ['node_modules/**', '.ci/**', 'test/crds/**']

/** Every page of the repository. */
export function readPages (): Page[] {
  return globSync('**/*.md', { cwd: ROOT, exclude: IGNORED }).sort().map((file) => parsePage(file, readFileSync(path.join(ROOT, file), 'utf8')))
}

/** Only what our pages use of Markdown: fenced blocks, inline links, single backquotes, headings with #. */
export function parsePage (file: string, text: string): Page {
  const blocks: Block[] = []
  const prose: string[] = []
  let open: Block | undefined
  for (const line of text.split('\n')) {
    if (FENCE.test(line)) {
      if (open) blocks.push(open)
      open = open ? undefined : { language: line.trim().slice(3), text: '', before: prose.findLast((earlier) => earlier.trim() !== '') ?? '' }
    } else if (open) {
      open.text += `${line}\n`
    } else {
      prose.push(line)
    }
  }
  const source = prose.join('\n')
  const inline = [...source.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word)
  const commands = blocks.filter(({ language }) => language === 'sh').flatMap((block) => block.text.split('\n'))
  return {
    file,
    text,
    blocks,
    links: [...source.replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
    words: [...inline, ...commands],
    anchors: [...source.matchAll(/^#+ +(.*)$/gm)].map(([, heading = '']) => anchorOf(heading))
  }
}

/** As GitHub makes them: lower case, without punctuation, with - for spaces. */
function anchorOf (heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')
}
