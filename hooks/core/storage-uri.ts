// URIs of storage, and whether one lies below another. Only a plain URI can be told to: what two readers may take for two places is below nothing.

/** A plain URI, taken apart: scheme and authority (bucket, host, claim, Azure's container@account) in lower case, and the segments of the path. */
type Place = { scheme: string, authority: string, segments: string[] }

/** As a chart's schema can say it; `isPlainUri` says the rest. */
export const ARTIFACT_ROOT = '^[A-Za-z][-A-Za-z0-9+.]+://[^/?#\\\\\\s]+(/[^?#\\\\]*)?$'

const PLAIN = /^([a-z][a-z0-9+.-]+):\/\/((?:[a-z0-9$_.-]+@)?(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)(?:\/([^?#\\]*))?$/i

/** Characters that some readers drop, and others do not. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u

/** A dot, slash, backslash or percent sign in disguise: who decodes it, and how often, differs. */
const DISGUISED = /%(2e|2f|5c|25)/i

/** `.` and `..`, also with the parameters that some web servers strip. */
const CLIMBING = /^\.{1,2}(;.*)?$/

/** Whether there is one way to read this URI. */
export function isPlainUri (uri: string): boolean {
  return parsePlace(uri) !== undefined
}

/**
 * Whether a URI is one of the roots or below one, by whole segments: s3://models/a is below s3://models and s3://models/, s3://models-old is not.
 * A slash at the end of a root means nothing. Schemes are not translated: s3a:// is not s3://.
 */
export function isBelow (uri: string, roots: readonly string[]): boolean {
  const place = parsePlace(uri)
  return place !== undefined && roots.some((root) => contains(parsePlace(root), place))
}

function contains (root: Place | undefined, { scheme, authority, segments }: Place): boolean {
  if (root?.scheme !== scheme || root.authority !== authority) return false
  const wanted = root.segments.at(-1) === '' ? root.segments.slice(0, -1) : root.segments
  return wanted.every((segment, index) => segments[index] === segment)
}

function parsePlace (uri: string): Place | undefined {
  if (UNPRINTABLE.test(uri) || DISGUISED.test(uri)) return undefined
  const [, scheme, authority, path = ''] = PLAIN.exec(uri) ?? []
  if (scheme === undefined || authority === undefined) return undefined
  const segments = path.split('/')
  if (segments.some((segment) => CLIMBING.test(segment))) return undefined
  return { scheme: scheme.toLowerCase(), authority: authority.toLowerCase(), segments }
}
