// Reads the body of a call as JSON, unless it would keep the event loop from everybody else for too long.
import type { FastifyInstance } from 'fastify'
import { RefusedError } from './errors.ts'

/** Bodies below this many characters are always read: nothing in them takes long. */
const LARGE = 2 ** 20

/**
 * Fields that a large body may have. Long texts are cheap; what takes time, in reading, checking and looking, is the number of fields. Two hundred children
 * with all their managedFields have 40,000.
 */
const MOST_FIELDS = 80_000

/** Takes the place of Fastify's parser of JSON, which does the reading. */
export function readBodies (app: FastifyInstance): void {
  // Users' ConfigMaps may have keys of any name; code looks keys up by Object.hasOwn.
  const parse = app.getDefaultJsonParser('ignore', 'ignore')
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string
    if (text.length >= LARGE && hasMoreFields(text, MOST_FIELDS)) return done(new RefusedError(413, `The body has more than ${MOST_FIELDS} fields; spread the children over several parents`))
    parse(request, text, done)
  })
}

/** Counts the marks behind keys; in texts they are escaped. */
function hasMoreFields (text: string, most: number): boolean {
  let count = 0
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) {
    if (text[at - 1] !== '\\' && ++count > most) return true
  }
  return false
}
