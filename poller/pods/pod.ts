// What is kept of a pod: whose it is and what it tells. Ten thousand pods are watched and nearly all are well, so a whole pod (10 KB and more) is never kept.
import { PARENT_LABEL } from '../../hooks/core/labels.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import type { Slim } from '../model.ts'
import { createShare } from '../sharing.ts'
import type { PodStatus } from './pod-status.ts'
import { findTrouble, type Told } from './trouble.ts'

/** A pod as it is kept. */
export type KnownPod = KubeObject & {
  /** Key of its parent, as parentKey makes it. */
  parent: string
  /** `Job/<name>`, `Deployment/<name>`, or whatever controls it. */
  owner: string
  /** In whole seconds. */
  createdAt: number
  /** It has ended for good. */
  over: boolean
  ready: boolean
  /** Absent for a pod that is well, or has nothing to tell yet. */
  told?: Told
}

/** Whose the pods with this label are: one string for each parent of the cluster. */
export function parentKey (namespace = '', label = ''): string {
  return `${namespace}/${label}`
}

/** A function that makes a KnownPod of a pod as the API server shows it. */
export function createSlimPod (): Slim {
  const share = createShare()
  return (pod) => {
    // A page is slimmed while it is parsed, and what goes into the store once more.
    if ('createdAt' in pod) return pod
    const { metadata } = pod
    const spec = pod.spec as { restartPolicy?: string } | undefined
    const status = (pod.status ?? {}) as PodStatus
    const known: KnownPod = {
      apiVersion: share(pod.apiVersion),
      kind: share(pod.kind),
      metadata: slimMetadata(metadata),
      parent: share(parentKey(metadata.namespace, pod.metadata.labels?.[PARENT_LABEL])),
      owner: share(ownerOf(pod)),
      createdAt: parseInstant(metadata.creationTimestamp) ?? 0,
      over: status.phase === 'Failed' || status.phase === 'Succeeded',
      ready: isReady(status)
    }
    const told = findTrouble(status, { restarts: spec?.restartPolicy !== 'Never' })
    return told ? { ...known, told } : known
  }
}

function isReady ({ conditions = [] }: PodStatus): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

function slimMetadata ({ name, uid, resourceVersion, deletionTimestamp }: KubeObject['metadata']): KubeObject['metadata'] {
  return { name, ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }), ...(deletionTimestamp !== undefined && { deletionTimestamp }) }
}

/** A Deployment's pods belong to a ReplicaSet of the Deployment's name and the hash of the template, which is a label of the pod, too. */
function ownerOf ({ metadata }: KubeObject): string {
  const owners = (metadata as { ownerReferences?: Array<{ kind: string, name: string, controller?: boolean }> }).ownerReferences ?? []
  const owner = owners.find(({ controller }) => controller) ?? owners[0]
  if (!owner) return `Pod/${metadata.name}`
  const hash = metadata.labels?.['pod-template-hash']
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)) return `Deployment/${owner.name.slice(0, -hash.length - 1)}`
  return `${owner.kind}/${owner.name}`
}
