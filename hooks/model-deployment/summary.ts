// One word for people, and one sentence that says what is being done, or what is wrong and what to do.
import { troubleSentence } from '../core/pod-trouble.ts'
import type { Memory } from './memory.ts'
import type { Seen, Trouble } from './observe.ts'
import { deploymentName, jobName, serviceName } from './resources/names.ts'
import type { Failure, PHASES, Version } from './schema/status.ts'
import type { Problem } from './wanted.ts'

/** What sentences may name, and what they depend on. */
export type Context = {
  name: string
  namespace: string
  see: (id: string) => Seen
  /** Nothing can be made of the spec. */
  problem: Problem | undefined
  /** The Service is there. */
  served: boolean
}

/** `message` says how it stands, `error` what is wrong with it. */
export type Summary = { phase: (typeof PHASES)[number], reason: string, message: string, error?: string }

/** Sums up where the object stands: what is under way comes first, then what is wrong, then that all is well. */
export function summarize (memory: Memory, context: Context): Summary {
  const { candidate, active, failed } = memory
  if (candidate) return candidate.found ? summarizeStart(memory, candidate, context) : summarizeValidation(memory, candidate, context)
  const wrong = wrongOf(failed, context, memory)
  if (!active) return wrong ? { phase: 'Failed', ...wrong, error: wrong.message } : { phase: 'Pending', reason: 'Pending', message: 'Nothing has been tried yet.' }
  const serving = summarizeServing(active, context)
  return wrong && serving.phase === 'Ready' ? { ...serving, reason: wrong.reason, error: wrong.message } : serving
}

function summarizeValidation (memory: Memory, candidate: Version, { name, see }: Context): Summary {
  const { job, jobTrouble } = see(candidate.id)
  const where = `Job ${jobName(name, candidate.id)}`
  if (job.state === 'Succeeded') {
    return { phase: 'Validating', reason: 'AwaitingResult', message: `${titled(candidate)} has passed its validation; what was downloaded is not reported yet. If this lasts, the poller is not running, or ${where} was cleared away before it was seen: then retry.` }
  }
  const message = `${titled(candidate)} is being validated by ${where}${meanwhile(memory)}.`
  return { phase: 'Validating', reason: 'Validating', message, ...(jobTrouble && { error: `${titled(candidate)} is being validated, and ${where} has trouble. ${troubleSentence(jobTrouble)}` }) }
}

function summarizeStart (memory: Memory, candidate: Version, { name, see }: Context): Summary {
  const { pods, podTrouble, late } = see(candidate.id)
  const where = `Deployment ${deploymentName(name, candidate.id)}`
  const trouble = podTrouble ?? stuckOf(pods?.stuck)
  const count = countOf(pods)
  if (candidate.lostAt !== undefined) return summarizeReturn(memory, candidate, { where, count, trouble })
  const message = `${titled(candidate)} is being started by ${where}${count}${meanwhile(memory)}.`
  if (late && !memory.active) {
    return { phase: 'Failed', reason: trouble?.reason ?? 'ProgressDeadlineExceeded', message, error: `${titled(candidate)} did not become ready within progressDeadline; ${where} goes on trying. ${trouble ? troubleSentence(trouble) : ''}`.trim() }
  }
  return { phase: 'Deploying', reason: 'Starting', message, ...(trouble && { error: `${titled(candidate)} is being started, and ${where} has trouble. ${troubleSentence(trouble)}` }) }
}

/** It has answered, and is no worse for what has happened to its pods. */
function summarizeReturn (memory: Memory, candidate: Version, { where, count, trouble }: { where: string, count: string, trouble: Trouble | undefined }): Summary {
  const message = `${titled(candidate)} has lost all its pods, and is switched to again when ${where} has them back${count}${meanwhile(memory)}.`
  return { phase: 'Deploying', reason: 'PodsLost', message, error: trouble ? `${message} ${troubleSentence(trouble)}` : message }
}

function countOf (pods: Seen['pods']): string {
  return pods ? ` (${pods.available} of ${pods.replicas} pods answer)` : ''
}

function stuckOf (stuck: string | undefined): Trouble | undefined {
  return stuck === undefined ? undefined : { reason: 'ProgressDeadlineExceeded', message: stuck }
}

function summarizeServing (active: Version, { name, namespace, see, served }: Context): Summary {
  const service = serviceName(name)
  if (!served) return { phase: 'Deploying', reason: 'ServiceMissing', message: `Service ${service} is being made. If this lasts, the name is taken by an object that belongs to somebody else: see kubectl get service ${service} -n ${namespace} -o yaml.` }
  return answers(see(active.id)) ? { phase: 'Ready', reason: 'Serving', message: `${titled(active)} answers.` } : summarizeSilence(active, { name, namespace, see })
}

function summarizeSilence (active: Version, { name, namespace, see }: Pick<Context, 'name' | 'namespace' | 'see'>): Summary {
  const { pods, podTrouble } = see(active.id)
  const where = `Deployment ${deploymentName(name, active.id)}`
  if (!pods) return { phase: 'Deploying', reason: 'PodsLost', message: `${where} is gone.`, error: `${titled(active)} does not answer: ${where} is gone, and is made again where its spec is still known. If this lasts, retry.` }
  if (pods.replicas === 0) return { phase: 'Deploying', reason: 'ScaledToZero', message: `${where} is scaled to 0.`, error: `${titled(active)} does not answer: ${where} was scaled to 0. Scale it up again, or set spec.replicas.` }
  const said = podTrouble ? troubleSentence(podTrouble) : `See kubectl describe deployment ${deploymentName(name, active.id)} -n ${namespace}, and its pods.`
  return { phase: 'Deploying', reason: podTrouble?.reason ?? 'PodsLost', message: `No pod of ${where} answers.`, error: `${titled(active)} does not answer: no pod of ${where} is ready. ${said}` }
}

/** Whether there is a pod that answers. */
export function answers ({ pods }: Seen): boolean {
  return pods !== undefined && pods.available > 0
}

/** What keeps the object from what it asks for. */
function wrongOf (failed: Failure | undefined, { problem, name, namespace }: Context, { active, attempt }: Memory): { reason: string, message: string } | undefined {
  const still = active ? ` ${titled(active)} goes on answering.` : ''
  if (problem) return { reason: problem.reason, message: `Nothing can be made of the spec: ${problem.message}${still}` }
  if (!failed) return undefined
  const remedy = `Change the spec, or have it tried again: ${retryCommand(name, namespace, attempt)}`
  return { reason: failed.reason, message: `${titled(failed)} ${causeOf(failed, name)} ${troubleSentence(failed)}${still} ${remedy}` }
}

function causeOf ({ stage, id }: Failure, name: string): string {
  switch (stage) {
    case 'Validation': return `did not pass its validation by Job ${jobName(name, id)}.`
    case 'Start': return 'did not become ready within progressDeadline.'
    case 'Serving': return 'lost all its pods, and the version before was taken back.'
    default: return stage satisfies never
  }
}

/** How to have it tried again, whole, for people to copy. */
function retryCommand (name: string, namespace: string, attempt: number): string {
  return `kubectl annotate modeldeployment ${name} -n ${namespace} --overwrite sluice.dev/retry=${attempt}`
}

function meanwhile ({ active }: Memory): string {
  return active ? `; ${named(active)} answers until then` : ''
}

/** A version by the name that people gave it, or its id. */
export function named ({ version, id }: { version: string, id: string }): string {
  return `version ${version || id}`
}

function titled (version: { version: string, id: string }): string {
  return `V${named(version).slice(1)}`
}
