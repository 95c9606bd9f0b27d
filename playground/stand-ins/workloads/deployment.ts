// One sync of the Deployment controller, pure: from a Deployment and its ReplicaSets to its status, and to ReplicaSets that are made, scaled or cleared
// away. Rolling updates only. Reasons and messages are those of Kubernetes 1.35.
import equal from 'fast-deep-equal'
import { contentHash } from '../../../hooks/core/names.ts'
import type { KubeObject } from '../../api-server/kube-object.ts'
import { allowances, asked, condition, isComplete, reportOn, withNews, type Deployment, type DeploymentStatus } from './deployment-status.ts'
import { ownerReference, type ReplicaSet, type Template } from './objects.ts'

export interface DeploymentSync {
  status: DeploymentStatus
  /** Number of the newest template, among those that there were. */
  revision: string
  /** The ReplicaSet of the newest template, if there is one. */
  current?: ReplicaSet
  /** A ReplicaSet for the newest template. */
  create?: KubeObject
  scale: Array<{ set: ReplicaSet, replicas: number }>
  remove: ReplicaSet[]
  /** When it is to be looked at again, in milliseconds, if nothing happens until then. */
  next?: number
}

export const HASH_LABEL = 'pod-template-hash'
export const REVISION_ANNOTATION = 'deployment.kubernetes.io/revision'

/** One sync. `sets` are all ReplicaSets that the Deployment controls, `now` is in milliseconds. */
export function syncDeployment (deployment: Deployment, sets: readonly ReplicaSet[], now: number): DeploymentSync {
  const ordered = sets.toSorted((a, b) => revisionOf(a) - revisionOf(b))
  const current = ordered.find(({ spec }) => equal(withoutHash(spec.template), withoutHash(deployment.spec.template)))
  const old = ordered.filter((set) => set !== current)
  const newest = Math.max(0, ...old.map(revisionOf)) + 1
  // One that is returned to becomes the newest.
  const revision = String(current ? Math.max(revisionOf(current), newest) : newest)
  if (!current) {
    const create = makeReplicaSet(deployment, old, revision)
    const message = `Created new replica set "${create.metadata.name}"`
    const progressing = condition('Progressing', 'True', { reason: 'NewReplicaSetCreated', message, now })
    return { status: { ...deployment.status, conditions: withNews(deployment.status?.conditions ?? [], progressing) }, revision, create, scale: [], remove: [] }
  }
  const { status, next } = reportOn(deployment, { current, old, now })
  const remove = isComplete(deployment, status) ? old.filter(isEmpty).slice(0, Math.max(0, old.length - deployment.spec.revisionHistoryLimit)) : []
  return { status, revision, current, scale: findScale(deployment, current, old), remove, ...(next !== undefined && { next }) }
}

export function revisionOf ({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[REVISION_ANNOTATION] ?? 0)
}

function withoutHash ({ metadata, spec }: Template): object {
  const { [HASH_LABEL]: _, ...labels } = metadata?.labels ?? {}
  return { labels, annotations: metadata?.annotations ?? {}, spec }
}

function isEmpty ({ spec, status }: ReplicaSet): boolean {
  return spec.replicas === 0 && status?.replicas === 0
}

const LETTERS = 'bcdfghjklmnpqrst'

/** The real hash is another one, but looks like this: no vowels, so that nobody reads a word. */
function hashOf (template: Template): string {
  return contentHash(template).replaceAll(/[0-9a-f]/g, (digit) => LETTERS[Number.parseInt(digit, 16)] ?? '')
}

function makeReplicaSet (deployment: Deployment, old: readonly ReplicaSet[], revision: string): KubeObject {
  const { template, selector } = deployment.spec
  const hash = hashOf(template)
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: `${deployment.metadata.name}-${hash}`, labels, annotations: { [REVISION_ANNOTATION]: revision }, ownerReferences: [ownerReference(deployment)] },
    spec: {
      replicas: roomFor(deployment, 0, asked(old)),
      selector: { matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } }
    }
  }
}

/** How many pods the newest ReplicaSet may have, when it has `own` and all have `total`. */
function roomFor (deployment: Deployment, own: number, total: number): number {
  const { replicas } = deployment.spec
  const most = replicas + allowances(deployment).surge
  return total >= most ? own : own + Math.min(most - total, replicas - own)
}

/** Up with the newest as far as there is room; only where there is none, down with the old ones as far as enough pods answer. */
function findScale (deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): DeploymentSync['scale'] {
  const { replicas } = deployment.spec
  const all = [...old, current]
  const target = current.spec.replicas > replicas ? replicas : roomFor(deployment, current.spec.replicas, asked(all))
  if (target !== current.spec.replicas) return [{ set: current, replicas: target }]
  return scaleDown(deployment, current, old)
}

function scaleDown (deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): DeploymentSync['scale'] {
  const least = deployment.spec.replicas - allowances(deployment).unavailable
  const answering = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0
  let room = asked([...old, current]) - least - (current.spec.replicas - answering(current))
  // Those that do not answer go first, and cost nothing.
  const left = new Map(old.map((set) => {
    const cleared = Math.max(0, Math.min(room, set.spec.replicas - answering(set)))
    room -= cleared
    return [set, set.spec.replicas - cleared]
  }))
  let spare = room <= 0 ? 0 : Math.max(0, [...old, current].reduce((sum, set) => sum + answering(set), 0) - least)
  for (const [set, replicas] of left) {
    const gone = Math.min(replicas, spare)
    spare -= gone
    left.set(set, replicas - gone)
  }
  return [...left].filter(([set, replicas]) => replicas !== set.spec.replicas).map(([set, replicas]) => ({ set, replicas }))
}
