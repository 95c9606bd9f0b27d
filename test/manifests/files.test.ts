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
import { greeting, planet } from '../fixtures/kinds/greeting.ts'

const files = makeFiles([greeting, planet], '1.0')
const read = (file: string) => files.get(file) ?? ''
const readAll = (file: string) => parseAllDocuments(read(file)).map((document) => document.toJSON() as { kind: string, metadata: { name: string } })

t.test('which files there are', async (t) => {
  t.strictSame([...files.keys()], [
    'manifests/crds/greetings.yaml', 'manifests/crds/planets.yaml', 'manifests/crds/kustomization.yaml',
    'metacontroller/greetings.yaml', 'metacontroller/planets.yaml', 'metacontroller/kustomization.yaml',
    ...['namespace', 'access-poller', 'access-people', 'access-metacontroller', 'access-mlflow', 'admission-policy', 'config', 'deployment', 'service', 'disruption-budget', 'network-policy', 'kustomization'].map((name) => `manifests/base/${name}.yaml`),
    'manifests/overlays/odh/kustomization.yaml', 'manifests/overlays/rhoai/kustomization.yaml', 'manifests/install.yaml',
    'charts/sluice/files/crds/greetings.yaml', 'charts/sluice/files/crds/planets.yaml', 'charts/sluice/Chart.yaml', 'charts/sluice/files/access.yaml', 'charts/sluice/files/controllers.yaml', 'charts/sluice/files/mlflow-config-crd.yaml', 'charts/sluice/files/facts-policy.yaml',
    'charts/sluice/values.yaml', 'charts/sluice/values.schema.json', 'charts/sluice/VALUES.md'
  ])
})

t.test('they say what was made', async (t) => {
  t.strictSame(parse(read('manifests/crds/greetings.yaml')), makeCrd(greeting))
  t.strictSame(parse(read('metacontroller/greetings.yaml')), makeCompositeController(greeting, { url: 'http://sluice.sluice-system.svc:8080', v: '1.0' }))
  t.strictSame(parse(read('metacontroller/kustomization.yaml')), { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: ['greetings.yaml', 'planets.yaml'] })
  t.strictSame(parse(read('manifests/base/kustomization.yaml')).resources, ['../crds', '../../metacontroller', 'namespace.yaml', 'access-poller.yaml', 'access-people.yaml', 'access-metacontroller.yaml', 'access-mlflow.yaml', 'admission-policy.yaml', 'config.yaml', 'deployment.yaml', 'service.yaml', 'disruption-budget.yaml', 'network-policy.yaml'])
  t.equal(read('charts/sluice/files/crds/planets.yaml'), read('manifests/crds/planets.yaml'))
})

t.test('the bundle is all of it, each object once, in an order in which it can be applied', async (t) => {
  const base = [...files.keys()].filter((file) => file.startsWith('manifests/base/') && !file.endsWith('kustomization.yaml')).flatMap(readAll)
  const [namespace, ...others] = base
  t.strictSame(readAll('manifests/install.yaml'), [
    namespace, ...['greetings', 'planets'].flatMap((plural) => readAll(`manifests/crds/${plural}.yaml`)), ...others, ...['greetings', 'planets'].flatMap((plural) => readAll(`metacontroller/${plural}.yaml`))
  ])
})

t.test('each begins with a warning, and optional children carry a note', async (t) => {
  for (const [file, text] of files) if (file.endsWith('.yaml')) t.match(text, /^#[^\n]*(\n#[^\n]*)*enerated by `npm run generate`[^\n]*; edits are lost\.\n/, file)
  t.match(read('metacontroller/greetings.yaml'), /# Remove this entry where Job is not installed: .*\n {4}- apiVersion: batch\/v1\n/)
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

t.test('the files in the repository are those that the kinds give', async (t) => {
  const run = promisify(execFile)(process.execPath, [path.join(import.meta.dirname, '../../manifests/generate/main.ts'), '--check'])
  const { stderr } = await run.catch((error: { stderr: string }) => error)
  t.equal(stderr, '')
})

t.test('every kind is in the registry once', async (t) => {
  for (const name of ['kind', 'plural', 'singular'] as const) t.equal(new Set(kinds.map(({ resource }) => resource[name])).size, kinds.length, name)
})
