// Why a download or a start failed, in the words of whoever knows best, and what to do about it.
import { REMEDIES, troubleSentence } from '../core/pod-trouble.ts'
import { forPeople } from '../core/safe-text.ts'
import type { DownloadState, PodTrouble } from './evidence.ts'
import type { Failure } from './memory.ts'

/** What failed, without the key. */
export type Said = Omit<Failure, 'key'>

/** A Job that has failed for good. */
export function downloadFailure ({ reason, message, trouble }: Extract<DownloadState, { state: 'Failed' }>): Said {
  if (reason === 'DeadlineExceeded') {
    const last = trouble ? ` Last: ${troubleSentence(trouble)}` : ''
    return said(reason, `The download was not done within download.activeDeadline: raise it, or see what holds it up.${last}`)
  }
  if (trouble) return said(trouble.reason, troubleSentence(trouble, DOWNLOAD_REMEDIES))
  return said(reason || 'DownloadFailed', `The download failed (${message || reason || 'no reason is given'}): see kubectl logs of its Job.`)
}

/** The Job's memory is ours to say. */
const DOWNLOAD_REMEDIES = { ...REMEDIES, OOMKilled: 'The download needed more memory than it may have, which it never should: report it.' }

/** Pods of a version do not come to answer; `late` is Kubernetes' sentence about it. */
export function startFailure (late: string, trouble: PodTrouble | undefined): Said {
  if (trouble) return said(trouble.reason, `The pods do not come up: ${troubleSentence(trouble)}`)
  return said('ProgressDeadlineExceeded', `The pods did not become ready within progressDeadline (${late}): see kubectl describe of a pod and its logs; raise progressDeadline if the model only loads slowly.`)
}

function said (reason: string, message: string): Said {
  return { reason: forPeople(reason, 128), message: forPeople(message, 1024) }
}

/** How to have it tried again, whole, for people to copy. */
export function retryCommand (name: string, namespace: string, attempt: number): string {
  return `kubectl annotate mlmodel ${name} -n ${namespace} sluice.dev/retry=${attempt} --overwrite`
}
