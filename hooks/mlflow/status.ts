// The status of an MLflow server: what people and the poller read.
import { setConditions } from '../core/conditions.ts'
import type { Facts } from '../core/facts.ts'
import { defined } from '../core/plain-value.ts'
import { newestStatusInstant, objectMapKey } from '../core/request.ts'
import { forPeople } from '../core/safe-text.ts'
import { formatInstant, parseInstant } from '../core/time.ts'
import { CLAIM, DEPLOYMENT, HTTP_ROUTE, JOB } from './children.ts'
import { conditionsOf, isReady, missingSentence, type Input } from './conditions.ts'
import { lookAround, lookAtRoute, lookAtVolume, type Verdict } from './observe.ts'
import { addressUrl, externalUrl, namespaceOf, type Request } from './place.ts'
import { keptTemplate, type Plan } from './plan.ts'
import { lookAtAccess } from './resources/namespace-access.ts'
import type { Status } from './schema/status.ts'

export function computeStatus (request: Request, plan: Plan, { told, now }: { told: Facts, now: number }): Status {
  const { metadata, status: before = {} } = request.parent
  const seen = lookAround(request, plan.deployment, told)
  const input: Input = { plan, seen, route: lookAtRoute(request), volume: lookAtVolume(request, told, seen.ready > 0), access: lookAtAccess(request) }
  const { memory, nextDeadline } = plan.migration ?? {}
  const error = errorOf(input)
  const conditions = conditionsOf(input).map((found) => ({ ...found, since: causeOf(request, found.type) }))
  return defined({
    phase: phaseOf(input),
    namespace: namespaceOf(request),
    url: externalUrl(request),
    address: { url: addressUrl(request, keptTemplate(plan)) },
    version: memory?.settled?.version,
    attempt: memory?.attempt,
    replicas: replicasOf(input),
    error: error === undefined ? undefined : forPeople(error, 1024),
    nextDeadline: nextDeadline === undefined ? undefined : formatInstant(nextDeadline),
    conditions: setConditions(before.conditions, conditions, now, metadata.generation)
  } as Status)
}

/** Children whose status a condition follows from. */
const CAUSES: Readonly<Record<string, Array<typeof DEPLOYMENT | typeof JOB | typeof CLAIM | typeof HTTP_ROUTE>>> = {
  Ready: [DEPLOYMENT, JOB],
  Available: [DEPLOYMENT, JOB],
  Progressing: [DEPLOYMENT, JOB],
  Migration: [DEPLOYMENT, JOB],
  Storage: [JOB, CLAIM],
  Routed: [HTTP_ROUTE]
}

/**
 * When the status of a child was last written that the condition follows from; before there is one, when the object was made. Every sync that sees the same has the
 * same time then: with the newest time of all, two syncs a second apart would write over each other's, again and again, while the children are being made.
 */
function causeOf (request: Request, type: string): number | undefined {
  const children = Object.fromEntries((CAUSES[type] ?? []).map(({ apiVersion, kind }) => objectMapKey(apiVersion, kind)).map((key) => [key, request.children[key] ?? {}]))
  return newestStatusInstant({ ...request, children }) ?? parseInstant(request.parent.metadata.creationTimestamp)
}

function replicasOf ({ seen: { pods, ready } }: Input): string | undefined {
  return pods && `${ready}/${pods.replicas}`
}

/** One word: what is wrong comes before what is under way. */
function phaseOf ({ plan: { problem, migration }, seen }: Input): NonNullable<Status['phase']> {
  if (problem || migration?.condition.status === 'False') return seen.ready > 0 ? 'Degraded' : 'Failed'
  return migration && isMigrating(migration.stage) ? 'Migrating' : phaseOfPods(seen)
}

function phaseOfPods ({ pods, missing }: Input['seen']): NonNullable<Status['phase']> {
  if (!pods) return 'Pending'
  if (missing !== undefined) return 'Degraded'
  if (isReady(pods)) return 'Available'
  return pods.stuck === undefined ? 'Progressing' : 'Degraded'
}

function isMigrating (stage: NonNullable<Plan['migration']>['stage']): boolean {
  return stage === 'Preflight' || stage === 'ScalingDown' || stage === 'Migrating'
}

/** What keeps the server from being as it was asked for, the nearest cause first. */
function errorOf ({ plan: { problem, migration }, seen, route, volume, access }: Input): string | undefined {
  const sentenceOf = (verdicts: Array<Pick<Verdict, 'status' | 'message'> | undefined>) => verdicts.find((verdict) => verdict?.status === 'False')?.message
  return problem?.message ?? sentenceOf([migration?.condition, volume]) ?? unfinished(seen) ?? sentenceOf([route, access])
}

function unfinished ({ missing, pods, trouble }: Input['seen']): string | undefined {
  if (missing !== undefined) return missingSentence(missing)
  return pods && !isReady(pods) ? trouble ?? pods.stuck : undefined
}
