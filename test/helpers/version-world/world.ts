// A small cluster around one ModelDeployment: Metacontroller with caches that lag behind, controllers of Jobs and Deployments, an autoscaler, the poller,
// people who edit and lose things. Every move is data, so that a walk can be repeated.
import { answerSync } from '../../../hooks/core/answer.ts'
import type { PodsFact } from '../../../hooks/core/facts.ts'
import { API_VERSION } from '../../../hooks/core/kind.ts'
import { COMMANDS, FACTS } from '../../../hooks/core/labels.ts'
import { objectMapKey, type KubeObject, type ObjectMap, type SyncRequest, type SyncResponse } from '../../../hooks/core/request.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { modelDeployment } from '../../../hooks/model-deployment/index.ts'
import { deepFreeze } from '../deep-freeze.ts'
import { applyChild, deleteChild, objectsOf, openStore, type Mode, type Objects, type Store } from './store.ts'

export const KEYS = {
  job: 'Job.batch/v1',
  deployment: 'Deployment.apps/v1',
  service: 'Service.v1',
  autoscaler: 'HorizontalPodAutoscaler.autoscaling/v2'
} as const

type Json = Record<string, unknown>

export type World = {
  store: Store
  now: number
  generation: number
  spec: Json
  annotations: Record<string, string>
  /** What the poller would tell if it looked now. */
  pods: PodsFact
  status: Json | undefined
  /** Index into the history of each kind that the hook has seen last: caches never go back. */
  seen: Map<string, number>
  writes: Array<{ time: string, manager: string, subresource?: string }>
}

export const START = Date.parse('2026-11-02T09:00:00Z') / 1000

export function openWorld (spec: Json, mode: Mode = 'dynamic-apply'): World {
  const store = openStore(mode, 'models', Object.values(KEYS))
  return { store, now: START, generation: 1, spec, annotations: {}, pods: [], status: undefined, seen: new Map(), writes: [{ manager: 'kubectl', time: formatInstant(START) }] }
}

/** What the hook is sent. `lag`: how many states of each kind it is behind, as far as it has not seen more already. */
export function requestOf (world: World, lag = 0): SyncRequest {
  const children: ObjectMap = Object.fromEntries(Object.values(KEYS).map((key) => [key, keyed(world.store.namespace, sightOf(world, key, lag))]))
  return {
    controller: { metadata: { name: 'sluice-modeldeployments' }, spec: { childResources: modelDeployment.children.map(({ apiVersion, resource }) => ({ apiVersion, resource })) } },
    parent: {
      apiVersion: API_VERSION,
      kind: 'ModelDeployment',
      metadata: {
        name: 'churn',
        namespace: world.store.namespace,
        uid: 'uid-parent',
        generation: world.generation,
        creationTimestamp: formatInstant(START),
        managedFields: world.writes.map((write) => ({ operation: 'Update', ...write })),
        ...(Object.keys(world.annotations).length > 0 && { annotations: world.annotations })
      },
      spec: world.spec,
      ...(world.status && { status: world.status })
    },
    children,
    related: {},
    finalizing: false
  }
}

function sightOf (world: World, key: string, lag: number): Objects {
  const states = world.store.history.get(key) ?? []
  const index = Math.max(world.seen.get(key) ?? 0, states.length - 1 - lag)
  world.seen.set(key, index)
  return states[index] ?? {}
}

function keyed (namespace: string, objects: Objects): Record<string, KubeObject> {
  return Object.fromEntries(Object.entries(objects).map(([name, object]) => [`${namespace}/${name}`, object]))
}

export type Pass = { request: SyncRequest, answer: SyncResponse, changed: boolean }

/** One pass of Metacontroller: asks the hook, deletes, writes, and puts the status. */
export function pass (world: World, lag = 0): Pass {
  const request = deepFreeze(requestOf(world, lag))
  const answer = deepFreeze(answerSync(modelDeployment, request))
  const changes = [...deletions(world, request, answer), ...writes(world, request, answer)]
  const status = { ...answer.status, observedGeneration: world.generation }
  const told = JSON.stringify(status) !== JSON.stringify(world.status)
  if (told) {
    world.status = status
    noteWrite(world, 'metacontroller', 'status')
  }
  return { request, answer, changed: told || changes.includes(true) }
}

function deletions (world: World, request: SyncRequest, { children }: SyncResponse): boolean[] {
  const wanted = new Set(children.map(({ apiVersion, kind, metadata }) => `${objectMapKey(apiVersion, kind)} ${metadata.name}`))
  const observed = Object.entries(request.children).flatMap(([key, objects]) => Object.values(objects).map((object) => ({ key, object })))
  return observed.filter(({ key, object }) => !wanted.has(`${key} ${object.metadata.name}`)).map(({ object }) => deleteChild(world.store, object))
}

function writes (world: World, request: SyncRequest, { children }: SyncResponse): boolean[] {
  return children.map((child) => {
    const key = objectMapKey(child.apiVersion, child.kind)
    const seen = request.children[key]?.[`${world.store.namespace}/${child.metadata.name}`]
    const method = modelDeployment.children.find(({ kind }) => kind === child.kind)?.method ?? 'InPlace'
    return applyChild(world.store, child, { seen, method, now: world.now })
  })
}

/** Somebody writes the parent now. */
export function noteWrite (world: World, manager: string, subresource?: string): void {
  const others = world.writes.filter((write) => write.manager !== manager || write.subresource !== subresource)
  world.writes = [...others, { manager, time: formatInstant(world.now), ...(subresource !== undefined && { subresource }) }]
}

/** The poller writes what it sees. */
export function tellPods (world: World): void {
  annotate(world, 'sluice-poller', { [FACTS.pods]: JSON.stringify(world.pods.slice(0, 5)) })
}

export function tellTime (world: World): void {
  annotate(world, 'sluice-poller', { [FACTS.clock]: formatInstant(world.now) })
}

export function retry (world: World, value: string): void {
  annotate(world, 'kubectl', { [COMMANDS.retry]: value })
}

function annotate (world: World, manager: string, annotations: Record<string, string>): void {
  const next = { ...world.annotations, ...annotations }
  if (JSON.stringify(next) === JSON.stringify(world.annotations)) return
  world.annotations = next
  noteWrite(world, manager)
}

/** A person edits the spec. */
export function edit (world: World, fields: Json): void {
  world.spec = { ...world.spec, ...fields }
  world.generation += 1
  noteWrite(world, 'kubectl')
}

/** Actual objects of a kind, in the order of their making. */
export function all (world: World, key: string): KubeObject[] {
  return Object.values(objectsOf(world.store, key))
}

/** Who controls pods. */
export function ownerOf ({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`
}
