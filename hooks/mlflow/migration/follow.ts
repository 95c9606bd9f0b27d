// Follows the Job of a stage to its outcome: through late news of its pod, a Job that somebody deletes, and tries that failed.
import { formatInstant } from '../../core/time.ts'
import { isOver, isOvertaken, type View } from './begin.ts'
import type { JobLook } from './evidence.ts'
import { withFields, type MigrationMemory, type Problem, type Wait } from './memory.ts'
import { jobName } from './names.ts'
import { outcomeOf, type Outcome } from './outcome.ts'
import { parseResult, type Result } from './result.ts'

/** Tries of an attempt in one stage, Jobs that were deleted included. Where nothing has ever served there is nothing to come back to, and they go on for ever. */
export const MAX_TRIES = 5

/** Seconds between two tries; and for which the poller is waited for, and the pods of a Job that has been deleted. */
export const PAUSE = 120

/** Seconds between two tries where they go on for ever: 2, 4, 8, 16 and then 30 minutes. */
const LONGEST_PAUSE = 1800

type StageOfJob = Problem['stage']

/** Either the memory from which it goes on, or the outcome of the stage's Job: none that another try may mend, unless there are no more tries. */
export type Followed = { memory: MigrationMemory } | { outcome: Outcome }

export const KIND_OF_JOB = { Preflight: 'preflight', Migrating: 'migrate' } as const

/** `stage` is that of the memory. */
export function followJob (memory: MigrationMemory, view: View, stage: StageOfJob): Followed {
  const look = view.evidence.look(jobName(view.wanted.name, KIND_OF_JOB[stage], memory))
  const { wait } = memory
  if (wait?.for === 'retry') return { memory: isOver(wait, view.evidence.now) ? nextTry(memory, stage) : memory }
  switch (look.state.state) {
    case 'Absent': return withoutJob(memory, view, stage, look)
    case 'Running': return { memory: memory.seen && !memory.wait ? memory : withFields(memory, { seen: true, wait: undefined }) }
    case 'Succeeded':
    case 'Failed': return ended(memory, view, stage, look)
    default: return look.state satisfies never
  }
}

/**
 * Not made yet, or not seen yet: then asking for it again under the same name makes no second one. One that was seen has been deleted: it is made again, under the
 * same name, so that there are never two, when its pod has had time to end.
 */
function withoutJob (memory: MigrationMemory, view: View, stage: StageOfJob, { pod }: JobLook): Followed {
  const { wait, seen, problem } = memory
  const { now } = view.evidence
  if (wait?.for === 'result') return { outcome: untold(problem, parseResult(pod?.result)) }
  if (wait?.for === 'gone') return { memory: isOver(wait, now) ? withFields(memory, { wait: undefined, seen: undefined }) : memory }
  if (seen) return withoutSeenJob(memory, now, stage)
  // It must not be made of a spec that has moved on; but it may have been made.
  return { memory: stage === 'Migrating' && isOvertaken(memory, view) ? withFields(memory, { wait: waitUntil('gone', now + PAUSE) }) : memory }
}

function withoutSeenJob (memory: MigrationMemory, now: number, stage: StageOfJob): Followed {
  const { lost = 0 } = memory
  const problem: Problem = { stage, terminal: false, message: 'The Job was deleted while it ran' }
  if (!hasTriesLeft(memory, stage)) return { outcome: untold(problem) }
  return { memory: withFields(memory, { lost: lost + 1, seen: undefined, problem, wait: waitUntil('gone', now + PAUSE) }) }
}

/** The Job is over, and gone; its pod may have been told of after all. */
function untold (problem: Problem | undefined, result?: Result): Outcome {
  const known = { told: result !== undefined, ...(result && { result }) }
  return problem ? { kind: 'failed', terminal: problem.terminal, message: problem.message, ...known } : { kind: 'done', ...known }
}

function ended (memory: MigrationMemory, { evidence: { now } }: View, stage: StageOfJob, look: JobLook): Followed {
  const outcome = outcomeOf(look, KIND_OF_JOB[stage]) ?? { kind: 'done', told: false }
  if (!isClear(outcome, stage) && !(memory.wait?.for === 'result' && isOver(memory.wait, now))) return { memory: awaited(memory, outcome, stage, now) }
  if (outcome.kind === 'done' || outcome.terminal || !hasTriesLeft(memory, stage)) return { outcome }
  return { memory: withFields(memory, { wait: waitUntil('retry', now + pauseOf(memory, stage)), problem: problemOf(outcome, stage) }) }
}

/** A migration that was successful is, whatever else the poller has to tell; everything else depends on what it tells. */
function isClear ({ kind, told }: Outcome, stage: StageOfJob): boolean {
  return told || (stage === 'Migrating' && kind === 'done')
}

function awaited (memory: MigrationMemory, outcome: Outcome, stage: StageOfJob, now: number): MigrationMemory {
  if (memory.wait?.for === 'result') return memory
  return withFields(memory, { wait: waitUntil('result', now + PAUSE), problem: problemOf(outcome, stage) })
}

function problemOf (outcome: Outcome, stage: StageOfJob): Problem | undefined {
  return outcome.kind === 'done' ? undefined : { stage, message: outcome.message, terminal: outcome.terminal }
}

/** Of this attempt, in its stage. */
export function triesOf ({ preflights, migrations, lost = 0 }: MigrationMemory, stage: StageOfJob): number {
  return (stage === 'Preflight' ? preflights : migrations) + lost
}

/** Whether what another try may mend is tried for ever. */
export function isEndless ({ before }: MigrationMemory): boolean {
  return before === undefined
}

function hasTriesLeft (memory: MigrationMemory, stage: StageOfJob): boolean {
  return isEndless(memory) || triesOf(memory, stage) < MAX_TRIES
}

function pauseOf (memory: MigrationMemory, stage: StageOfJob): number {
  return isEndless(memory) ? Math.min(LONGEST_PAUSE, PAUSE * 2 ** (triesOf(memory, stage) - 1)) : PAUSE
}

function nextTry (memory: MigrationMemory, stage: StageOfJob): MigrationMemory {
  const { preflights, migrations } = memory
  return withFields(memory, { wait: undefined, seen: undefined, ...(stage === 'Preflight' ? { preflights: preflights + 1 } : { migrations: migrations + 1 }) })
}

export function waitUntil (what: Wait['for'], until: number): Wait {
  return { for: what, until: formatInstant(until) }
}
