import t from 'tap'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { createMetrics, type Metrics } from '../../../poller/metrics.ts'
import { sizeOf } from '../../../poller/served/object.ts'
import { at, T0 } from '../../helpers/poller-model.ts'

const make = (): Metrics => createMetrics({ monotonic: () => 0, objects: () => ({}), processMetrics: false })

/** The series of these metrics that are not zero, but for the buckets. */
async function series (metrics: Metrics, pattern: RegExp): Promise<string[]> {
  return (await metrics.render()).split('\n').filter((line) => pattern.test(line) && !line.startsWith('#') && !line.includes('_bucket') && !line.endsWith(' 0'))
}

const object = (kind: string, status: object, name = 'churn'): KubeObject => ({ apiVersion: 'sluice.dev/v1alpha1', kind, metadata: { name, namespace: 'models', uid: `u-${name}` }, spec: {}, status })
const condition = (type: string, status: string, reason: string, when: number) => ({ type, status, reason, lastTransitionTime: at(when) })

/** An MLModel whose wish began at 0: what is downloaded, and whether it serves. */
const model = (downloaded: [string, string, number], progressing: [string, string, number], attempt = 1) => object('MLModel', { phase: 'Downloading', attempt, conditions: [condition('Downloaded', ...downloaded), condition('Progressing', ...progressing)] })
const WANTED = model(['False', 'Downloading', 0], ['True', 'Downloading', 0])
const DOWNLOADED = model(['True', 'Complete', 40], ['True', 'Starting', 0])
const SETTLED = model(['True', 'Complete', 40], ['False', 'UpToDate', 70])
const FAILED = model(['False', 'NotFound', 0], ['False', 'NotFound', 30])

t.test('where an object stands is shown, and disappears with it', async (t) => {
  const { served, ...metrics } = make()
  const info = async () => await series({ served, ...metrics }, /sluice_object_info/)
  served.show(object('MLModel', { phase: 'Ready' }))
  served.show(object('ModelDeployment', {}, 'other'))
  t.same(await info(), ['sluice_object_info{kind="MLModel",namespace="models",name="churn",phase="Ready"} 1', 'sluice_object_info{kind="ModelDeployment",namespace="models",name="other",phase="Pending"} 1'])
  served.observe(object('MLModel', { phase: 'Ready' }), object('MLModel', { phase: 'Updating' }), T0)
  served.observe(object('ModelDeployment', {}, 'other'), undefined, T0)
  t.same(await info(), ['sluice_object_info{kind="MLModel",namespace="models",name="churn",phase="Updating"} 1'])
  served.forgetAll()
  t.same(await info(), [])
})

t.test('ModelDeployments that are created are counted, and not those that were there', async (t) => {
  const metrics = make()
  metrics.served.show(object('ModelDeployment', {}))
  metrics.served.observe(undefined, object('ModelDeployment', {}, 'new'), T0)
  metrics.served.observe(undefined, object('MLModel', {}, 'model'), T0)
  t.same(await series(metrics, /created/), ['model_deployments_created_total 1'])
})

t.test('downloads take from the wish to the end, and are counted once', async (t) => {
  const metrics = make()
  const { observe } = metrics.served
  observe(WANTED, DOWNLOADED, T0 + 45)
  observe(DOWNLOADED, WANTED, T0 + 46)
  observe(WANTED, DOWNLOADED, T0 + 47)
  observe(DOWNLOADED, SETTLED, T0 + 71)
  observe(SETTLED, SETTLED, T0 + 72)
  t.same(await series(metrics, /download_duration|time_to_ready/), [
    'sluice_download_duration_seconds_sum{outcome="success"} 40', 'sluice_download_duration_seconds_count{outcome="success"} 1',
    'sluice_time_to_ready_seconds_sum{kind="MLModel"} 70', 'sluice_time_to_ready_seconds_count{kind="MLModel"} 1'
  ])
})

t.test('a download that failed', async (t) => {
  const metrics = make()
  metrics.served.observe(WANTED, FAILED, T0 + 30)
  metrics.served.observe(FAILED, model(['False', 'AccessDenied', 0], ['False', 'AccessDenied', 30]), T0 + 31)
  t.same(await series(metrics, /download_duration|time_to_ready/), ['sluice_download_duration_seconds_sum{outcome="failure"} 30', 'sluice_download_duration_seconds_count{outcome="failure"} 1'])
})

const version = (attempt: number, since?: number) => ({ id: `a${attempt}`, attempt, version: `v${attempt}`, startedAt: at(0), ...(since !== undefined && { since: at(since) }) })
const validation = (attempt: number, outcome: string) => ({ attempt, outcome, startedAt: at(5), ...(outcome !== 'Running' && { finishedAt: at(25) }) })
const deployment = (status: object) => object('ModelDeployment', { phase: 'Validating', ...status })

t.test('validations are counted by how they end, once an attempt', async (t) => {
  const metrics = make()
  const { observe } = metrics.served
  t.match(await metrics.render(), /model_validations_total\{status="success"\} 0\n.*model_validations_total\{status="failure"\} 0/s, 'alerts need series that are there')
  const first = deployment({ attempt: 1, validation: validation(1, 'Running') })
  const failed = deployment({ attempt: 1, validation: validation(1, 'Failed') })
  const passed = deployment({ attempt: 2, validation: validation(2, 'Passed') })
  observe(deployment({ attempt: 1 }), first, T0)
  observe(first, failed, T0)
  observe(failed, first, T0)
  observe(first, failed, T0)
  // The second attempt was over before it was seen.
  observe(failed, passed, T0)
  observe(passed, object('ModelDeployment', {}), T0)
  observe(object('ModelDeployment', {}), passed, T0)
  t.same(await series(metrics, /validation/), [
    'model_validations_total{status="success"} 1', 'model_validations_total{status="failure"} 1',
    'sluice_validation_duration_seconds_sum{outcome="failure"} 20', 'sluice_validation_duration_seconds_count{outcome="failure"} 1',
    'sluice_validation_duration_seconds_sum{outcome="success"} 20', 'sluice_validation_duration_seconds_count{outcome="success"} 1'
  ])
})

t.test('a version that answers for the first time has taken a while, one that is taken back has not', async (t) => {
  const metrics = make()
  const { observe } = metrics.served
  const [one, two, back] = [{ active: version(1, 60) }, { active: version(2, 90) }, { active: version(1, 120) }].map((status) => deployment({ attempt: 2, ...status })) as [KubeObject, KubeObject, KubeObject]
  observe(deployment({ attempt: 1 }), one, T0)
  observe(one, two, T0)
  observe(two, back, T0)
  t.same(await series(metrics, /time_to_ready/), ['sluice_time_to_ready_seconds_sum{kind="ModelDeployment"} 150', 'sluice_time_to_ready_seconds_count{kind="ModelDeployment"} 2'])
})

t.test('sizes for people', async (t) => {
  t.same([0, 1, 1023, 1024, 1536, 2 ** 31, 3 * 2 ** 50].map(sizeOf), ['0 bytes', '1 bytes', '1023 bytes', '1 KiB', '1.5 KiB', '2 GiB', '3070 TiB'])
})
