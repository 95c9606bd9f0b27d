// The API server accepts what it should and refuses the rest with a sentence that names the field: each rule and each limit of the CRD, one by one.
import { readdirSync, readFileSync } from 'node:fs'
import pLimit from 'p-limit'
import t from 'tap'
import { parse } from 'yaml'
import { chartOptionSets, renderChart, type Rendered } from './chart/render.ts'
import { broken, complaint, constraintsOf, valueAt, withValue, type Constraint, type Schema } from './constraints.ts'
import { openStage } from './stage.ts'

interface Crd { spec: { versions: Array<{ schema: { openAPIV3Schema: Schema } }> } }

const CRD = 'manifests/crds/mlflowmodels.yaml'
const SAMPLES = readdirSync('manifests/samples').map((name) => parse(readFileSync(`manifests/samples/${name}`, 'utf8')) as unknown)

/** Has a value wherever the schema constrains one. */
const COMPLETE = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'MlflowModel',
  metadata: { name: 'complete', namespace: 'default' },
  spec: {
    modelName: 'bank-churn',
    modelAlias: 'champion',
    monitoringInterval: 60,
    minioSecret: 'minio-rclone',
    registry: 'default',
    workspace: 'team',
    whenAliasMissing: 'Retain',
    serving: {
      backend: 'Seldon',
      replicas: 1,
      protocol: 'v2',
      resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } },
      modelUri: '{uri}',
      serviceAccountName: 'models',
      env: [{ name: 'PLAIN', value: '1' }],
      seldon: { implementation: 'MLFLOW_SERVER', annotations: {} }
    },
    rollout: { steps: [10, 50], approval: 'Automatic', paused: false, newVersion: 'Replace', progressDeadline: '10m', keepStable: '10m', keepFailed: '30s' },
    analysis: {
      enabled: true,
      provider: 'default',
      interval: '10s',
      checks: 6,
      initialDelay: '60s',
      window: '5m',
      minRequests: 20,
      proof: 'Harm',
      confidence: 0.95,
      failureLimit: 2,
      inconclusiveLimit: 60,
      errorLimit: 12,
      whenPaused: 'Hold',
      metrics: [{ name: 'drift', query: 'vector(0)', max: '0.2', maxIncrease: '5%', dryRun: true }]
    }
  }
}

const withSpec = (path: string, value: unknown) => withValue(COMPLETE, `spec.${path}`, value)
const named = (name: string) => withValue(COMPLETE, 'metadata.name', name)
const withMetric = (metric: object) => withSpec('analysis.metrics', [metric])
const REFERENCE = { name: 'keys', key: 'id' }

/** For each rule in CEL, by the beginning of its message: objects that break it. */
const RULES: Record<string, unknown[]> = {
  'metadata.name must be at most 40 characters': [named('a'.repeat(41)), named('1st'), named('a.b')],
  "modelAlias must not be 'latest'": [withSpec('modelAlias', 'Latest'), withSpec('modelAlias', 'v7')],
  'serving.env: a variable has both value and valueFrom': [withSpec('serving.env', [{ name: 'BOTH', value: '1', valueFrom: { secretKeyRef: REFERENCE } }])],
  'serving.env must not set MLSERVER_* variables': [withSpec('serving.env', [{ name: 'MLSERVER_HTTP_PORT', value: '1' }])],
  'serving.seldon.annotations: a key is a name': [withSpec('serving.seldon.annotations', { 'no key': '1' })],
  'rollout.steps must rise strictly': [withSpec('rollout.steps', [50, 10]), withSpec('rollout.steps', [10, 10])],
  'rollout.keepStable must be at least 2m': [withSpec('rollout.keepStable', '119s')],
  'analysis.interval must be at least 1s': [withSpec('analysis.interval', '999ms')],
  'analysis.window must be from 1m to 30m': [withSpec('analysis.window', '59s'), withSpec('analysis.window', '31m')],
  'a metric needs a limit': [withMetric({ name: 'error-rate' })],
  'a metric other than latency-p95, latency-mean and error-rate needs a query': [withMetric({ name: 'drift', max: '1' })],
  'the built-in metrics take no query': [withMetric({ name: 'error-rate', max: '1', query: 'vector(0)' })]
}

/** Rules that nothing can break yet, and why. */
const UNBREAKABLE: Record<string, string> = { 'serving.backend is immutable': 'there is one backend so far, so none to change to' }

/** Values that COMPLETE cannot have, for they exclude others. */
const ELSEWHERE: Record<string, unknown> = {
  'spec.serving.env[].valueFrom.secretKeyRef': withSpec('serving.env', [{ name: 'SECRET', valueFrom: { secretKeyRef: REFERENCE } }]),
  'spec.serving.env[].valueFrom.configMapKeyRef': withSpec('serving.env', [{ name: 'CONFIG', valueFrom: { configMapKeyRef: REFERENCE } }])
}

/** Kinds of others whose CRDs are not among ours. */
const NOT_HERE = ['cert-manager.io/v1']

const stage = await openStage(t)
if (stage) {
  const { kubectl } = stage.plane
  await kubectl(['apply', '--server-side', '-f', CRD])
  await kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/mlflowmodels.sluice.dev'])
  await kubectl(['create', 'namespace', 'models'])
  const { openAPIV3Schema: schema } = (parse(readFileSync(CRD, 'utf8')) as Crd).spec.versions[0]?.schema ?? { openAPIV3Schema: {} }
  const { properties = {}, ...whole } = schema
  const constraints = [...constraintsOf(whole, ''), ...constraintsOf(properties['spec'] ?? {}, 'spec')]
  const atOnce = pLimit(3)
  const apply = (object: unknown) => atOnce(() => kubectl(['apply', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) }).catch((error: Error) => error.message))

  await t.test('every sample is accepted, and so is the object that the bad ones are made from', async (t) => {
    const answers = await Promise.all([COMPLETE, ...Object.values(ELSEWHERE), ...SAMPLES].map(async (object) => await apply(object)))
    for (const answer of answers) t.match(answer, /^mlflowmodel.sluice.dev\/[\w-]+ (created|configured|unchanged) \(server dry run\)/)
  })

  await t.test('every rule refuses what it is there for, with its message', async (t) => {
    const messages = constraints.filter(({ keyword }) => keyword === 'rule').map(({ value }) => String(value))
    for (const message of messages) {
      const [start, examples] = Object.entries(RULES).find(([start]) => message.startsWith(start)) ?? []
      const why = Object.entries(UNBREAKABLE).find(([start]) => message.startsWith(start))?.[1]
      t.ok(examples ?? why, `there is an example for: ${message}`)
      for (const answer of await Promise.all((examples ?? []).map(apply))) t.ok(answer.includes(message), start ?? '', { answer })
    }
    t.strictSame(Object.keys({ ...RULES, ...UNBREAKABLE }).filter((start) => !messages.some((message) => message.startsWith(start))), [], 'no example is of a rule that is gone')
  })

  await t.test('every limit of a field refuses what is beyond it, and names field and limit', async (t) => {
    const limits = constraints.filter(({ keyword }) => keyword !== 'rule')
    t.ok(limits.length > 50, 'the schema was read')
    await Promise.all(limits.map(async (limit) => {
      const example = exampleOf(limit)
      const answer = await apply(example)
      t.match(answer, complaint(limit), `${limit.path}: ${limit.keyword} ${JSON.stringify(limit.value)}`)
      t.ok(answer.includes(fieldOf(limit)), `${limit.path} is named`, { answer })
    }))
  })

  await t.test('the chart with each of its option sets, the bundle and the kustomize base are accepted without a warning', async (t) => {
    const strictly = ['apply', '--dry-run=server', '--warnings-as-errors', '--server-side', '--force-conflicts']
    for (const { name, values } of [{ name: 'defaults', values: {} }, ...chartOptionSets()]) {
      const objects = (await renderChart(stage.programs.helm, values)).filter(({ apiVersion }) => !NOT_HERE.includes(apiVersion))
      await kubectl(['apply', '-f', '-'], { input: documents(namespacesOf(objects)) })
      await t.resolves(kubectl([...strictly, '-f', '-'], { input: documents(objects) }), name)
    }
    await t.resolves(kubectl([...strictly, '-f', 'manifests/install.yaml']), 'manifests/install.yaml')
    await t.resolves(kubectl([...strictly, '-k', 'manifests/base']), 'manifests/base')
  })

  await t.test('a field that does not exist is refused', async (t) => {
    t.match(await apply(withSpec('rollout.step', [10])), /unknown field "spec.rollout.step"/)
  })
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
function exampleOf (limit: Constraint): unknown {
  const [, base] = Object.entries(ELSEWHERE).find(([path]) => limit.path.startsWith(path)) ?? [undefined, COMPLETE]
  return withValue(base, limit.path, broken(limit, valueAt(base, limit.path)))
}

/** As the API server writes it: items by number; of values of a map the key. */
function fieldOf ({ path, keyword }: Constraint): string {
  return keyword === 'unique' ? `${path}[1]` : path.replaceAll('[]', '[0]').split('{}')[0] ?? path
}
