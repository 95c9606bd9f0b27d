// What metrics-server would tell of pods: the API that the autoscaler asks, with numbers that the test decides.
import { VERSION_LABEL } from '../../../hooks/core/labels.ts'
import type { Api } from '../api.ts'
import { componentOf, parentOf, versionIn, type ModelHistory, type ParentName } from './history.ts'
import type { PodObject } from './objects.ts'

/** metrics.k8s.io as a kind that is stored: whoever asks for it cannot tell the difference. */
export const METRICS_CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  // The group is Kubernetes' own, so it has to be said that this one is not theirs.
  metadata: { name: 'pods.metrics.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' } },
  spec: {
    group: 'metrics.k8s.io',
    scope: 'Namespaced',
    names: { kind: 'PodMetrics', plural: 'pods', singular: 'pod' },
    versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }]
  }
}

export interface Load {
  /** Has the pods of each version of a parent use so many millicores together, from now on. */
  set: (parent: ParentName, millicores: number) => Promise<void>
  /** How often what a pod uses was written. */
  writes: () => number
}

/** Writes what every server pod uses: its share of what its version has to do. */
export function startLoad (api: Api, history: ModelHistory): Load {
  const wanted = new Map<ParentName, number>()
  const written = new Map<string, number>()
  let writes = 0
  let queue = Promise.resolve()

  async function spread (parent: ParentName): Promise<void> {
    const pods = history.now('pods', parent).filter(({ metadata }) => componentOf(metadata) === 'server' && metadata.deletionTimestamp === undefined)
    for (const pod of pods) {
      const peers = pods.filter(({ metadata }) => versionIn(metadata.labels) === versionIn(pod.metadata.labels))
      await write(pod, Math.round((wanted.get(parent) ?? 0) / peers.length))
    }
  }
  async function write (pod: PodObject, millicores: number): Promise<void> {
    const { uid } = pod.metadata
    if (written.get(uid) === millicores) return
    written.set(uid, millicores)
    writes += 1
    const { namespace, name } = pod.metadata
    const answer = await api.fetch(`/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods/${name}?fieldManager=load&force=true`, {
      method: 'PATCH', headers: { 'content-type': 'application/apply-patch+yaml' }, body: JSON.stringify(metricsOf(pod, millicores))
    })
    await answer.arrayBuffer()
  }
  // One after the other, so that the newest number is the last. What fails is seen by the autoscaler, which then does not move.
  const enqueue = (parent: ParentName): Promise<void> => {
    queue = queue.then(async () => { await spread(parent) }).catch(() => {})
    return queue
  }
  history.onPod((_type, pod) => { if (wanted.has(parentOf(pod))) enqueue(parentOf(pod)) })
  return {
    async set (parent, millicores) {
      wanted.set(parent, millicores)
      await enqueue(parent)
    },
    writes: () => writes
  }
}

function metricsOf ({ metadata: { namespace, name, labels = {} }, spec: { containers } }: PodObject, millicores: number): object {
  return {
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetrics',
    metadata: { namespace, name, labels: { ...labels, [VERSION_LABEL]: versionIn(labels) } },
    timestamp: new Date().toISOString(),
    window: '10s',
    containers: containers.map((container) => ({ name: container.name, usage: { cpu: `${millicores}m`, memory: '64Mi' } }))
  }
}
