// Whatever spec the CRD admits, and some that it does not, gets an answer: an error in the middle of a rollout would leave weights where they are.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { answerSync, SPEC_ACCEPTED } from '../../hooks/core/answer.ts'
import { UnprocessableError } from '../../hooks/core/kind.ts'
import type { SyncRequest } from '../../hooks/core/request.ts'
import type { Condition } from '../../hooks/core/schema.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'

/** A check has just failed: the way back is due in this very sync. */
const FAILING = 'test/fixtures/mlflow-model/14-failed-analysis/input.yaml'
const IDLE = 'test/fixtures/mlflow-model/06-serving/input.yaml'

const read = (file: string) => parse(readFileSync(file, 'utf8')) as SyncRequest
const withSpec = (request: SyncRequest, change: object): SyncRequest => ({ ...request, parent: { ...request.parent, spec: { ...request.parent.spec as object, ...change } } })

const quantities = fc.option(fc.dictionary(fc.constantFrom('cpu', 'memory', 'nvidia.com/gpu'), fc.constantFrom<string | number>('500m', '1Gi', 2)), { nil: undefined })
const span = fc.constantFrom('0s', '500ms', '30500ms', '1h30m', '9999999h')
const variable = fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: fc.option(fc.string(), { nil: undefined }), valueFrom: fc.option(fc.constantFrom({}, { secretKeyRef: { name: 's', key: 'k' } }), { nil: undefined }) }, { requiredKeys: ['name'] })
const spec = fc.record({
  minioSecret: fc.constantFrom('', 'minio'),
  serving: fc.record({
    replicas: fc.integer({ min: 1, max: 5 }),
    resources: fc.record({ requests: quantities, limits: quantities }, { requiredKeys: [] }),
    env: fc.uniqueArray(variable, { selector: ({ name }) => name }),
    modelUri: fc.constantFrom('', '{uri}', 's3://fixed/{name}/{version}'),
    seldon: fc.record({ annotations: fc.dictionary(fc.constantFrom('seldon.io/istio-gateway', '__proto__', 'constructor'), fc.string()) }, { requiredKeys: [] })
  }, { requiredKeys: [] }),
  rollout: fc.record({ steps: fc.constantFrom([], [1], [10, 50, 100], [60, 80]), approval: fc.constantFrom('Automatic', 'Manual'), paused: fc.boolean(), newVersion: fc.constantFrom('Replace', 'Queue'), progressDeadline: span, keepFailed: span }, { requiredKeys: [] }),
  analysis: fc.record({ enabled: fc.boolean(), failureLimit: fc.integer({ min: 0, max: 3 }), whenPaused: fc.constantFrom('Hold', 'Rollback', 'Promote') }, { requiredKeys: [] })
}, { requiredKeys: [] })

t.test('every spec that the CRD admits gets an answer with the serving object in it', async (t) => {
  const requests = [read(FAILING), read(IDLE)]
  fc.assert(fc.property(spec, fc.nat({ max: 1 }), (change, which) => {
    const request = requests[which] as SyncRequest
    const clean = JSON.parse(JSON.stringify(change)) as object
    return answerSync(mlflowModel, withSpec(request, clean)).children.length === 1
  }), { numRuns: 500 })
  t.pass('500 specs')
})

t.test('a canary that has failed loses its traffic even when the spec cannot be honoured', async (t) => {
  for (const change of [{ modelName: '' }, { modelAlias: undefined }, { modelName: 7 }]) {
    const { children, status } = answerSync(mlflowModel, withSpec(read(FAILING), change))
    const predictors = (children[0]?.spec as { predictors: Array<{ traffic: number }> }).predictors
    t.same(predictors.map(({ traffic }) => traffic), [100, 0], JSON.stringify(change))
    const accepted = (status as { conditions: Condition[] }).conditions.find(({ type }) => type === SPEC_ACCEPTED)
    t.equal(accepted?.status, 'False', 'and the status says so')
  }
})

t.test('without a rollout such a spec is refused, and everything stays as it is', async (t) => {
  t.throws(() => answerSync(mlflowModel, withSpec(read(IDLE), { modelName: '' })), UnprocessableError)
})

t.test('a deadline with parts of a second never makes memory that cannot be read back', async (t) => {
  const request = read('test/fixtures/mlflow-model/08-new-version-loading/input.yaml')
  const paused = answerSync(mlflowModel, withSpec(request, { rollout: { paused: true, progressDeadline: '30500ms' } }))
  const state = (paused.children[0]?.metadata.annotations ?? {})['sluice.dev/state'] ?? '{}'
  t.ok(Number.isInteger((JSON.parse(state) as { rollout: { deadlineLeft?: number } }).rollout.deadlineLeft ?? 0))
})
