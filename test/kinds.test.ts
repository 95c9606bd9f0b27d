// The contract of every kind, checked on every golden input: a pure function of a frozen request, whose answer the API server and
// Metacontroller take as it is, and which comes to rest when its own answers are fed back to it.
import t from 'tap'
import { Value } from '@sinclair/typebox/value'
import deepEqual from 'fast-deep-equal'
import { answerSync } from '../hooks/core/answer.ts'
import type { Kind } from '../hooks/core/kind.ts'
import { objectMapKey, type Child, type KubeObject, type ObjectMap, type SyncRequest, type SyncResponse } from '../hooks/core/request.ts'
import { kinds } from '../hooks/kinds.ts'
import { crdProblems } from './helpers/crd-validation.ts'
import { deepFreeze } from './helpers/deep-freeze.ts'
import { mergeApply } from './helpers/rollout-world/merge.ts'
import { findScenarios } from './helpers/scenarios.ts'

/** More decisions than any state takes before it has to wait for somebody. */
const ROUNDS = 12

t.test('every kind has golden life stories', async (t) => {
  const told = new Set(findScenarios().map(({ kind }) => kind.resource.kind))
  t.same(kinds.map(({ resource }) => resource.kind).filter((kind) => !told.has(kind)), [])
})

for (const { kind, name, input } of findScenarios()) {
  t.test(`${kind.resource.kind} ${name}`, async (t) => {
    const request = deepFreeze(input)
    const answer = answerSync(kind, request)
    t.equal(JSON.stringify(answerSync(kind, structuredClone(input))), JSON.stringify(answer), 'the same request gets the same bytes')
    t.same(undeclared(kind, request, answer), [], 'only declared children that the controller lists')
    t.same(answer.children.map(({ metadata }) => metadata.name).filter((child) => child.length > 63 || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(child)), [], 'names are DNS names of at most 63 characters')
    t.same(answer.children.filter(({ metadata }) => (metadata.namespace === undefined) === (kind.resource.scope === 'Namespaced')), [], 'namespace is there or not as the scope demands')
    for (const child of answer.children) t.same(problemsOf(child), [], `${child.kind} ${child.metadata.name} is valid against its CRD`)
    t.same([...Value.Errors(kind.status, answer.status)].map(({ path, message }) => `${path} ${message}`), [], 'the status is valid')
    t.ok(comesToRest(kind, request), 'fed back its own answers, it stops writing')
  })
}

function undeclared (kind: Kind, request: SyncRequest, { children }: SyncResponse): string[] {
  const listed = request.controller.spec?.childResources ?? []
  const isFine = ({ apiVersion, kind: childKind }: Child) => kind.children.some((entry) => entry.apiVersion === apiVersion && entry.kind === childKind &&
    listed.some((resource) => resource.apiVersion === apiVersion && resource.resource === entry.resource))
  return children.filter((child) => !isFine(child)).map((child) => `${child.kind} ${child.metadata.name}`)
}

function problemsOf (child: Child): string[] {
  return crdProblems(child) ?? [`no schema of ${child.kind} ${child.apiVersion} in test/crds to hold it against`]
}

/** Writes what the kind wants, as Metacontroller does, until nothing changes any more. Nobody else does anything. */
function comesToRest (kind: Kind, input: SyncRequest): boolean {
  let request = input
  for (let round = 0; round < ROUNDS; round++) {
    const next = feedBack(request, answerSync(kind, request))
    if (deepEqual(next, request)) return true
    request = deepFreeze(next)
  }
  return false
}

function feedBack (request: SyncRequest, { status, children }: SyncResponse): SyncRequest {
  const { parent } = request
  const reported = { ...status, observedGeneration: parent.metadata.generation }
  const kept: ObjectMap = Object.fromEntries(Object.keys(request.children).map((key) => [key, {}]))
  for (const child of children) {
    const key = objectMapKey(child.apiVersion, child.kind)
    const namespace = child.metadata.namespace ?? parent.metadata.namespace
    const name = namespace === undefined ? child.metadata.name : `${namespace}/${child.metadata.name}`
    kept[key] = { ...kept[key], [name]: applied(request, request.children[key]?.[name], child) }
  }
  return { ...request, parent: { ...parent, status: reported }, children: kept }
}

/** The observed object with what is wanted merged into it; what the server owns stays. Whatever was there before is taken as applied by us. */
function applied (request: SyncRequest, observed: KubeObject | undefined, child: Child): KubeObject {
  if (!observed) {
    return { ...child, metadata: { ...child.metadata, uid: `uid-${child.kind}-${child.metadata.name}`, ...request.parent.metadata.creationTimestamp && { creationTimestamp: request.parent.metadata.creationTimestamp } } }
  }
  const { status: _status, metadata: _metadata, ...owned } = observed
  const merged = mergeApply(observed, owned, child) as KubeObject
  return { ...merged, ...(observed.status !== undefined && { status: observed.status }), metadata: { ...observed.metadata, labels: { ...observed.metadata.labels, ...child.metadata.labels }, annotations: { ...observed.metadata.annotations, ...child.metadata.annotations } } }
}
