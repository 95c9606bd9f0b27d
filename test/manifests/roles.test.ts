// Who may do what: people, Metacontroller, the poller.
import t from 'tap'
import { answerSync } from '../../hooks/core/answer.ts'
import type { Grant } from '../../hooks/core/kind.ts'
import { mlflow } from '../../hooks/mlflow/index.ts'
import { makeAccessData, makeControllerData } from '../../manifests/generate/chart/kinds-data.ts'
import { makeAccess } from '../../manifests/generate/roles.ts'
import { greeting, planet } from '../fixtures/kinds/greeting.ts'
import { requestFor } from '../helpers/requests.ts'

const READ = ['get', 'list', 'watch']
const access = makeAccess([greeting, planet])

t.test('people may read and write by the roles they have; cluster-scoped kinds are for administrators of the cluster', async (t) => {
  t.strictSame({ view: access.view, edit: access.edit }, {
    view: [{ apiGroups: ['sluice.dev'], resources: ['greetings', 'planets'], verbs: READ }],
    edit: [{ apiGroups: ['sluice.dev'], resources: ['greetings'], verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] }]
  })
})

t.test('Metacontroller may do what it must for itself, our kinds and their children; optional children are marked', async (t) => {
  const WRITE = [...READ, 'create', 'update', 'patch', 'delete']
  t.strictSame(access.metacontroller, [
    { rule: { apiGroups: ['metacontroller.k8s.io'], resources: ['compositecontrollers', 'controllerrevisions', 'decoratorcontrollers'], verbs: READ } },
    { rule: { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: READ } },
    { rule: { apiGroups: [''], resources: ['namespaces'], verbs: READ } },
    { rule: { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] } },
    { rule: { apiGroups: ['sluice.dev'], resources: ['greetings', 'planets'], verbs: [...READ, 'update', 'patch'] } },
    { rule: { apiGroups: ['sluice.dev'], resources: ['greetings/status', 'greetings/finalizers', 'planets/status', 'planets/finalizers'], verbs: ['update', 'patch'] } },
    { rule: { apiGroups: [''], resources: ['configmaps'], verbs: WRITE } },
    { capability: 'jobs', rule: { apiGroups: ['batch'], resources: ['jobs'], verbs: WRITE } }
  ])
})

t.test('it holds what Roles grant that it makes, for nobody may give away what he does not hold', async (t) => {
  const grants = [{ apiGroups: ['example.com'], resources: ['moons'], verbs: ['get'], resourceNames: ['io'] }]
  t.strictSame(makeAccess([{ ...planet, grants }]).metacontroller.at(-1), { rule: grants[0] })
})

t.test('whatever Roles of MLflow servers grant, Metacontroller holds', async (t) => {
  const spec = {
    backendStoreUri: 'sqlite:////mlflow/mlflow.db', storage: {}, garbageCollection: { schedule: '0 2 * * 0' }, traceArchival: { enabled: true, location: 's3://b/t', retention: '30d' }
  }
  const { children } = answerSync(mlflow, requestFor(mlflow, { spec, metadata: { name: 'mlflow' } })) as unknown as { children: Array<{ kind: string, metadata: { name: string }, rules?: Grant[] }> }
  const held = makeAccess([mlflow]).metacontroller.map(({ rule }) => rule)
  const granted = children.flatMap(({ kind, metadata: { name }, rules = [] }) => rules.map((rule) => ({ of: `${kind} ${name}`, rule })))
  t.strictSame([...new Set(granted.map(({ of }) => of))].toSorted(), ['ClusterRole mlflow', 'ClusterRole mlflow-gc', 'Role mlflow-claim'])
  for (const { of, rule } of granted) t.ok(singles(rule).every((one) => held.flatMap(singles).some((other) => covers(other, one))), `${of}: ${JSON.stringify(rule)}`)
})

interface Single { group: string, resource: string, verb: string, name: string | undefined }

/** Every single right of a rule. */
function singles ({ apiGroups, resources, verbs, resourceNames = [undefined] as never }: Grant): Single[] {
  const names: Array<string | undefined> = resourceNames
  return apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.flatMap((verb) => names.map((name) => ({ group, resource, verb, name })))))
}

function covers (held: Single, given: Single): boolean {
  return held.group === given.group && held.resource === given.resource && held.verb === given.verb && (held.name === undefined || held.name === given.name)
}

t.test('the poller may annotate what it watches, see its pods, write Events, and elect a leader by one lease', async (t) => {
  t.strictSame({ poller: access.poller, election: access.election }, {
    poller: [
      { apiGroups: ['sluice.dev'], resources: ['mlflowmodels', 'mlmodels', 'modeldeployments'], verbs: ['list', 'watch', 'patch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
      { apiGroups: ['sluice.dev'], resources: ['mlflows'], verbs: ['list', 'watch', 'patch'] }
    ],
    election: [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'update'], resourceNames: ['sluice-poller'] }
    ]
  })
})

t.test('a poller that keeps to one namespace needs no right elsewhere but for cluster-scoped kinds', async (t) => {
  t.strictSame(makeAccessData([greeting]).poller, { namespaced: access.poller.slice(0, -1), cluster: access.poller.slice(-1) })
})

t.test("the chart's data of a kind are its controller, with what values decide set apart", async (t) => {
  const hook = (name: string) => ({ name, version: 'v2', timeout: '10s', path: `/greetings/${name}` })
  t.strictSame(makeControllerData([greeting]), {
    controllers: [{
      name: 'sluice-greetings',
      spec: { parentResource: { apiVersion: 'sluice.dev/v1alpha1', resource: 'greetings' }, generateSelector: true, resyncPeriodSeconds: 300 },
      children: [
        { resource: { apiVersion: 'v1', resource: 'configmaps', updateStrategy: { method: 'InPlace' } } },
        { capability: 'jobs', resource: { apiVersion: 'batch/v1', resource: 'jobs', updateStrategy: { method: 'OnDelete' } } }
      ],
      hooks: [hook('sync'), hook('finalize'), hook('customize')]
    }]
  })
})
