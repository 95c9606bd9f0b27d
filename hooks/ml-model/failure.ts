// Why a download or a start failed, in the words of whoever knows best, and what to do about it.
import { forPeople } from '../core/safe-text.ts'
import type { DownloadState, PodTrouble } from './evidence.ts'
import type { Failure } from './memory.ts'

/** What Kubernetes' own words mean for a person, and the remedy. Our programs' words come with theirs. */
const REMEDIES: Record<string, string> = {
  OOMKilled: 'Its memory was not enough: raise resources.limits.memory.',
  ImagePullBackOff: 'The image cannot be pulled: correct its name, or let the nodes have access to its registry.',
  ErrImagePull: 'The image cannot be pulled: correct its name, or let the nodes have access to its registry.',
  InvalidImageName: 'The name of the image is none: correct it.',
  CrashLoopBackOff: 'The container ends again and again: see kubectl logs of its pod.',
  Error: 'The container ended with an error: see kubectl logs of its pod.',
  CreateContainerConfigError: 'A Secret or ConfigMap that it names is missing, or the image wants to run as root: make it, or take an image that runs as a number other than 0.',
  CreateContainerError: 'The container cannot be made: see kubectl describe of its pod.',
  RunContainerError: 'The container cannot be started: correct the image or its arguments.',
  Unschedulable: 'No node takes the pod: see kubectl describe of it, and change resources, nodeSelector, tolerations, affinity or storage.',
  Evicted: 'The node had to make room: raise resources.requests.',
  DeadlineExceeded: 'It took too long.'
}

/** What failed, without the key. */
export type Said = Omit<Failure, 'key'>

/** A Job that has failed for good. */
export function downloadFailure ({ reason, message, trouble }: Extract<DownloadState, { state: 'Failed' }>): Said {
  if (reason === 'DeadlineExceeded') {
    const last = trouble ? ` Last: ${sentenceOf(trouble)}` : ''
    return said(reason, `The download was not done within download.activeDeadline: raise it, or see what holds it up.${last}`)
  }
  if (trouble) return said(trouble.reason, sentenceOf(trouble, DOWNLOAD_REMEDIES))
  return said(reason || 'DownloadFailed', `The download failed (${message || reason || 'no reason is given'}): see kubectl logs of its Job.`)
}

/** The Job's memory is ours to say. */
const DOWNLOAD_REMEDIES: Record<string, string> = { ...REMEDIES, OOMKilled: 'The download needed more memory than it may have, which it never should: report it.' }

/** Pods of a version do not come to answer; `late` is Kubernetes' sentence about it. */
export function startFailure (late: string, trouble: PodTrouble | undefined): Said {
  if (trouble) return said(trouble.reason, `The pods do not come up: ${sentenceOf(trouble)}`)
  return said('ProgressDeadlineExceeded', `The pods did not become ready within progressDeadline (${late}): see kubectl describe of a pod and its logs; raise progressDeadline if the model only loads slowly.`)
}

/** One sentence about a pod in trouble, the pod's own words first. */
export function sentenceOf ({ reason, message, exitCode }: PodTrouble, remedies = REMEDIES): string {
  const remedy = Object.hasOwn(remedies, reason) ? remedies[reason] : undefined
  const code = exitCode !== undefined && exitCode !== 0 && remedy !== undefined ? ` with exit code ${exitCode}` : ''
  const words = message?.trim() ? `: ${ended(message.trim())}` : '.'
  return [`${reason}${code}${words}`, remedy].filter(Boolean).join(' ')
}

function ended (text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function said (reason: string, message: string): Said {
  return { reason: forPeople(reason, 128), message: forPeople(message, 1024) }
}

/** How to have it tried again, whole, for people to copy. */
export function retryCommand (name: string, namespace: string, attempt: number): string {
  return `kubectl annotate mlmodel ${name} -n ${namespace} sluice.dev/retry=${attempt} --overwrite`
}
