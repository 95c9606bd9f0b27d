// One decision about the migration: from what is remembered, wanted and seen to what is to be. Feeding its memory back with the same evidence gives the same.
import { parseInstant } from '../../core/time.ts'
import { beginAttempt, isOvertaken, type View } from './begin.ts'
import type { Decision, Evidence, JobLook, JobOrder, Said, Wanted } from './evidence.ts'
import { KIND_OF_JOB } from './follow.ts'
import { formatMemory, type MigrationMemory } from './memory.ts'
import { conditionOf, REASONS } from './messages.ts'
import { jobName, tryOf } from './names.ts'
import { stepStage } from './stages.ts'

/** More steps than stages: each either waits or goes on to another. */
const MOST_STEPS = 32

/** `memory`: undefined where none can be read, as at the very first time. */
export function decideMigration (memory: MigrationMemory | undefined, wanted: Wanted, evidence: Evidence): Decision {
  return answer(numbered(memory, settle(memory, { wanted, evidence, isObserved: true })), { wanted, evidence, isObserved: false })
}

/** Steps until there is nothing to do but wait. */
function settle (recalled: MigrationMemory | undefined, view: View): MigrationMemory {
  const begun = beginAttempt(recalled, view)
  // Without a memory an attempt is always begun.
  let memory = begun ?? recalled as MigrationMemory
  let isObserved = begun === undefined
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = advance(memory, { ...view, isObserved })
    if (next === memory || formatMemory(next) === formatMemory(memory)) return memory
    memory = next
    isObserved = false
  }
  throw new Error('the stages of the migration run in circles')
}

function advance (memory: MigrationMemory, view: View): MigrationMemory {
  return (view.isObserved ? undefined : beginAttempt(memory, view)) ?? stepStage(memory, view)
}

/** A memory that says something else than the one before is newer. */
function numbered (before: MigrationMemory | undefined, memory: MigrationMemory): MigrationMemory {
  if (before && formatMemory(before) === formatMemory({ ...memory, sequence: before.sequence })) return before
  return { ...memory, sequence: memory.sequence + 1 }
}

function answer (memory: MigrationMemory, view: View): Decision {
  const { stage, wait } = memory
  const isDown = holdsAtZero(memory)
  const condition = conditionOf(memory, { wanted: view.wanted, evidence: view.evidence, isDown, ...lookOf(memory, view) })
  const { reason, message } = condition
  const until = parseInstant(wait?.until)
  return {
    memory,
    stage,
    run: showsWanted(memory) ? 'wanted' : 'before',
    replicas: isDown ? 0 : replicasOf(memory, view),
    suspended: !fits(memory),
    jobs: [...orders(memory, view, 'preflight'), ...orders(memory, view, 'migrate')],
    condition,
    ...(isDown && { available: { reason, message } }),
    ...progressing(memory, condition),
    ...(until !== undefined && until > view.evidence.now && { nextDeadline: until })
  }
}

/** The databases are known to fit the image that is wanted. Until then nothing of that image runs but our two Jobs: MLflow's own commands may change a schema. */
function fits ({ stage }: MigrationMemory): boolean {
  return stage === 'RollingOut' || stage === 'Settled'
}

/** Or there is no other to show. */
function showsWanted (memory: MigrationMemory): boolean {
  return fits(memory) || !memory.before
}

function holdsAtZero (memory: MigrationMemory): boolean {
  if (fits(memory)) return false
  const { stage, down, before } = memory
  // What there is no template of must not be replaced by what the databases may not fit.
  return down === true || stage === 'ScalingDown' || stage === 'Migrating' || !before
}

/** Of an autoscaler no number can be heard while there are no pods. */
function replicasOf ({ before }: MigrationMemory, { wanted, evidence: { deployment } }: View): Decision['replicas'] {
  const isSilent = wanted.autoscaling === true && (deployment?.state.replicas ?? 0) === 0
  return isSilent ? Math.max(1, before?.replicas ?? wanted.replicas) : 'wanted'
}

function progressing ({ stage }: MigrationMemory, { reason, message }: Said): Pick<Decision, 'progressing'> {
  switch (stage) {
    case 'Preflight':
    case 'ScalingDown':
    case 'Migrating': return { progressing: { status: 'True', reason, message } }
    case 'Failed': return { progressing: { status: 'False', reason: reason === REASONS.MigrationRestored ? reason : REASONS.MigrationFailed, message } }
    // Pods are changing, and of that the Deployment tells.
    case 'RollingOut':
    case 'Restoring':
    case 'Settled': return {}
    default: return stage satisfies never
  }
}

function lookOf (memory: MigrationMemory, { wanted, evidence }: View): { look?: JobLook, job?: string } {
  if (memory.stage !== 'Preflight' && memory.stage !== 'Migrating') return {}
  const job = jobName(wanted.name, KIND_OF_JOB[memory.stage], memory)
  return { job, look: evidence.look(job) }
}

/** The Job of the stage; of another stage the one that is there, for its logs: gone, it is never made again. */
function orders (memory: MigrationMemory, view: View, kind: JobOrder['kind']): JobOrder[] {
  const name = jobName(view.wanted.name, kind, memory)
  const isThere = view.evidence.look(name).state.state !== 'Absent'
  if (!isThere && !isDue(memory, view, kind)) return []
  return [{ kind, name, attempt: memory.attempt, try: tryOf(kind, memory), state: formatMemory(memory) }]
}

function isDue (memory: MigrationMemory, view: View, kind: JobOrder['kind']): boolean {
  const { stage, wait, needed } = memory
  if (kind === 'preflight') return stage === 'Preflight' && !needed && !wait
  // What is made now would be made of the spec, which has moved on.
  return stage === 'Migrating' && !wait && !isOvertaken(memory, view)
}
