// What is left behind for Kubernetes: the result, or the reason and a sentence for people, in a file of at most 4096 bytes.
import type { DownloadResult } from '../../hooks/core/download.ts'
import { forPeople } from '../../hooks/core/safe-text.ts'
import type { ProgramError } from './failure.ts'

/** Kubernetes cuts what is longer, and what is cut is no JSON. */
const MOST_BYTES = 4096
const LONGEST_MESSAGE = 1000
const LONGEST_URI = 1024

/** The line of a success. A URI that holds credentials is shown without them. */
export function resultLine (result: DownloadResult): string {
  return fitting((uri) => JSON.stringify({ ...result, uri }), forPeople(result.uri, LONGEST_URI))
}

/** The line of a failure. */
export function failureLine ({ reason, message }: Pick<ProgramError, 'reason' | 'message'>): string {
  return fitting((text) => JSON.stringify({ reason, message: text }), forPeople(message, LONGEST_MESSAGE))
}

/** Letters of other scripts have up to three bytes, quotes two. */
function fitting (line: (text: string) => string, text: string): string {
  let rest = text
  while (Buffer.byteLength(line(rest)) > MOST_BYTES) rest = rest.slice(0, Math.floor(rest.length * 0.9))
  return line(rest)
}
