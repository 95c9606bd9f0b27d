// The parts of Jobs, Deployments, ReplicaSets and pods that their controllers and the kubelet read and write.
import type { KubeObject, OwnerReference } from '../../api-server/kube-object.ts'

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason?: string
  message?: string
  lastTransitionTime: string
  /** Deployments only. */
  lastUpdateTime?: string
}

export interface Container {
  name: string
  image: string
  command?: string[]
  env?: Array<{ name: string, value?: string, valueFrom?: { secretKeyRef?: Reference, configMapKeyRef?: Reference, fieldRef?: { fieldPath: string } } }>
  envFrom?: Array<{ secretRef?: Reference, configMapRef?: Reference }>
  volumeMounts?: Array<{ name: string, mountPath: string }>
}

export interface Reference { name: string, key?: string, optional?: boolean }

export interface Volume {
  name: string
  persistentVolumeClaim?: { claimName: string }
  emptyDir?: object
  configMap?: Reference & { items?: Array<{ key: string }> }
  secret?: { secretName: string, optional?: boolean }
  projected?: { sources: Array<{ configMap?: Reference, secret?: Reference }> }
}

export interface PodSpec {
  restartPolicy: 'Always' | 'OnFailure' | 'Never'
  nodeName?: string
  automountServiceAccountToken?: boolean
  containers: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
}

export interface Ended { exitCode: number, reason: string, message?: string, startedAt: string, finishedAt: string }

export interface ContainerState { waiting?: { reason: string, message?: string }, running?: { startedAt: string }, terminated?: Ended }

export interface ContainerStatus {
  name: string
  image: string
  imageID: string
  state: ContainerState
  lastState: ContainerState
  ready: boolean
  started: boolean
  restartCount: number
}

export interface PodStatus {
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  conditions?: Condition[]
  initContainerStatuses?: ContainerStatus[]
  containerStatuses?: ContainerStatus[]
  startTime?: string
}

export interface Pod extends KubeObject { spec: PodSpec, status?: PodStatus }

export interface Template { metadata?: { labels?: Record<string, string>, annotations?: Record<string, string> }, spec: PodSpec }

export interface ReplicaSet extends KubeObject {
  spec: { replicas: number, selector: { matchLabels: Record<string, string> }, template: Template }
  status?: Partial<ReplicaSetStatus>
}

export interface ReplicaSetStatus { replicas: number, fullyLabeledReplicas: number, readyReplicas: number, availableReplicas: number, terminatingReplicas: number, observedGeneration: number }

/** The condition in a list, if it is there. */
export function findCondition (conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/** The list with this condition. Its time of transition is kept while its status stays, and the whole condition while nothing of it changes. */
export function withCondition (conditions: readonly Condition[], next: Condition): Condition[] {
  const before = findCondition(conditions, next.type)
  if (!before) return [...conditions, next]
  const lastTransitionTime = before.status === next.status ? before.lastTransitionTime : next.lastTransitionTime
  return conditions.map((condition) => condition === before ? { ...next, lastTransitionTime } : condition)
}

export function isReady ({ status }: Pod): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'True'
}

/** Neither over nor on its way out. */
export function isActive ({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && !isOver(status)
}

export function isOver (status: PodStatus | undefined): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

export function isOwnedBy (owner: KubeObject, { metadata }: KubeObject): boolean {
  return controllerOf({ metadata })?.uid === owner.metadata.uid
}

export function controllerOf ({ metadata: { ownerReferences = [] } }: Pick<KubeObject, 'metadata'>): OwnerReference | undefined {
  return ownerReferences.find(({ controller }) => controller)
}

export function ownerReference ({ apiVersion, kind, metadata: { name, uid = '' } }: KubeObject): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}

/** What a controller makes of its template; the API server ends the name. */
export function makePod (owner: KubeObject, template: Template, { labels = {}, finalizers = [] }: { labels?: Record<string, string>, finalizers?: string[] } = {}): KubeObject {
  const { metadata, spec } = template
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${owner.metadata.name}-`,
      labels: { ...metadata?.labels, ...labels },
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ...(finalizers.length > 0 && { finalizers }),
      ownerReferences: [ownerReference(owner)]
    },
    spec
  }
}
