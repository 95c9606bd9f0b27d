// Who may do what: people, Metacontroller, the poller.
import t from 'tap'
import { makeAccessData, makeControllerData } from '../../manifests/generate/chart/kinds-data.ts'
import { makeAccess } from '../../manifests/generate/roles.ts'
import { greeting, planet } from '../fixtures/kinds/greeting.ts'

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
