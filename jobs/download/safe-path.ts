// Names that others chose for files, in archives and listings: made into relative paths that stay where they are put.
import { DownloadError, type Reason } from './failure.ts'

const LONGEST_NAME = 255
const LONGEST_PATH = 1024

/**
 * A relative path of plain names, with slashes; '' for the folder itself. Throws DownloadError on any name that could lead elsewhere: nothing is
 * repaired, for who writes such names wants something.
 */
export function safePath (name: string, { reason, where }: { reason: Reason, where: string }): string {
  const parts = name.split('/').filter((part, index) => part !== '.' && (part !== '' || index === 0))
  // A slash at the end only says that it is a folder.
  const problem = problemOf(name, parts)
  if (problem !== undefined) throw new DownloadError(reason, `${where} holds the name ${JSON.stringify(name.slice(0, 100))}, which ${problem}; make it anew with plain relative names`)
  return parts.filter((part) => part !== '').join('/')
}

function problemOf (name: string, parts: string[]): string | undefined {
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is absolute'
  if (parts.includes('..')) return 'climbs out of its folder'
  if (/[\p{Cc}\\]/u.test(name)) return 'has a backslash or a control character'
  if (Buffer.byteLength(name) > LONGEST_PATH || parts.some((part) => Buffer.byteLength(part) > LONGEST_NAME)) return 'is too long'
  return undefined
}
