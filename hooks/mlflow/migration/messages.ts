// The words of the condition Migration: reasons, and sentences that say what is done and why, or what failed and what to do.
import { forPeople } from '../../core/safe-text.ts'
import { troubleSentence } from '../../core/pod-trouble.ts'
import { COMMANDS } from '../../core/labels.ts'
import { REMEDIES } from '../remedies.ts'
import type { Decision, Evidence, JobLook, Wanted } from './evidence.ts'
import { isEndless, MAX_TRIES, triesOf } from './follow.ts'
import type { MigrationMemory, Problem } from './memory.ts'

export const REASONS = {
  /** The databases are looked at, while what serves goes on. */
  MigrationPreflight: 'MigrationPreflight',
  /** Pods are going, so that nobody writes. */
  MigrationScalingDown: 'MigrationScalingDown',
  ForceMigrationScalingDown: 'ForceMigrationScalingDown',
  /** The databases are being changed, or new pods are on their way. */
  MigrationRunning: 'MigrationRunning',
  ForceMigrationRunning: 'ForceMigrationRunning',
  /** A try failed, and there will be another. */
  MigrationRetrying: 'MigrationRetrying',
  /** Somebody asked for another attempt, and its first Job is on its way. */
  ForceMigrationRestartRequested: 'ForceMigrationRestartRequested',
  MigrationSucceeded: 'MigrationSucceeded',
  /** Nothing more is done by itself. */
  MigrationFailed: 'MigrationFailed',
  /** It failed without having touched anything: what served before serves again. */
  MigrationRestored: 'MigrationRestored'
} as const

type Condition = Decision['condition']

/** The same as sluice.dev/retry, under the name that people know from elsewhere. */
export const FORCE_MIGRATE = 'mlflow.opendatahub.io/force-migrate'

/** `look`, `job`: of the Job of the stage, and its name. `isDown`: the answer says that there are no pods. */
export type Scene = { wanted: Wanted, evidence: Evidence, look?: JobLook, job?: string, isDown: boolean }

/** The condition Migration. */
export function conditionOf (memory: MigrationMemory, scene: Scene): Condition {
  const { status, reason, message } = said(memory, scene)
  return { status, reason, message: forPeople(`${misunderstood(memory, scene)}${message}`, 1000) }
}

/** A number of before has done its work, and may stay. */
function misunderstood ({ attempt }: MigrationMemory, { evidence: { asked = {} } }: Scene): string {
  const [wrong] = Object.entries(asked).filter(([, value]) => !(/^[1-9]\d*$/.test(value) && Number(value) <= attempt))
  return wrong ? `The annotation ${wrong[0]} has the value "${forPeople(wrong[1], 20)}", which asks for nothing: write "${attempt}". ` : ''
}

function said (memory: MigrationMemory, scene: Scene): Condition {
  if (memory.wait?.for === 'retry' || memory.wait?.for === 'gone') return retrying(memory, scene)
  if (memory.wait?.for === 'result') return untold(memory, scene)
  switch (memory.stage) {
    case 'Preflight': return preflight(memory, scene)
    case 'ScalingDown': return unknown(memory, 'ScalingDown', `${because('Scaling MLflow down before its databases are migrated', memory)}: ${remaining(scene)}`)
    case 'Migrating': return unknown(memory, 'Running', `${because('Migrating the databases', memory)}${trouble(scene)}`)
    case 'RollingOut': return unknown(memory, 'Running', because("The databases fit the image; waiting until all of the server's pods run it, which they shall", memory))
    case 'Settled': return { status: 'True', reason: REASONS.MigrationSucceeded, message: `The databases fit MLflow${memory.version === undefined ? ' as the image has it' : ` ${memory.version}`}.` }
    case 'Restoring':
    case 'Failed': return failure(memory, scene)
    default: return memory.stage satisfies never
  }
}

function unknown ({ trigger }: MigrationMemory, what: 'ScalingDown' | 'Running', message: string): Condition {
  return { status: 'Unknown', reason: REASONS[`${trigger === 'force-rerun' ? 'Force' : ''}Migration${what}`], message }
}

function preflight (memory: MigrationMemory, scene: Scene): Condition {
  const { look, evidence: { active = 0 } } = scene
  if (memory.needed) return { status: 'Unknown', reason: REASONS.MigrationPreflight, message: `${because('The databases have to be migrated', memory)}; waiting until ${active} running Jobs of CronJobs have ended` }
  const isRequested = memory.trigger === 'force-rerun' && look?.state.state === 'Absent' && memory.preflights === 1
  if (isRequested) return { status: 'Unknown', reason: REASONS.ForceMigrationRestartRequested, message: because('Restarting the migration', memory) }
  return { status: 'Unknown', reason: REASONS.MigrationPreflight, message: `${because('Looking at the databases, without a change to them or to what serves,', memory)}${trouble(scene)}` }
}

/** Without the poller no time passes either, so that this may stay. */
function untold (memory: MigrationMemory, { look, job = '', wanted: { object: { namespace } } }: Scene): Condition {
  const { state } = look ?? {}
  const how = state?.state === 'Failed' ? `has failed (${[state.reason, forPeople(state.message, 200)].filter(Boolean).join(': ')})` : 'has succeeded'
  const message = `The Job ${job} ${how}, and the poller has not told yet what it found. If this stays for more than two minutes, see whether the poller's pod runs; the Job's own words: kubectl logs job/${job} -n ${namespace}`
  return memory.stage === 'Preflight' ? { status: 'Unknown', reason: REASONS.MigrationPreflight, message } : unknown(memory, 'Running', message)
}

/** What keeps the Job's pod from starting is told while it does: the deadline of the Job may be hours away. */
function trouble ({ look }: Scene): string {
  const { state, pod } = look ?? {}
  return state?.state === 'Running' && pod && pod.exitCode === undefined && pod.reason !== 'Completed' ? `. Its pod does not run: ${troubleSentence(pod, REMEDIES)}` : ''
}

function remaining ({ evidence: { deployment, active = 0 } }: Scene): string {
  const jobs = active > 0 ? `, and ${active} running Jobs of CronJobs` : ''
  return `${deployment?.pods ?? 0} replicas remain${jobs}`
}

function retrying (memory: MigrationMemory, scene: Scene): Condition {
  const { problem, wait } = memory
  const tries = triesOf(memory, memory.stage === 'Preflight' ? 'Preflight' : 'Migrating') - (wait?.for === 'gone' ? 1 : 0)
  const what = problem?.message ?? 'The Job of the image before is not there, and may still run'
  const message = `${ended(what)} This was try ${Math.max(1, tries)}${isEndless(memory) ? '' : ` of ${MAX_TRIES}`}. Retrying automatically after ${wait?.until ?? ''}, or at once by: ${commandFor(memory, scene)} . If you want to rerun immediately after fixing the issue, add the ${FORCE_MIGRATE} annotation.`
  return { status: 'Unknown', reason: REASONS.MigrationRetrying, message }
}

function failure (memory: MigrationMemory, scene: Scene): Condition {
  const { problem } = memory
  const reason = problem?.restored ? REASONS.MigrationRestored : REASONS.MigrationFailed
  const hint = `To try again: ${commandFor(memory, scene)} . After fixing the issue, add the ${FORCE_MIGRATE} annotation to the MLflow resource to force a rerun.`
  return { status: 'False', reason, message: `${ended(problem?.message ?? 'The migration failed')} ${consequence(memory, problem, scene)} ${hint}` }
}

/** To be pasted; what follows it is set off by a space. */
function commandFor ({ attempt }: MigrationMemory, { wanted: { object: { name } } }: Scene): string {
  return `kubectl annotate mlflow ${name} --overwrite ${COMMANDS.retry}=${attempt}`
}

/** What became of the service and of the data, and what a person does. */
function consequence ({ before, stage }: MigrationMemory, problem: Problem | undefined, { isDown, wanted: { tasks } }: Scene): string {
  const waits = whatWaits(tasks)
  const preflight = problem?.stage === 'Preflight'
  if (problem?.restored) return `The databases are as they were, so what served before ${stage === 'Restoring' ? 'is being brought back' : 'serves again'}, with its image and its replicas; the new image waits. Change the image or the stores to try another, or mend the cause.`
  if (!isDown) return `Nothing was stopped or changed: what served before goes on, with its image; ${waits}. Change the image or the stores to try another, or mend the cause.`
  if (!before) return 'MLflow is not started. Change the image or the stores, or mend the cause.'
  const data = problem?.changes === undefined ? 'The databases may have been changed' : `The databases may have been changed (${problem.changes})`
  return `${preflight ? 'An attempt before this one had stopped MLflow, and it stays stopped' : `${data}, so MLflow stays stopped`}: restore the databases from a backup that was made before, and set the image that served then; or mend the cause and let it try again.`
}

function whatWaits (tasks = false): string {
  return tasks ? 'the new image waits, and with it garbage collection and archival' : 'the new image waits'
}

/** `<action> because <detail>`. */
function because (action: string, memory: MigrationMemory): string {
  return `${action} because ${detail(memory)}`
}

function detail ({ trigger, target, settled }: MigrationMemory): string {
  switch (trigger) {
    case 'bootstrap': return 'nothing is known of a migration for this image that was completed'
    case 'version-upgrade': return `the image has changed${settled?.image ? ` from ${settled.image}` : ''} to ${target.image}`
    case 'stores': return 'the settings of the stores, or a Secret that they name, have changed'
    case 'desired-generation': return `generation ${target.generation} of the spec has not been migrated for, and migration.mode is Always`
    case 'force-rerun': return 'somebody asked for it by annotation'
    default: return trigger satisfies never
  }
}

function ended (text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
