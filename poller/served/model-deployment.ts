// ModelDeployment as the poller sees it: what is kept of one, and what it tells people. All of it follows from the status that the hooks report.
import { parseCommands } from '../../hooks/core/facts.ts'
import type { Parent } from '../../hooks/core/request.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import type { Spec, Status } from '../../hooks/model-deployment/schema.ts'
import type { ObjectEvent, Story } from '../object-event.ts'
import { createSlimServed, findCondition, sizeOf, type KeptConditions } from './object.ts'

const SPEC = ['modelURI'] as const satisfies Array<keyof Spec>
const STATUS = ['phase', 'reason', 'error', 'attempt', 'active', 'candidate', 'previous', 'failure', 'validation', 'url'] as const satisfies Array<keyof Status>
const CONDITIONS = ['Available', 'Progressing']

export type ModelDeployment = Parent<Pick<Spec, typeof SPEC[number]>, Pick<Status, typeof STATUS[number]> & KeptConditions>

/** A function that keeps of a ModelDeployment what is in ModelDeployment. */
export const createSlimModelDeployment = () => createSlimServed({ spec: SPEC, status: STATUS, conditions: CONDITIONS })

export const MODEL_DEPLOYMENT_STORY: Story<ModelDeployment> = {
  eventsOf,
  between: (before, after) => activeEvents(after, wayOf(before, after))
}

type Active = NonNullable<Status['active']>

/** All that one state bears witness of. */
function eventsOf (object: ModelDeployment): ObjectEvent[] {
  return [...attemptEvents(object), ...validationEvents(object), ...activeEvents(object, likelyWayOf(object)), ...troubleEvents(object)]
}

/** A version by the name that people gave it, or its id. */
function named ({ version, id }: { version: string, id: string }): string {
  return `version ${version || id}`
}

/** Attempts are counted for the life of an object, so their numbers tell everything of them apart. */
function attemptEvents ({ status: { candidate } = {}, metadata, spec }: ModelDeployment): ObjectEvent[] {
  if (!candidate || candidate.found) return []
  const { attempt, startedAt } = candidate
  const at = parseInstant(startedAt)
  const isRetry = parseCommands(metadata.annotations).retry === String(attempt - 1)
  return [
    ...(isRetry ? [{ key: `Retried/${attempt}`, type: 'Normal' as const, reason: 'Retried', action: 'Validation', note: `Attempt ${attempt} begins, as sluice.dev/retry asks: ${named(candidate)}.`, at }] : []),
    { key: `ValidationStarted/${attempt}`, type: 'Normal', reason: 'ValidationStarted', action: 'Validation', note: `${spec.modelURI} is being validated as ${named(candidate)}, attempt ${attempt}.`, at }
  ]
}

function validationEvents ({ status = {} }: ModelDeployment): ObjectEvent[] {
  const { validation, failure, error } = status
  if (!validation) return []
  const { attempt, outcome, reason = '' } = validation
  const at = parseInstant(validation.finishedAt)
  if (outcome === 'Passed') return [{ key: `ValidationPassed/${attempt}`, type: 'Normal', reason: 'ValidationPassed', action: 'Validation', note: describePassed(status, attempt), at }]
  if (outcome !== 'Failed' || failure?.attempt !== attempt || error === undefined) return []
  // Why it failed may be known later than that it did.
  return [{ key: `ValidationFailed/${attempt}/${reason}`, type: 'Warning', reason: 'ValidationFailed', action: 'Validation', note: error, at }]
}

function describePassed ({ candidate, active }: NonNullable<ModelDeployment['status']>, attempt: number): string {
  const passed = [candidate, active].find((version) => version?.attempt === attempt)
  if (!passed?.found) return `Attempt ${attempt} has passed its validation.`
  const { bytes, sha256 } = passed.found
  return `Attempt ${attempt}, ${named(passed)}, has passed its validation: ${sizeOf(bytes)}, sha256 ${sha256}.`
}

/** How a version came to answer. */
type Way = 'Deployed' | 'Switched' | 'RolledBack'

/** `since` is the moment of the switch: the occasion has one name, whatever the way is called by who did not see it. */
function activeEvents ({ status = {} }: ModelDeployment, way: Way): ObjectEvent[] {
  const { active } = status
  if (!active) return []
  return [{ key: `Active/${active.id}/${active.since}`, type: way === 'RolledBack' ? 'Warning' : 'Normal', reason: way, action: 'Serving', note: describeWay(active, way, status), at: parseInstant(active.since) }]
}

function describeWay (active: Active, way: Way, { previous, candidate, url, failure, error }: NonNullable<ModelDeployment['status']>): string {
  const where = url ? ` at ${url}` : ''
  const kept = previous ? ` V${named(previous).slice(1)} stays loaded for a while, to be taken back if this one loses all its pods.` : ''
  const why = (failure?.stage === 'Serving' || candidate?.lostAt !== undefined) && error !== undefined ? ` ${error}` : ''
  switch (way) {
    case 'Deployed': return `V${named(active).slice(1)} answers${where}.`
    case 'Switched': return `V${named(active).slice(1)} was ready and answers${where}.${kept}`
    case 'RolledBack': return `V${named(active).slice(1)} was taken back and answers${where}: the version after it lost all its pods.${why}`
    default: return way satisfies never
  }
}

function wayOf ({ status: before = {} }: ModelDeployment, after: ModelDeployment): Way {
  const { attempt, active } = before
  const id = after.status?.active?.id
  // A status that was lost is no object without a version.
  if (attempt === undefined || id === active?.id) return likelyWayOf(after)
  if (!active) return 'Deployed'
  return isTakenBack(before, id) ? 'RolledBack' : 'Switched'
}

/** A version that people go back to becomes the candidate first. */
function isTakenBack ({ previous, candidate }: NonNullable<ModelDeployment['status']>, id: string | undefined): boolean {
  return previous?.id === id && candidate?.id !== id
}

/** As far as one state tells; the version before is forgotten after its time. */
function likelyWayOf ({ status: { failure, previous, candidate, active } = {} }: ModelDeployment): Way {
  if (candidate?.lostAt !== undefined) return 'RolledBack'
  if (failure?.stage === 'Serving' && failure.id !== active?.id) return 'RolledBack'
  return previous ? 'Switched' : 'Deployed'
}

function troubleEvents ({ status = {} }: ModelDeployment): ObjectEvent[] {
  const { failure, error, reason = '', attempt = 0 } = status
  if (error === undefined) return []
  const words = { type: 'Warning' as const, action: 'Serving', note: error }
  if (failure?.stage === 'Start') return [{ ...words, key: `StartFailed/${failure.attempt}/${failure.reason}`, reason: 'StartFailed', at: parseInstant(findCondition(status, 'Progressing')?.lastTransitionTime) }]
  const condition = degradedCondition(status)
  return condition ? [{ ...words, key: `Degraded/${attempt}/${reason}`, since: condition.lastTransitionTime, reason: 'Degraded', at: parseInstant(condition.lastTransitionTime) }] : []
}

/** The condition that says that nothing answers though something should, or that nothing can be made of the spec, where no other Event says so. */
function degradedCondition (status: NonNullable<ModelDeployment['status']>): ReturnType<typeof findCondition> {
  const [available, progressing] = ['Available', 'Progressing'].map((type) => findCondition(status, type))
  if (status.active && available?.status === 'False') return available
  return progressing?.status === 'False' && !status.failure ? progressing : undefined
}
