// Reads the body of a call as JSON, unless its answer is known, or it would keep the event loop from everybody else for too long.
import type { FastifyInstance } from 'fastify'
import { recallAnswer, type Answers } from './answers.ts'
import { RefusedError } from './errors.ts'

/** Bodies below this many characters are always read: nothing in them takes long. */
const LARGE = 2 ** 20

/**
 * Fields that a large body may have. Long texts are cheap; what takes time, in reading, checking and looking, is the number of fields. Two hundred children
 * with all their managedFields have 40,000.
 */
const MOST_FIELDS = 80_000

/**
 * Lists and maps take long even when nothing is in them. Those in texts count, too: a body of texts with half a million brackets is refused with them.
 */
const MOST_BRACKETS = 500_000

/** Takes the place of Fastify's parser of JSON, which does the reading. A call whose answer is known is not read. */
export function readBodies (app: FastifyInstance, answers: Answers): void {
  // Users' ConfigMaps may have keys of any name; code looks keys up by Object.hasOwn.
  const parse = app.getDefaultJsonParser('ignore', 'ignore')
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string
    if (recallAnswer(answers, request, text)) return done(null)
    if (text.length >= LARGE && hasMoreFields(text)) return done(new RefusedError(413, `The body has more than ${MOST_FIELDS} fields; spread the children over several parents`))
    if (text.length >= LARGE && hasMoreBrackets(text)) return done(new RefusedError(413, `The body has more than ${MOST_BRACKETS} opening brackets; spread the children over several parents`))
    parse(request, text, done)
  })
}

/** Counts the ends of keys, which may have blanks before their colon. */
function hasMoreFields (text: string): boolean {
  const keys = text.matchAll(/"[ \t\r\n]*:/g).filter(({ index }) => !isEscaped(text, index))
  return keys.drop(MOST_FIELDS).next().done !== true
}

/** Whether the quote is part of a text: then it has an odd number of backslashes before it. */
function isEscaped (text: string, quote: number): boolean {
  let before = quote
  while (text[before - 1] === '\\') before--
  return (quote - before) % 2 === 1
}

function hasMoreBrackets (text: string): boolean {
  return text.matchAll(/[[{]/g).drop(MOST_BRACKETS).next().done !== true
}
