// The contract of every kind, checked on every golden input: a pure function of a frozen request, whose answer the API server and
// Metacontroller take as it is, and which comes to rest when its own answers are fed back to it.
import t from 'tap'
import { Value } from '@sinclair/typebox/value'
import { answerSync } from '../hooks/core/answer.ts'
import type { Kind } from '../hooks/core/kind.ts'
import type { Child, SyncRequest, SyncResponse } from '../hooks/core/request.ts'
import { kinds } from '../hooks/kinds.ts'
import { crdProblems } from './helpers/crd-validation.ts'
import { deepFreeze } from './helpers/deep-freeze.ts'
import { oracles } from './fuzz/properties/oracles.ts'
import { comesToRest } from './helpers/feed-back.ts'
import { findScenarios } from './helpers/scenarios.ts'

t.test('of every kind it is written down what must go on serving', async (t) => {
  t.same(Object.keys(oracles).sort(), kinds.map(({ resource }) => resource.kind).sort())
})

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
    t.same(answer.children.filter((child) => (child.metadata.namespace === undefined) !== isClusterScoped(kind, child)), [], 'namespace is there or not as the scope demands')
    for (const child of answer.children) t.same(problemsOf(child), [], `${child.kind} ${child.metadata.name} is valid against its CRD`)
    t.same([...Value.Errors(kind.status, answer.status)].map(({ path, message }) => `${path} ${message}`), [], 'the status is valid')
    const asPlain = JSON.parse(JSON.stringify({ request, answer })) as { request: Record<string, unknown>, answer: SyncResponse }
    t.doesNotThrow(() => answer.finalized || oracles[kind.resource.kind]?.(asPlain.request, asPlain.answer, false), 'what serves goes on serving')
    t.ok(comesToRest(kind, request), 'fed back its own answers, it stops writing')
  })
}

function isClusterScoped ({ children }: Kind, child: Child): boolean {
  return children.some(({ apiVersion, kind, scope }) => apiVersion === child.apiVersion && kind === child.kind && scope === 'Cluster')
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
