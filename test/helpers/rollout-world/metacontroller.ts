// One pass of Metacontroller over the parent: caches of any age go in, and writes land only as the API server and dynamic-apply let them.
import deepEqual from 'fast-deep-equal'
import type { Child, KubeObject, SyncRequest, SyncResponse } from '../../../hooks/core/request.ts'
import type { Spec, Status } from '../../../hooks/mlflow-model/schema.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { deepFreeze } from '../deep-freeze.ts'
import { mergeApply } from './merge.ts'
import { predictorsOf } from './seldon.ts'
import { childAt, newestChild, newestParent, parentAt, writeChild, writeParent, type ChildVersion, type World } from './state.ts'

export type Sync = (request: SyncRequest<Spec, Status>) => SyncResponse<Status>

export type Lost = 'nothing' | 'child' | 'status' | 'both'

export type PassOptions = { parentAge?: number, childAge?: number, lose?: Lost, seldon?: boolean }

export type ChildWrite = 'none' | 'created' | 'exists' | 'updated' | 'conflict' | 'deleted' | 'lost' | 'refused'

/** What one pass saw, answered and changed. `before` and `after` are the newest child around it. */
export type Pass = {
  request: SyncRequest<Spec, Status>
  response: SyncResponse<Status>
  observed: KubeObject | undefined
  before: KubeObject | undefined
  after: KubeObject | undefined
  /** Neither the parent nor the child that it saw was old. */
  fresh: boolean
  childWrite: ChildWrite
  statusWrite: 'none' | 'written' | 'lost'
}

export const SELDON = { apiVersion: 'machinelearning.seldon.io/v1', kind: 'SeldonDeployment', resource: 'seldondeployments' }
export const CHILDREN_KEY = `${SELDON.kind}.${SELDON.apiVersion}`
const WRITER = { manager: 'metacontroller' }
const STATUS_WRITER = { manager: 'metacontroller', subresource: 'status' }

/** The request of a pass whose caches are so many versions behind. `seldon` false: the controller does not list SeldonDeployments. */
export function makeRequest (world: World, { parentAge = 0, childAge = 0, seldon = true }: PassOptions = {}): SyncRequest<Spec, Status> {
  const child = childAt(world, childAge).object
  const objects = child ? { [`${child.metadata.namespace}/${child.metadata.name}`]: child } : {}
  const childResources = seldon ? [{ apiVersion: SELDON.apiVersion, resource: SELDON.resource, updateStrategy: { method: 'InPlace' } }] : []
  return deepFreeze({
    controller: { metadata: { name: 'sluice-mlflowmodel' }, spec: { childResources } },
    parent: parentAt(world, parentAge),
    children: seldon ? { [CHILDREN_KEY]: objects } : {},
    related: {},
    finalizing: false
  })
}

/** Calls the hook and carries out its answer: children first, then status, each as far as it is not lost. */
export function runPass (world: World, sync: Sync, options: PassOptions = {}): Pass {
  const { childAge = 0, lose = 'nothing' } = options
  const seen = childAt(world, childAge)
  const before = newestChild(world)
  const request = makeRequest(world, options)
  const fresh = request.parent === newestParent(world) && seen === world.children.at(-1)
  const response = sync(request)
  const childWrite = loses(lose, 'child') ? 'lost' : applyChild(world, seen, response.children[0])
  const after = newestChild(world)
  const statusWrite = loses(lose, 'status') ? 'lost' : applyStatus(world, request, response.status)
  return { request, response, observed: seen.object, before, after, fresh, childWrite, statusWrite }
}

function loses (lose: Lost, what: 'child' | 'status'): boolean {
  return lose === what || lose === 'both'
}

function applyChild (world: World, seen: ChildVersion, wanted: Child | undefined): ChildWrite {
  if (seen.object?.metadata.deletionTimestamp) return 'none'
  if (!wanted) return seen.object ? deleteChild(world, seen.object) : 'none'
  const desired = withSelector(wanted)
  return seen.object ? updateChild(world, seen, desired) : createChild(world, desired)
}

/** generateSelector puts the parent's uid on every child. */
function withSelector (wanted: Child): Child {
  return { ...wanted, metadata: { ...wanted.metadata, labels: { ...wanted.metadata.labels, 'controller-uid': 'uid-parent' } } }
}

/** A deletion carries the observed uid: it hits the same object however old the reading, and never another. */
function deleteChild (world: World, seen: KubeObject): ChildWrite {
  const newest = newestChild(world)
  if (!newest || newest.metadata.uid !== seen.metadata.uid) return 'conflict'
  writeChild(world, WRITER, {})
  return 'deleted'
}

function createChild (world: World, desired: Child): ChildWrite {
  if (newestChild(world)) return 'exists'
  if (!admitted(desired)) return 'refused'
  const metadata = {
    ...desired.metadata,
    namespace: desired.metadata.namespace ?? 'models',
    uid: `uid-child-${++world.serial}`,
    generation: 1,
    creationTimestamp: formatInstant(world.now)
  }
  writeChild(world, WRITER, { object: { ...desired, metadata }, lastApplied: desired })
  return 'created'
}

function updateChild (world: World, seen: ChildVersion, desired: Child): ChildWrite {
  const observed = seen.object as KubeObject
  const merged = mergeApply(observed, (seen.lastApplied ?? {}) as Record<string, unknown>, desired as Record<string, unknown>) as KubeObject
  // Fields that the server owns are put back before comparing and writing.
  const { labels, annotations } = merged.metadata
  const object: KubeObject = { ...merged, metadata: { ...observed.metadata, ...(labels && { labels }), ...(annotations && { annotations }) } }
  if (deepEqual(object, observed)) return 'none'
  if (newestChild(world) !== observed) return 'conflict'
  if (!admitted(object)) return 'refused'
  const generation = (observed.metadata.generation ?? 0) + (deepEqual(object.spec, observed.spec) ? 0 : 1)
  writeChild(world, WRITER, { object: { ...object, metadata: { ...object.metadata, generation } }, lastApplied: desired })
  return 'updated'
}

/** Seldon's validating webhook: names are unique, shares sum to 100, one predictor alone has 100 or says nothing. */
function admitted (object: { [field: string]: unknown }): boolean {
  const predictors = predictorsOf(object as KubeObject)
  const names = new Set(predictors.map(({ name }) => name))
  if (predictors.length === 0 || names.size < predictors.length) return false
  const sum = predictors.reduce((total, { traffic }) => total + (traffic ?? 0), 0)
  return sum === 100 || (predictors.length === 1 && predictors[0]?.traffic === undefined)
}

/** An uncached read, and a write when it differs: an answer computed from old readings lands all the same. */
function applyStatus (world: World, request: SyncRequest<Spec, Status>, answer: Status): 'none' | 'written' {
  const status = { ...answer, observedGeneration: request.parent.metadata.generation ?? 0 }
  if (deepEqual(status, newestParent(world).status)) return 'none'
  writeParent(world, STATUS_WRITER, { status })
  return 'written'
}
