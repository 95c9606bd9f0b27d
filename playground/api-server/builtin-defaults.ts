// What a real API server fills in on built-in kinds that hooks return: without it a controller's "unchanged" could not be trusted.
import { isMap } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'
import { canonicalQuantities } from '../../hooks/core/quantity.ts'

type Fields = Record<string, any>

/** Given fields win over defaults; null counts as missing. */
function fill (value: unknown, defaults: Fields): Fields {
  const given = isMap(value) ? Object.entries(value).filter(([, item]) => item !== null) : []
  return { ...defaults, ...Object.fromEntries(given) }
}

function listOf (value: unknown, item: (value: Fields) => Fields): Fields[] | undefined {
  return Array.isArray(value) ? value.map((entry) => item(entry as Fields)) : undefined
}

function set (fields: Fields, changes: Fields): Fields {
  return { ...fields, ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) }
}

function probe (value: unknown): Fields | undefined {
  if (!isMap(value)) return undefined
  const filled = fill(value, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
  return isMap(filled.httpGet) ? { ...filled, httpGet: fill(filled.httpGet, { path: '/', scheme: 'HTTP' }) } : filled
}

function environment (entry: Fields): Fields {
  const reference = entry.valueFrom?.fieldRef as unknown
  return isMap(reference) ? { ...entry, valueFrom: { ...entry.valueFrom, fieldRef: fill(reference, { apiVersion: 'v1' }) } } : entry
}

function pullPolicy (image: unknown): string {
  const tag = String(image ?? '').split('/').pop()!.split(':')[1]
  return String(image ?? '').includes('@') || (tag !== undefined && tag !== 'latest') ? 'IfNotPresent' : 'Always'
}

function resources (value: unknown): Fields {
  const given = isMap(value) ? value : {}
  return set(given, { limits: canonicalQuantities(given.limits), requests: canonicalQuantities(given.requests) })
}

function container (value: Fields): Fields {
  const filled = fill(value, { imagePullPolicy: pullPolicy(value.image), terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' })
  return set(filled, {
    resources: resources(value.resources),
    ports: listOf(value.ports, (port) => fill(port, { protocol: 'TCP' })),
    env: listOf(value.env, environment),
    livenessProbe: probe(value.livenessProbe),
    readinessProbe: probe(value.readinessProbe),
    startupProbe: probe(value.startupProbe)
  })
}

function volume (value: Fields): Fields {
  const modes = ['secret', 'configMap', 'projected', 'downwardAPI'].filter((source) => isMap(value[source]))
  return { ...value, ...Object.fromEntries(modes.map((source) => [source, fill(value[source], { defaultMode: 420 })])) }
}

function podSpec (value: unknown, restartPolicy: string): Fields {
  const filled = fill(value, { restartPolicy, terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst', securityContext: {}, schedulerName: 'default-scheduler' })
  return set(filled, {
    // The older name of the service account is filled in beside the newer one.
    serviceAccount: filled.serviceAccountName,
    containers: listOf(filled.containers, container),
    initContainers: listOf(filled.initContainers, container),
    volumes: listOf(filled.volumes, volume)
  })
}

function template (value: unknown, restartPolicy = 'Always'): Fields {
  const given = isMap(value) ? value : {}
  return { ...given, spec: podSpec(given.spec, restartPolicy) }
}

function rollout (value: unknown): Fields {
  const filled = fill(value, { type: 'RollingUpdate' })
  return filled.type === 'RollingUpdate' ? { ...filled, rollingUpdate: fill(filled.rollingUpdate, { maxUnavailable: '25%', maxSurge: '25%' }) } : filled
}

function deployment (spec: Fields): Fields {
  const filled = fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
  return { ...filled, strategy: rollout(spec.strategy), template: template(spec.template) }
}

function job (spec: Fields): Fields {
  const filled = fill(spec, { parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, manualSelector: false, podReplacementPolicy: 'TerminatingOrFailed' })
  return { ...filled, template: template(spec.template) }
}

function servicePort (port: Fields): Fields {
  return fill(port, { protocol: 'TCP', targetPort: port.port })
}

function service (spec: Fields): Fields {
  const filled = fill(spec, { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] })
  return set(filled, { ports: listOf(spec.ports, servicePort) })
}

function claim (spec: Fields): Fields {
  return set(fill(spec, { volumeMode: 'Filesystem' }), { resources: resources(spec.resources) })
}

function peer (rule: Fields): Fields {
  return set(rule, { ports: listOf(rule.ports, (port) => fill(port, { protocol: 'TCP' })) })
}

function networkPolicy (spec: Fields): Fields {
  const filled = fill(spec, { policyTypes: spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'] })
  return set(filled, { ingress: listOf(spec.ingress, peer), egress: listOf(spec.egress, peer) })
}

const specDefaults: Record<string, (spec: Fields) => Fields> = {
  'apps/v1 Deployment': deployment,
  'batch/v1 Job': job,
  'v1 Service': service,
  'v1 PersistentVolumeClaim': claim,
  'networking.k8s.io/v1 NetworkPolicy': networkPolicy,
  'v1 Pod': (spec) => podSpec(spec, 'Always'),
  'autoscaling/v2 HorizontalPodAutoscaler': (spec) => fill(spec, { minReplicas: 1 })
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

/** The object with the server's defaults; kinds not named here are returned as they are. */
export function withBuiltinDefaults (object: KubeObject): KubeObject {
  const type = `${object.apiVersion} ${object.kind}`
  if (type === 'v1 Namespace') return namespace(object)
  if (type === 'v1 Secret') return withoutEmptyData(secret(object))
  if (type === 'v1 ConfigMap') return withoutEmptyData(object)
  const defaults = Object.hasOwn(specDefaults, type) ? specDefaults[type] : undefined
  return defaults && isMap(object.spec) ? { ...object, spec: defaults(object.spec) } : object
}

const firstStatus: Record<string, object> = {
  'v1 Namespace': { phase: 'Active' },
  'v1 PersistentVolumeClaim': { phase: 'Pending' },
  'v1 Pod': { phase: 'Pending', qosClass: 'BestEffort' },
  'v1 Service': { loadBalancer: {} },
  'apps/v1 Deployment': {},
  'apps/v1 StatefulSet': { replicas: 0 },
  'batch/v1 Job': {}
}

/** The status that a built-in object has from its creation on. */
export function firstStatusOf (object: KubeObject): object | undefined {
  const type = `${object.apiVersion} ${object.kind}`
  return Object.hasOwn(firstStatus, type) ? firstStatus[type] : undefined
}
