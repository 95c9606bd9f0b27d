// The API server accepts what it should and refuses the rest with a sentence that names the field: each rule and each limit of the CRD, one by one.
import { readdirSync, readFileSync } from 'node:fs'
import pLimit from 'p-limit'
import t from 'tap'
import { parse } from 'yaml'
import { chartOptionSets, renderChart, type Rendered } from './chart/render.ts'
import { commandOf } from './commands.ts'
import { kinds } from '../../hooks/kinds.ts'
import type { Examples } from './admission/examples.ts'
import { mlflow } from './admission/mlflow.ts'
import { mlModel } from './admission/ml-model.ts'
import { mlflowModel } from './admission/mlflow-model.ts'
import { modelDeployment } from './admission/model-deployment.ts'
import { broken, complaint, constraintsOf, valueAt, withValue, type Constraint, type Schema } from './constraints.ts'
import { openStage } from './stage.ts'

interface Crd { metadata: { name: string }, spec: { versions: Array<{ schema: { openAPIV3Schema: Schema } }> } }

/** Asks the API server to take an object, without making it; resolves with what it says. */
type Apply = (object: unknown) => Promise<string>
type Placed = { apiVersion: string, kind: string, metadata: { namespace?: string } }

const SAMPLES = readdirSync('manifests/samples').map((name) => parse(readFileSync(`manifests/samples/${name}`, 'utf8')) as { kind: string })

/** Adding a kind takes its line here. */
const KINDS: Examples[] = [mlflowModel, mlModel, modelDeployment, mlflow]

/** Kinds of others whose CRDs are not among ours. */
const NOT_HERE = ['cert-manager.io/v1']

const stage = await openStage(t)
if (stage) {
  const { api, kubectl } = stage.plane
  const atOnce = pLimit(3)
  const apply: Apply = (object) => atOnce(() => kubectl(['apply', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) }).catch((error: Error) => error.message))
  // What kubectl would be told, without starting it a thousand times.
  const post: Apply = (object) => atOnce(async () => {
    const answer = await api.fetch(`${pathOf(object as Placed)}?dryRun=All&fieldValidation=Strict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(object) })
    const { message = '' } = await answer.json() as { message?: string }
    return answer.ok ? 'accepted' : message
  })
  await kubectl(['create', 'namespace', 'models'])
  for (const { crd } of KINDS) await kubectl(['apply', '--server-side', '-f', crd])
  await kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...KINDS.map(({ crd }) => `crd/${readCrd(crd).metadata.name}`)])
  t.strictSame(KINDS.map(({ complete }) => (complete as { kind: string }).kind).sort(), kinds.map(({ resource }) => resource.kind).sort(), 'every kind has its examples')
  for (const examples of KINDS) await admit(examples, apply, post)

  await t.test('the chart with each of its option sets, the bundle, the kustomize base and its overlays are accepted without a warning', async (t) => {
    const strictly = ['apply', '--dry-run=server', '--warnings-as-errors', '--server-side', '--force-conflicts']
    for (const { name, values } of [{ name: 'defaults', values: {} }, ...chartOptionSets()]) {
      const objects = (await renderChart(stage.programs.helm, values)).filter(({ apiVersion }) => !NOT_HERE.includes(apiVersion))
      await kubectl(['apply', '-f', '-'], { input: documents(namespacesOf(objects)) })
      await t.resolves(kubectl([...strictly, '-f', '-'], { input: documents(objects) }), name)
    }
    await t.resolves(kubectl([...strictly, '-f', 'manifests/install.yaml']), 'manifests/install.yaml')
    await t.resolves(kubectl([...strictly, '-k', 'manifests/base']), 'manifests/base')
    for (const overlay of ['odh', 'rhoai']) await t.resolves(kubectl([...strictly, '-k', `manifests/overlays/${overlay}`]), overlay)
  })

  await t.test('what deploy:kind would apply is accepted, for each combination of stores, where only restricted pods are let in', async (t) => {
    await kubectl(['apply', '-f', '-'], { input: documents(namespacesOf([{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'any', namespace: 'mlflow' } }])) })
    for (const [database, storage] of [['sqlite', 'file'], ['postgres', 'file'], ['sqlite', 's3'], ['postgres', 's3']] as const) {
      const rendered = await commandOf(process.execPath, {})(['manifests/deploy/kind.ts', '--render', '--backend-store', database, '--artifact-storage', storage])
      await t.resolves(kubectl(['apply', '--dry-run=server', '--warnings-as-errors', '--server-side', '--force-conflicts', '-f', '-'], { input: rendered }), `${database}, ${storage}`)
    }
  })

  await t.test('a field that does not exist is refused', async (t) => {
    t.match(await apply(withValue(mlflowModel.complete, 'spec.rollout.step', [10])), /unknown field "spec.rollout.step"/)
  })
}

async function admit ({ crd, complete, rules, unbreakable, elsewhere }: Examples, apply: Apply, post: Apply): Promise<void> {
  const { kind } = complete as { kind: string }
  const { openAPIV3Schema: schema } = readCrd(crd).spec.versions[0]?.schema ?? { openAPIV3Schema: {} }
  const { properties = {}, ...whole } = schema
  const constraints = [...constraintsOf(whole, ''), ...constraintsOf(properties['spec'] ?? {}, 'spec')]

  await t.test(`${kind}: every sample is accepted, and so is the object that the bad ones are made from`, async (t) => {
    const samples = SAMPLES.filter((sample) => sample.kind === kind)
    t.ok(samples.length > 0, 'there are samples')
    const answers = await Promise.all([complete, ...Object.values(elsewhere), ...samples].map(apply))
    for (const answer of answers) t.match(answer, new RegExp(`^${kind.toLowerCase()}.sluice.dev/[\\w-]+ (created|configured|unchanged) \\(server dry run\\)`))
  })

  await t.test(`${kind}: every rule refuses what it is there for, with its message`, async (t) => {
    const messages = constraints.filter(({ keyword }) => keyword === 'rule').map(({ value }) => String(value))
    for (const message of messages) {
      const [start, examples] = Object.entries(rules).find(([start]) => message.startsWith(start)) ?? []
      const why = Object.entries(unbreakable).find(([start]) => message.startsWith(start))?.[1]
      t.ok(examples ?? why, `there is an example for: ${message}`)
      for (const answer of await Promise.all((examples ?? []).map(post))) t.ok(answer.includes(message), start ?? '', { answer })
    }
    t.strictSame(Object.keys({ ...rules, ...unbreakable }).filter((start) => !messages.some((message) => message.startsWith(start))), [], 'no example is of a rule that is gone')
  })

  await t.test(`${kind}: every limit of a field refuses what is beyond it, and names field and limit`, async (t) => {
    const limits = constraints.filter(({ keyword }) => keyword !== 'rule')
    t.ok(limits.length > 50, 'the schema was read')
    await Promise.all(limits.map(async (limit) => {
      const answer = await post(exampleOf(limit, { complete, elsewhere }))
      t.match(answer, complaint(limit), `${limit.path}: ${limit.keyword} ${JSON.stringify(limit.value)}`)
      t.ok(answer.includes(fieldOf(limit)), `${limit.path} is named`, { answer })
    }))
  })
}

/** Where objects of its kind are. */
function pathOf ({ apiVersion, kind, metadata: { namespace } }: Placed): string {
  const plural = kinds.find(({ resource }) => resource.kind === kind)?.resource.plural ?? ''
  return namespace === undefined ? `/apis/${apiVersion}/${plural}` : `/apis/${apiVersion}/namespaces/${namespace}/${plural}`
}

function readCrd (file: string): Crd {
  return parse(readFileSync(file, 'utf8')) as Crd
}

function documents (objects: object[]): string {
  return objects.map((object) => JSON.stringify(object)).join('\n---\n')
}

/** What objects lie in has to be there, and asks for what the bundle's own namespace asks of pods. */
function namespacesOf (objects: Rendered[]): object[] {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' }
  const names = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))
  return [...names].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }))
}

/** An object that meets all demands but this one. */
function exampleOf (limit: Constraint, { complete, elsewhere }: Pick<Examples, 'complete' | 'elsewhere'>): unknown {
  const [, base] = Object.entries(elsewhere).find(([path]) => limit.path.startsWith(path)) ?? [undefined, complete]
  return withValue(base, limit.path, broken(limit, valueAt(base, limit.path)))
}

/** As the API server writes it: items by number; of values of a map the key. */
function fieldOf ({ path, keyword }: Constraint): string {
  return keyword === 'unique' ? `${path}[1]` : path.replaceAll('[]', '[0]').split('{}')[0] ?? path
}
