// The few things that controllers and kubelet do with the API server of the playground, in its own process: there is no lag, and nothing conflicts.
import type { KubeObject } from '../../api-server/kube-object.ts'
import type { ApiServer } from '../../api-server/server.ts'

/** The kinds that they deal with, by where they are stored. */
const KINDS = {
  Pod: { apiVersion: 'v1', storage: '/pods' },
  PersistentVolumeClaim: { apiVersion: 'v1', storage: '/persistentvolumeclaims' },
  Secret: { apiVersion: 'v1', storage: '/secrets' },
  ConfigMap: { apiVersion: 'v1', storage: '/configmaps' },
  Service: { apiVersion: 'v1', storage: '/services' },
  Deployment: { apiVersion: 'apps/v1', storage: 'apps/deployments' },
  ReplicaSet: { apiVersion: 'apps/v1', storage: 'apps/replicasets' },
  Job: { apiVersion: 'batch/v1', storage: 'batch/jobs' },
  HorizontalPodAutoscaler: { apiVersion: 'autoscaling/v2', storage: 'autoscaling/horizontalpodautoscalers' }
} as const

export type Kind = keyof typeof KINDS

export interface Cluster {
  list<T extends KubeObject>(kind: Kind): T[]
  find<T extends KubeObject>(kind: Kind, namespace: string | undefined, name: string): T | undefined
  create (object: KubeObject, namespace: string | undefined): void
  /** Writes the status of an object that is still there. What it has already is not written. */
  putStatus (object: KubeObject, status: object): void
  /** Writes anything but the status, likewise. */
  change (object: KubeObject, change: (current: KubeObject) => KubeObject): void
  /** Through the subresource for it. */
  scale (object: KubeObject, replicas: number): void
  remove (object: KubeObject): void
  /** Calls back after every change of one of these kinds; returns how to stop. */
  subscribe (listener: (kind: Kind, object: KubeObject, isGone: boolean) => void): () => void
}

/** `manager` is who is said to have written. */
export function accessCluster ({ store, registry, operations }: Pick<ApiServer, 'store' | 'registry' | 'operations'>, manager: string): Cluster {
  const storageOf = (kind: Kind): string => KINDS[kind].storage
  const targetOf = ({ kind, metadata: { namespace, name } }: KubeObject) => ({ resource: resourceOf(kind as Kind), namespace, name })
  const resourceOf = (kind: Kind) => {
    const resource = registry.findKind(KINDS[kind].apiVersion, kind)
    if (!resource) throw new Error(`${kind} is not served`)
    return resource
  }
  /** The object as it is now; what was known of it may be older. Undefined when it is gone, or another of its name has come. */
  const current = ({ kind, metadata }: KubeObject): KubeObject | undefined => {
    const found = store.get(storageOf(kind as Kind), metadata.namespace, metadata.name)
    return found?.metadata.uid === metadata.uid ? found : undefined
  }
  return {
    list: <T extends KubeObject>(kind: Kind) => store.list(storageOf(kind)) as T[],
    find: <T extends KubeObject>(kind: Kind, namespace: string | undefined, name: string) => store.get(storageOf(kind), namespace, name) as T | undefined,
    create (object, namespace) { operations.create(resourceOf(object.kind as Kind), namespace, object, { manager }) },
    putStatus (object, status) {
      const now = current(object)
      if (now) operations.update(targetOf(object), { ...now, status }, { manager, subresource: 'status' })
    },
    change (object, change) {
      const now = current(object)
      if (now) operations.update(targetOf(object), change(now), { manager })
    },
    scale (object, replicas) {
      const now = current(object)
      if (now) operations.update(targetOf(object), { ...now, spec: { ...now.spec, replicas } }, { manager })
    },
    remove (object) {
      if (current(object)) operations.delete(targetOf(object), { propagation: 'Background' })
    },
    subscribe (listener) {
      const stops = (Object.keys(KINDS) as Kind[]).map((kind) => store.subscribe(storageOf(kind), ({ object, type }) => { listener(kind, object, type === 'DELETED') }))
      return () => { for (const stop of stops) stop() }
    }
  }
}
