// What is wrong with a call, as status code and one plain sentence. Metacontroller copies it into Events and logs, so no secrets and no internals.
import { STATUS_CODES } from 'node:http'
import type { FastifyError } from 'fastify'
import { UnprocessableError } from './core/kind.ts'
import { forPeople } from './core/safe-text.ts'
import { envelopeProblem } from './envelope.ts'

/** The largest call: a parent with many children, each with its managedFields. */
export const BODY_LIMIT = 10 * 2 ** 20

/** A message may name a key of the call, which may be megabytes long. An Event holds 1024. */
const LONGEST_MESSAGE = 1000

/** Thrown by our own gates. `retryAfter` in whole seconds, at least 1: without it Metacontroller would come back at once, for ever. */
export class RefusedError extends Error {
  override name = 'RefusedError'
  readonly statusCode: number
  readonly retryAfter: number | undefined

  constructor (statusCode: number, message: string, retryAfter?: number) {
    super(message)
    this.statusCode = statusCode
    this.retryAfter = retryAfter
  }
}

export type Refusal = { statusCode: number, error: string, message: string, field?: string }

/** Fastify's own refusals, in our words. */
const SENTENCES: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON; send one JSON object',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty; send one JSON object',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as Content-Length says; send it whole',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The body must be JSON; send the header Content-Type: application/json',
  FST_ERR_CTP_BODY_TOO_LARGE: `The body is larger than ${BODY_LIMIT / 2 ** 20} MiB; spread the children over several parents`
}

/** Status code and sentence for an error. What is not the caller's doing is a bug of ours: 500, and the log has the rest. */
export function refusalOf (error: FastifyError | Error): Refusal {
  if (error instanceof UnprocessableError) return refusal(422, error.message)
  if (error instanceof RefusedError) return refusal(error.statusCode, error.message)
  const { validation, code, statusCode = 500 } = error as FastifyError
  const [problem] = validation ?? []
  if (problem) {
    const { field, message } = envelopeProblem(problem)
    return { ...refusal(400, message), field: forPeople(field, LONGEST_MESSAGE) }
  }
  const sentence = SENTENCES[code]
  if (sentence !== undefined && statusCode < 500) return refusal(statusCode, sentence)
  if (statusCode >= 400 && statusCode < 500) return refusal(statusCode, 'The request cannot be read; send what Metacontroller sends under hook version v2')
  return refusal(500, 'The hook failed by a bug of its own and nothing was changed; its log has the details')
}

function refusal (statusCode: number, message: string): Refusal {
  return { statusCode, error: STATUS_CODES[statusCode] ?? 'Error', message: forPeople(message, LONGEST_MESSAGE) }
}
