// The name that a model gives itself. Triton refuses a model whose folder has another one, and MLServer serves it by its own, where nobody asks for it; without
// any, both take the folder's. So one that differs from it is taken out, or replaced.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../program/failure.ts'
import { writeDurably } from './places.ts'

/** Files that may name their model; each function returns the text with no other name than this one. */
const FORMATS: Record<string, (text: string, name: string) => string> = {
  'config.pbtxt': withoutPbtxtName,
  'model-settings.json': withoutJsonName
}

/** No file of settings is larger. */
const LARGEST = 2 ** 20

/** Sees to it that no file directly in the folder gives the model another name; returns which were changed. What cannot be read is left to the server to complain of. */
export async function dropOtherNames (folder: string, name: string): Promise<string[]> {
  const changed: string[] = []
  for (const [file, without] of Object.entries(FORMATS)) {
    const path = join(folder, file)
    const before = await readText(path)
    const after = without(before, name)
    if (after === before) continue
    await writeDurably(path, after)
    changed.push(file)
  }
  return changed
}

/** Empty where there is no such file, or none that could be one of settings. */
async function readText (path: string): Promise<string> {
  try {
    const found = await stat(path)
    return found.isFile() && found.size <= LARGEST ? await readFile(path, 'utf8') : ''
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}

type Token = { text: string, start: number, end: number }

/** Of protobuf's text format: comments and blanks, texts, words, and single signs. */
const TOKEN = /#[^\n]*|\s+|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[\w.+-]+|./gs

/** Without the field `name` of the message itself: inputs and outputs, which have one as well, stand in brackets. */
function withoutPbtxtName (text: string, name: string): string {
  const tokens = tokensOf(text)
  const fields: Array<{ start: number, end: number }> = []
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if ('{<['.includes(token.text)) depth += 1
    if ('}>]'.includes(token.text)) depth -= 1
    const value = depth === 0 ? nameAt(tokens.slice(index, index + 3)) : undefined
    if (value && value.text.slice(1, -1) !== name) fields.push({ start: token.start, end: value.end })
  }
  return fields.reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text)
}

/** The text, in its quotes, of a field `name`. */
function nameAt ([field, colon, value]: Token[]): Token | undefined {
  return field?.text === 'name' && colon?.text === ':' && value && isText(value) ? value : undefined
}

function tokensOf (text: string): Token[] {
  const tokens = [...text.matchAll(TOKEN)].map(({ 0: found, index }) => ({ text: found, start: index, end: index + found.length }))
  return tokens.filter((token) => !/^(#|\s)/.test(token.text))
}

function isText ({ text }: Token): boolean {
  return text.length > 1 && (text.startsWith('"') || text.startsWith("'"))
}

function withoutJsonName (text: string, name: string): string {
  try {
    const settings = JSON.parse(text) as { name?: unknown } | null
    if (typeof settings?.name !== 'string' || settings.name === name) return text
    return JSON.stringify({ ...settings, name }, null, 2)
  } catch {
    return text
  }
}
