// What a real API server fills in on built-in kinds that hooks return: without it a controller's "unchanged" could not be trusted.
import { canonicalQuantity } from '../../hooks/core/quantity.ts'
import { isMap } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'
import { withoutZeros } from './go-zeros.ts'
import { claim, fill, listOf, podSpec, set, template, type Fields } from './pod-defaults.ts'

function rollout (value: unknown): Fields {
  const filled = fill(value, { type: 'RollingUpdate' })
  return filled.type === 'RollingUpdate' ? { ...filled, rollingUpdate: fill(filled.rollingUpdate, { maxUnavailable: '25%', maxSurge: '25%' }) } : filled
}

function deployment (spec: Fields): Fields {
  const filled = fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
  return { ...filled, strategy: rollout(spec.strategy), template: template(spec.template) }
}

function job (spec: Fields): Fields {
  // With a policy for failures a pod that leaves is waited for.
  const podReplacementPolicy = isMap(spec.podFailurePolicy) ? 'Failed' : 'TerminatingOrFailed'
  const filled = fill(spec, { parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, manualSelector: false, podReplacementPolicy })
  return { ...filled, template: template(spec.template) }
}

function cronJob (spec: Fields): Fields {
  const filled = fill(spec, { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 })
  const { jobTemplate = {} } = filled
  // Of its Jobs only the pods are filled in.
  return { ...filled, jobTemplate: { metadata: {}, ...jobTemplate, spec: { ...jobTemplate.spec, template: template(jobTemplate.spec?.template) } } }
}

function servicePort (port: Fields): Fields {
  return fill(port, { protocol: 'TCP', targetPort: port.port })
}

function service (spec: Fields): Fields {
  const filled = fill(spec, { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] })
  return set(forOutside(filled), { ports: listOf(spec.ports, servicePort), clusterIPs: filled.clusterIP === 'None' ? ['None'] : undefined })
}

/** Of Services that answer outside of the cluster, too. */
function forOutside (spec: Fields): Fields {
  switch (spec.type) {
    case 'LoadBalancer': return fill(spec, { externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true })
    case 'NodePort': return fill(spec, { externalTrafficPolicy: 'Cluster' })
    default: return spec
  }
}

function peer (rule: Fields): Fields {
  return set(rule, { ports: listOf(rule.ports, (port) => fill(port, { protocol: 'TCP' })) })
}

function networkPolicy (spec: Fields): Fields {
  const filled = fill(spec, { policyTypes: spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'] })
  return set(filled, { ingress: listOf(spec.ingress, peer), egress: listOf(spec.egress, peer) })
}

/** Rules in either direction, where any are given. */
const SCALING = {
  scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }] },
  scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] }
}

function autoscaler (spec: Fields): Fields {
  const usual = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }]
  const { behavior, metrics = usual, ...filled } = fill(spec, { minReplicas: 1 })
  return set({ ...filled, metrics: listOf(metrics, metric) }, { behavior: isMap(behavior) ? { scaleUp: fill(behavior.scaleUp, SCALING.scaleUp), scaleDown: fill(behavior.scaleDown, SCALING.scaleDown) } : undefined })
}

/** Quantities in their targets; the source has the name of its type in another case. */
function metric (given: Fields): Fields {
  const amounts = ['averageValue', 'value']
  const canonical = (target: Fields): Fields => Object.fromEntries(Object.entries(target).map(([name, value]) => [name, amounts.includes(name) ? canonicalQuantity(value as string) : value]))
  return Object.fromEntries(Object.entries(given).map(([name, source]) => [name, isMap(source) && isMap(source.target) ? { ...source, target: canonical(source.target) } : source]))
}

const specDefaults: Record<string, (spec: Fields) => Fields> = {
  'apps/v1 Deployment': deployment,
  'batch/v1 Job': job,
  'batch/v1 CronJob': cronJob,
  'v1 Service': service,
  'v1 PersistentVolumeClaim': claim,
  'networking.k8s.io/v1 NetworkPolicy': networkPolicy,
  'networking.k8s.io/v1 Ingress': (spec) => spec,
  'policy/v1 PodDisruptionBudget': (spec) => spec,
  'v1 Pod': (spec) => podSpec(spec, 'Always'),
  'autoscaling/v2 HorizontalPodAutoscaler': autoscaler
}

const RBAC = 'rbac.authorization.k8s.io'

/** Users and groups belong to the API group of the rules, ServiceAccounts to the core. */
function binding (object: KubeObject): KubeObject {
  const subjects = listOf(object.subjects, (subject) => subject.kind === 'ServiceAccount' ? subject : fill(subject, { apiGroup: RBAC }))
  return { ...object, roleRef: fill(object.roleRef, { apiGroup: RBAC }), ...(subjects && { subjects }) }
}

/** Rules are the one list that is told also where there is none. */
function role (object: KubeObject): KubeObject {
  return { ...object, rules: object.rules ?? null }
}

function secret (object: KubeObject): KubeObject {
  const { stringData, ...rest } = object
  const encoded = isMap(stringData) ? Object.entries(stringData).map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')]) : []
  return { ...rest, type: object.type ?? 'Opaque', ...(encoded.length > 0 ? { data: { ...object.data, ...Object.fromEntries(encoded) } } : {}) } as KubeObject
}

/** Go leaves an empty map out. */
function withoutEmptyData (object: KubeObject): KubeObject {
  const { data, ...rest } = object
  return isMap(data) && Object.keys(data).length > 0 ? object : rest as KubeObject
}

function namespace (object: KubeObject): KubeObject {
  const labels = { ...object.metadata?.labels, 'kubernetes.io/metadata.name': object.metadata?.name }
  return { ...object, metadata: { ...object.metadata, labels }, spec: object.spec ?? { finalizers: ['kubernetes'] } }
}

const objectDefaults: Record<string, (object: KubeObject) => KubeObject> = {
  'v1 Namespace': namespace,
  'v1 Secret': (object) => withoutEmptyData(secret(object)),
  'v1 ConfigMap': withoutEmptyData,
  'v1 ServiceAccount': (object) => object,
  [`${RBAC}/v1 Role`]: role,
  [`${RBAC}/v1 ClusterRole`]: role,
  [`${RBAC}/v1 RoleBinding`]: binding,
  [`${RBAC}/v1 ClusterRoleBinding`]: binding
}

/** The object with the server's defaults, and without what says nothing; kinds not named here are returned as they are. */
export function withBuiltinDefaults (object: KubeObject): KubeObject {
  const type = `${object.apiVersion} ${object.kind}`
  const whole = Object.hasOwn(objectDefaults, type) ? objectDefaults[type] : undefined
  if (whole) return whole(withoutZeros(object))
  const defaults = Object.hasOwn(specDefaults, type) ? specDefaults[type] : undefined
  if (!defaults || !isMap(object.spec)) return object
  const given = withoutZeros(object)
  return { ...given, spec: defaults(given.spec as Fields) }
}

/** The labels by which pods of a Job are known, and the selector made from them. Its uid is known only when it is stored. */
export function withIdentity (object: KubeObject): KubeObject {
  const { metadata: { name, uid = '', labels }, spec } = object
  if (`${object.apiVersion} ${object.kind}` !== 'batch/v1 Job' || !isMap(spec) || spec.manualSelector === true) return object
  const own = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name }
  const { metadata = {}, ...rest } = spec.template as Fields
  const ofPods = { ...metadata.labels, ...own }
  return {
    ...object,
    // Only a Job without labels gets those of its pods.
    metadata: { ...object.metadata, labels: isMap(labels) && Object.keys(labels).length > 0 ? labels : ofPods },
    spec: { ...spec, selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }, template: { ...rest, metadata: { ...metadata, labels: ofPods } } }
  }
}

const firstStatus: Record<string, object> = {
  'v1 Namespace': { phase: 'Active' },
  'v1 PersistentVolumeClaim': { phase: 'Pending' },
  'v1 Pod': { phase: 'Pending', qosClass: 'BestEffort' },
  'v1 Service': { loadBalancer: {} },
  'apps/v1 Deployment': {},
  'apps/v1 StatefulSet': { replicas: 0 },
  'batch/v1 Job': {},
  'batch/v1 CronJob': {},
  'networking.k8s.io/v1 Ingress': { loadBalancer: {} },
  'policy/v1 PodDisruptionBudget': { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  'autoscaling/v2 HorizontalPodAutoscaler': { desiredReplicas: 0, currentMetrics: null }
}

/** The status that a built-in object has from its creation on. */
export function firstStatusOf (object: KubeObject): object | undefined {
  const type = `${object.apiVersion} ${object.kind}`
  return Object.hasOwn(firstStatus, type) ? firstStatus[type] : undefined
}
