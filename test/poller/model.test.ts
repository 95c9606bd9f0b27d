import t from 'tap'
import type { KubeObject } from '../../hooks/core/request.ts'
import { createSlimModel, slimAny } from '../../poller/model.ts'
import { newEvents } from '../../poller/events.ts'
import { createShare } from '../../poller/sharing.ts'
import { dueClocks } from '../../poller/clock.ts'
import { FAILURE, model, STEPPING, T0 } from '../helpers/poller-model.ts'

/** An object with all that a cluster adds to it. */
function observed (): KubeObject {
  const object = model({ ...STEPPING, failedVersions: [FAILURE], nextDeadline: '2026-11-21T03:00:00Z', url: 'http://x', observedGeneration: 1 }, { registry: { version: '8', createdAt: '2026-11-08T00:00:00.000Z', uri: 's3://models/8' } })
  const { metadata } = object
  return { ...object, metadata: { ...metadata, resourceVersion: '7', creationTimestamp: '2026-11-01T00:00:00Z', labels: { a: 'b' }, managedFields: [{ manager: 'x' }], annotations: { ...metadata.annotations, 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'sluice.dev/promote': 'v8' } } } as unknown as KubeObject
}

t.test('of a model only what is read is kept', async (t) => {
  const object = observed()
  const { metadata, spec, status } = createSlimModel()(object)
  t.strictSame(Object.keys(metadata).sort(), ['annotations', 'generation', 'name', 'namespace', 'resourceVersion', 'uid'])
  t.strictSame(Object.keys(metadata.annotations ?? {}), ['sluice.dev/registry', 'sluice.dev/promote'], 'annotations of ours only')
  t.strictSame(Object.keys(spec as object).sort(), ['analysis', 'modelAlias', 'modelName', 'monitoringInterval', 'registry', 'rollout', 'serving', 'whenAliasMissing', 'workspace'])
  t.notOk('url' in (status as object))
})

t.test('nobody can tell a slim model from a whole one', async (t) => {
  const slim = createSlimModel()
  const whole = observed()
  t.strictSame(newEvents(undefined, slim(whole) as never, T0 + 60), newEvents(undefined, whole as never, T0 + 60))
  t.strictSame(dueClocks([slim(whole)], T0 * 1000), dueClocks([whole], T0 * 1000))
  t.strictSame(dueClocks([slimAny(whole)], T0 * 1000), dueClocks([whole], T0 * 1000), 'nor any other object by its deadline')
  t.strictSame(slim(slim(whole)), slim(whole), 'and slimming once more changes nothing')
})

t.test('models that wish for the same share it', async (t) => {
  const slim = createSlimModel()
  const [a, b] = [slim(observed()), slim(observed())] as unknown as Array<{ spec: { analysis: object, rollout: object } }>
  t.equal(a?.spec.analysis, b?.spec.analysis)
  t.equal(a?.spec.rollout, b?.spec.rollout)
  const share = createShare()
  const first = share({ checks: 6 })
  t.not(share({ checks: 7 }), first)
  t.equal(share({ checks: 6 }), first)
  t.equal(share(undefined), undefined)
})
