// Which memory counts: that of the Service; where it is lost, or there is no Service yet, what the children and, last of all, the status tell.
import { STATE_ANNOTATION, VERSION_LABEL } from '../core/labels.ts'
import { defined, isMap } from '../core/plain-value.ts'
import { findChild, objectMapKey, type KubeObject } from '../core/request.ts'
import { parseInstant } from '../core/time.ts'
import { parseCarried, type Carried } from './carried.ts'
import { EMPTY_MEMORY, parseMemory, type Memory } from './memory.ts'
import { lookAt, type Seen } from './observe.ts'
import { DEPLOYMENT, deploymentName, JOB, serviceName, SERVICE } from './resources/names.ts'
import type { Status, Version } from './schema/status.ts'
import type { Request } from './wanted.ts'

/** A version of which a Deployment is observed. */
type Running = { version: Version, seen: Seen }

/** The memory by which to decide. */
export function recall (request: Request): Memory {
  const service = findChild(request, SERVICE, serviceName(request.parent.metadata.name))
  const written = service && service.metadata.deletionTimestamp === undefined ? parseMemory(service.metadata.annotations?.[STATE_ANNOTATION]) : undefined
  return written ?? restored(request, selectedId(service))
}

/** The version that the Service names. */
function selectedId (service: KubeObject | undefined): string | undefined {
  const selector = isMap(service?.spec) && isMap(service.spec.selector) ? service.spec.selector : {}
  const id = selector[VERSION_LABEL]
  return typeof id === 'string' ? id : undefined
}

/**
 * Before there is a Service, the newest Job or Deployment is the candidate. If the Service or its annotation was lost, what it named, or the status says to be
 * active, is active; or else a version that has had pods, of two the older.
 */
function restored (request: Request, selected: string | undefined): Memory {
  const status = request.parent.status ?? {}
  const carried = carriedBy(request)
  const running = runningVersions(request)
  const newest = withFound(newestOf(carried[0]?.version, status.candidate), running)
  if (!newest && running.length === 0) return fromStatus(status)
  const active = activeOf(running, { selected: selected ?? status.active?.id, newest: attemptOf(newest) })
  const attempt = Math.max(attemptOf(newest), attemptOf(active), status.attempt ?? 0)
  return defined({ attempt, ...servingOf(active, { running, newest, status }), ...wishOf(newest, active, status) }) as Memory
}

function servingOf (active: Version | undefined, { running, newest, status }: { running: Running[], newest: Version | undefined, status: Partial<Status> }): Pick<Memory, 'active' | 'previous'> {
  if (!active) return {}
  const previous = running.find(({ version, seen }) => version.id !== active.id && version.id !== newest?.id && !seen.lost)?.version
  return { active: { ...active, since: sinceOf(active, status) }, ...(previous && { previous }) }
}

/** What Jobs and Deployments carry, of the newest attempt first. Of one version the Deployment tells more than the Job. */
function carriedBy (request: Request): Carried[] {
  const carried = [...objectsOf(request, DEPLOYMENT), ...objectsOf(request, JOB)].flatMap((object) => parseCarried(object) ?? [])
  return carried.toSorted((a, b) => b.version.attempt - a.version.attempt)
}

/** The newest version is on its way, unless it is active or the status knows that it, or one after it, has failed. */
function wishOf (newest: Version | undefined, active: Version | undefined, { failure }: Partial<Status>): Pick<Memory, 'candidate' | 'failed'> {
  if (failure && failure.attempt > attemptOf(newest)) return { failed: failure }
  // The same number twice: of one of them nothing is left but its pods, and the other is known.
  if (!newest || newest.id === active?.id || newest.attempt < attemptOf(active)) return {}
  return failure?.id === newest.id && active ? { failed: failure } : { candidate: newest }
}

function sinceOf ({ id, startedAt }: Version, { active }: Partial<Status>): string {
  return active?.id === id ? active.since : startedAt
}

function attemptOf (version: Version | undefined): number {
  return version?.attempt ?? 0
}

/** A Job that was just made may not be seen yet: then the status knows more. */
function newestOf (carried: Version | undefined, reported: Version | undefined): Version | undefined {
  return attemptOf(reported) > attemptOf(carried) ? reported : carried
}

/** What has a Deployment was validated, even if only its Job still says which version it is. */
function withFound (newest: Version | undefined, running: Running[]): Version | undefined {
  const found = newest?.found ?? running.find(({ version }) => version.id === newest?.id)?.version.found
  return newest && found ? { ...newest, found } : newest
}

/** What a status tells where nothing else is left: that an attempt was made and has failed for good. */
function fromStatus ({ attempt = 0, failure }: Partial<Status>): Memory {
  return attempt === 0 ? EMPTY_MEMORY : { attempt, ...(failure && { failed: failure }) }
}

/** Versions of which a Deployment is there, newest first. */
function runningVersions (request: Request): Running[] {
  const versions = objectsOf(request, DEPLOYMENT).flatMap((deployment) => versionOf(request, deployment) ?? [])
  return versions.map((version) => ({ version, seen: lookAt(request, undefined, version.id) })).toSorted((a, b) => b.version.attempt - a.version.attempt)
}

/** One whose annotation is lost is known from the status, or by its id alone: then it is what nobody asks for, and is replaced as soon as something else is ready. */
function versionOf ({ parent: { metadata, status } }: Request, deployment: KubeObject): Version | undefined {
  const id = deployment.metadata.labels?.[VERSION_LABEL] ?? ''
  const version = parseCarried(deployment)?.version ?? knownVersion(status, id) ?? unknownVersion(id, deployment.metadata.creationTimestamp)
  return version?.found && deployment.metadata.name === deploymentName(metadata.name, version.id) ? version : undefined
}

function unknownVersion (id: string, createdAt: string | undefined): Version | undefined {
  if (!/^[0-9a-f]{1,16}$/.test(id) || parseInstant(createdAt) === undefined || createdAt === undefined) return undefined
  return { id, attempt: 1, content: '0', tries: '0', version: '', runtime: '', startedAt: createdAt, found: { uri: '', sha256: '0'.repeat(64), bytes: 0 } }
}

function knownVersion (status: Partial<Status> = {}, id: string | undefined): Version | undefined {
  return [status.active, status.previous, status.candidate].find((version) => version?.id === id)
}

function activeOf (running: Running[], { selected, newest }: { selected: string | undefined, newest: number }): Version | undefined {
  const named = running.find(({ version }) => version.id === selected)
  const proven = running.filter(({ seen }) => seen.proven)
  return (named ?? (newest === 0 ? anyThatAnswers(proven) : provenBefore(proven, newest)))?.version
}

/** Where nothing says which attempt was the last, that it answers is all there is to go by. */
function anyThatAnswers (proven: Running[]): Running | undefined {
  return proven.find(({ seen }) => seen.ready) ?? proven[0]
}

/** The newest that is ready is a candidate to be switched to, whether for the first time or again. */
function provenBefore (proven: Running[], newest: number): Running | undefined {
  return proven.find(({ version }) => version.attempt < newest) ?? proven.find(({ seen }) => !seen.ready)
}

/** Observed objects of a kind that are not being deleted, in the order of their names. */
function objectsOf ({ children }: Request, { apiVersion, kind }: { apiVersion: string, kind: string }): KubeObject[] {
  const objects = Object.entries(children[objectMapKey(apiVersion, kind)] ?? {})
  return objects.toSorted(([a], [b]) => a < b ? -1 : 1).map(([, object]) => object).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}
