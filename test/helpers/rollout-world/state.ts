// The state of the abstract world: the API server's histories, Seldon's pods and router, the registry, and what people have done.
// Plain data: a world is cloned for a search and printed when something goes wrong.
import { Value } from '@sinclair/typebox/value'
import type { Child, KubeObject, Parent } from '../../../hooks/core/request.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { Spec, type Status } from '../../../hooks/mlflow-model/schema.ts'
import { deepFreeze } from '../deep-freeze.ts'
import { emptyGhost, type Ghost } from './ghost.ts'

/** Two lives of one registered model: 1b is version 1 of a model that was deleted and created again. */
export const VERSIONS = {
  '1a': { version: '1', createdAt: '2026-01-05T10:00:00.125Z', uri: 's3://models/churn/1' },
  '2a': { version: '2', createdAt: '2026-01-06T11:30:00.250Z', uri: 's3://models/churn/2' },
  '3a': { version: '3', createdAt: '2026-01-07T12:45:00.500Z', uri: 's3://models/churn/3' },
  '1b': { version: '1', createdAt: '2026-02-02T09:15:00.750Z', uri: 's3://models/churn-again/1' }
} as const
export type VersionName = keyof typeof VERSIONS
export const VERSION_NAMES = Object.keys(VERSIONS) as VersionName[]

export type WorldParent = Parent<Spec, Status>

/** One stored version of the child, with what Metacontroller last applied to it. `object` is undefined after a deletion. */
export type ChildVersion = { object?: KubeObject, lastApplied?: Child }

/** A Deployment of Seldon's. `template` is everything whose change restarts its pods. */
export type Deployment = { replicas: number, available: number, template: string, unreadySince: number }

export type SeldonState = {
  /** The object that all of this belongs to: what is made again under the same name begins with nothing. */
  owner?: string
  deployments: Record<string, Deployment>
  /** Shares of real requests by predictor: what the router does, whatever anybody wants. */
  routed: Record<string, number>
  /** The router takes no new shares: its condition stays False. */
  jammed: boolean
  /** Predictors whose pods were restarted by an edit of their template. */
  restarted: string[]
}

export type RegistryState = { state: 'Found', version: VersionName } | { state: 'AliasMissing' | 'ModelMissing' } | { state: 'NotReady', version: VersionName }

export type World = {
  /** Whole seconds of the API server's clock, the only one. */
  now: number
  /** Numbers resourceVersions and uids. */
  serial: number
  parents: WorldParent[]
  children: ChildVersion[]
  seldon: SeldonState
  registry: RegistryState
  /** Versions whose pods never get ready. */
  broken: VersionName[]
  /** Which condition the router reports through. Without one Seldon calls both routers undefined, or says nothing. */
  router: 'istioVirtualServicesReady' | 'AmbassadorMappingsReady' | 'undefined' | 'absent'
  ghost: Ghost
}

/** How many versions of each object a stale cache may go back to. */
export const HISTORY = 6

export const START = 1_790_000_000

export type DeepPartial<T> = { [K in keyof T]?: T[K] extends unknown[] ? T[K] : T[K] extends object ? DeepPartial<T[K]> : T[K] }
export type SpecChange = DeepPartial<Spec>

/** Short waits and few checks, so that a walk gets far. */
export const QUICK: SpecChange = {
  modelName: 'bank-churn',
  modelAlias: 'champion',
  minioSecret: 'minio-rclone',
  rollout: { steps: [20, 60], progressDeadline: '2m', keepStable: '2m', keepFailed: '30s' },
  analysis: { interval: '1s', checks: 2, initialDelay: '0s', window: '1m', failureLimit: 1, inconclusiveLimit: 1, errorLimit: 1 }
}

/** A spec as the API server stores it: defaults filled in. */
export function makeSpec (...changes: SpecChange[]): Spec {
  const merged = changes.reduce<object>((spec, change) => overlay(spec, change), {})
  return Value.Default(Spec, structuredClone(merged)) as Spec
}

/** Lays `change` over `base`: objects merge, everything else replaces. */
export function overlay<T extends object> (base: T, change: object): T {
  const result: Record<string, unknown> = Object.fromEntries(Object.entries(base))
  for (const [key, value] of Object.entries(change)) {
    const old = result[key]
    result[key] = isPlain(value) && isPlain(old) ? overlay(old, value) : value
  }
  return result as T
}

function isPlain (value: unknown): value is object {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

export type WorldOptions = { spec?: SpecChange, router?: World['router'], alias?: VersionName }

/** A world in which somebody has just created the MlflowModel and nothing has looked at it. */
export function makeWorld ({ spec = {}, router = 'istioVirtualServicesReady', alias = '1a' }: WorldOptions = {}): World {
  const time = formatInstant(START)
  const parent: WorldParent = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'MlflowModel',
    metadata: {
      name: 'bank-churn',
      namespace: 'models',
      uid: 'uid-parent',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: time,
      managedFields: [{ manager: 'kubectl', operation: 'Update', time }]
    },
    spec: makeSpec(QUICK, spec)
  }
  return {
    now: START,
    serial: 1,
    parents: [deepFreeze(parent)],
    children: [{}],
    seldon: { deployments: {}, routed: {}, jammed: false, restarted: [] },
    registry: { state: 'Found', version: alias },
    broken: [],
    router,
    ghost: emptyGhost()
  }
}

/** A world that goes its own way from here; stored objects are shared, for they never change. */
export function cloneWorld (world: World): World {
  return {
    ...world,
    parents: [...world.parents],
    children: [...world.children],
    seldon: structuredClone(world.seldon),
    broken: [...world.broken],
    ghost: structuredClone(world.ghost)
  }
}

export function newestParent (world: World): WorldParent {
  return world.parents.at(-1) as WorldParent
}

export function newestChild (world: World): KubeObject | undefined {
  return world.children.at(-1)?.object
}

/** What a cache shows that is `age` versions behind. */
export function parentAt (world: World, age: number): WorldParent {
  return world.parents[Math.max(0, world.parents.length - 1 - age)] as WorldParent
}

export function childAt (world: World, age: number): ChildVersion {
  return world.children[Math.max(0, world.children.length - 1 - age)] as ChildVersion
}

/** Stores a new version of the parent as the API server does: generation counts spec changes, managedFields notes who wrote when. */
export function writeParent (world: World, writer: { manager: string, subresource?: string }, change: Partial<Pick<WorldParent, 'spec' | 'status'>> & { annotations?: Record<string, string>, status?: Partial<Status> | undefined }): void {
  const old = newestParent(world)
  const { annotations, ...fields } = change
  const metadata = {
    ...old.metadata,
    resourceVersion: String(++world.serial),
    generation: (old.metadata.generation ?? 0) + (fields.spec ? 1 : 0),
    managedFields: withWriter(old.metadata.managedFields ?? [], writer, world.now),
    ...(annotations && { annotations })
  }
  world.parents.push(deepFreeze({ ...old, ...fields, metadata }))
  if (world.parents.length > HISTORY) world.parents.shift()
}

/** Stores a new version of the child; `object` undefined deletes it. */
export function writeChild (world: World, writer: { manager: string, subresource?: string }, version: ChildVersion): void {
  const { object, lastApplied } = version
  const stored = object && {
    ...object,
    metadata: {
      ...object.metadata,
      resourceVersion: String(++world.serial),
      managedFields: withWriter(object.metadata.managedFields ?? [], writer, world.now)
    }
  }
  world.children.push({ ...(stored && { object: deepFreeze(stored) }), ...(stored && lastApplied && { lastApplied }) })
  if (world.children.length > HISTORY) world.children.shift()
}

type ManagedFields = NonNullable<WorldParent['metadata']['managedFields']>

function withWriter (fields: ManagedFields, { manager, subresource }: { manager: string, subresource?: string }, now: number): ManagedFields {
  const others = fields.filter((entry) => entry.manager !== manager || entry.subresource !== subresource)
  return [...others, { manager, operation: 'Update', time: formatInstant(now), ...(subresource && { subresource }) }]
}
