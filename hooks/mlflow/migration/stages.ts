// One step of each stage: from the memory and what is seen to the memory after it, or the same one where there is nothing to do but wait.
import { captured, isOver, type View } from './begin.ts'
import { followJob, waitUntil } from './follow.ts'
import { inStage, withFields, type MigrationMemory, type Problem } from './memory.ts'
import { jobName } from './names.ts'
import { withoutStop, type Outcome } from './outcome.ts'
import { isUnchanged, leftBehind, parseResult, type Result } from './result.ts'

export function stepStage (memory: MigrationMemory, view: View): MigrationMemory {
  switch (memory.stage) {
    case 'Preflight': return stepPreflight(memory, view)
    case 'ScalingDown': return stepScalingDown(memory, view)
    case 'Migrating': return stepMigrating(memory, view)
    case 'RollingOut': return stepRollingOut(memory, view)
    case 'Restoring': return stepRestoring(memory, view)
    case 'Settled': return withVersion(memory, view)
    case 'Failed': return memory
    default: return memory.stage satisfies never
  }
}

/** Reads and changes nothing, so what serves goes on. */
function stepPreflight (memory: MigrationMemory, view: View): MigrationMemory {
  const served = missed(memory, view)
  if (served) return withFields(memory, { before: served, down: undefined })
  if (memory.needed) return isBusy(view) ? memory : inStage(memory, 'ScalingDown')
  const followed = followJob(memory, view, 'Preflight')
  if ('memory' in followed) return followed.memory
  const { outcome } = followed
  return outcome.kind === 'done' ? passed(memory, outcome.result) : failed(memory, 'Preflight', outcome)
}

/** The Deployment was not seen when the attempt was begun, and pods of it serve. */
function missed ({ down, before, attempt }: MigrationMemory, { wanted, evidence: { deployment } }: View): MigrationMemory['before'] {
  const isMissed = down && !before && deployment && deployment.state.replicas > 0 && deployment.carried?.attempt !== attempt
  return isMissed ? captured(deployment, wanted) : undefined
}

/** Without a result, something may have to be migrated. */
function passed (memory: MigrationMemory, result: Result | undefined): MigrationMemory {
  const { before, down } = memory
  // What serves, and has served until now, fits the databases as they are.
  const revisions = before && !down && result?.now.length ? { before: { ...before, revisions: result.now } } : {}
  const told = { ...revisions, problem: undefined, wait: undefined, ...(result?.version && { version: result.version }) }
  return result?.atHead ? inStage(memory, 'RollingOut', told) : withFields(memory, { ...told, needed: true })
}

/** Pods are gone for certain only where the Deployment carries the order to go, and says that none is left. */
function stepScalingDown (memory: MigrationMemory, view: View): MigrationMemory {
  const { evidence: { deployment, now } } = view
  if (!deployment || !isOrdered(memory, view)) return memory
  if (isBusy(view) || !isEmpty(deployment)) return memory.wait ? withFields(memory, { wait: undefined }) : memory
  const wait = memory.wait ?? graceOf(memory, view)
  if (wait && !isOver(wait, now)) return memory.wait ? memory : withFields(memory, { wait })
  return inStage(memory, 'Migrating', { down: true })
}

/** Pods that are ending are not counted everywhere. */
function graceOf ({ down }: MigrationMemory, { evidence: { deployment, now } }: View): MigrationMemory['wait'] {
  const { grace = 0 } = deployment ?? {}
  return down || grace === 0 ? undefined : waitUntil('pods', now + grace)
}

function isEmpty ({ state: { observed, replicas }, pods }: NonNullable<View['evidence']['deployment']>): boolean {
  return observed && replicas === 0 && pods === 0
}

/** Where there were no pods all along, any answer of this attempt has said so. */
function isOrdered (memory: MigrationMemory, view: View): boolean {
  return memory.down ? view.evidence.deployment?.carried?.attempt === memory.attempt : isWritten(memory, view)
}

/** The Deployment that is seen carries this very memory. */
function isWritten ({ sequence }: MigrationMemory, { isObserved, evidence: { deployment } }: View): boolean {
  return isObserved && deployment?.carried?.sequence === sequence
}

function isBusy ({ evidence: { active = 0 } }: View): boolean {
  return active > 0
}

function stepMigrating (memory: MigrationMemory, view: View): MigrationMemory {
  const followed = followJob(memory, view, 'Migrating')
  if ('memory' in followed) return followed.memory
  const { outcome } = followed
  if (outcome.kind === 'failed') return failed(memory, 'Migrating', outcome)
  return inStage(memory, 'RollingOut', { problem: undefined, ...(outcome.result?.version && { version: outcome.result.version }) })
}

/** Characters: with a message of others and what to do they fit into one condition. */
const MOST_CHANGES = 220

/** For good, as far as this attempt goes: what served goes on, or comes back where nothing was touched, or else there are no pods. */
function failed (memory: MigrationMemory, stage: Problem['stage'], { message, terminal, result }: Extract<Outcome, { kind: 'failed' }>): MigrationMemory {
  const changes = result && [result.changes, leftBehind(memory.before?.revisions, result.now)].filter(Boolean).join('; ')
  const problem: Problem = { stage, message: withoutStop(message), terminal, ...(changes && { changes: changes.slice(0, MOST_CHANGES) }) }
  if (!memory.down) return inStage(memory, 'Failed', { problem, needed: undefined })
  const canReturn = memory.before !== undefined && isUnchanged(memory.before.revisions, result?.now)
  if (canReturn) return inStage(memory, 'Restoring', { problem: { ...problem, restored: true }, down: undefined, needed: undefined })
  return inStage(memory, 'Failed', { problem, needed: undefined })
}

function stepRollingOut (memory: MigrationMemory, view: View): MigrationMemory {
  const known = withVersion(memory, view)
  if (!isServing(memory, view)) return known
  const { target: { image }, version } = known
  return inStage(known, 'Settled', { settled: { image, ...(version !== undefined && { version }) }, before: undefined, down: undefined, needed: undefined, problem: undefined })
}

function stepRestoring (memory: MigrationMemory, view: View): MigrationMemory {
  return isServing(memory, view) ? inStage(memory, 'Failed') : memory
}

/** All pods are of the template that was asked for, and answer. */
function isServing (memory: MigrationMemory, view: View): boolean {
  const state = view.evidence.deployment?.state
  return isWritten(memory, view) && state !== undefined && state.complete && state.replicas > 0
}

/** The poller may tell it late. */
function withVersion (memory: MigrationMemory, { wanted, evidence }: View): MigrationMemory {
  if (memory.version !== undefined) return memory
  const results = (['migrate', 'preflight'] as const).map((kind) => parseResult(evidence.look(jobName(wanted.name, kind, memory)).pod?.result))
  const version = results.find((result) => result?.version)?.version
  if (version === undefined) return memory
  const { settled, stage } = memory
  return withFields(memory, { version, ...(stage === 'Settled' && settled && { settled: { ...settled, version } }) })
}
