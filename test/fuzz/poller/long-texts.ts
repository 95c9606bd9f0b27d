// Every function that puts a pattern on a stranger's text, with long texts that patterns are slow on. Each takes as long as the text is, not longer.
import fc from 'fast-check'
import { isAnnotationKey } from '../../../hooks/core/labels.ts'
import { modelUri } from '../../../hooks/core/model-uri.ts'
import { forPeople, hideCredentials, plainText, safeLine } from '../../../hooks/core/safe-text.ts'
import { parseInstant } from '../../../hooks/core/time.ts'
import { parseFacts } from '../../../hooks/core/facts.ts'
import { formatInstant, secondsOf } from '../../../hooks/core/time.ts'
import { readAnswer } from '../../../poller/http/answer.ts'
import { isRemoteError } from '../../../poller/http/errors.ts'
import { resolveUri } from '../../../poller/registry/resolve-uri.ts'
import { parseValue } from '../../../poller/analysis/prometheus-client.ts'
import { Type } from '@sinclair/typebox'
import { threadMs, withinCpu } from '../properties/cpu.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'
import { transported } from './registry-answers.ts'

const READERS: Record<string, (text: string) => unknown> = {
  isAnnotationKey,
  // Schemas bound both: the template and what is filled in.
  modelUri: (text) => modelUri(text.slice(0, 2048), { name: text.slice(0, 256), version: '1', uri: text.slice(0, 2048) }),
  plainText,
  hideCredentials,
  safeLine: (text) => safeLine(JSON.stringify({ text })),
  forPeople: (text) => forPeople(text, 1000),
  parseInstant,
  formatInstant: (text) => formatInstant(text.length * 1e9),
  secondsOf: (text) => attempt(() => secondsOf(text.slice(0, 32))),
  parseFacts: (text) => parseFacts({ 'sluice.dev/registry': text, 'sluice.dev/analysis': text, 'sluice.dev/clock': text }),
  resolveUri: (text) => resolveUri({ downloadUri: text, artifactsDestination: 's3://a', workspace: '' }),
  resolvePath: (text) => resolveUri({ downloadUri: `mlflow-artifacts:/${text}`, artifactsDestination: 's3://a', workspace: 'w' }),
  parseValue
}

const SEEDS = ['a', '0', ' ', '\n', ':', '/', '://', '@', '<', '<style>', '<script', '>', '=', '"', '\\', '\\"', '-', '.', 'eyJ', 'eyJaaaaaaaa.', 'bearer ', 'Basic  ', 'password', 'token=', 'key":', '-----BEGIN PRIVATE KEY-----', '-----BEGIN ', '%20', '{uri}', '\u202e', '\ud800', 'ä', '?a=', '&', 'http://', 'x:', 'https://a:b', '1s', 'workspaces/', '..', '%2e']

const text = fc.tuple(fc.array(fc.constantFrom(...SEEDS), { minLength: 1, maxLength: 3 }), fc.constantFrom(...SEEDS), fc.constantFrom(10, 1000, 30_000, 100_000)).map(([parts, end, length]) => parts.join('').repeat(Math.ceil(length / parts.join('').length)) + end)

export const longTexts: Target = {
  name: 'long-texts',
  what: 'texts of up to 100,000 characters that patterns are slow on, for all that reads a text of others',
  share: 6_700,
  quick: 20,
  open: async (tally) => session(fc.asyncProperty(fc.constantFrom(...Object.keys(READERS), 'readAnswer'), text, async (reader, text) => {
    tally.count(reader)
    const read = READERS[reader]
    if (read) withinCpu(`${reader} of ${text.length} characters`, () => read(text))
    else await readLong(text)
  }))
}

async function readLong (text: string): Promise<void> {
  const options = { schema: Type.Object({}), maxBytes: 2 ** 24, redact: (words: string) => words }
  const began = threadMs()
  const error = await readAnswer(transported({ status: 200, type: 'application/json', text, after: undefined }), options).then(() => undefined, (error: unknown) => error)
  demand(error === undefined || isRemoteError(error), () => 'an error of no type')
  demand(threadMs() - began <= 400, () => `reading an answer of ${text.length} characters took ${Math.round(threadMs() - began)} ms of CPU`)
}

function attempt (work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
