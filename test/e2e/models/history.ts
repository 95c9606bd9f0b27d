// Every state that the API server has shown of what stands behind models: who answered, how many pods were asked for, what was ever made.
import { PARENT_LABEL, SOURCE_LABEL, VERSION_LABEL } from '../../../hooks/core/labels.ts'
import type { Api } from '../api.ts'
import { until } from '../until.ts'
import type { ClaimObject, DeploymentObject, PodObject, ServiceObject, SliceObject, Stored } from './objects.ts'

/** `<kind>.<name>` of an object, in lower case. */
export type ParentName = string

interface Known { pods: PodObject, deployments: DeploymentObject, services: ServiceObject, endpointslices: SliceObject, jobs: Stored, persistentvolumeclaims: ClaimObject, horizontalpodautoscalers: Stored }
type Resource = keyof Known

const PATHS: Record<Resource, string> = {
  pods: '/api/v1/pods',
  deployments: '/apis/apps/v1/deployments',
  services: '/api/v1/services',
  endpointslices: '/apis/discovery.k8s.io/v1/endpointslices',
  jobs: '/apis/batch/v1/jobs',
  persistentvolumeclaims: '/api/v1/persistentvolumeclaims',
  horizontalpodautoscalers: '/apis/autoscaling/v2/horizontalpodautoscalers'
}

interface State<T> { at: number, type: string, object: T }

export interface ModelHistory {
  /** What there is of a parent now. */
  now: <R extends Resource>(resource: R, parent: ParentName) => Array<Known[R]>
  /** Names of all that was ever made for a parent, in order. */
  ever: (resource: Resource, parent: ParentName) => string[]
  /** Which versions had pods that a Service led to, at every change since `since` (milliseconds) and just before it: sets of versions joined by +, without repeats. */
  served: (service: string, since: number) => string[]
  /** Which version a Service has selected since then. */
  selected: (service: string, since: number) => string[]
  /** How many pods of a Deployment were asked for, and how many were available, since then, without repeats. */
  replicas: (deployment: string, since: number) => number[]
  available: (deployment: string, since: number) => number[]
  /** The one pod of a Job of this parent that runs now, once there is one. */
  work: (parent: ParentName) => Promise<PodObject>
  /** Pods of this parent that serve, as identities. */
  servers: (parent: ParentName) => string[]
  /** Calls with every state of a pod. */
  onPod: (see: (type: string, pod: PodObject) => void) => void
}

/** Follows all of these; resolves when what exists is known. */
export async function followModels (api: Api): Promise<ModelHistory> {
  const states = Object.fromEntries(Object.keys(PATHS).map((resource) => [resource, []])) as unknown as { [R in Resource]: Array<State<Known[R]>> }
  const podViews: Array<(type: string, pod: PodObject) => void> = []
  await Promise.all((Object.keys(PATHS) as Resource[]).map(async <R extends Resource>(resource: R) => {
    await api.follow<Known[R]>(PATHS[resource], (type, object) => {
      states[resource].push({ at: Date.now(), type, object })
      if (resource === 'pods') for (const see of podViews) see(type, object as PodObject)
    })
  }))

  const of = <R extends Resource>(resource: R, parent: ParentName): Array<State<Known[R]>> => states[resource].filter(({ object }) => parentOf(object) === parent)
  const now: ModelHistory['now'] = (resource, parent) => newest(of(resource, parent))
  const named = <R extends Resource>(resource: R, name: string, since: number): Array<Known[R]> => sinceThen(states[resource].filter(({ object }) => object.metadata.name === name), since)
  const versionOf = (pod: string): string => {
    const found = states.pods.find(({ object }) => object.metadata.name === pod)
    return found ? versionIn(found.object.metadata.labels) : `unknown pod ${pod}`
  }
  return {
    now,
    ever: (resource, parent) => [...new Set(of(resource, parent).map(({ object }) => object.metadata.name))],
    served (service, since) {
      const slices = states.endpointslices.filter(({ object }) => object.metadata.labels?.['kubernetes.io/service-name'] === service)
      const seen = slices.map(({ at }, index) => ({ at, versions: versionsIn(newest(slices.slice(0, index + 1)), versionOf) }))
      const before = seen.findLast(({ at }) => at < since)
      return withoutRepeats([...before ? [before] : [], ...seen.filter(({ at }) => at >= since)].map(({ versions }) => versions))
    },
    selected: (service, since) => withoutRepeats(named('services', service, since).map(({ spec }) => versionIn(spec.selector))),
    replicas: (deployment, since) => withoutRepeats(named('deployments', deployment, since).map(({ spec }) => spec.replicas)),
    available: (deployment, since) => withoutRepeats(named('deployments', deployment, since).map(({ status }) => status?.availableReplicas ?? 0)),
    async work (parent) {
      const find = (): PodObject | undefined => now('pods', parent).find(({ metadata, status }) => componentOf(metadata) !== 'server' && metadata.deletionTimestamp === undefined && status?.startTime !== undefined && !isOver(status.phase))
      await until(`a pod of a Job of ${parent} runs`, async () => find() !== undefined)
      return find() as PodObject
    },
    servers: (parent) => now('pods', parent).filter(({ metadata }) => componentOf(metadata) === 'server' && metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.uid).toSorted(),
    onPod (see) { podViews.push(see) }
  }
}

/** The id of a version, or the key of a download, that labels or a selector name. */
export function versionIn (labels: Readonly<Record<string, string>> = {}): string {
  return labels[VERSION_LABEL] ?? labels[SOURCE_LABEL] ?? ''
}

export function componentOf ({ labels }: Stored['metadata']): string {
  return labels?.['app.kubernetes.io/component'] ?? ''
}

export function parentOf ({ metadata }: Stored): ParentName {
  return metadata.labels?.[PARENT_LABEL] ?? ''
}

function isOver (phase = ''): boolean {
  return phase === 'Succeeded' || phase === 'Failed'
}

/** The last state of each object that was not deleted. */
function newest<T extends Stored> (states: Array<State<T>>): T[] {
  const last = new Map(states.map((state) => [state.object.metadata.uid, state]))
  return [...last.values()].filter(({ type }) => type !== 'DELETED').map(({ object }) => object)
}

/** The state that was the newest at `since`, and all after it. */
function sinceThen<T> (states: Array<State<T>>, since: number): T[] {
  const before = states.findLast(({ at }) => at < since)
  return [...before ? [before] : [], ...states.filter(({ at, type }) => at >= since && type !== 'DELETED')].map(({ object }) => object)
}

function versionsIn (slices: SliceObject[], versionOf: (pod: string) => string): string {
  const ready = slices.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions.ready === true)
  return [...new Set(ready.map(({ targetRef }) => versionOf(targetRef?.name ?? '')))].toSorted().join('+')
}

function withoutRepeats<T> (values: T[]): T[] {
  return values.filter((value, index) => value !== values[index - 1])
}
