// YAML of files that hold credentials: what is wrong with it is told by its place, and never by its text.
import { parseDocument } from 'yaml'

/** The value of one document. Throws an Error whose message names line and column, and quotes nothing. */
export function parseYamlText (text: string): unknown {
  // The library's own messages quote the line, and its warnings go to standard error by themselves.
  const document = parseDocument(text, { logLevel: 'error' })
  // A warning is of a tag that nobody knows: whoever wrote `password: !x1` would get an empty one.
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) {
    const [start] = problem.linePos ?? []
    throw new Error(`it is not valid YAML${start ? ` at line ${start.line}, column ${start.col}` : ''} (${problem.code}); look at indentation there, and quote values with special characters`)
  }
  try {
    return document.toJS() as unknown
  } catch {
    throw new Error('it is not valid YAML: a value that begins with * is no text but an alias; quote it')
  }
}
