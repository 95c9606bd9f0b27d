// What Metacontroller is told.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { kinds } from '../../hooks/kinds.ts'
import { makeCompositeController } from '../../manifests/generate/composite-controller.ts'
import { greeting, planet } from '../fixtures/kinds/greeting.ts'

const options = { url: 'http://hooks:8080', v: '1.0+a&b' }

t.test('all hooks of a kind, in version v2, with the release in the address', async (t) => {
  const webhook = (hook: string) => ({ version: 'v2', webhook: { url: `http://hooks:8080/greetings/${hook}?v=1.0%2Ba%26b`, timeout: '10s' } })
  t.strictSame(makeCompositeController(greeting, options), {
    apiVersion: 'metacontroller.k8s.io/v1alpha1',
    kind: 'CompositeController',
    metadata: { name: 'sluice-greetings' },
    spec: {
      parentResource: { apiVersion: 'sluice.dev/v1alpha1', resource: 'greetings' },
      generateSelector: true,
      resyncPeriodSeconds: 300,
      childResources: [
        { apiVersion: 'v1', resource: 'configmaps', updateStrategy: { method: 'InPlace' } },
        { apiVersion: 'batch/v1', resource: 'jobs', updateStrategy: { method: 'OnDelete' } }
      ],
      hooks: { sync: webhook('sync'), finalize: webhook('finalize'), customize: webhook('customize') }
    }
  })
})

t.test('a hook that a kind has not is not asked: finalize would add a finalizer', async (t) => {
  const { spec } = makeCompositeController(planet, options) as { spec: { hooks: object } }
  t.strictSame(Object.keys(spec.hooks), ['sync'])
})

t.test('optional children are listed when they are installed', async (t) => {
  const listed = (capabilities?: string[]) => (makeCompositeController(greeting, { ...options, ...(capabilities && { capabilities }) }) as { spec: { childResources: Array<{ resource: string }> } }).spec.childResources.map(({ resource }) => resource)
  t.strictSame(listed([]), ['configmaps'])
  t.strictSame(listed(['other']), ['configmaps'])
  t.strictSame(listed(['jobs']), ['configmaps', 'jobs'])
  t.strictSame(listed(), ['configmaps', 'jobs'])
})

t.test("every controller fits Metacontroller's own CRD", async (t) => {
  const crd = parse(readFileSync(path.join(import.meta.dirname, '../crds/compositecontrollers.metacontroller.k8s.io.yaml'), 'utf8')) as { spec: { versions: [{ schema: { openAPIV3Schema: object } }] } }
  const check = new Ajv({ strict: false, validateFormats: false }).compile(crd.spec.versions[0].schema.openAPIV3Schema)
  for (const kind of [...kinds, greeting, planet]) t.ok(check(makeCompositeController(kind, options)), kind.resource.kind, { errors: check.errors })
})
