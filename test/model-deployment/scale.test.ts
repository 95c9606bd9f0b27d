// How many pods, and whose the number is: the spec's, or that of whoever scales, in both of Metacontroller's ways of writing.
import t from 'tap'
import type { KubeObject } from '../../hooks/core/request.ts'
import type { Memory } from '../../hooks/model-deployment/memory.ts'
import { observedReplicas } from '../../hooks/core/replicas.ts'
import { fixedReplicas, heldReplicas, neededReplicas } from '../../hooks/model-deployment/scale.ts'
import type { Spec } from '../../hooks/model-deployment/schema.ts'

const AUTOSCALING = { minReplicas: 2, maxReplicas: 8, targetCPUUtilization: 80, targetMemoryUtilization: 0 }
const specOf = (fields: Partial<Spec>) => ({ autoscale: false, autoscaling: AUTOSCALING, ...fields }) as Spec
const APPLIED = { 'metacontroller.k8s.io/last-applied-configuration': '{}' }

function deployment (replicas: number, metadata: Partial<KubeObject['metadata']> = {}): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'churn-1', ...metadata }, spec: { replicas } }
}

const fixed: Array<{ name: string, spec: Partial<Spec>, memory?: Memory, want: number | undefined }> = [
  { name: 'the spec says how many', spec: { replicas: 3 }, want: 3 },
  { name: 'without a number nobody of ours does', spec: {}, want: undefined },
  { name: 'with autoscale the number of the spec does not count', spec: { autoscale: true, replicas: 3 }, want: undefined },
  { name: 'switched off, the number stays while that of the spec is the old one', spec: { replicas: 3 }, memory: { attempt: 1, autoscaledFrom: 3 }, want: undefined },
  { name: 'switched off, another number of the spec is meant', spec: { replicas: 4 }, memory: { attempt: 1, autoscaledFrom: 3 }, want: 4 }
]
for (const { name, spec, memory = { attempt: 1 }, want } of fixed) t.test(name, async (t) => t.equal(fixedReplicas(specOf(spec), memory), want))

const ours = { manager: 'metacontroller', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }
const without = { manager: 'metacontroller', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:selector': {} } } }
const scaler = { manager: 'kube-controller-manager', operation: 'Update', subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }

const observed: Array<{ name: string, given: KubeObject, want: number | undefined }> = [
  { name: 'in the default mode what is there is written back, whoever wrote it', given: deployment(6, { annotations: APPLIED, managedFields: [{ manager: 'metacontroller', operation: 'Update' }, scaler] }), want: 6 },
  { name: 'another who applies changes nothing of that', given: deployment(6, { annotations: APPLIED, managedFields: [without, scaler] }), want: 6 },
  { name: 'under server-side apply our own number is written, for left out it would fall to 1', given: deployment(4, { managedFields: [ours] }), want: 4 },
  { name: 'under server-side apply the number of another is left to him', given: deployment(6, { managedFields: [without, scaler] }), want: undefined },
  { name: 'an object that does not tell is written as it is', given: deployment(2), want: 2 }
]
for (const { name, given, want } of observed) t.test(name, async (t) => t.equal(observedReplicas(given), want))

const needed: Array<{ name: string, spec: Partial<Spec>, active?: KubeObject, want: number }> = [
  { name: 'a new version begins with as many as the one that answers', spec: {}, active: deployment(5), want: 5 },
  { name: 'and with one, where that was scaled to nothing', spec: {}, active: deployment(0), want: 1 },
  { name: 'no more than the autoscaler may give it', spec: { autoscale: true }, active: deployment(20), want: 8 },
  { name: 'the first begins with one', spec: {}, want: 1 },
  { name: 'or what the spec says', spec: { replicas: 3 }, want: 3 },
  { name: 'or the least that the autoscaler may have', spec: { autoscale: true, replicas: 7 }, want: 2 }
]
for (const { name, spec, active, want } of needed) t.test(name, async (t) => t.equal(neededReplicas(specOf(spec), active), want))

const held: Array<{ name: string, given: KubeObject, needed: number, want: number | undefined }> = [
  { name: 'what is in reserve grows with what is needed', given: deployment(3, { annotations: APPLIED }), needed: 10, want: 10 },
  { name: 'even if its number was set by an autoscaler that is gone', given: deployment(3, { managedFields: [without, scaler] }), needed: 10, want: 10 },
  { name: 'and is not made smaller', given: deployment(10, { annotations: APPLIED }), needed: 3, want: 10 },
  { name: 'nor taken from whoever scales it', given: deployment(10, { managedFields: [without, scaler] }), needed: 3, want: undefined }
]
for (const { name, given, needed, want } of held) t.test(name, async (t) => t.equal(heldReplicas(given, needed), want))
