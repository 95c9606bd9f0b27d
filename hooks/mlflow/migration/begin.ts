// When an attempt is begun, why, and what is kept of what serves meanwhile.
import type { DeploymentLook, Evidence, Wanted } from './evidence.ts'
import type { MigrationMemory, Stage, Trigger } from './memory.ts'
import { jobName } from './names.ts'

/** `isObserved`: the memory is the one that was recalled, and not one that this very decision has come to. */
export type View = { wanted: Wanted, evidence: Evidence, isObserved: boolean }

/** A new attempt, or undefined where there is no reason for one, or where one must be waited with. */
export function beginAttempt (memory: MigrationMemory | undefined, view: View): MigrationMemory | undefined {
  const { image, storesKey, generation } = view.wanted
  const rest = { stage: 'Preflight', target: { image, storesKey, generation }, preflights: 1, migrations: 1 } as const
  if (!memory) return { ...rest, ...firstNumbers(view.evidence), trigger: 'bootstrap', ...serving(undefined, view) }
  const { sequence, attempt, settled } = memory
  const trigger = triggerOf(memory, view)
  if (!trigger || !mayBegin(memory, view)) return undefined
  return { ...rest, sequence, attempt: attempt + 1, trigger, ...(settled && { settled }), ...servingSince(memory, view) }
}

/** Numbers are never given twice, for names of Jobs hold them. */
function firstNumbers ({ known: { attempt = 0, sequence = 1, version } = {} }: Evidence): Pick<MigrationMemory, 'sequence' | 'attempt' | 'settled'> {
  return { sequence, attempt: attempt + 1, ...(version !== undefined && { settled: { image: '', version } }) }
}

function triggerOf ({ attempt, target, stage }: MigrationMemory, { wanted, evidence: { command }, isObserved }: View): Trigger | undefined {
  if (target.image !== wanted.image) return 'version-upgrade'
  if (target.storesKey !== wanted.storesKey) return 'stores'
  // What has just been migrated is brought up first: only other databases or another image would not fit.
  const isNew = stage === 'RollingOut' && !isObserved
  if (command !== undefined && command === String(attempt) && !isNew) return 'force-rerun'
  // A failure stays one until its cause is changed or somebody asks: another generation by itself mends nothing.
  return wanted.mode === 'Always' && stage === 'Settled' && target.generation !== wanted.generation ? 'desired-generation' : undefined
}

/** Whether the spec, or somebody, asks for something else than what is under way. */
export function isOvertaken (memory: MigrationMemory, view: View): boolean {
  return triggerOf(memory, view) !== undefined
}

/** A Job that writes to the databases is never left: it ends by itself, or has been gone for so long that its pod is gone, too. */
function mayBegin (memory: MigrationMemory, { wanted, evidence: { look, now } }: View): boolean {
  const { stage, wait } = memory
  if (stage !== 'Migrating') return true
  // It may not have been seen when the wait began.
  if (look(jobName(wanted.name, 'migrate', memory)).state.state === 'Running') return false
  return wait?.for === 'retry' || (wait?.for === 'gone' && isOver(wait, now))
}

export function isOver ({ until }: { until: string }, now: number): boolean {
  return now >= Date.parse(until) / 1000
}

/** Stages in which the Deployment has what ran before the attempt: that is what the next one may come back to, too. */
const KEEPS: readonly Stage[] = ['Preflight', 'ScalingDown', 'Migrating', 'Failed', 'Restoring']

type Serving = Pick<MigrationMemory, 'before' | 'down'>

/** What may run while the attempt looks around: what serves. Nothing, where that may not fit the databases. */
function servingSince (memory: MigrationMemory, view: View): Serving {
  const { evidence: { deployment }, isObserved } = view
  const isKept = KEEPS.includes(memory.stage) || (memory.stage === 'RollingOut' && !isObserved)
  // It was taken down by the attempt before, and what is seen may be from before that.
  const isOutdated = memory.down === true && deployment !== undefined && isOlder(deployment, memory)
  return isKept || isOutdated ? keptOf(memory) : serving(deployment && memory, view)
}

function keptOf ({ before, down }: MigrationMemory): Serving {
  return { ...(before && { before }), ...(down && { down }) }
}

function serving (memory: MigrationMemory | undefined, { wanted, evidence: { deployment } }: View): Serving {
  const served = deployment && captured(deployment, wanted)
  if (served && deployment.state.replicas > 0) return { before: served }
  // An observed 0 is not a wish; but what has been at 0 is not started before the databases have been looked at.
  return { ...(served && { before: served }), ...(memory && keptOf(memory)), down: true }
}

function isOlder ({ carried }: DeploymentLook, { sequence }: MigrationMemory): boolean {
  return carried !== undefined && carried.sequence !== sequence
}

export function captured ({ template }: DeploymentLook, { replicas }: Wanted): MigrationMemory['before'] {
  return template && { template, replicas: Math.max(1, replicas) }
}
