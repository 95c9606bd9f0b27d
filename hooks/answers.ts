// Answers given again. A resync mostly sends the very bytes of the call before, and the same call always gets the same answer, so that it need not be
// computed anew. This is no memory that a decision could depend on: what is forgotten here, or was never known, is computed, and comes out the same.
import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Hook } from './core/answer.ts'
import type { Kind } from './core/kind.ts'

/** An answer as it leaves, and what the log says of it. `isNews`: it tells of a new decision. */
export type Answer<Body = string | Buffer> = { body: Body, line: object, isNews: boolean }

/** Calls that are larger are few, and their answers are computed. */
const LARGEST_CALL = 2 ** 20

/** Bytes of an entry beside the answer's own: its key, its line of the log and its place in the list, roughly. */
const OVERHEAD = 512

/** Slots for calls that came once. */
const SLOTS = 2 ** 16

export type Answers = {
  /** What names a call: its hook and its whole text. Undefined for a call whose answer is not kept. */
  keyOf: (call: { kind: Kind, hook: Hook }, text: string) => string | undefined
  find: (key: string) => Answer<Buffer> | undefined
  /** Keeps the answer if the call came before. */
  keep: (key: string, answer: Answer<string>) => void
  /** Bytes that are taken now. */
  size: () => number
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Under what the answer is kept; undefined when it is not. */
    answerKey: string | undefined
    /** The answer that the same call had before. */
    knownAnswer: Answer | undefined
  }
}

/** Keeps as many bytes of answers, those that were asked for last; none for 0. */
export function createAnswers (bytes: number): Answers {
  if (bytes === 0) return { keyOf: () => undefined, find: () => undefined, keep: () => undefined, size: () => 0 }
  const answers = new LRUCache<string, Answer<Buffer>>({ maxSize: bytes, sizeCalculation: ({ body }) => body.length + OVERHEAD })
  const cameBefore = createSieve()
  return {
    // SHA-256, so that nobody can make two calls that are taken for one.
    keyOf: ({ kind, hook }, text) => text.length > LARGEST_CALL ? undefined : `${hash('sha256', text, 'binary')}${kind.resource.plural}/${hook}`,
    find: (key) => answers.get(key),
    keep: (key, answer) => { if (cameBefore(key)) answers.set(key, { ...answer, body: Buffer.from(answer.body) }) },
    size: () => answers.calculatedSize
  }
}

/**
 * Tells whether a key was asked about before, and notes it. In a rollout hardly any call comes twice, and to keep the answers of all would cost more than
 * to compute them. A key may be forgotten, or now and then be taken for one that came before; then an answer is kept a call later or earlier.
 */
function createSieve (): (key: string) => boolean {
  const seen = new Uint32Array(SLOTS)
  return (key) => {
    // Keys begin with a digest: any part of it is as good as a number by chance.
    const slot = key.charCodeAt(0) << 8 | key.charCodeAt(1)
    const mark = (key.charCodeAt(2) << 24 | key.charCodeAt(3) << 16 | key.charCodeAt(4) << 8 | key.charCodeAt(5)) >>> 0
    const came = seen[slot] === mark
    seen[slot] = mark
    return came
  }
}

/** Looks for the answer to a call by its text; what is found is noted on the request. Returns whether it was found. */
export function recallAnswer (answers: Answers, request: FastifyRequest, text: string): boolean {
  const { call } = request.routeOptions.config
  request.answerKey = call && answers.keyOf(call, text)
  request.knownAnswer = request.answerKey === undefined ? undefined : answers.find(request.answerKey)
  return request.knownAnswer !== undefined
}
