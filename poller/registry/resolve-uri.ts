// From what MLflow calls the place of a version's artifacts to a URI that a storage initializer can read.

export type Resolution = { uri: string } | { problem: string }

export type Place = {
  /** The answer of model-versions/get-download-uri. */
  downloadUri: string
  /** What mlflow-artifacts:/ stands for on that server. */
  artifactsDestination?: string | undefined
  /** The object's workspace; empty for the default one or a server without workspaces. */
  workspace: string
  /** What to do where artifactsDestination is not known [to configure it]. */
  remedy?: string
}

/** The longest URI that fits into the fact. */
const MAX_LENGTH = 2048
/** MLflow's name for the workspace that has no directory of its own. */
const DEFAULT_WORKSPACE = 'default'
/** Schemes that only MLflow itself, or only the machine that logged the model, can follow. */
const UNREADABLE = new Set(['file', 'models', 'runs', 'mlflow-artifacts', 'dbfs'])

/** Whether a text is an absolute URI of storage that other machines can read (s3, gs, abfs, pvc, https, …). */
export function isStorageUri (text: string): boolean {
  const scheme = schemeOf(text)
  // One letter is a drive of Windows. Behind // there must be a bucket, claim or host.
  return scheme !== undefined && scheme.length > 1 && !UNREADABLE.has(scheme) && /^[^:]+:\/\/[^/]/.test(text)
}

// What Azure, AWS, Google and GitLab call what signs or permits a request, and what others do.
const SECRET_PARAMETER = /^(sig|signature|(x-(amz|goog)-)?(signature|credential|security-token)|awsaccesskeyid|googleaccessid|(access_|private_|auth_|job_)?token|api_?key|password|secret)$/i

/**
 * Whether a URI holds name and password, a token in place of the name (http and https; elsewhere that is the name of a container), or a
 * parameter that signs or permits the request.
 */
export function holdsCredentials (uri: string): boolean {
  if (/^[^:]+:\/\/[^/]*:[^/]*@/.test(uri) || /^https?:\/*[^/?#]*@/i.test(uri)) return true
  const parameters = new URLSearchParams(uri.split(/[?#]/).slice(1).join('&'))
  return [...parameters.keys()].some((name) => SECRET_PARAMETER.test(name))
}

/**
 * The storage URI of a version, or the sentence that says why there is none and what to do.
 * mlflow-artifacts:/P and mlflow-artifacts://host/P are D/P with the artifacts destination D; in a workspace W other than the default
 * D/workspaces/W/P, unless P says so already (the server's own rule for proxied artifacts).
 */
export function resolveUri (place: Place): Resolution {
  const resolution = resolve(place)
  if ('uri' in resolution && resolution.uri.length > MAX_LENGTH) return { problem: `the artifact URI is longer than ${MAX_LENGTH} characters; register the version from a shorter path` }
  if ('problem' in resolution) return { problem: cut(resolution.problem, 300) }
  return resolution
}

function resolve (place: Place): Resolution {
  const { downloadUri } = place
  if (downloadUri === '') return { problem: 'the registry names no artifacts for this version; register it again with a source' }
  if (/["\\\p{C}]/u.test(downloadUri)) return { problem: 'the artifact URI holds characters that no storage path needs; register the version from a plain path' }
  // Credentials in a URI would end up in annotations, logs and pods; also the sentence must not repeat them.
  if (holdsCredentials(downloadUri)) return { problem: 'the artifact URI holds credentials; register the version without them and use a Secret' }
  const scheme = schemeOf(downloadUri)
  switch (scheme) {
    case 'mlflow-artifacts':
      return proxied(place)
    case 'models':
    case 'runs':
      return { problem: `the registry did not resolve ${cut(downloadUri, 120)} to storage; register the version again from the URI of its artifacts` }
    default:
      if (isStorageUri(downloadUri)) return { uri: downloadUri }
      return { problem: `${cut(downloadUri, 120)} is a path that only the machine or service that wrote it can read; log models to object storage or through the server's artifact proxy` }
  }
}

/** `.` and `..`, however often encoded, and with the parameters that some web servers strip. */
const CLIMBING = /^(\.|%(25)*2e){1,2}(;.*)?$/i
/** One that splits a segment for whoever decodes it. */
const HIDDEN_SLASH = /%(25)*(2f|5c)/i

function proxied ({ downloadUri, artifactsDestination, workspace, remedy = 'set artifactsDestination of this registry in the configuration' }: Place): Resolution {
  if (artifactsDestination === undefined) return { problem: `the server stores artifacts behind its proxy (mlflow-artifacts:/) and does not say where; ${remedy}` }
  const path = downloadUri.replace(/^mlflow-artifacts:(\/\/[^/]*)?\/*/i, '')
  const segments = path.split('/')
  const climbing = findClimbing(segments, path, workspace)
  if (climbing !== undefined) return { problem: climbing }
  const inDefault = workspace === '' || workspace === DEFAULT_WORKSPACE
  const scoped = segments[0] === 'workspaces'
  if (scoped && segments[1] !== (inDefault ? DEFAULT_WORKSPACE : workspace)) return { problem: 'the artifacts belong to another workspace; register the version again in its own' }
  const prefix = inDefault || scoped ? '' : `workspaces/${workspace}/`
  return { uri: `${artifactsDestination.replace(/\/+$/, '')}/${prefix}${path}` }
}

/** The destination may be shared: neither a crafted source nor a workspace may reach beyond its own directory. */
function findClimbing (segments: string[], path: string, workspace: string): string | undefined {
  if (segments.some((segment) => CLIMBING.test(segment)) || HIDDEN_SLASH.test(path)) return 'the artifact path climbs out of the artifacts destination; register the version again from a plain path'
  if (!/^[\w-][\w.-]*$|^$/.test(workspace)) return 'the workspace is no plain name, so its artifacts cannot be told from those of others; correct spec.workspace'
  return undefined
}

function schemeOf (text: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
}

function cut (text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
