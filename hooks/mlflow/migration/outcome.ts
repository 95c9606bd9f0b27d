// From what a Job and its newest pod say to what became of the try: exit codes of the program, and what is known of the databases.
import type { JobState } from '../../core/job-state.ts'
import { troubleSentence } from '../../core/pod-trouble.ts'
import { forPeople } from '../../core/safe-text.ts'
import { REMEDIES } from '../remedies.ts'
import type { JobLook } from './evidence.ts'
import { parseResult, type Result } from './result.ts'

/** Exit codes that no other try mends, with the sentence for when the program's own is not known. */
export const TERMINAL_EXITS: Readonly<Record<number, string>> = {
  10: 'The databases were migrated by another, newer MLflow, or the image is not of the version that is expected: set spec.image to an image that is not older than the one that migrated them',
  11: 'The backend store is of a kind that MLflow cannot migrate: use sqlite, postgresql or mysql in backendStoreUri',
  12: 'The registry store is of a kind that MLflow cannot migrate: use sqlite, postgresql or mysql in registryStoreUri',
  13: 'After the migration a database is not at the revision that the image expects: see kubectl logs of the Job',
  14: 'The image has no Python, no MLflow, or no list of migrations that can be read: set spec.image to an image with a complete MLflow'
}

/** `result`: as far as it is known. `told`: the pod of the Job has been heard. */
export type Outcome =
  | { kind: 'done', result?: Result, told: boolean }
  | { kind: 'failed', terminal: boolean, message: string, result?: Result, told: boolean }

type Failed = Extract<JobState, { state: 'Failed' }>

/** Characters of a message of others in ours: what to do comes after it, and must not be cut off. */
const LONGEST = 380

const JOB_REMEDIES = {
  ...REMEDIES,
  BackoffLimitExceeded: 'It failed again and again: see kubectl logs of the Job.'
}

const TOO_LONG = {
  preflight: 'It only looks at a few tables: see kubectl describe of its pod for what holds it up, such as an image that is long in coming or no node with room, and whether the database answers.',
  migrate: 'The Job took too long: see kubectl describe of its pod for what holds it up, and raise migration.activeDeadline if it only needs time.'
}

type KindOfJob = keyof typeof TOO_LONG

/** What became of a Job; undefined for one that runs or is not there. */
export function outcomeOf ({ state, pod }: JobLook, kind: KindOfJob): Outcome | undefined {
  const result = parseResult(pod?.result)
  const known = result && { result }
  switch (state.state) {
    case 'Succeeded': return { kind: 'done', told: result !== undefined, ...known }
    case 'Failed': return { kind: 'failed', ...failureOf(state, pod, kind), told: pod !== undefined, ...known }
    case 'Absent':
    case 'Running': return undefined
    default: return state satisfies never
  }
}

function failureOf (state: Failed, pod: JobLook['pod'], kind: KindOfJob): { terminal: boolean, message: string } {
  // The policy by which Kubernetes ended the Job has seen the code for certain; a pod that is told of may be of an earlier try.
  const code = exitCodeIn(state.message) ?? pod?.exitCode
  const meaning = code !== undefined && Object.hasOwn(TERMINAL_EXITS, code) ? TERMINAL_EXITS[code] : undefined
  return { terminal: meaning !== undefined, message: forPeople(sentenceOf({ state, pod, kind, meaning }), LONGEST) }
}

/** "Container db-migrate for pod mlflow/x failed with exit code 11 matching FailJob rule at index 0": the words of Kubernetes. */
function exitCodeIn (message: string): number | undefined {
  const [, digits] = /\bexit code (\d{1,3})\b/.exec(message) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** The pod's own words first; then what its code means; then Kubernetes' word of the pod, or of the Job. Without the full stop at its end. */
function sentenceOf ({ state: { reason, message }, pod, kind, meaning }: { state: Failed, pod: JobLook['pod'], kind: KindOfJob, meaning: string | undefined }): string {
  if (meaning !== undefined && !pod?.message) return meaning
  return withoutStop(troubleSentence(pod ?? { reason: reason || 'JobFailed', message }, { ...JOB_REMEDIES, DeadlineExceeded: TOO_LONG[kind] }))
}

export function withoutStop (text: string): string {
  return text.trim().replace(/\.+$/, '')
}
