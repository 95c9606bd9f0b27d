// The generated files: the same bytes each time, and those in the repository are not stale.
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { kinds } from '../../hooks/kinds.ts'
import { makeCompositeController } from '../../manifests/generate/composite-controller.ts'
import { makeCrd } from '../../manifests/generate/crd.ts'
import { makeFiles } from '../../manifests/generate/files.ts'
import { makeRoles } from '../../manifests/generate/roles.ts'
import { greeting, planet } from '../fixtures/kinds/greeting.ts'

const files = makeFiles([greeting, planet], '1.0')

t.test('which files there are', async (t) => {
  t.strictSame([...files.keys()], ['manifests/crds/greetings.yaml', 'manifests/crds/planets.yaml', 'manifests/crds/kustomization.yaml', 'metacontroller/greetings.yaml', 'metacontroller/planets.yaml', 'metacontroller/kustomization.yaml', 'manifests/base/roles.yaml'])
})

t.test('they say what was made', async (t) => {
  t.strictSame(parse(files.get('manifests/crds/greetings.yaml') ?? ''), makeCrd(greeting))
  t.strictSame(parse(files.get('metacontroller/greetings.yaml') ?? ''), makeCompositeController(greeting, { url: 'http://sluice-hooks.sluice-system.svc:8080', v: '1.0' }))
  t.strictSame(parse(files.get('metacontroller/kustomization.yaml') ?? ''), { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: ['greetings.yaml', 'planets.yaml'] })
  t.strictSame(parseAllDocuments(files.get('manifests/base/roles.yaml') ?? '').map((document) => document.toJSON() as unknown), makeRoles([greeting, planet]))
})

t.test('each begins with a warning, and optional children carry a note', async (t) => {
  for (const [file, text] of files) t.match(text, /^# Generated from hooks\/ by `npm run generate`; edits are lost\.\n/, file)
  t.match(files.get('metacontroller/greetings.yaml'), /# Remove this entry where Job is not installed: .*\n {4}- apiVersion: batch\/v1\n/)
})

t.test('the same kinds give the same bytes', async (t) => {
  t.strictSame([...makeFiles([greeting, planet], '1.0')], [...files])
})

t.test('text that older YAML takes for a boolean is quoted', async (t) => {
  const kind = { ...greeting, resource: { ...greeting.resource, description: 'on', shortNames: ['y', 'no'] } }
  const text = makeFiles([kind], '1').get('manifests/crds/greetings.yaml') ?? ''
  t.match(text, /description: "on"/)
  t.match(text, /- "y"\n\s+- "no"/)
})

t.test('people may read and write by the roles they have; Metacontroller may do what it must', async (t) => {
  t.strictSame(makeRoles([greeting, planet]), [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'sluice-view', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }, rules: [{ apiGroups: ['sluice.dev'], resources: ['greetings', 'planets'], verbs: ['get', 'list', 'watch'] }] },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'sluice-edit', labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true', 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' } },
      rules: [{ apiGroups: ['sluice.dev'], resources: ['greetings'], verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] }]
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'sluice-metacontroller' },
      rules: [
        { apiGroups: ['sluice.dev'], resources: ['greetings', 'planets'], verbs: ['get', 'list', 'watch', 'update', 'patch'] },
        { apiGroups: ['sluice.dev'], resources: ['greetings/status', 'greetings/finalizers', 'planets/status', 'planets/finalizers'], verbs: ['update', 'patch'] },
        { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'] },
        { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'] }
      ]
    }
  ])
})

t.test('the files in the repository are those that the kinds give', async (t) => {
  const run = promisify(execFile)(process.execPath, [path.join(import.meta.dirname, '../../manifests/generate/main.ts'), '--check'])
  const { stderr } = await run.catch((error: { stderr: string }) => error)
  t.equal(stderr, '')
})

t.test('every kind is in the registry once', async (t) => {
  for (const name of ['kind', 'plural', 'singular'] as const) t.equal(new Set(kinds.map(({ resource }) => resource[name])).size, kinds.length, name)
})
