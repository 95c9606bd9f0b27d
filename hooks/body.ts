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

/** Lists take long even when nothing is in them. Those in texts count, too: a body of texts with half a million brackets is refused with them. */
const MOST_LISTS = 500_000

/** Takes the place of Fastify's parser of JSON, which does the reading. A call whose answer is known is not read. */
export function readBodies (app: FastifyInstance, answers: Answers): void {
  // Users' ConfigMaps may have keys of any name; code looks keys up by Object.hasOwn.
  const parse = app.getDefaultJsonParser('ignore', 'ignore')
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (recallAnswer(answers, request, body as Buffer)) return done(null)
    const text = body.toString()
    if (text.length >= LARGE && hasMoreFields(text)) return done(new RefusedError(413, `The body has more than ${MOST_FIELDS} fields; spread the children over several parents`))
    if (text.length >= LARGE && hasMoreLists(text)) return done(new RefusedError(413, `The body has more than ${MOST_LISTS} opening brackets; spread the children over several parents`))
    parse(request, text, done)
  })
}

/** Counts the marks behind keys; in texts they are escaped. */
function hasMoreFields (text: string): boolean {
  let count = 0
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) {
    if (text[at - 1] !== '\\' && ++count > MOST_FIELDS) return true
  }
  return false
}

function hasMoreLists (text: string): boolean {
  let count = 0
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    if (++count > MOST_LISTS) return true
  }
  return false
}
