// Why a pod is in trouble, as one sentence for people: its own words first, and then what Kubernetes' word means and what to do about it.
import { forPeople } from './safe-text.ts'

/** As the fact `pods` tells it. */
export type PodTrouble = { reason: string, message?: string, exitCode?: number }

const CANNOT_PULL = 'The image cannot be pulled: correct its name; or let the nodes have access to its registry, or name a ServiceAccount with imagePullSecrets in serviceAccountName.'

/** What Kubernetes' own words mean, with the remedy. Programs of ours bring theirs along. */
export const REMEDIES: Readonly<Record<string, string>> = {
  OOMKilled: 'Its memory was not enough: raise resources.limits.memory.',
  ImagePullBackOff: CANNOT_PULL,
  ErrImagePull: CANNOT_PULL,
  InvalidImageName: 'The name of the image is none: correct it.',
  CrashLoopBackOff: 'The container ends again and again: see kubectl logs of its pod.',
  Error: 'The container ended with an error: see kubectl logs of its pod.',
  CreateContainerConfigError: 'A Secret or ConfigMap that it names is missing, or the image wants to run as root: make it, or take an image that runs as a number other than 0.',
  CreateContainerError: 'The container cannot be made: see kubectl describe of its pod.',
  RunContainerError: 'The container cannot be started: correct the image or its arguments.',
  Unschedulable: 'No node takes the pod: see kubectl describe of it, and change resources, nodeSelector, tolerations, affinity or storage.',
  Evicted: 'The node had to make room: raise resources.requests.',
  ContainerCreating: 'No container of the pod has begun for two minutes: a ConfigMap, Secret or volume that it mounts may be missing: see kubectl describe pod.',
  DeadlineExceeded: 'It took longer than its activeDeadline (validation.activeDeadline of a ModelDeployment, download.activeDeadline of an MLModel), download and all tries included: raise that, or see kubectl describe pod for what holds it up.'
}

/** Causes that may be gone although nobody has touched the spec: in the cluster, at the source, or in what a Secret or ConfigMap holds. */
const OUTSIDE_THE_SPEC: ReadonlySet<string> = new Set([
  // The cluster: its nodes, their room, their way to an image.
  'Unschedulable', 'Evicted', 'Preempting', 'Preempted', 'NodeLost', 'NodeShutdown', 'Shutdown', 'Terminated', 'UnexpectedAdmissionError', 'PodsLost',
  'ImagePullBackOff', 'ErrImagePull', 'CreateContainerConfigError', 'ContainerCreating',
  // How long it took, which depends on all of them.
  'DeadlineExceeded', 'ProgressDeadlineExceeded',
  // The source, and who may read it.
  'Unreachable', 'Cut', 'Interrupted', 'Changed', 'NotFound', 'AccessDenied'
])

/**
 * Whether what failed for that reason may go well the next time with the same spec. Nothing is tried again for that by itself; but when the spec has been
 * changed and is changed back, such a failure is no reason to refuse it.
 */
export function isOutsideTheSpec (reason: string): boolean {
  return OUTSIDE_THE_SPEC.has(reason)
}

/** One sentence, or two where a remedy is known. */
export function troubleSentence ({ reason, message, exitCode }: PodTrouble, remedies: Readonly<Record<string, string>> = REMEDIES): string {
  const remedy = Object.hasOwn(remedies, reason) ? remedies[reason] : undefined
  const code = exitCode !== undefined && exitCode !== 0 && remedy !== undefined ? ` with exit code ${exitCode}` : ''
  const said = message?.trim() ? `: ${ended(message.trim())}` : '.'
  return forPeople([`${reason}${code}${said}`, remedy].filter(Boolean).join(' '))
}

function ended (text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
