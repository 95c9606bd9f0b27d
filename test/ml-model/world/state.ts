// A small cluster around one MLModel: objects with resourceVersions, pods, what lies on volumes, and a history that stale reads are taken from.
import type { KubeObject, SyncRequest } from '../../../hooks/core/request.ts'
import { mlModel } from '../../../hooks/ml-model/index.ts'
import { requestFor } from '../../helpers/requests.ts'

export const NAME = 'iris'
export const NAMESPACE = 'models'
const BEGIN = Date.parse('2026-11-02T09:00:00Z')

/** A pod of the server. `template` is the text of its template; `claim` its volume. */
export type Pod = { template: string, claim: string, ready: boolean }

export type World = {
  /** Whole seconds since the beginning. */
  clock: number
  parent: SyncRequest['parent']
  /** By `Kind/name`. */
  objects: Record<string, KubeObject>
  /** Text that was last applied, by `Kind/name` and uid. */
  applied: Record<string, object>
  pods: Pod[]
  /** Model on each volume, by uid of the claim: the URI, once it lies there whole. */
  contents: Record<string, string>
  /** What the poller may tell: entries of the fact. */
  news: Array<Record<string, unknown>>
  counter: number
  /** Children as they were after each change, oldest first; the last few. */
  history: Array<Record<string, KubeObject>>
  /** Names of Jobs that the hook has seen fail. */
  failedJobs: Set<string>
  violations: string[]
  /** An accepted version has been seen: from then on something must serve. */
  served: boolean
  /** Variables whose pods never become ready, or no more than one of them, and URIs that cannot be downloaded. */
  bad: { variables: Set<string>, alone: Set<string>, uris: Set<string> }
}

export type Wish = { uri?: string, variable?: string, replicas?: number, accessMode?: string, nodeSelector?: Record<string, string> }

export function specOf ({ uri = 'https://example.com/a.tar.gz', variable = '1', replicas = 1, ...rest }: Wish): object {
  return { source: { uri }, replicas, env: [{ name: 'SETTING', value: variable }], ...(rest.accessMode && { storage: { accessMode: rest.accessMode } }), ...(rest.nodeSelector && { nodeSelector: rest.nodeSelector }) }
}

export function newWorld (wish: Wish = {}): World {
  const { parent } = requestFor(mlModel, { spec: specOf(wish), metadata: { name: NAME, namespace: NAMESPACE, uid: 'uid-parent', generation: 1, creationTimestamp: instantOf(0) } })
  return {
    clock: 0,
    parent: { ...parent, metadata: { ...parent.metadata, managedFields: [{ manager: 'kubectl', operation: 'Update', time: instantOf(0) }] } },
    objects: {},
    applied: {},
    pods: [],
    contents: {},
    news: [],
    counter: 0,
    history: [],
    failedJobs: new Set(),
    violations: [],
    served: false,
    bad: { variables: new Set(['bad']), alone: new Set(['alone']), uris: new Set(['https://example.com/missing.tar.gz']) }
  }
}

export function instantOf (seconds: number): string {
  return new Date(BEGIN + seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** Objects of one kind. */
export function objectsOf ({ objects }: Pick<World, 'objects'>, kind: string): KubeObject[] {
  return Object.values(objects).filter((object) => object.kind === kind)
}

export function keyOf ({ kind, metadata: { name } }: { kind: string, metadata: { name: string } }): string {
  return `${kind}/${name}`
}

/** Writes an object as the API server would: another resourceVersion, and the time of the write. */
export function put (world: World, object: KubeObject, subresource?: string): void {
  world.counter++
  const before = object.metadata.managedFields ?? []
  const manager = subresource === undefined ? 'metacontroller' : 'controller'
  const others = before.filter((entry) => entry.manager !== manager || entry.subresource !== subresource)
  const entry = { manager, operation: 'Update', time: instantOf(world.clock), ...(subresource !== undefined && { subresource }) }
  world.objects[keyOf(object)] = { ...object, metadata: { ...object.metadata, resourceVersion: String(world.counter), managedFields: [...others, entry] } }
  remember(world)
}

export function remove (world: World, object: KubeObject): void {
  delete world.objects[keyOf(object)]
  remember(world)
}

/** How far back a cache may lie behind. */
const STALE = 6

function remember (world: World): void {
  world.history = [...world.history, { ...world.objects }].slice(-STALE)
}

export function writeStatus (world: World, key: string, status: object): void {
  const object = world.objects[key]
  if (object) put(world, { ...object, status: { ...object.status as object, ...status } }, 'status')
}
