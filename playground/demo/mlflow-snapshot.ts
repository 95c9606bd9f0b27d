// What the demo shows of an MLflow server at one moment: what it says of itself, and its pods.
import { isMap } from '../../hooks/core/plain-value.ts'
import { isReady, type Pod } from '../stand-ins/workloads/objects.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import type { Stage, Watching } from './act.ts'
import { drawMlflow } from './mlflow-lines.ts'

export interface MlflowSnapshot {
  phase: string
  /** Of the databases' schema: how far their migration is, and in the object's own words. */
  migration: string
  doing: string
  /** The MLflow that serves. */
  version?: string
  error?: string
  isAvailable: boolean
  /** Pods of the server: the tag of each image, and whether it answers or is on its way out. */
  pods: string[]
}

type Condition = { type: string, status: string, reason: string, message: string }
type Status = { phase?: string, version?: string, error?: string, conditions?: Condition[] }

/** Begins to look at the pods of the server. */
export function watchMlflow ({ system: { api } }: Stage, namespace: string, app: string): Watching<MlflowSnapshot> {
  return {
    look: (object) => ({ ...wordsOf(object), pods: podsOf(api.store.list('/pods', namespace) as unknown as Pod[], app) }),
    draw: drawMlflow,
    end () {}
  }
}

function podsOf (pods: readonly Pod[], app: string): string[] {
  return pods.filter(({ metadata: { labels } }) => labels?.['app'] === app).map((pod) => `${pod.spec.containers[0]?.image.split(':').at(-1) ?? ''} ${stateOf(pod)}`).toSorted()
}

function stateOf (pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'stops'
  return isReady(pod) ? 'answers' : 'starts'
}

function wordsOf (object: KubeObject): Omit<MlflowSnapshot, 'pods'> {
  const { phase = 'Pending', version, error, conditions = [] }: Status = isMap(object.status) ? object.status : {}
  const find = (type: string): Partial<Condition> => conditions.find((condition) => condition.type === type) ?? {}
  return {
    phase,
    migration: find('Migration').reason ?? '',
    doing: find('Progressing').message ?? '',
    isAvailable: find('Available').status === 'True',
    ...(version !== undefined && { version }),
    ...(error !== undefined && { error })
  }
}
