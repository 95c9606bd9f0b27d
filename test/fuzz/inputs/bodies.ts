// Bodies as bytes: the text of a request cut, doubled, nested and spoilt, as no JSON library would write it.
import fc from 'fast-check'
import { goldens } from './goldens.ts'
import { HOSTILE_KEYS } from './hostile.ts'
import { closeTexts, type Json } from './tree.ts'

const SPOILS = ['none', 'cut', 'bom', 'not UTF-8', 'duplicate key', 'nested', 'inserted', 'trailing', 'empty', 'spaces', 'bytes swapped', 'bare value', 'number'] as const
type Spoil = typeof SPOILS[number]

export type Body = { spoil: Spoil, begin: number, at: number, key: string }

export const body: fc.Arbitrary<Body> = fc.record({ spoil: fc.constantFrom(...SPOILS), begin: fc.nat(), at: fc.nat(), key: fc.constantFrom(...HOSTILE_KEYS) })

/** Levels that no stack has room for. */
const LEVELS = 100_000
const NEST = `${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`
const WORDS = ['{', '}', '[', ']', ',', ':', '"', '\\', 'null', '\\u0000', '1e999', '-', '/*', "'", '\u2028']
const VALUES = ['null', '7', '"text"', '[]', 'true', '{}', '[{}]', '{"parent":null}', '{"controller":{},"parent":{"metadata":{"name":"a","namespace":"b"}},"children":[]}']

/** The bytes, and whether they are still the golden request, so that it must be answered. */
export function bytesOf ({ spoil, begin, at, key }: Body): { bytes: Buffer, whole: boolean } {
  const { text } = golden(begin)
  const place = at % text.length
  return { bytes: SPOIL[spoil]({ text, place, key, at }), whole: spoil === 'none' || spoil === 'bom' || spoil === 'spaces' }
}

type Given = { text: string, place: number, key: string, at: number }

const SPOIL: Record<Spoil, (given: Given) => Buffer> = {
  none: ({ text }) => Buffer.from(text),
  cut: ({ text, place }) => Buffer.from(text.slice(0, place)),
  bom: ({ text }) => Buffer.from(`\ufeff${text}`),
  'not UTF-8': ({ text, place }) => Buffer.concat([Buffer.from(text.slice(0, place)), Buffer.from([0xff, 0xc0, 0xed, 0xa0, 0x80]), Buffer.from(text.slice(place))]),
  'duplicate key': ({ text, key, at }) => Buffer.from(text.replace('"parent":{', () => `"parent":{${JSON.stringify(key)}:${VALUES[at % VALUES.length]},"metadata":${VALUES[(at >> 4) % VALUES.length]},`)),
  nested: ({ text, key, at }) => Buffer.from(at % 2 === 0 ? text.replace('"spec":{', () => `"spec":{${JSON.stringify(key)}:${NEST},`) : text.replace('"children":{', () => `"children":{${JSON.stringify(key)}:{"a":${NEST}},`)),
  inserted: ({ text, place, at }) => Buffer.from(text.slice(0, place) + WORDS[at % WORDS.length] + text.slice(place)),
  trailing: ({ text, at }) => Buffer.from(text + WORDS[at % WORDS.length]),
  empty: () => Buffer.alloc(0),
  spaces: ({ text }) => Buffer.from(` \n\t${text}\r\n `),
  'bytes swapped': ({ text, place }) => {
    const bytes = Buffer.from(text)
    return Buffer.concat([bytes.subarray(place), bytes.subarray(0, place)])
  },
  'bare value': ({ at }) => Buffer.from(VALUES[at % VALUES.length] ?? ''),
  number: ({ text, at }) => Buffer.from(text.replace(/"generation":\d+/, () => `"generation":${['1e308', '-0', '9007199254740993', '1e400', '"1"', '1.5'][at % 6]}`))
}

const texts: Array<{ plural: string, text: string }> = []

function golden (begin: number): { plural: string, text: string } {
  if (texts.length === 0) for (const { kind, inputs } of goldens()) for (const input of inputs) texts.push({ plural: kind.resource.plural, text: closed(input) })
  return texts[begin % texts.length] ?? { plural: '', text: '{}' }
}

/** Whose hooks the body is for. */
export function pluralOf ({ begin }: Body): string {
  return golden(begin).plural
}

function closed (input: Json): string {
  const copy = structuredClone(input)
  closeTexts(copy)
  return JSON.stringify(copy)
}
